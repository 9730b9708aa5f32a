#pragma once
// The surface syntax tree, shared by both front ends. A C++ expression type carries one `static constexpr Syntax`;
// the text front end makes the same nodes at run time. Makers never fail; check() of rules.hpp tells what is wrong
// with a node whose children are right, in the same words for both.
//
// A value has free named indices, and `rank` unnamed axes that are still to be aligned: `argmax(scores, 1)` has
// rank 3 and no free index, `scores[b, c, h, w]` rank 0 and four. Unnamed axes take, in order, the names of the
// place where the value stands: the subscript list around it, else the named reduction, else the left-hand side.
#include "ricci/index_set.hpp"
#include "ricci/op.hpp"
#include "ricci/promotion.hpp"
#include "ricci/reducer.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci {

enum class Form : std::uint8_t {
  index,        // a named index; its value is the loop variable, i64
  literal,      // a number whose value is known: `value`; weak
  number,       // a number known only when the statement runs; weak; one scalar leaf
  integer,      // a whole number as a subscript, negative from the end; one scalar leaf
  all,          // as a subscript: `tensor_rank` whole axes; a slice is one axis of a view of the tensor
  newaxis,      // as a subscript: an unnamed axis along which the value is the same
  range,        // where an index is bound: `bound` from child 0 to before child 1
  tensor,       // a tensor without subscripts; one tensor leaf
  access,       // a tensor with its subscripts, the children; one tensor leaf, before those of the children
  named,        // any unnamed value with explicit indices: child 0, then one index per axis
  apply,        // `op` of the children
  square,       // child times itself
  cast,         // child as `dtype`
  reduce,       // `reducer` of child 0 over the indices `bound`, which end there; then the ranges of some of them
  reduce_axis,  // `reducer` of the child over `over` unnamed axes; as many axis leaves, before the leaves of the child
  scan,         // the right-hand side of a recurrence: the child, for one value of the index `bound` after the other
  nonzero,  // where the child holds: row-major numbers of the choices of `bound` (none: of the child's unnamed axes)
  order,    // the child, whose free indices are in the order of `bound` where they make the axes of a new tensor
  along,    // of the row-major number that the child is, a search: the value of the index `bound`
};

/// What an access does where a computed subscript is outside its axis. Subscripts that are a bare index always fit.
enum class Outside : std::uint8_t {
  check,          // an error
  clip,           // the nearest subscript inside
  wrap,           // the subscript modulo the extent
  fill,           // a read gives another value, the child after the subscripts; the tensor is not read
  assume_inside,  // the user's promise that it does not happen
  drop,           // a write does nothing
};
inline constexpr std::string_view outside_names[] = {"check", "clip", "wrap", "fill", "assume_inside", "drop"};

struct Syntax {
  Form form = Form::literal;
  DType dtype = DType::i64;
  bool weak = false;
  bool writable = true;           // access: a place that may be written to; false: it is read, or of a const tensor
  Outside outside = Outside::check;  // access
  bool drops = false;             // there is a drop(x)[...] within it
  bool ranges = false;            // there is a range within it where no index is bound
  bool positional = false;        // access: there is an all, newaxis or mask among the subscripts
  int gathered = 0, gather_at = 0;  // positional access: how many of its axes are those of arrays, and from where
  Op op = Op::cast;               // apply
  Reducer reducer = Reducer::sum; // reduce, reduce_axis
  bool keeps = false;             // reduce_axis: the axes stay, as new axes
  int over = 0;                   // reduce_axis: how many axes
  bool descending = false;        // reduce, reduce_axis: of a sort
  std::int64_t taken = 0;         // reduce, reduce_axis: how many elements of topk
  bool open = false;              // has an unnamed axis beside named indices: must get its name at once
  int rank = 0;                   // unnamed axes of the value
  int tensor_rank = 0;            // tensor, access: rank of the tensor
  IndexSet free = {};                // free named indices, in order of first appearance
  std::uint32_t sized = 0;        // bit i: some tensor gives free[i] its extent
  IndexSet bound = {};               // reduce: the reduced indices; index: itself
  Scalar value{};                 // literal
  int children = 0;
  const Syntax* child[max_rank + 2]{};
  std::uint32_t leaf = 0;         // for trees made at run time: which variable or number a leaf stands for
  int tensors = 0, scalars = 0, axes = 0;  // leaves of the tree of each kind

  constexpr Value type() const { return {dtype, weak}; }
  /// access: how many of the children, the first ones, are subscripts.
  constexpr int subscripts() const { return children - (outside == Outside::fill); }
  /// access that is written: the rank of what its masks choose, each of them one axis.
  constexpr int chosen_rank() const {
    int chosen = rank;
    for (int i = 0; i < subscripts(); ++i)
      if (child[i]->is_mask()) chosen -= child[i]->rank - 1;
    return chosen;
  }
  constexpr bool is_sized(const IndexName* name) const {
    const int i = free.find(name);
    return i >= 0 && ((sized >> i) & 1u);
  }
  constexpr void add_free(const IndexName* name, bool with_extent) {
    free.add(name);
    if (const int i = free.find(name); with_extent && i >= 0) sized |= 1u << i;
  }
  constexpr void add_free(const Syntax& other) {
    for (int i = 0; i < other.free.size; ++i) add_free(other.free[i], (other.sized >> i) & 1u);
    free.overflow = free.overflow || other.free.overflow;
  }
  constexpr void add_child(const Syntax& node) {
    child[children++] = &node;
    tensors += node.tensors;
    scalars += node.scalars;
    axes += node.axes;
    drops = drops || node.drops;
    ranges = ranges || node.ranges;
  }

  // Of a subscript:
  constexpr bool is_mask() const { return dtype == DType::b1 && rank > 0; }
  /// A mask that is read through is an integer array of one axis: of the positions where it holds.
  constexpr bool is_gathered_mask(bool writable) const { return is_mask() && !writable; }
  constexpr bool is_positional() const { return form == Form::all || form == Form::newaxis || is_mask(); }
  /// How many axes of the tensor it stands for.
  constexpr int consumed() const {
    return form == Form::newaxis ? 0 : form == Form::all ? tensor_rank : is_mask() ? rank : 1;
  }
  /// How many axes of the result are its own; those of integer arrays are shared.
  constexpr int produced() const { return form == Form::newaxis ? 1 : is_positional() ? consumed() : 0; }
};

// --- makers; the children must outlive the node ------------------------------------------------------------------

constexpr Syntax make_index(const IndexName& name) {
  Syntax s{.form = Form::index};
  s.add_free(&name, false);
  s.bound.add(&name);
  return s;
}

constexpr Syntax make_literal(Scalar value) {
  return {.form = Form::literal, .dtype = value.dtype, .weak = true, .value = value};
}

/// `dtype` is b1, i64 or f64.
constexpr Syntax make_number(DType dtype) {
  return {.form = Form::number, .dtype = dtype, .weak = true, .scalars = 1};
}
constexpr Syntax make_integer() { return {.form = Form::integer, .scalars = 1}; }

constexpr Syntax make_all(int axes) { return {.form = Form::all, .tensor_rank = axes}; }
constexpr Syntax make_newaxis() { return {.form = Form::newaxis}; }

constexpr Syntax make_tensor(DType dtype, int rank) {
  return {.form = Form::tensor, .dtype = dtype, .rank = rank, .tensor_rank = rank, .tensors = 1};
}

/// Adds the indices of an affine subscript: sums of indices, numbers, and products of the two. False for any other.
constexpr bool add_affine(const Syntax& s, IndexSet& names) {
  switch (s.form) {
    case Form::index: names.add(s.bound[0]); return true;
    case Form::literal:
    case Form::number:
    case Form::integer: return is_integer(s.dtype);
    case Form::apply: break;
    default: return false;
  }
  if (s.op == Op::negate) return add_affine(*s.child[0], names);
  if (s.op == Op::add || s.op == Op::subtract) return add_affine(*s.child[0], names) && add_affine(*s.child[1], names);
  if (s.op != Op::multiply) return false;
  const int factor = s.child[0]->free.size == 0 ? 0 : 1;
  IndexSet none;
  return add_affine(*s.child[factor], none) && none.size == 0 && add_affine(*s.child[1 - factor], names);
}

/// index(low, high), where the index is bound.
constexpr Syntax make_range(const IndexName& name, const Syntax& low, const Syntax& high) {
  Syntax s{.form = Form::range};
  for (const Syntax* bound : {&low, &high}) {
    s.add_child(*bound);
    s.add_free(*bound);
  }
  s.bound.add(&name);
  s.ranges = true;
  return s;
}

/// Where the axes of integer arrays go among the others, as in NumPy: where the first of them stands, but to the front
/// if something else stands between them. Integers beside arrays count as arrays.
constexpr int place_of_gathered(const Syntax* const* subscripts, int count, bool writable) {
  int before = 0, at = -1;
  bool ended = false;
  for (int i = 0; i < count; ++i) {
    if (subscripts[i]->is_positional() && !subscripts[i]->is_gathered_mask(writable)) {
      ended = at >= 0;
      before += subscripts[i]->produced();
    } else {
      if (ended) return 0;
      if (at < 0) at = before;
    }
  }
  return at;
}

/// Subscripts with unnamed axes take the names of the list; if it has none, the axes stay unnamed. For Outside::fill
/// the value follows the subscripts.
constexpr Syntax make_access(DType dtype, int rank, const Syntax* const* subscripts, int count, bool writable = true,
                             Outside outside = Outside::check) {
  Syntax s{.form = Form::access, .dtype = dtype, .writable = writable, .outside = outside,
           .drops = outside == Outside::drop, .tensor_rank = rank, .tensors = 1};
  int unnamed = 0, produced = 0;
  for (int i = 0; i < count && i < max_rank + 2; ++i) {
    const Syntax& subscript = *subscripts[i];
    s.add_child(subscript);
    s.add_free(subscript);
    if (outside == Outside::fill && i == count - 1) break;
    if (subscript.form == Form::index || subscript.form == Form::range) s.add_free(subscript.bound[0], true);
    IndexSet affine;
    const bool restricts = outside == Outside::check || outside == Outside::assume_inside;
    if (restricts && subscript.form == Form::apply && add_affine(subscript, affine))
      for (int k = 0; k < affine.size; ++k) s.add_free(affine[k], true);
    s.positional = s.positional || subscript.is_positional();
    const bool chooses = subscript.is_gathered_mask(writable);
    if (!chooses) produced += subscript.produced();
    const int arrays = chooses ? 1 : subscript.is_mask() ? 0 : subscript.rank;
    if (arrays > unnamed) unnamed = arrays;
  }
  if (s.positional) {
    s.gathered = unnamed;
    if (unnamed > 0) s.gather_at = place_of_gathered(s.child, s.subscripts(), writable);
    s.rank = produced + unnamed;
  } else if (unnamed > 0 && s.free.size > 0) {
    s.sized = (1u << s.free.size) - 1;  // aligned: the unnamed axes have extents
  } else {
    s.rank = unnamed;
  }
  return s;
}

constexpr Syntax make_named(const Syntax& value, const Syntax* const* indices, int count) {
  Syntax s{.form = Form::named, .dtype = value.dtype, .weak = value.weak};
  s.add_child(value);
  s.add_free(value);
  for (int i = 0; i < count && i < max_rank; ++i) {
    s.add_child(*indices[i]);
    for (int k = 0; k < indices[i]->free.size; ++k) s.add_free(indices[i]->free[k], true);
  }
  return s;
}

/// The dtype and weakness of `op` on these children; nothing for u64 with a signed integer.
constexpr std::optional<Value> result_of(Op op, const Syntax* const* args, int count) {
  const int first = op == Op::select ? 1 : 0;
  Value common = args[first]->type();
  for (int i = first + 1; i < count; ++i) {
    const auto next = promote(common, args[i]->type());
    if (!next) return std::nullopt;
    common = *next;
  }
  switch (info(op).typing) {
    case Typing::compare: return Value{DType::b1, false};
    case Typing::floating: return Value{to_floating(common.dtype), common.weak};
    default: return common;
  }
}

constexpr Syntax make_apply(Op op, const Syntax* const* args, int count) {
  Syntax s{.form = Form::apply, .op = op};
  if (const auto type = result_of(op, args, count)) {
    s.dtype = type->dtype;
    s.weak = type->weak;
  }
  for (int i = 0; i < count; ++i) {
    s.add_child(*args[i]);
    s.add_free(*args[i]);
    if (args[i]->rank > s.rank) s.rank = args[i]->rank;
  }
  return s;
}

constexpr Syntax make_unary(Form form, DType dtype, bool weak, const Syntax& value) {
  Syntax s{.form = form, .dtype = dtype, .weak = weak, .rank = value.rank};
  s.add_child(value);
  s.add_free(value);
  return s;
}
constexpr Syntax make_square(const Syntax& value) {
  return make_unary(Form::square, value.dtype, value.weak, value);
}
constexpr Syntax make_cast(DType dtype, const Syntax& value) { return make_unary(Form::cast, dtype, false, value); }

/// Unnamed axes of the body take the names `over`, which end there, but stay free in softmax and scans.
constexpr Syntax make_reduce(Reducer reducer, const IndexSet& over, const Syntax& body,
                             const Syntax* const* ranges = nullptr, int range_count = 0) {
  Syntax s{.form = Form::reduce, .dtype = result_of(reducer, body.dtype), .reducer = reducer, .bound = over};
  s.add_child(body);
  for (int i = 0; i < range_count && i <= max_rank; ++i) s.add_child(*ranges[i]);
  s.ranges = body.ranges;  // those of the reduction are where they belong
  for (int i = 1; i < s.children; ++i) s.add_free(*s.child[i]);  // first, as they are written
  for (int i = 0; i < body.free.size; ++i)
    if (stays_free(reducer) || !over.contains(body.free[i])) s.add_free(body.free[i], (body.sized >> i) & 1u);
  for (int i = 0; i < over.size && stays_free(reducer) && body.rank > 0; ++i) s.add_free(over[i], true);
  s.free.overflow = s.free.overflow || body.free.overflow || over.overflow;
  return s;
}

constexpr Syntax from_largest(Syntax sort) {
  sort.descending = true;
  return sort;
}

/// topk or argtopk, over indices or over an axis, taking so many elements.
constexpr Syntax taking(Syntax node, std::int64_t elements) {
  node.taken = elements;
  node.descending = true;
  if (node.form == Form::reduce) node.rank = 1;
  node.open = node.form == Form::reduce && node.free.size > 0;
  return node;
}

/// The axes are not part of the tree: they are leaves, so that they may be known only when the statement runs.
constexpr Syntax make_reduce_axis(Reducer reducer, const Syntax& body, bool keeps = false, int over = 1) {
  Syntax s = make_unary(Form::reduce_axis, result_of(reducer, body.dtype), false, body);
  s.reducer = reducer;
  s.axes += over;
  s.over = over;
  s.keeps = keeps && !takes(reducer);
  s.rank = s.keeps || stays_free(reducer) ? body.rank : body.rank - over + takes(reducer);
  return s;
}

constexpr Syntax make_scan(const IndexName& index, const Syntax& value) {
  Syntax s = make_unary(Form::scan, value.dtype, value.weak, value);
  s.bound.add(&index);
  return s;
}

/// Its one axis is unnamed, with as many elements as there are choices. `ranges`: there are some beside the indices,
/// which is a fault.
constexpr Syntax make_nonzero(const IndexSet& over, const Syntax& condition, bool ranges = false) {
  Syntax s{.form = Form::nonzero, .dtype = DType::i64, .rank = 1, .bound = over};
  s.add_child(condition);
  s.ranges = s.ranges || ranges;
  return s;
}

/// What a search is beneath the indices that name its axis: argmax(h, w, e), or of nonzero(i, j, e)[n] all but [n].
constexpr const Syntax& search_of(const Syntax& value) {
  return value.form == Form::named ? *value.child[0] : value;
}

/// along(index, search).
constexpr Syntax make_along(const IndexName& index, const Syntax& search) {
  Syntax s = make_unary(Form::along, DType::i64, false, search);
  s.open = search.open;
  s.bound.add(&index);
  return s;
}

constexpr Syntax make_order(const Syntax& value, const IndexSet& indices) {
  Syntax s{.form = Form::order, .dtype = value.dtype, .weak = value.weak, .rank = value.rank, .bound = indices};
  s.add_child(value);
  for (int i = 0; i < indices.size; ++i) s.add_free(indices[i], value.is_sized(indices[i]));
  s.add_free(value);
  return s;
}

}  // namespace ricci
