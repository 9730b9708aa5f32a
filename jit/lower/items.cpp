// Items of a nest: runs of them by themselves or in shares of private tables, and what one of them does.
#include <algorithm>
#include <set>

#include "lower/nest_lowering.hpp"
#include "schedule/abreast.hpp"
#include "schedule/kept.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

void NestLowering::keep(const Kept& kept) {
  const Statement& s = program_.statements[nest_.statements[0]];
  const AxisId row = nest_.order[nest_.order.size() - 2];
  const std::int64_t elements = kept.planes ? most_planes_kept * nest_.unroll * nest_.lanes : most_kept;
  if (kept.in_scratch) return x_.keep_in_scratch(kept, s.target, row, elements);
  const Expr reduced = axis(program_.graph, kept.fold->as<Fold>()->axes[0]);
  std::vector<Expr> subscripts = s.subscripts;
  for (Expr& e : subscripts) e = substitute(program_.graph, e, {{kept.along, reduced}});
  x_.keep(kept, s.target, std::move(subscripts), row);
}

loop::Phase NestLowering::lower(std::string name) {
  if (nest_.in_order) x_.follow_steps(recurrence());
  if (nest_.kept) keep(*nest_.kept);
  x_.fetch_rows(nest_.ahead);
  PhaseInfo phase{.name = std::move(name), .trip = {}, .work = work_of(x_, program_, nest_), .items = {}};
  std::vector<TripFactor> factors;
  for (std::size_t k = 0; k < nest_.order.size() && k <= nest_.split && !nest_.serial; ++k)
    factors.push_back({b_.symbol_id(x_.extent_symbol(nest_.order[k])), block_of(k)});
  if (nest_.tables) {
    phase.trip = {{b_.symbol_id({nest_.ways ? Symbol::Kind::shares : Symbol::Kind::tables, {}}), 1}};
    if (nest_.ways) x_.take_ways();
    phase.items = factors;
    over_tables(factors);
  } else {
    phase.trip = factors;
    if (nest_.sorts)
      over_rows(factors);
    else
      over_items(b_.begin(), b_.end(), factors);
  }
  phase.early = b_.leaves_loops();
  info_.phases.push_back(std::move(phase));
  return b_.finish();
}

std::int64_t NestLowering::block_of(std::size_t k) const {
  if (nest_.transposed && nest_.order[k] == nest_.lane_axis) return nest_.transposed->rows;
  if (nest_.abreast == nest_.order[k] && k != nest_.split) return rows_abreast;
  return k == nest_.split ? nest_.tile / nest_.items_of_tile : has_rows(k) ? nest_.registers[0].block : 1;
}

std::vector<Value> NestLowering::counts(const std::vector<TripFactor>& factors) {
  std::vector<Value> result;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    Value n = x_.extent_of(nest_.order[k]);
    if (factors[k].divisor > 1) {
      n = b_.add(0, n, b_.constant(factors[k].divisor - 1));
      n = b_.divide(0, Op::floor_divide, n, b_.constant(factors[k].divisor));
    }
    result.push_back(n);
  }
  return result;
}

void NestLowering::over_tables(const std::vector<TripFactor>& factors) {
  const Value share = x_.open_for(b_.begin(), b_.end(), 1);
  const Value ways = nest_.ways ? b_.symbol({Symbol::Kind::ways, {}}) : b_.constant(1);
  const Value table = b_.multiply(level(), share, ways);
  ++info_.loops;
  std::set<TensorId> cleared;
  for (std::size_t i : nest_.statements) {
    const Statement& s = program_.statements[i];
    x_.bind(program_.tensors[s.target].table[0], table);
    if (cleared.insert(s.target).second) clear(s, table, ways);
  }
  Value items = b_.constant(1);
  for (Value count : counts(factors)) items = b_.multiply(0, items, count);
  const Value shares = b_.symbol({nest_.ways ? Symbol::Kind::shares : Symbol::Kind::tables, {}});
  const auto start = [&](Value s) {
    return b_.divide(level(), Op::floor_divide, b_.multiply(level(), s, items), shares);
  };
  const Value first = start(share), last = start(b_.add(level(), share, b_.constant(1)));
  over_items(first, last, factors);
  x_.close_for();
}

void NestLowering::clear(const Statement& s, Value table, Value tables) {
  const TensorDecl& decl = program_.tensors[s.target];
  const int lanes = std::min(x_.lanes(), 16);  // tables may have wider elements than the lanes of the nest
  const Value of_table = x_.stride(s.target, 0);
  const Value first = b_.multiply(level(), table, of_table), elements = b_.multiply(0, of_table, tables);
  const Value neutral = b_.constant(identity(*s.update, decl.dtype), lanes);
  const auto store = [&](Value from, Value to, bool masked, bool few) {
    const Value at = x_.open_for(from, to, lanes);
    Value mask = loop::none;
    if (masked) {
      const Value left = i64(Op::subtract, elements, at);
      mask = b_.make({DType::b1, lanes});
      b_.add(level(), loop::LaneMask{mask, left, few});
    }
    b_.add(level(), loop::Store{s.target, b_.add(level(), first, at), neutral, mask});
    x_.close_for();
  };
  if (x_.has_mask_registers()) return store(b_.constant(0), elements, true, false);
  const Value whole = b_.compute(0, Op::logical_and, DType::i64, {elements, b_.constant(-lanes)});
  store(b_.constant(0), whole, false, false);
  store(whole, elements, true, true);
}

void NestLowering::over_tiles(Value begin, Value end) {
  const Value item = b_.constant(block_of(0)), tile = b_.constant(nest_.tile);
  const Value low = b_.multiply(level(), begin, item), limit = b_.multiply(level(), end, item);
  const Value high = i64(Op::minimum, limit, x_.extent_of(nest_.order[0]));
  const Value first = x_.open_for(low, high, nest_.tile);
  ++info_.loops;
  loops(0, first, i64(Op::minimum, b_.add(level(), first, tile), high));
  x_.close_for();
}

void NestLowering::over_items(Value begin, Value end, const std::vector<TripFactor>& factors) {
  if (nest_.items_of_tile > 1) return over_tiles(begin, end);
  const std::vector<Value> count = counts(factors);
  if (factors.size() <= 1) {
    const Value item = x_.open_for(begin, end, 1);
    if (factors.size() == 1) ++info_.loops;
    item_body(factors.empty() ? std::vector<Value>{} : std::vector<Value>{item});
    const Value decided = is_decided();
    x_.close_for({}, decided);
    return;
  }
  std::vector<loop::Carried> carried(factors.size());
  Value rest = begin;
  for (std::size_t k = factors.size(); k-- > 0;) {
    const auto [quotient, remainder] =
        k > 0 ? b_.divide_with_rest(level(), rest, count[k]) : std::pair(loop::none, rest);
    carried[k] = b_.carry(remainder);
    rest = quotient;
  }
  std::vector<Value> index;
  for (const loop::Carried& c : carried) index.push_back(c.variable);
  x_.open_for(begin, end, 1, carried);
  info_.loops += static_cast<int>(factors.size());
  item_body(index);
  Value carry = b_.constant(1);
  std::vector<Value> next(factors.size());
  for (std::size_t k = factors.size(); k-- > 0;) {
    next[k] = b_.add(level(), index[k], carry);
    if (k == 0) break;
    const Value wraps = b_.compute(level(), Op::equal, DType::b1, {next[k], count[k]});
    next[k] = b_.compute(level(), Op::select, DType::i64, {wraps, b_.constant(0), next[k]});
    carry = b_.convert(level(), wraps, DType::i64);
  }
  x_.close_for(next);
}

void NestLowering::over_rows(const std::vector<TripFactor>& factors) {
  const Statement& s = program_.statements[nest_.statements.front()];
  info_.loops += static_cast<int>(factors.size());
  if (factors.empty()) return lower_sort_rows(x_, program_, s, b_.constant(1));
  const auto rows = [&](Value low, Value high) {
    x_.bind(nest_.order.back(), low);
    lower_sort_rows(x_, program_, s, i64(Op::subtract, high, low));
  };
  if (factors.size() == 1) return rows(b_.begin(), b_.end());
  const std::vector<Value> count = counts(factors);
  const Value width = count.back(), up = b_.add(0, width, b_.constant(-1));
  const Value first = b_.divide(0, Op::floor_divide, b_.begin(), width);
  const Value last = b_.divide(0, Op::floor_divide, b_.add(0, b_.end(), up), width);
  const Value line = x_.open_for(first, last, 1);
  Value rest = line;
  for (std::size_t k = factors.size() - 1; k-- > 0;) {
    const auto [quotient, remainder] =
        k > 0 ? b_.divide_with_rest(level(), rest, count[k]) : std::pair(loop::none, rest);
    x_.bind(nest_.order[k], remainder);
    rest = quotient;
  }
  const Value start = b_.multiply(level(), line, width);
  rows(i64(Op::maximum, i64(Op::subtract, b_.begin(), start), b_.constant(0)),
       i64(Op::minimum, i64(Op::subtract, b_.end(), start), width));
  x_.close_for();
}

Value NestLowering::is_decided() {
  const auto ends = [&](Expr e) {
    const Fold* fold = e->as<Fold>();
    return fold && info(fold->reduction).results == Results::value && ends_early(program_, *fold);
  };
  if (!nest_.folds || !std::ranges::all_of(nest_.values, ends)) return loop::none;
  Value all = loop::none;
  for (std::size_t i : nest_.statements) {
    const Statement& s = program_.statements[i];
    if (s.guard) return loop::none;
    const Address table = x_.address(s.target, s.subscripts, level());
    Value decided = x_.load(level(), s.target, table, 0, false, loop::none);
    if (*s.update == Reduction::all) decided = b_.compute(level(), Op::logical_not, DType::b1, {decided});
    all = all == loop::none ? decided : b_.compute(level(), Op::logical_and, DType::b1, {all, decided});
  }
  return all;
}

void NestLowering::item_body(const std::vector<Value>& index) {
  if (index.empty()) return loops(0, b_.constant(0), std::nullopt);
  if (nest_.transposed) return transposed_tile(index);
  std::optional<std::pair<Value, Value>> rows;
  for (std::size_t k = 0; k < nest_.split; ++k)
    if (has_rows(k)) {
      rows = block(k, index[k]);
    } else if (nest_.abreast == nest_.order[k]) {
      const auto [low, high] = block(k, index[k]);
      x_.go_abreast(nest_.order[k], low, high, rows_abreast);
    } else {
      x_.bind(nest_.order[k], index[k]);
    }
  if (nest_.symmetric) return symmetric_tiles(*rows, index[nest_.split]);
  const auto [low, high] = block(nest_.split, index[nest_.split]);
  if (!nest_.registers.empty()) return register_tiles(rows, low, high);
  if (!nest_.folds) {
    loops(nest_.split, low, high);
    return x_.leave_abreast();
  }
  x_.limit(nest_.order[nest_.split], low, high);
  --info_.loops;  // the loop of a tile is one with the loop over tiles
  statements();
}

std::pair<Value, Value> NestLowering::block(std::size_t k, Value index) {
  const Value size = b_.constant(block_of(k)), low = b_.multiply(level(), index, size);
  const Value end = b_.add(level(), low, size);
  return {low, i64(Op::minimum, end, x_.extent_of(nest_.order[k]))};
}

void NestLowering::register_tiles(std::optional<std::pair<Value, Value>> rows, Value low, Value high) {
  const Value count = i64(Op::subtract, high, low);
  x_.enter_lanes(*nest_.lane_axis, low, nest_.unroll, count);
  if (rows) {
    ExpressionLowering::Finish finish;
    Value first = rows->first;
    if (nest_.registers[0].finishes) {  // where all lanes run, so that stores need no masks; elsewhere row by row
      finish.statements = [&] { statements(); };
      if (!nest_.registers[0].masked) {
        finish.condition = b_.compute(level(), Op::greater_equal, DType::b1, {count, b_.constant(nest_.tile)});
        first = b_.compute(level(), Op::select, DType::i64, {finish.condition, rows->second, first});
      }
    }
    for (const RegisterTile& tile : nest_.registers)
      x_.reduce_tile(tile, rows->first, rows->second, loop::none, finish);
    if (nest_.registers[0].finishes && nest_.registers[0].masked) return x_.leave_lanes();
    x_.bind(nest_.registers[0].rows, x_.open_for(first, rows->second, 1));
  } else {
    x_.reduce_in_blocks(nest_.registers);
  }
  loops(nest_.split + 1, b_.constant(0), std::nullopt);
  if (rows) x_.close_for();
  x_.leave_lanes();
}

void NestLowering::transposed_tile(const std::vector<Value>& index) {
  for (std::size_t k = 0; k + 1 < nest_.split; ++k) x_.bind(nest_.order[k], index[k]);
  const auto side = [&](std::size_t k) {
    const auto [low, high] = block(k, index[k]);
    return TileSide{nest_.order[k], low, high, block_of(k)};
  };
  const TileSide rows = side(nest_.split - 1), columns = side(nest_.split);
  const std::int64_t width = nest_.transposed->columns;
  if (nest_.transposed->copies && !nest_.streaming.empty()) {
    const TileSide whole{columns.axis, columns.low, columns.high, width};
    return x_.copy_transposed(program_.statements[nest_.statements[0]], rows, whole, columns);
  }
  const Value low = x_.open_for(columns.low, columns.high, width);
  const Value end = b_.add(level(), low, b_.constant(width));
  const TileSide few{columns.axis, low, i64(Op::minimum, end, columns.high), width};
  if (nest_.transposed->copies) {
    x_.copy_transposed(program_.statements[nest_.statements[0]], rows, few, columns);
  } else {
    for (Expr e : nest_.transposed->reads) x_.transpose(e, rows, few, columns);
    --info_.loops;  // the loop of a tile is one with the loop over tiles
    x_.bind_loop(columns.axis, few.low, few.high, 1);
    for (Expr e : nest_.transposed->reads) x_.fetch_beside(e, few);
    stream_over_lanes(rows.low, rows.high, [&] { statements(); });
    x_.close_for();
  }
  x_.close_for();
}

}  // namespace ricci::jit
