#include "specialise/specialise.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "ir/affine.hpp"
#include "ir/survey.hpp"
#include "rewrite/share.hpp"
#include "ricci/overlap.hpp"
#include "schedule/abreast.hpp"
#include "schedule/flattened.hpp"
#include "schedule/kept.hpp"
#include "schedule/packed_rows.hpp"
#include "schedule/register_tile.hpp"
#include "schedule/short_results.hpp"
#include "schedule/short_rows.hpp"
#include "schedule/slender.hpp"
#include "specialise/answers.hpp"
#include "specialise/moved.hpp"
#include "specialise/reuse.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t short_limit = std::int64_t{1} << 31;
constexpr std::int64_t large_bytes = 16 << 20;  // from which an output is better not left in the caches
constexpr std::int64_t far_bytes = 256 << 10;   // from which rows that data choose are fetched early
constexpr std::int64_t farther_bytes = 2 << 20; // and first into the second cache, which holds no more
constexpr std::int64_t many_rows = 3;           // of results, for which loads are arranged beforehand
constexpr std::int64_t many_reduced_rows = 16;  // the same of rows that a reduction runs over
constexpr std::int64_t least_along_pairs = 24;  // in products of two rows by a matrix, for which loads are arranged too
constexpr std::int64_t low_rows = 4;            // at most, that are computed as so many
constexpr std::int64_t narrow_row = 64;         // bytes: a line, and the widest vector
constexpr std::int64_t wide_row = 256;          // elements, of which steps of 64 lanes leave few over
constexpr std::int64_t long_row = 1024;         // so many that it pays to count steps of lanes and not each index

/// Whether `inner` directly follows `outer` in every binder that has one of them.
bool always_neighbours(const Survey& survey, AxisId outer, AxisId inner) {
  return std::ranges::all_of(survey.binders, [&](const std::vector<AxisId>& axes) {
    const auto o = std::ranges::find(axes, outer), i = std::ranges::find(axes, inner);
    return o == axes.end() ? i == axes.end() : i != axes.end() && i == o + 1;
  });
}

bool can_collapse(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                  std::span<const std::int64_t> extents, AxisId outer, AxisId inner) {
  if (program.axes[outer].tables || program.axes[inner].tables) return false;
  if (survey.values.contains(inner)) return false;
  const bool moves = survey.values.contains(outer);
  if (moves && (extents[inner] > longest_moved_row || !is_only_moved(program, survey, outer, inner))) return false;
  if (survey.in_order.contains(outer) || survey.in_order.contains(inner)) return false;
  if (!always_neighbours(survey, outer, inner)) return false;
  return std::ranges::all_of(survey.accesses, [&](const Access& access) {
    std::vector<std::size_t> outers, inners;  // where they stand
    for (std::size_t k = 0; k < access.subscripts.size(); ++k) {
      const Axis* bare = access.subscripts[k]->as<Axis>();
      if (moves ? is_moved(access.subscripts[k], outer) : bare && bare->axis == outer) outers.push_back(k);
      if (bare && bare->axis == inner) inners.push_back(k);
    }
    if (outers.empty() && inners.empty()) return true;
    if (outers.size() != 1 || inners.size() != 1) return false;
    const std::size_t o = outers[0], i = inners[0];
    const bool is_table = !program.tensors[access.tensor].table.empty();
    if (moves && is_table && !access.subscripts[o]->as<Axis>()) return false;
    if (moves && !is_table && stays_checked(program, survey, tensors, extents, access)) return false;
    if (is_table) return i == o + 1;
    const Layout& layout = tensors[access.tensor].layout;
    return layout.strides[o] == layout.strides[i] * extents[inner];
  });
}

/// Whether two axes may be gone through as one where some reads need to know both: every other access finds neighbours
/// in memory, and these are proved to be inside.
bool can_flatten(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                 std::span<const std::int64_t> extents, AxisId outer, AxisId inner) {
  if (extents[outer] < 2 || extents[inner] < 2) return false;
  if (survey.in_order.contains(outer) || survey.in_order.contains(inner)) return false;
  if (program.axes[outer].tables || program.axes[inner].tables) return false;
  if (!always_neighbours(survey, outer, inner)) return false;
  if (!pays_to_flatten(program, survey, extents, outer, inner)) return false;
  return std::ranges::all_of(survey.accesses, [&](const Access& access) {
    const auto moves = [&](Expr e) { return uses_axis(e, outer) || uses_axis(e, inner); };
    if (std::ranges::none_of(access.subscripts, moves)) return true;
    if (!program.tensors[access.tensor].table.empty()) return false;
    if (stays_checked(program, survey, tensors, extents, access)) return false;
    if (!stands_bare(access.subscripts, outer) || !stands_bare(access.subscripts, inner)) return true;
    const Layout& layout = tensors[access.tensor].layout;
    const auto stride = [&](AxisId axis) { return layout.strides[*bare_place(access.subscripts, axis)]; };
    return stride(outer) == stride(inner) * extents[inner];
  });
}

/// Whether short rows of results are gone through as one with the axis before them, where they share vectors.
bool can_pack(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
              std::span<const std::int64_t> extents, AxisId outer, AxisId inner) {
  if (extents[outer] < 2 || !can_pack_rows(program, survey, extents[inner], outer, inner)) return false;
  if (!always_neighbours(survey, outer, inner)) return false;
  return std::ranges::all_of(survey.accesses, [&](const Access& access) {
    const std::vector<Expr>& subscripts = access.subscripts;
    const auto o = bare_place(subscripts, outer), i = bare_place(subscripts, inner);
    if (count_bare(subscripts, outer) > 1 || count_bare(subscripts, inner) > 1) return false;
    if (!o && !i) return true;
    if (stays_checked(program, survey, tensors, extents, access)) return false;
    const Layout& layout = tensors[access.tensor].layout;
    if (o && i) return layout.strides[*i] == 1 && layout.strides[*o] == extents[inner];
    return layout.strides[o ? *o : *i] == 1;
  });
}

void find_collapsed(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                    std::span<const std::int64_t> extents, Specialisation& result) {
  std::map<AxisId, AxisId> outer_of;  // by the inner axis of a collapsible pair
  std::set<AxisId> flattened, packed;
  for (const auto& axes : survey.binders)
    for (std::size_t i = 1; i < axes.size(); ++i) {
      const AxisId outer = axes[i - 1], inner = axes[i];
      if (can_collapse(program, survey, tensors, extents, outer, inner)) {
        outer_of[inner] = outer;
      } else if (can_flatten(program, survey, tensors, extents, outer, inner)) {
        outer_of[inner] = outer;
        flattened.insert(inner);
      } else if (can_pack(program, survey, tensors, extents, outer, inner)) {
        outer_of[inner] = outer;
        packed.insert(inner);
      }
    }
  std::set<AxisId> swallowed;
  for (const auto& [inner, outer] : outer_of) swallowed.insert(outer);
  result.collapsed.resize(program.axes.size());
  for (const auto& [inner, outer] : outer_of) {
    if (swallowed.contains(inner)) continue;
    std::vector<AxisId>& group = result.collapsed[inner];
    group = {inner};
    for (auto it = outer_of.find(inner); it != outer_of.end(); it = outer_of.find(it->second))
      group.insert(group.begin(), it->second);
    const auto is_flattened = [&](AxisId axis) { return flattened.contains(axis); };
    if (std::ranges::any_of(group, is_flattened)) result.flattened.push_back(inner);
    if (packed.contains(inner)) result.packed.push_back({inner, extents[inner]});
  }
}

bool offsets_are_short(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                       std::span<const std::int64_t> extents) {
  for (TensorId t = 0; t < program.tensors.size(); ++t) {
    const std::vector<AxisId>& table = program.tensors[t].table;
    Wide reach = table.empty() ? 0 : 1;
    if (table.empty()) {
      const Layout& layout = tensors[t].layout;
      for (int i = 0; i < layout.rank; ++i) {
        if (layout.extents[i] >= short_limit) return false;
        const std::int64_t stride = layout.strides[i] < 0 ? -layout.strides[i] : layout.strides[i];
        if (layout.extents[i] > 0) reach += static_cast<Wide>(layout.extents[i] - 1) * stride;
      }
    } else {
      for (std::size_t i = 1; i < table.size(); ++i) reach *= extents[table[i]];
    }
    if (reach >= short_limit) return false;
  }
  // A product of collapsed extents is the reach of some tensor; what is left are single extents, and the index of an
  // arg-reduction or a sort, which counts through all its axes.
  for (Expr e : survey.nodes) {
    const Fold* fold = e->as<Fold>();
    if (!e->as<Sort>() && (!fold || info(fold->reduction).results != Results::index)) continue;
    Wide positions = 1;
    for (AxisId axis : *bound_axes(e)) positions = std::min<Wide>(positions * extents[axis], short_limit);
    if (positions >= short_limit) return false;
  }
  return std::ranges::all_of(extents, [](std::int64_t extent) { return extent < short_limit; });
}

bool written_are_disjoint(const Program& program, std::span<const TensorView> tensors) {
  std::set<TensorId> written;
  for (const Statement& s : program.statements)
    if (program.tensors[s.target].table.empty()) written.insert(s.target);
  for (TensorId w : written)
    for (TensorId t = 0; t < tensors.size(); ++t)
      if (t != w && program.tensors[t].table.empty() && may_overlap(tensors[w], tensors[t])) return false;
  return true;
}

/// Tensors in which the axes of the reductions over several of them that read all are one, row-major.
std::vector<TensorId> find_joined(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                                  std::span<const std::int64_t> extents, const Specialisation& s) {
  std::set<TensorId> joined, apart;
  for (Expr e : survey.nodes) {
    const Fold* fold = e->as<Fold>();
    if (!fold || std::ranges::count_if(fold->axes, [&](AxisId axis) { return !is_swallowed(s, axis); }) < 2) continue;
    for (Expr n : nodes({fold->body})) {
      const Read* read = n->as<Read>();
      const auto is_bare = [&](AxisId axis) { return stands_bare(read->subscripts, axis); };
      if (!read || !program.tensors[read->tensor].table.empty()) continue;  // tables have no layout yet
      if (!std::ranges::all_of(fold->axes, is_bare)) continue;
      const auto stride = [&](AxisId axis) {
        return tensors[read->tensor].layout.strides[*bare_place(read->subscripts, axis)];
      };
      bool one = true;
      for (std::size_t k = 1; k < fold->axes.size(); ++k)
        one = one && stride(fold->axes[k - 1]) == stride(fold->axes[k]) * extents[fold->axes[k]];
      (one ? joined : apart).insert(read->tensor);
    }
  }
  std::erase_if(joined, [&](TensorId t) { return apart.contains(t); });
  return {joined.begin(), joined.end()};
}

std::vector<TensorId> find_large(const Program& program, std::span<const TensorView> tensors) {
  std::set<TensorId> large;
  for (const Statement& s : program.statements) {
    if (!program.tensors[s.target].table.empty()) continue;
    const Layout& layout = tensors[s.target].layout;
    Wide bytes = static_cast<Wide>(size_of(layout.dtype));
    for (int i = 0; i < layout.rank; ++i) bytes = std::min<Wide>(bytes * layout.extents[i], short_limit);
    if (bytes >= large_bytes) large.insert(s.target);
  }
  return {large.begin(), large.end()};
}

/// Tensors and tables of so many bytes that are accessed with a subscript which can be read early.
std::vector<TensorId> find_far(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                               std::span<const std::int64_t> extents, std::int64_t least_bytes) {
  std::set<TensorId> far;
  const auto chosen = [](Expr subscript) {  // before its iteration: a search would have to be done twice
    const std::vector<Expr> all = nodes({subscript});
    return std::ranges::any_of(all, [](Expr n) { return n->as<Read>() != nullptr; }) &&
           std::ranges::none_of(all, [](Expr n) { return bound_axes(n) != nullptr; });
  };
  for (const Access& access : survey.accesses) {
    if (std::ranges::none_of(access.subscripts, chosen)) continue;
    const TensorDecl& decl = program.tensors[access.tensor];
    Wide bytes = static_cast<Wide>(size_of(decl.dtype));
    for (std::size_t i = 0; i < static_cast<std::size_t>(decl.rank); ++i) {
      const bool copies = !decl.table.empty() && program.axes[decl.table[i]].tables;
      if (!copies)
        bytes = std::min<Wide>(bytes * size_of_axis(program, tensors, extents, access.tensor, i), short_limit);
    }
    if (bytes >= least_bytes) far.insert(access.tensor);
  }
  return {far.begin(), far.end()};
}

/// How long the axes are for which schedules ask.
void find_lengths(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                  std::span<const std::int64_t> extents, Specialisation& result) {
  const auto length = [&](AxisId axis) {  // with those that it swallowed
    std::int64_t all = extents[axis];
    for (AxisId other : result.collapsed[axis])
      if (other != axis) all = std::min(all * extents[other], short_limit);
    return all;
  };
  const auto element_bytes = [&](AxisId axis) {  // of the widest that are neighbours along it; 0: there are none
    std::int64_t widest = 0;
    for (const Access& access : survey.accesses) {
      const auto at = bare_place(access.subscripts, axis);
      if (at && stride_class(program, result, access.tensor, *at) == StrideClass::one)
        widest = std::max(widest, static_cast<std::int64_t>(size_of(program.tensors[access.tensor].dtype)));
    }
    return widest;
  };
  const auto is_contiguous = [&](AxisId axis) { return element_bytes(axis) > 0; };
  std::set<AxisId> axes, pairs;
  for (Expr e : survey.nodes) axes.merge(axes_of_reuse(e, result));
  for (const Statement& s : program.statements)
    if (const auto p = slender_product(s); p && length(p->rows) == 2)
      if (length(p->columns) > low_rows && length(p->along) >= least_along_pairs) pairs.insert(p->rows);
  for (AxisId axis : axes) {
    const auto has_rows = [&](const Statement& s) { return std::ranges::count(s.domain, axis) > 0; };
    const bool reduced = std::ranges::none_of(program.statements, has_rows);
    if (length(axis) >= (reduced ? many_reduced_rows : many_rows) || pairs.contains(axis)) {
      result.many.push_back(axis);
      if (length(axis) <= most_shallow_rows) result.shallow.push_back(axis);
      if (length(axis) <= low_rows) result.low.push_back(axis);
    }
    if (length(axis) >= wide_row && is_contiguous(axis)) result.wide.push_back(axis);
    const auto stores_along = [&](const Statement& s) {
      const auto at = bare_place(s.subscripts, axis);
      return at && stride_class(program, result, s.target, *at) == StrideClass::one;
    };
    const std::int64_t bytes = std::ranges::any_of(program.statements, stores_along) ? element_bytes(axis) : 0;
    if (bytes > 0 && length(axis) <= narrow_row / bytes) result.narrow.push_back(axis);
  }
  find_slender_products(program, tensors, length, result);
  for (Expr e : survey.nodes) {
    const Fold* fold = e->as<Fold>();
    if (!fold || info(fold->reduction).results != Results::index || size_of(fold->body->dtype) > 2) continue;
    const AxisId axis = fold->axes.back();
    const bool known = std::ranges::count(result.wide, axis) > 0;
    if (!known && length(axis) >= long_row && is_contiguous(axis)) result.wide.push_back(axis);
  }
  for (AxisId axis : axes_of_rows(program))
    if (length(axis) > 1 && length(axis) <= longest_short_row && is_contiguous(axis)) result.few.push_back(axis);
}

}  // namespace

Specialisation specialise(const Program& program, std::span<const TensorView> tensors,
                          std::span<const std::int64_t> extents) {
  Survey survey(program);
  note_compared_axes(program, tensors, extents, survey);
  Specialisation result;
  result.strides.resize(program.tensors.size());
  Columns columns = axes_of_columns(program);
  for (TensorId t = 0; t < program.tensors.size(); ++t)
    if (program.tensors[t].table.empty()) result.strides[t] = classes_of(tensors[t].layout, columns[t]);
  find_collapsed(program, survey, tensors, extents, result);
  result.joined = find_joined(program, survey, tensors, extents, result);
  result.large = find_large(program, tensors);
  for (AxisId axis : axes_of_kept_values(program, result.large))
    if (extents[axis] <= most_kept) result.brief.push_back(axis);
  for (AxisId axis : axes_of_kept_planes(program, result.large))
    if (extents[axis] <= most_planes_kept) result.slim.push_back(axis);
  result.far = find_far(program, survey, tensors, extents, far_bytes);
  result.farther = find_far(program, survey, tensors, extents, farther_bytes);
  find_lengths(program, survey, tensors, extents, result);
  for (AxisId axis : axes_of_chosen_places(program))
    if (extents[axis] >= least_abreast) result.abreast.push_back(axis);
  for (const SumOfRows& sum : sums_of_rows(program)) {
    const std::vector<AxisId>& axes = sum.fold->as<Fold>()->axes;
    if (axes.size() > 1 && result.collapsed[axes.back()] != axes) continue;  // the lanes run through all of them
    std::int64_t length = 1;
    for (AxisId axis : axes) length = std::min(length * extents[axis], short_limit);
    const bool is_long = length * static_cast<std::int64_t>(size_of(sum.fold->dtype)) > longest_vector_bytes;
    const bool pays = is_long || (sum.product && length <= longest_row_abreast);
    if (pays && extents[sum.rows] >= least_abreast) result.abreast.push_back(sum.rows);
  }
  result.answers = ask(program, survey, tensors, extents);
  result.short_offsets = offsets_are_short(program, survey, tensors, extents);
  result.disjoint = written_are_disjoint(program, tensors);
  return result;
}

}  // namespace ricci::jit
