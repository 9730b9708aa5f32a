#pragma once
// check(): the rules of the language over syntax trees. C++ turns a fault into one static_assert, the text language
// into one Error (rules.cpp).
#include "ricci/syntax.hpp"

namespace ricci {

enum class Rule : std::uint8_t {
  none,
#define RICCI_RULE(name, kind, sentence) name,
#include "ricci/rules.def"
#undef RICCI_RULE
};

/// Names, ranks and dtypes of a fault: "3 subscripts, rank 4". Built at compile time. Up to 36 characters are printed
/// in full by both compilers; more than 99 are cut.
struct Detail {
  char text[100]{};
  int size = 0;

  constexpr Detail& operator<<(std::string_view words) {
    for (char c : words)
      if (size < 99) text[size++] = c;
    return *this;
  }
  constexpr Detail& operator<<(int number) {
    if (number < 0) return *this << "-" << -number;
    if (number >= 10) *this << number / 10;
    const char digit[] = {static_cast<char>('0' + number % 10)};
    return *this << std::string_view(digit, 1);
  }
  constexpr Detail& operator<<(const IndexSet& set) {
    if (set.size == 0) *this << "none";
    for (int i = 0; i < set.size; ++i) *this << (i > 0 ? "," : "") << set[i]->text;
    return *this;
  }
  constexpr std::string_view view() const { return {text, static_cast<std::size_t>(size)}; }
};

struct Fault {
  Rule rule = Rule::none;
  Detail detail{};
  constexpr explicit operator bool() const { return rule != Rule::none; }
};

enum class Assign : std::uint8_t { set, add, subtract, multiply, max, min, bit_or, bit_and };

/// The fault of one node whose children have none.
constexpr Fault check(const Syntax& node);
/// The fault of a statement whose parts have none.
constexpr Fault check_assignment(const Syntax& target, Assign assign, const Syntax& value);
/// The fault of making a new tensor of a value; `rank` and `dtype` where the program states them.
constexpr Fault check_new_tensor(const Syntax& value, std::optional<int> rank = {}, std::optional<DType> dtype = {});
/// The fault of an axis, and of a list of axes, of an array with `rank` axes.
constexpr Fault check_axis(std::int64_t axis, int rank);
constexpr Fault check_axes(const std::int64_t* axes, int count, int rank);

/// The fault of a reduction that is given neither axes nor indices: it is over all axes, but one that leaves as many as
/// there were, or takes some elements of one, needs an array with a single axis.
constexpr Fault check_whole(Reducer, int rank);

/// The fault of a list of indices to reduce: each may be named once.
constexpr Fault check_binders(const Syntax* const* indices, int count);

/// Throws the fault as an Error: "sentence: detail".
[[noreturn]] void throw_fault(const Fault&);
/// Throws if there is a fault; for trees made at run time.
inline void require(const Fault& fault) {
  if (fault) throw_fault(fault);
}

// --- the checks --------------------------------------------------------------------------------------------------

namespace detail {

constexpr Fault unaligned(int rank, const IndexSet& indices) {
  return {Rule::rank_does_not_match_the_indices, Detail{} << rank << " unnamed axes, indices " << indices};
}

constexpr Fault check_subscript(const Syntax& node, const Syntax& s) {
  if (s.is_gathered_mask(node.writable) && node.gathered != 1)
    return {Rule::rank_mismatch, Detail{} << "ranks 1 and " << node.gathered};
  if (s.is_positional()) return {};
  if (!is_integer(s.dtype)) return {Rule::subscript_is_not_an_integer, Detail{} << to_string(s.dtype)};
  if (s.rank == 0) return {};
  const int rank = node.positional ? node.gathered : node.rank;
  if (node.free.size > 0 && s.rank != node.free.size) return unaligned(s.rank, node.free);
  if (node.free.size == 0 && s.rank != rank)
    return {Rule::rank_mismatch, Detail{} << "ranks " << s.rank << " and " << rank};
  return {};
}

constexpr Fault check_access(const Syntax& node) {
  int consumed = 0;
  for (int i = 0; i < node.subscripts(); ++i) consumed += node.child[i]->consumed();
  if (consumed != node.tensor_rank)
    return {Rule::wrong_number_of_subscripts, Detail{} << consumed << " subscripts, rank " << node.tensor_rank};
  if (node.rank > max_rank || node.subscripts() > max_rank + 1) return {Rule::too_many_axes, {}};
  if (node.positional && node.free.size > 0) return {Rule::named_and_positional, Detail{} << "indices " << node.free};
  for (int i = 0; i < node.subscripts(); ++i)
    if (const Fault fault = check_subscript(node, *node.child[i])) return fault;
  if (node.outside != Outside::fill) return {};
  const Syntax& filler = *node.child[node.subscripts()];
  if (!same_kind_cast(filler.type(), node.dtype))
    return {Rule::fill_changes_the_kind, Detail{} << to_string(filler.dtype) << " for " << to_string(node.dtype)};
  if (filler.rank > 0 && filler.rank != (node.free.size > 0 ? node.free.size : node.rank))
    return {Rule::rank_mismatch, Detail{} << "ranks " << filler.rank << " and " << node.rank};
  return {};
}

constexpr Fault check_named(const Syntax& node) {
  IndexSet seen;
  for (int i = 1; i < node.children; ++i)
    if (node.child[i]->form == Form::index) seen.add(node.child[i]->bound[0]);
  if (seen.size != node.child[0]->rank || node.children - 1 != node.child[0]->rank)
    return {Rule::only_indices_subscript_an_expression,
            Detail{} << "rank " << node.child[0]->rank << ", subscripts " << node.children - 1};
  return {};
}

/// Whether one side of a comparison is a truth value and the other a number, as in 0 < x < 1, which C++ and the text
/// language read as (0 < x) < 1. Equality with a number is fine for an array of truth values: mask == 1.
constexpr bool is_chained(const Syntax& node) {
  if (info(node.op).typing != Typing::compare) return false;
  const bool equality = node.op == Op::equal || node.op == Op::not_equal;
  const Syntax &a = *node.child[0], &b = *node.child[1];
  if ((a.dtype == DType::b1) == (b.dtype == DType::b1)) return false;
  const Syntax& truth = a.dtype == DType::b1 ? a : b;
  return !equality || (truth.form == Form::apply && info(truth.op).typing == Typing::compare);
}

constexpr Fault check_apply(const Syntax& node) {
  const auto type = result_of(node.op, node.child, node.children);
  const int first = node.op == Op::select ? 1 : 0;
  if (!type)
    return {Rule::mixed_signedness, Detail{} << to_string(node.child[first]->dtype) << " and "
                                             << to_string(node.child[node.children - 1]->dtype)};
  Value common = node.child[first]->type();
  for (int i = first + 1; i < node.children; ++i) common = *promote(common, node.child[i]->type());
  const bool selects = node.op == Op::multiply && common.dtype == DType::b1;  // b1 * b1 is and
  const bool converts = info(node.op).typing == Typing::floating;
  if (!selects && !converts && !accepts(node.op, compute_dtype(common.dtype)))
    return {Rule::no_such_operation, Detail{} << to_string(node.op) << " of " << to_string(common.dtype)};
  if (is_chained(node)) return {Rule::comparisons_do_not_chain, {}};
  for (int i = 0; i < node.children; ++i)
    if (const int r = node.child[i]->rank; r > 0 && r != node.rank)
      return {Rule::rank_mismatch, Detail{} << "ranks " << r << " and " << node.rank};
  return {};
}

/// Whether the range of this index gives it an extent: the upper bound is known without any index.
constexpr bool is_limited(const Syntax& reduce, const IndexName* name) {
  for (int i = 1; i < reduce.children; ++i)
    if (same(reduce.child[i]->bound[0], name)) return reduce.child[i]->child[1]->free.size == 0;
  return false;
}

/// The fault of an unnamed axis that stands beside named indices where it gets no name.
constexpr Fault check_closed(const Syntax& value) {
  if (!value.open) return {};
  return {Rule::unnamed_axis_beside_indices, Detail{} << "indices " << value.free};
}

constexpr Fault check_reduce(const Syntax& node) {
  const Syntax& body = *node.child[0];
  if (is_scan(node.reducer) && (node.bound.size != 1 || node.children != 1))
    return {Rule::scan_along_one_index, Detail{} << to_string(node.reducer) << " along " << node.bound};
  if ((is_sort(node.reducer) || takes(node.reducer)) && node.children != 1)
    return {Rule::sort_of_a_range, Detail{} << to_string(node.reducer) << " along " << node.bound};
  for (int i = 1; i < node.children; ++i)
    for (int k = 0; k < node.bound.size; ++k)
      if (node.child[i]->free.contains(node.bound[k]))
        return {Rule::bound_uses_a_bound_index, Detail{} << node.bound[k]->text};
  if (body.rank > 0 && body.rank != node.bound.size) return unaligned(body.rank, node.bound);
  for (int i = 0; i < node.bound.size && body.rank == 0; ++i) {
    if (!body.free.contains(node.bound[i]))
      return {Rule::reduced_index_not_in_body, Detail{} << node.bound[i]->text};
    if (!body.is_sized(node.bound[i]) && (stays_free(node.reducer) || !is_limited(node, node.bound[i])))
      return {Rule::index_has_no_extent, Detail{} << node.bound[i]->text};
  }
  return {};
}

constexpr Fault check_nonzero(const Syntax& node) {
  const Syntax& condition = *node.child[0];
  if (node.bound.size == 0 && condition.rank == 0) return {Rule::reduction_without_axes, Detail{} << "nonzero"};
  if (!condition.free.subset_of(node.bound))
    return {Rule::nonzero_of_other_indices, Detail{} << "indices " << condition.free << " against " << node.bound};
  return node.bound.size == 0 ? Fault{} : check_reduce(node);
}

constexpr Fault check_along(const Syntax& node) {
  const Syntax& search = search_of(*node.child[0]);
  const bool searches = search.form == Form::reduce && is_search(search.reducer);
  if ((!searches && search.form != Form::nonzero) || search.bound.size == 0) return {Rule::along_what_is_no_search, {}};
  if (search.bound.contains(node.bound[0])) return {};
  return {Rule::along_another_index, Detail{} << node.bound[0]->text << " is not among " << search.bound};
}

constexpr Fault check_order(const Syntax& node) {
  const Syntax& value = *node.child[0];
  if (value.rank == 0 && value.free.size == node.bound.size && value.free.subset_of(node.bound)) return {};
  return {Rule::order_is_no_permutation, Detail{} << "indices " << value.free << ", order " << node.bound};
}

/// Whether no list of subscripts uses two of these indices in the opposite order.
constexpr bool respects(const Syntax& node, const IndexSet& order) {
  int last = -1;
  for (int i = 0; i < node.children; ++i) {
    const Syntax& child = *node.child[i];
    const bool subscript = node.form == Form::named || (node.form == Form::access && i < node.subscripts());
    if (child.form == Form::index && subscript) {
      const int at = order.find(child.bound[0]);
      if (at >= 0 && at < last) return false;
      if (at >= 0) last = at;
    } else if (node.form == Form::reduce && !stays_free(node.reducer)) {
      if (!respects(child, order.without(node.bound))) return false;
    } else if (node.form != Form::order && node.form != Form::nonzero && !respects(child, order)) {
      return false;
    }
  }
  return true;
}

constexpr bool mentions(const Syntax& node, const IndexName* name) { return node.free.contains(name); }

/// Whether a subscript is `index` plus or minus something, or something minus it.
constexpr bool is_shifted(const Syntax& subscript, const IndexName* index) {
  if (subscript.form == Form::index) return mentions(subscript, index);
  if (subscript.form != Form::apply || (subscript.op != Op::add && subscript.op != Op::subtract)) return false;
  const Syntax &a = *subscript.child[0], &b = *subscript.child[1];
  return mentions(a, index) != mentions(b, index) && is_shifted(mentions(a, index) ? a : b, index);
}

/// The fault of what scan(index, ...) is assigned to.
constexpr Fault check_scan_target(const Syntax& target, const IndexName* index) {
  int places = 0;
  bool shifted = true;
  for (int i = 0; i < target.children; ++i) {
    if (!mentions(*target.child[i], index)) continue;
    ++places;
    shifted = shifted && is_shifted(*target.child[i], index);
  }
  if (places == 1 && shifted) return {};
  return {Rule::scan_index_not_on_the_left, Detail{} << index->text << ", indices " << target.free};
}

/// The fault of reading what is for writing only.
constexpr Fault check_read(const Syntax& value) {
  if (value.drops) return {Rule::drop_is_for_writing, {}};
  if (value.ranges) return {Rule::range_binds_nothing, {}};
  return check_closed(value);
}

constexpr Fault check_range(const Syntax& node) {
  for (int i = 0; i < node.children; ++i) {
    const Syntax& bound = *node.child[i];
    if (!is_integer(bound.dtype)) return {Rule::bound_is_not_an_integer, Detail{} << to_string(bound.dtype)};
    if (bound.rank > 0) return unaligned(bound.rank, bound.free);
    if (const Fault fault = check_read(bound)) return fault;
  }
  if (node.free.contains(node.bound[0])) return {Rule::bound_uses_a_bound_index, Detail{} << node.bound[0]->text};
  return {};
}

constexpr Fault check_kind(const Syntax& value, DType to) {
  if (same_kind_cast(value.type(), to)) return {};
  return {Rule::narrowing_assignment, Detail{} << to_string(value.dtype) << " to " << to_string(to)};
}

}  // namespace detail

constexpr Fault check(const Syntax& node) {
  for (int i = 0; i < node.children && node.form != Form::named && node.form != Form::along; ++i)
    if (const Fault fault = detail::check_closed(*node.child[i])) return fault;
  if (takes(node.reducer) && node.taken < 1) return {Rule::nothing_taken, Detail{} << to_string(node.reducer)};
  if (node.free.overflow) return {Rule::too_many_indices, {}};
  if (node.tensor_rank > max_rank) return {Rule::too_many_axes, Detail{} << node.tensor_rank << " axes"};
  switch (node.form) {
    case Form::access: return detail::check_access(node);
    case Form::range: return detail::check_range(node);
    case Form::named: return detail::check_named(node);
    case Form::apply: return detail::check_apply(node);
    case Form::reduce: return detail::check_reduce(node);
    case Form::order: return detail::check_order(node);
    case Form::nonzero: return detail::check_nonzero(node);
    case Form::along: return detail::check_along(node);
    case Form::reduce_axis:
      if (node.child[0]->rank < 1) return {Rule::reduction_without_axes, Detail{} << to_string(node.reducer)};
      if (is_scan(node.reducer) && node.over != 1)
        return {Rule::scan_along_one_index, Detail{} << to_string(node.reducer) << " along " << node.over << " axes"};
      return {};
    case Form::square:
      return node.dtype == DType::b1 ? Fault{Rule::no_such_operation, Detail{} << "sq of b1"} : Fault{};
    case Form::index:
    case Form::literal:
    case Form::number:
    case Form::integer:
    case Form::all:
    case Form::newaxis:
    case Form::tensor:
    case Form::scan:
    case Form::cast: return {};
  }
  return {};
}

constexpr Fault check_assignment(const Syntax& target, Assign assign, const Syntax& value) {
  if (target.form != Form::access) return {Rule::not_assignable, {}};
  if (!target.writable) return {Rule::read_only_tensor, {}};
  if (target.outside == Outside::fill) return {Rule::fill_is_for_reading, {}};
  if (const Fault fault = detail::check_read(value)) return fault;
  if (value.form == Form::scan)
    if (const Fault fault = detail::check_scan_target(target, value.bound[0])) return fault;
  for (int i = 0; i < target.children; ++i)
    if (const Fault fault = detail::check_read(*target.child[i]); fault && target.child[i]->form != Form::range)
      return fault;
  if (value.rank > 0 && target.free.size > 0 && value.rank != target.free.size)
    return detail::unaligned(value.rank, target.free);
  if (value.rank > 0 && target.free.size == 0 && value.rank != target.rank && value.rank != target.chosen_rank())
    return {Rule::rank_mismatch, Detail{} << "ranks " << target.rank << " and " << value.rank};
  if (target.rank > 0 && value.free.size > 0) return detail::unaligned(target.rank, value.free);
  if (assign == Assign::set)
    for (int i = 0; i < value.free.size; ++i)
      if (!target.free.contains(value.free[i]))
        return {Rule::free_index_missing_on_the_left,
                Detail{} << value.free[i]->text << " is not among " << target.free};
  const bool aligned = value.rank > 0 && target.free.size > 0;  // then the right-hand side gives the extents
  for (int i = 0; i < target.free.size && !aligned; ++i)
    if (!target.is_sized(target.free[i]) && !value.is_sized(target.free[i]))
      return {Rule::index_has_no_extent, Detail{} << target.free[i]->text};
  for (int i = 0; i < value.free.size; ++i)
    if (!value.is_sized(value.free[i]) && !target.free.contains(value.free[i]))
      return {Rule::index_has_no_extent, Detail{} << value.free[i]->text};
  const bool bits = assign == Assign::bit_or || assign == Assign::bit_and;
  if (bits != (target.dtype == DType::b1) && assign != Assign::set)
    return {Rule::no_such_operation, Detail{} << "update of " << to_string(target.dtype)};
  return detail::check_kind(value, target.dtype);
}

constexpr Fault check_new_tensor(const Syntax& value, std::optional<int> rank, std::optional<DType> dtype) {
  if (const Fault fault = detail::check_read(value)) return fault;
  if (value.rank > 0 && value.free.size > 0) return detail::unaligned(value.rank, value.free);
  const int made = value.rank + value.free.size;
  if (made > max_rank) return {Rule::too_many_axes, Detail{} << made << " axes"};
  if (rank && *rank != made)
    return {Rule::rank_mismatch_in_assignment, Detail{} << "tensor rank " << *rank << ", expression rank " << made};
  for (int i = 0; i < value.free.size; ++i)
    if (!value.is_sized(value.free[i])) return {Rule::index_has_no_extent, Detail{} << value.free[i]->text};
  if (!detail::respects(value, value.free)) return {Rule::ambiguous_axis_order, Detail{} << value.free};
  return dtype ? detail::check_kind(value, *dtype) : Fault{};
}

constexpr Fault check_axis(std::int64_t axis, int rank) {
  if (axis >= -rank && axis < rank) return {};
  return {Rule::axis_out_of_range, Detail{} << "axis " << static_cast<int>(axis) << ", rank " << rank};
}

constexpr Fault check_axes(const std::int64_t* axes, int count, int rank) {
  for (int i = 0; i < count; ++i) {
    if (const Fault fault = check_axis(axes[i], rank)) return fault;
    for (int k = 0; k < i; ++k)
      if ((axes[i] - axes[k]) % rank == 0)
        return {Rule::axis_listed_twice, Detail{} << "axis " << static_cast<int>(axes[i]) << ", rank " << rank};
  }
  return {};
}

constexpr Fault check_whole(Reducer reducer, int rank) {
  if (rank == 0) return {Rule::reduction_without_axes, Detail{} << to_string(reducer)};
  if (rank == 1 || !(stays_free(reducer) || takes(reducer))) return {};
  return {Rule::no_axis_given, Detail{} << to_string(reducer) << ", rank " << rank};
}

constexpr Fault check_binders(const Syntax* const* indices, int count) {
  for (int i = 0; i < count; ++i)
    for (int k = 0; k < i; ++k)
      if (same(indices[i]->bound[0], indices[k]->bound[0]))
        return {Rule::index_reduced_twice, Detail{} << indices[i]->bound[0]->text};
  return {};
}

}  // namespace ricci
