#include "schedule/register_tile.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "ir/functions.hpp"
#include "schedule/flattened.hpp"
#include "schedule/transposition.hpp"

namespace ricci::jit {

using namespace ir;

bool goes_by_rows(Program& program, const Specialisation& s, const Read& read, AxisId rows, AxisId inner) {
  const Motion along = motion(program, s, read.tensor, read.subscripts, inner);
  return motion(program, s, read.tensor, read.subscripts, rows) == Motion::contiguous && along == Motion::strided;
}

namespace {

bool has_reads(Expr e) {
  return std::ranges::any_of(nodes({e}), [](Expr n) { return n->as<Read>() != nullptr; });
}

/// The largest parts of its body that the same loads give for every row; nothing if some other load moves with the
/// lanes.
std::optional<std::vector<Expr>> staged_parts(const Fold& fold, AxisId lane, AxisId rows) {
  std::vector<Expr> staged;
  bool possible = uses_axis(fold.body, rows);
  walk({fold.body}, [&](Expr e) {
    if (!uses_axis(e, lane) || !possible) return false;
    const bool moves = std::ranges::any_of(fold.axes, [&](AxisId axis) { return uses_axis(e, axis); });
    if (moves && !uses_axis(e, rows) && has_reads(e)) {
      staged.push_back(e);
      return false;
    }
    possible &= !e->as<Read>() && !e->as<Fold>();
    return true;
  });
  if (!possible || staged.empty()) return std::nullopt;
  return staged;
}

/// The fold over its last axis alone, if nothing but what is staged needs to know where it is along the others.
Expr joined_fold(Program& program, const Specialisation& s, const Fold& fold, const std::vector<Expr>& staged) {
  Graph& g = program.graph;
  bool possible = fold.axes.size() > 1;
  const auto moves = [&](Expr e) {
    return std::ranges::any_of(fold.axes, [&](AxisId axis) { return uses_axis(e, axis); });
  };
  walk({fold.body}, [&](Expr e) {
    if (!possible || !moves(e) || std::ranges::count(staged, e) > 0) return false;
    const Read* read = e->as<Read>();
    if (!read) {
      possible = e->as<Apply>() != nullptr;
      return true;
    }
    const auto is_bare = [&](AxisId axis) { return stands_bare(read->subscripts, axis); };
    const bool is_joined = std::ranges::count(s.joined, read->tensor) > 0;
    possible = is_joined && !read->guard && std::ranges::all_of(fold.axes, is_bare);
    return false;
  });
  if (!possible) return nullptr;
  Memo memo;
  const Rewrite join = [&](Expr original, Expr e) -> Expr {
    if (std::ranges::count(staged, original) > 0) return original;
    const Axis* axis = original->as<Axis>();
    const bool is_outer = axis && axis->axis != fold.axes.back() && std::ranges::count(fold.axes, axis->axis) > 0;
    return is_outer ? constant(g, std::int64_t{0}) : e;
  };
  return fold_node(g, {fold.reduction, {fold.axes.back()}, rewrite(g, fold.body, memo, join)});
}

/// Whether `inside` runs in the loops of a reduction: it is in the body, and in no reduction there that runs before
/// them.
bool runs_in(const Fold& fold, Expr inside) {
  bool found = false;
  walk({fold.body}, [&](Expr e) {
    const bool varies = std::ranges::any_of(fold.axes, [&](AxisId axis) { return uses_axis(e, axis); });
    if (e->as<Fold>() && !varies) return false;
    found |= e == inside;
    return true;
  });
  return found;
}

/// The reduction over `rows` alone around `inside` whose lanes are those of the nest, if the rows are its axis.
bool is_reduced_by_rows(const std::vector<Expr>& all, const std::vector<AxisId>& domain, Expr inside, AxisId rows,
                        AxisId lane) {
  int around = 0;
  for (Expr e : all) {
    const Fold* fold = e->as<Fold>();
    if (!fold || !runs_in(*fold, inside)) continue;
    ++around;
    if (fold->axes != std::vector{rows} || !fold->ranges.empty() || !uses_axis(e, lane)) return false;
  }
  return around == 1 && std::ranges::all_of(inside->free, [&](AxisId axis) {
           return axis == rows || std::ranges::count(domain, axis) > 0;
         });
}

/// Whether rows of the tile are neighbours in memory, where those of the next iteration are far away.
bool goes_by_rows(Program& program, const Specialisation& s, const RegisterTile& tile, AxisId lane) {
  const Fold& fold = *tile.fold->as<Fold>();
  return std::ranges::any_of(nodes({fold.body}), [&](Expr e) {
    const Read* read = e->as<Read>();
    return read && !uses_axis(e, lane) && goes_by_rows(program, s, *read, tile.rows, fold.axes.back());
  });
}

/// Whether all that lanes read in an expression are neighbours.
bool is_contiguous(Program& program, const Specialisation& s, Expr part, AxisId lane) {
  return std::ranges::all_of(nodes({part}), [&](Expr e) {
    const Read* read = e->as<Read>();
    if (!read || !uses_axis(e, lane)) return true;
    return !read->guard && motion(program, s, read->tensor, read->subscripts, lane) == Motion::contiguous;
  });
}

/// Half of 32 registers hold states, or 12 of 16: the loads of two vectors, one value for all lanes, and one register
/// for what the body makes of them are beside them. Eight states hide the latency of fma; a value of a wide dtype takes
/// several registers. Blocks of a second height leave fewer rows over, but are code to compile: 32 rows are five blocks
/// of six and five, and four of eight alone.
void set_heights(RegisterTile& tile, const Target& target, int lanes) {
  const bool many = target.vector_bytes == 64;  // registers
  const int states = many ? 16 : 12;
  const int registers = std::max(1, lanes * static_cast<int>(size_of(tile.fold->dtype)) / target.vector_bytes);
  tile.height = std::max(1, states / (tile.vectors * registers));
  tile.lower_height = many ? tile.height : std::max(1, tile.height - 1);
  if (!many) tile.block = 132;  // whole heights of 6, 3 and 2
}

/// The lanes of a second vector would all be masked. With one there are registers for 16 rows, but not for the
/// addresses of as many: they would be loaded again in each iteration. (Measured: 300 by 300 by 10 takes 0.8 of the
/// time that 16 rows take.) What is shared is little, so that pieces may be long: each begins the rows anew.
void make_narrow(RegisterTile& tile, int lanes) {
  constexpr int addresses = 11, vector_bytes = 64;
  const int registers = std::max(1, lanes * static_cast<int>(size_of(tile.fold->dtype)) / vector_bytes);
  tile.masked = true;
  tile.vectors = 1;
  tile.height = std::max(1, addresses / registers);
  tile.lower_height = (tile.height + 1) / 2;  // 12 rows are two blocks of 6, not 11 and one that waits for itself
  tile.block = 132;  // whole heights of 11 and 5
  if (!tile.fetches_rows) tile.depth = 256;
}

/// Two to four rows in all, or blocks of four: more vectors of two, so that there are enough states to hide the latency
/// of fma. What is shared is most of what there is. It stays in half of the first cache.
void make_low(RegisterTile& tile, int rows) {
  tile.height = tile.lower_height = rows;
  tile.vectors = rows == 2 ? 4 : 2;
  tile.block = rows;
  tile.depth = 256 / tile.vectors;
}

}  // namespace

std::vector<RegisterTile> find_register_tiles(Program& program, const Specialisation& s, const Target& target,
                                              const Nest& nest, AxisId lane, int lanes,
                                              const std::optional<ShortResult>& result) {
  std::vector<RegisterTile> tiles;
  const bool is_down = result && lane == result->down;
  if (nest.tables || nest.serial || nest.appends || nest.in_order || nest.sorts) return tiles;
  const std::vector<AxisId>& domain = program.statements[nest.statements.front()].domain;
  std::vector<Expr> all;
  for (std::size_t i : nest.statements)
    for (Expr e : expressions(program.statements[i])) all.push_back(e);
  all = nodes(std::move(all));
  const auto in_domain = [&](AxisId axis) { return std::ranges::count(domain, axis) > 0; };
  // One block of rows of the domain for all tiles, or blocks in the reductions around them.
  const auto fits_others = [&](AxisId rows) {
    return tiles.empty() || tiles[0].rows == rows || (!in_domain(tiles[0].rows) && !in_domain(rows));
  };
  const auto fits = [&](Expr e, AxisId rows) {
    if (rows == lane || !uses_axis(e, rows)) return false;
    if (!in_domain(rows)) return is_reduced_by_rows(all, domain, e, rows, lane);
    return std::ranges::all_of(e->free, in_domain);
  };
  // Vectors along a few elements are mostly empty. A reduction over several axes is so long that nothing else counts.
  const bool fills_lanes = std::ranges::count(s.many, lane) > 0 && std::ranges::count(s.low, lane) == 0;
  for (Expr e : all) {
    const Fold* fold = e->as<Fold>();
    if (!fold || !fold->ranges.empty() || !uses_axis(e, lane)) continue;
    if (fold->axes.size() > 1 && !fills_lanes) continue;
    if (info(fold->reduction).results == Results::index || e->dtype == DType::b1) continue;
    if (program.axes[fold->axes[0]].tables) continue;
    const std::vector<AxisId> candidates = is_down ? std::vector{result->along} : s.many;
    for (auto rows = candidates.rbegin(); rows != candidates.rend(); ++rows) {
      if (!fits_others(*rows) || !fits(e, *rows)) continue;
      auto staged = staged_parts(*fold, lane, *rows);
      if (!staged) continue;
      // For one block of rows scratch is of use only to what lanes would gather, and for a few blocks to all but what is
      // read where it is.
      const bool is_low = !is_down && std::ranges::count(s.low, *rows) > 0;
      const bool many_registers = target.vector_bytes == 64;
      const bool is_narrow = many_registers && std::ranges::count(s.narrow, lane) > 0;
      const auto is_near = [&](Expr part) { return is_contiguous(program, s, part, lane); };
      const bool is_shallow = !is_down && many_registers && !is_narrow && fold->axes.size() == 1 &&
                              std::ranges::count(s.shallow, *rows) > 0 && std::ranges::all_of(*staged, is_near);
      const auto is_read_there = [&](Expr part) { return is_shallow || (is_low && is_near(part)); };
      std::vector<Expr> direct;
      std::ranges::copy_if(*staged, std::back_inserter(direct), is_read_there);
      std::erase_if(*staged, is_read_there);
      RegisterTile& tile = tiles.emplace_back();
      tile = {.fold = e, .rows = *rows, .staged = *staged, .transposed = {}, .direct = direct};
      tile.joined = joined_fold(program, s, *fold, *staged);
      tile.fetches_rows = goes_by_rows(program, s, tile, lane);
      // Each iteration then reads from a page of its own: the first cache is to hold what a piece reads.
      if (tile.fetches_rows) tile.depth = 64;
      const auto is_turned = [&](Expr part) {
        return part->as<Read>() && can_transpose(program, s, part, lane, fold->axes.back());
      };
      std::ranges::copy_if(*staged, std::back_inserter(tile.transposed), is_turned);
      set_heights(tile, target, lanes);
      if (is_down) {
        make_low(tile, static_cast<int>(result->elements));
        tile.fetches_rows = false;
      } else if (is_low || is_shallow) {
        make_low(tile, 4);
        if (many_registers || tile.staged.empty()) tile.lower_height = 3;  // for two rows too
        if (tile.staged.empty()) {
          tile.depth = std::int64_t{1} << 20;
          if (is_shallow) tile.block = most_shallow_rows;
          if (many_registers && std::ranges::count(s.wide, lane) > 0) tile.vectors = 4;
        }
      } else if (is_narrow) {
        make_narrow(tile, lanes);
        // Of many small products, each row of which is one vector, the rows that are shared are few.
        const bool are_many = e->free.size() > 2 && fold->axes.size() == 1;
        if (are_many && !tile.fetches_rows && std::ranges::all_of(tile.staged, is_near)) {
          tile.direct = std::exchange(tile.staged, {});
          tile.depth = std::int64_t{1} << 20;
        }
      }
      break;
    }
  }
  return tiles;
}

namespace {

/// Whether all that the nest makes of the results of its only tile is so little that it may stand there for every row.
bool finishes(const Program& program, const Nest& nest) {
  constexpr std::size_t most_nodes = 12;
  const RegisterTile& tile = nest.registers[0];
  const std::vector<AxisId>& domain = program.statements[nest.statements.front()].domain;
  if (nest.registers.size() > 1 || std::ranges::count(domain, tile.rows) == 0) return false;
  if (nest.order.size() != nest.split + 1) return false;
  std::size_t count = 0;
  bool possible = true;
  for (std::size_t i : nest.statements)
    walk(expressions(program.statements[i]), [&](Expr e) {
      ++count;
      possible &= e == tile.fold || (!e->as<Fold>() && !is_function(e));
      return e != tile.fold;
    });
  return possible && count <= most_nodes;
}

/// Whether what a statement stores depends on what a statement of the nest stored there before.
bool reads_what_it_writes(const Program& program, const Nest& nest, std::size_t statement) {
  const Statement& s = program.statements[statement];
  return s.update || std::ranges::any_of(nodes(expressions(s)), [&](Expr e) {
           const auto is_target = [&](std::size_t i) { return program.statements[i].target == e->as<Read>()->tensor; };
           return e->as<Read>() && std::ranges::any_of(nest.statements, is_target);
         });
}

/// Whether the body multiplies one value that all rows share by one of a row, and adds that: it needs no register but
/// those of the states, of what is shared and of one value.
bool is_sum_of_products(const RegisterTile& tile) {
  const Fold& fold = *tile.fold->as<Fold>();
  const Apply* body = fold.body->as<Apply>();
  const DType dtype = tile.fold->dtype;
  return fold.reduction == Reduction::sum && (dtype == DType::f32 || dtype == DType::f64) && body &&
         body->op == Op::multiply && tile.staged.size() == 1 && std::ranges::count(body->args, tile.staged[0]) == 1;
}

/// With long rows of results, fewer of them at a time and more vectors of each: 10 loads are for 24 states, not for 16,
/// and the rows' own values are read half as often. With 32 registers a step takes at least 12 cycles, in which the
/// second cache brings the four lines that rows share: pieces are long, so that states go to scratch and come back
/// seldom. Measured with AVX-512 for 1024 columns: 1.03 times the time of OpenBLAS, 1.09 with pieces of 256, 1.17 with
/// 64, and 1.27 with 8 rows by 2 vectors. With AVX2: 1.11, and 1.20 with 6 rows by 2 vectors. Where rows are
/// neighbours, each iteration of a piece has a page of its own, and a Cascade Lake translates the addresses of 64 at
/// once: 1.08 there with pieces of 48, twice as many rows to a block and the next rows fetched, 1.13 with 64, 1.23 with
/// 64 and as many rows as elsewhere. (On a Zen 4: 2.0 with pieces of 256, and 1.4 with 64 if nothing is fetched.)
void widen(RegisterTile& tile, const Target& target, const Nest& nest) {
  const bool many = target.vector_bytes == 64;  // registers
  tile.vectors = many ? 4 : 3;
  tile.height = many ? 6 : 4;
  tile.lower_height = many ? 6 : 3;
  tile.block = 264;  // whole heights of each
  const bool is_only = nest.registers.size() == 1;  // in scratch, which is the stack
  if (!tile.fetches_rows) {
    tile.depth = many && is_only ? 512 : 128;
  } else {
    tile.depth = 48;
    if (is_only) tile.block = 528;
  }
}

}  // namespace

void order_for_registers(Program& program, const Specialisation& s, const Target& target, Nest& nest,
                         bool alone) {
  const bool many = target.vector_bytes == 64;  // registers
  const auto end = nest.order.begin() + static_cast<std::ptrdiff_t>(nest.split);
  const auto rows = std::find(nest.order.begin(), end, nest.registers[0].rows);
  if (rows != end) {
    std::rotate(rows, rows + 1, end);
    // What rows share is brought to the processor once for every block, from far away if it is much: a product of 1024
    // columns took 1.55 times as long as OpenBLAS's with blocks of 128 and nothing fetched, and 1.25 times with both.
    // Where its rows are long, what iterations take of them is fetched a little early. (A whole piece early was 1.03 to
    // 1.06 times slower: rows that are a power of two apart push each other out of the caches meanwhile.)
    // Beside other nests there should be many blocks: their slices are items for all threads (slices.hpp).
    const bool wide = std::ranges::count(s.wide, *nest.lane_axis) > 0;
    for (RegisterTile& t : nest.registers) {
      if (alone) t.block *= 2;
      t.fetches = wide && t.fold->as<Fold>()->axes.size() == 1;
    }
    // Of six rows at a time, two to four would be most of the work for nothing.
    const bool widens = target.vector_bytes == 32 || (many && std::ranges::count(s.low, *rows) == 0);
    if (wide && alone && widens && std::ranges::all_of(nest.registers, is_sum_of_products))
      for (RegisterTile& t : nest.registers) widen(t, target, nest);
  }
  // With 32 registers, as half a tile still hides the latency of fma. 100 columns take 0.87 of the time without.
  for (RegisterTile& t : nest.registers)
    t.halves = many && t.vectors == 2 && !t.masked && t.height > 4 && is_sum_of_products(t);
  nest.unroll = nest.registers[0].vectors;
  nest.tile = std::int64_t{nest.unroll} * nest.lanes;
  RegisterTile& tile = nest.registers[0];
  tile.finishes = finishes(program, nest);
  // Blocks of the lower height may hold a row twice.
  const auto reads_target = [&](std::size_t i) { return reads_what_it_writes(program, nest, i); };
  if (tile.finishes && std::ranges::any_of(nest.statements, reads_target)) tile.lower_height = 1;
}

std::string to_string(const RegisterTile& tile, const Nest& nest, const Program& program, int lanes) {
  const auto name = [&](AxisId axis) { return program.axes[axis].name; };
  std::string text =
      "tile of " + to_string(program, tile.fold) + ": " + name(tile.rows) + '/' + std::to_string(tile.block) + " x" +
      std::to_string(tile.height) + (tile.has_two_heights() ? " or x" + std::to_string(tile.lower_height) : "") + ", " +
      name(*nest.lane_axis) + " x" + std::to_string(lanes) + '*' + std::to_string(tile.vectors);
  for (Expr e : tile.direct) text += "; where it is: " + to_string(program, e);
  if (!tile.staged.empty()) {
    text += "; for " + std::to_string(tile.depth) + " of";
    for (AxisId axis : tile.fold->as<Fold>()->axes) text += ' ' + name(axis);
    text += " in scratch:";
  }
  for (Expr e : tile.staged) {
    if (std::ranges::count(tile.transposed, e) > 0) text += " transposed";
    text += ' ' + to_string(program, e);
  }
  if (tile.group > 0) text += " by " + std::to_string(tile.group) + " side by side" + (tile.dense ? ", dense" : "");
  if (tile.joined) text += "; in one loop";
  if (tile.halves) text += "; one vector where that is enough";
  if (tile.fetches) text += "; fetched early";
  if (tile.fetches_rows) text += "; the next rows fetched";
  if (tile.finishes) text += tile.masked ? "; finished in registers, masked" : "; finished in registers";
  return text + '\n';
}

}  // namespace ricci::jit
