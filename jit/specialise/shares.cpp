#include "specialise/shares.hpp"

#include <algorithm>

#include "rewrite/tables.hpp"
#include "schedule/abreast.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

__extension__ using Wide = __int128;

// More shares than most processors have threads. Less work is done sooner than threads begin, and so many elements per
// result keep what the shares leave a small part of it. Short rows are shorter than lanes.
constexpr ShareSizes of_many{.shares = 64,
                             .shares_of_line = 8,
                             .least_rows = 8,
                             .work = 1 << 16,
                             .work_of_line = 1 << 11,
                             .per_result = 32 * 64,
                             .short_row = 16,
                             .rows_at_a_time = 16,
                             .most_rows = 16,
                             .least_row = 512};
constexpr ShareSizes of_few{.shares = 2,
                            .shares_of_line = 2,
                            .least_rows = 1,
                            .work = 1,
                            .work_of_line = 1,
                            .per_result = 1,
                            .short_row = 4,
                            .rows_at_a_time = 2,
                            .most_rows = 16,
                            .least_row = 1};
// More results are items for all threads.
constexpr Wide most_results = 4096;
// Results of one vector, each of whose sums would wait for the one before: several rows are reduced abreast.
constexpr Wide line_bytes = 64;

bool may_share(const Program& program, const Statement& s, Expr e) {
  const Fold* fold = e->as<Fold>();
  if (!fold || info(fold->reduction).results != Results::value || e->dtype == DType::b1) return false;
  if (e->free.empty() || !fold->ranges.empty() || program.axes[fold->axes[0]].tables) return false;
  const auto is_own = [&](AxisId axis) { return std::ranges::count(s.domain, axis) > 0; };
  return std::ranges::all_of(e->free, is_own) && std::ranges::all_of(nodes({fold->body}), [&](Expr n) {
           return !bound_axes(n) || may_share(program, s, n);
         });
}

/// How the reads of a reduction go along its axes.
struct Rows {
  bool along = false;   // some read that moves with results has neighbours along one of them
  bool across = false;  // some has none
  bool behind = true;   // those that move along the first have neighbours along the last axis of the results, others
                        // move with all of the results, or not at all
  bool in_lines = true;  // those that move with results as well have neighbours along the last axis of these
};

Rows rows_of(const Program& program, const Fold& fold, const std::vector<AxisId>& results,
             std::span<const TensorView> tensors) {
  Rows rows;
  walk({fold.body}, [&](Expr e) {
    const Read* read = e->as<Read>();
    if ((read || e->as<Fold>()) && !uses_axis(e, fold.axes[0])) rows.behind &= e->free.empty() || e->free == results;
    if (!read || !uses_axis(e, fold.axes[0])) return !e->as<Fold>();
    const auto has_neighbours = [&](AxisId axis) {
      const std::size_t rank = read->subscripts.size();
      for (std::size_t i = 0; i < rank; ++i) {
        const bool is_table = !program.tensors[read->tensor].table.empty();  // row-major
        const bool is_unit = is_table ? i + 1 == rank : tensors[read->tensor].layout.strides[i] == 1;
        if (is_unit && uses_axis(read->subscripts[i], axis)) return true;
      }
      return false;
    };
    const bool moves = std::ranges::any_of(results, [&](AxisId axis) { return uses_axis(e, axis); });
    if (moves) (std::ranges::any_of(fold.axes, has_neighbours) ? rows.along : rows.across) = true;
    rows.behind &= has_neighbours(results.back());
    rows.in_lines &= !moves || has_neighbours(results.back());
    return true;
  });
  return rows;
}

/// Whether all reads that move along the axes of a reduction have them behind each other, as they are, and nothing else
/// uses them.
bool are_one(const Program& program, const Fold& fold, std::span<const TensorView> tensors,
             std::span<const std::int64_t> extents) {
  const auto is_axis = [&](Expr e, std::size_t k) { return e->as<Axis>() && e->as<Axis>()->axis == fold.axes[k]; };
  const auto is_used = [&](Expr e) {
    return std::ranges::any_of(fold.axes, [&](AxisId axis) { return uses_axis(e, axis); });
  };
  return std::ranges::all_of(nodes({fold.body}), [&](Expr e) {
    const Read* read = e->as<Read>();
    if (!is_used(e) || e->as<Axis>()) return true;
    if (!read)
      return std::ranges::none_of(children(e), [&](Expr child) { return child->as<Axis>() && is_used(child); });
    const std::vector<Expr>& at = read->subscripts;
    const auto first = std::ranges::find_if(at, is_used);
    const auto begin = static_cast<std::size_t>(first - at.begin());
    if (!program.tensors[read->tensor].table.empty() || (read->guard && is_used(read->guard))) return false;
    if (at.size() - begin < fold.axes.size()) return false;
    const Layout& layout = tensors[read->tensor].layout;
    for (std::size_t k = 0; k < fold.axes.size(); ++k) {
      if (!is_axis(at[begin + k], k)) return false;
      if (k + 1 == fold.axes.size()) continue;
      if (layout.strides[begin + k] != layout.strides[begin + k + 1] * extents[fold.axes[k + 1]]) return false;
    }
    return std::none_of(at.begin() + static_cast<std::ptrdiff_t>(begin + fold.axes.size()), at.end(), is_used);
  });
}

/// Rewrites the statements of a program one by one.
class Sharing {
 public:
  explicit Sharing(Program& program) : program_(program), g_(program.graph) {}

  std::vector<Expr> of;  // as in InShares

  /// Adds a statement, and before it those that do its reductions in shares.
  void add(Statement s, const std::vector<Shared>& all) {
    made_.clear();
    const std::vector<Expr> within = nodes({s.value});
    for (const Shared& one : all) {
      if (std::ranges::count(within, one.fold) == 0) continue;
      const Expr whole = in_shares(one);
      const bool is_inner = std::ranges::any_of(all, [&](const Shared& other) {
        return other.fold != one.fold && std::ranges::count(nodes({other.fold}), one.fold) > 0;
      });
      made_.emplace(one.fold, is_inner ? stored(one.fold, whole) : whole);
    }
    s.value = with_made(s.value);
    program_.statements.push_back(std::move(s));
  }

 private:
  AxisId new_axis(AxisDecl decl) {
    program_.axes.push_back(std::move(decl));
    return static_cast<AxisId>(program_.axes.size() - 1);
  }

  AxisId fixed_axis(const char* name, std::int64_t extent) {
    return new_axis({.name = name, .sizes = {}, .fixed = extent});
  }

  AxisId axis_like(AxisId other) { return new_axis({.name = program_.axes[other].name, .sizes = {}, .like = other}); }

  std::vector<Expr> axes(const std::vector<AxisId>& ids) {
    std::vector<Expr> all;
    for (AxisId id : ids) all.push_back(axis(g_, id));
    return all;
  }

  Expr plus(Expr a, Expr b) { return apply(g_, Op::add, {a, b}); }
  Expr times(Expr a, Expr b) { return apply(g_, Op::multiply, {a, b}); }

  Expr with_made(Expr e) {
    Memo memo;
    return replace(g_, e, memo, [&](Expr n) -> Expr {
      const auto found = made_.find(n);
      return found == made_.end() ? nullptr : found->second;
    });
  }

  /// All reads were inside.
  Expr without_checks(Expr e) {
    Memo memo;
    return rewrite(g_, e, memo, [&](Expr, Expr n) -> Expr {
      const Read* r = n->as<Read>();
      return r ? read(g_, r->tensor, n->dtype, r->subscripts, Policy::assume_inside, r->guard) : n;
    });
  }

  /// A statement that fills a tensor of its own, with something of the reduction `fold`.
  TensorId fill(Expr fold, const char* name, const std::vector<AxisId>& domain, Expr value) {
    const auto tensor = static_cast<TensorId>(program_.tensors.size());
    program_.tensors.push_back({name, value->dtype, static_cast<int>(domain.size()), domain});
    program_.statements.push_back({.target = tensor,
                                   .subscripts = axes(domain),
                                   .update = {},
                                   .value = value,
                                   .domain = domain,
                                   .policy = Policy::assume_inside});
    of.push_back(fold);
    return tensor;
  }

  /// What stands for a reduction: its parts together, and what is left over.
  Expr in_shares(const Shared& s) {
    const Fold& fold = *s.fold->as<Fold>();
    const Expr body = without_checks(with_made(fold.body));
    const std::vector<AxisId>& results = s.fold->free;
    const bool has_rows = s.rows > 1;
    // The axis that is cut, and the others, which are its first ones or stay.
    const std::size_t cut = s.as_one ? fold.axes.size() - 1 : 0;
    Expr elements = extent(g_, fold.axes[cut]);
    std::unordered_map<AxisId, Expr> first;
    for (std::size_t k = 0; k < cut; ++k) {
      elements = times(extent(g_, fold.axes[k]), elements);
      first.emplace(fold.axes[k], constant(g_, std::int64_t{0}));
    }
    const std::vector<AxisId> others(fold.axes.begin() + 1, s.as_one ? fold.axes.begin() + 1 : fold.axes.end());

    std::vector<AxisId> domain{fixed_axis("share", s.shares)}, merged{fixed_axis("share", s.shares)};
    const Expr length = constant(g_, s.shares * s.rows);
    const Expr steps = apply(g_, Op::floor_divide, {elements, length});
    const AxisId step = new_axis({.name = "step", .sizes = {}, .limit = steps});
    const Expr begin = times(axis(g_, domain[0]), steps);
    Expr at = plus(begin, axis(g_, step));
    if (has_rows) {
      domain.push_back(fixed_axis("row", s.rows));
      merged.push_back(fixed_axis("row", s.rows));
      const Expr rows = times(at, constant(g_, s.rows));
      at = plus(rows, axis(g_, domain[1]));
    }
    std::unordered_map<AxisId, Expr> in_part = first, in_rest = first;
    in_part.emplace(fold.axes[cut], at);
    for (AxisId result : results) {  // their own, which rows may be one with
      domain.push_back(axis_like(result));
      in_part.emplace(result, axis(g_, domain.back()));
    }
    std::vector<AxisId> inner{step};
    inner.insert(inner.end(), others.begin(), others.end());
    const Expr of_part = s.in_lanes ? with_copies(s, body, domain[1]) : body;
    const Expr value = fold_node(g_, {fold.reduction, inner, substitute(g_, of_part, in_part)});
    const TensorId part = fill(s.fold, "part", domain, value);

    std::vector<AxisId> places = merged;
    places.insert(places.end(), results.begin(), results.end());
    const Expr element = read(g_, part, s.fold->dtype, axes(places), Policy::assume_inside);
    const Expr parts = fold_node(g_, {fold.reduction, merged, element});
    inner[0] = s.as_one ? new_axis({.name = program_.axes[fold.axes[cut]].name, .sizes = {}, .limit = elements})
                        : axis_like(fold.axes[0]);
    in_rest.emplace(fold.axes[cut], axis(g_, inner[0]));
    std::vector<Range> ranges(inner.size());
    ranges[0].low = times(steps, length);
    const Expr left = substitute(g_, body, in_rest);
    const Expr rest = fold_node(g_, {fold.reduction, inner, left, ranges});
    return apply(g_, info(fold.reduction).step, {parts, rest});
  }

  /// What reads elements, but the same ones all along a reduction, is stored once for each row that is taken at a time:
  /// rows and results are one axis then.
  Expr with_copies(const Shared& s, Expr body, AxisId row) {
    Memo memo;
    return replace(g_, body, memo, [&](Expr n) -> Expr {
      const auto is_read = [](Expr part) { return part->as<Read>() != nullptr; };
      if (n->free != s.fold->free || std::ranges::none_of(nodes({n}), is_read)) return nullptr;
      std::vector<AxisId> domain{fixed_axis("row", s.rows)}, places{row};
      std::unordered_map<AxisId, Expr> renamed;
      for (AxisId result : s.fold->free) {
        domain.push_back(axis_like(result));
        places.push_back(result);
        renamed.emplace(result, axis(g_, domain.back()));
      }
      const TensorId copies = fill(s.fold, "copies", domain, substitute(g_, n, renamed));
      return read(g_, copies, n->dtype, axes(places), Policy::assume_inside);
    });
  }

  /// An element of a tensor that stores it.
  Expr stored(Expr fold, Expr whole) {
    const TensorId tensor = fill(fold, "whole", fold->free, whole);
    return read(g_, tensor, whole->dtype, axes(fold->free), Policy::assume_inside);
  }

  Program& program_;
  Graph& g_;
  std::unordered_map<Expr, Expr> made_;  // of the statement
};

}  // namespace

const ShareSizes& share_sizes(Shares s) { return s == Shares::of_many ? of_many : of_few; }

std::vector<Expr> may_share(const Program& program) {
  std::vector<Expr> found;
  for (const Statement& s : program.statements) {
    if (is_private(program, s.target) || s.guard || s.in_order || s.appends) continue;
    for (Expr e : nodes({s.value}))
      if (may_share(program, s, e) && std::ranges::count(found, e) == 0) found.push_back(e);
  }
  std::ranges::sort(found, {}, [](Expr e) { return e->id; });
  return found;
}

std::vector<Shared> find_shared(const Program& program, std::span<const Expr> candidates,
                                std::span<const TensorView> tensors, std::span<const std::int64_t> extents,
                                const ShareSizes& sizes) {
  std::vector<Shared> found;
  for (Expr e : candidates) {
    const Fold& fold = *e->as<Fold>();
    Wide results = 1, elements = 1;  // of each
    for (AxisId axis : e->free) results = std::min<Wide>(results * extents[axis], 2 * most_results);
    for (AxisId axis : fold.axes) elements = std::min<Wide>(elements * extents[axis], Wide{1} << 62);
    const auto is_found = [&](Expr n) { return std::ranges::count(found, n, &Shared::fold) > 0; };
    if (!std::ranges::all_of(nodes({fold.body}), [&](Expr n) { return !n->as<Fold>() || is_found(n); })) continue;
    if (results > most_results) continue;
    const Rows rows = rows_of(program, fold, e->free, tensors);
    const bool as_one = fold.axes.size() > 1 && are_one(program, fold, tensors, extents);
    const Wide length = as_one ? elements : extents[fold.axes[0]];
    if (rows.along && (rows.across || results > sizes.most_rows || elements < sizes.shares * sizes.least_row)) continue;
    const bool is_short = rows.behind && results <= sizes.short_row && (as_one || fold.axes.size() == 1);
    const bool is_line = !rows.along && rows.in_lines && e->free.size() == 1 &&
                         results * size_of(e->dtype) <= line_bytes && (as_one || fold.axes.size() == 1);
    const std::int64_t at_a_time = is_short ? sizes.rows_at_a_time : is_line ? rows_abreast : 1;
    // Rows abreast are worth shares of their own where there are too few for all.
    const bool by_line = is_line && !is_short;
    const bool many = elements >= sizes.per_result && length >= sizes.shares * sizes.least_rows * at_a_time;
    const std::int64_t shares = by_line && !many ? sizes.shares_of_line : sizes.shares;
    if (results * elements < (by_line ? sizes.work_of_line : sizes.work) || (!by_line && !many)) continue;
    if (length >= shares * sizes.least_rows * at_a_time) found.push_back({e, shares, at_a_time, as_one, is_short});
  }
  return found;
}

InShares in_shares(Program program, const std::vector<Shared>& all) {
  std::vector<Statement> old = std::exchange(program.statements, {});
  Sharing sharing(program);
  for (Statement& s : old) sharing.add(std::move(s), all);
  return {std::move(program), std::move(sharing.of)};
}

}  // namespace ricci::jit
