// The makers of the index IR: they check dtypes and simplify, exactly, while they build.
#include "ricci/ir.hpp"

#include <algorithm>
#include <limits>

#include "ricci/error.hpp"

namespace ricci::ir {

namespace {

bool is_constant(Expr e, const Scalar& value) {
  const Const* c = e->as<Const>();
  return c && c->value == value;
}

/// Whether `e` is the constant `value` of its own dtype; for floats by bits, so that 0 is not -0.
bool is_value(Expr e, std::int64_t value) {
  return visit_dtype(e->dtype, [&]<class T>(std::type_identity<T>) {
    return is_constant(e, Scalar::of(static_cast<T>(value)));
  });
}

bool is_all_ones(Expr e) { return is_value(e, e->dtype == DType::b1 ? 1 : -1); }

Expr zero(Graph& g, DType dtype) { return constant(g, Scalar{dtype, 0}); }

/// The laws of integers and b1, which hold for every value.
Expr simplify_exact(Graph& g, Op op, Expr a, Expr b) {
  switch (op) {
    case Op::add:
      if (is_value(b, 0)) return a;
      if (is_value(a, 0)) return b;
      break;
    case Op::subtract:
      if (is_value(b, 0)) return a;
      if (a == b) return zero(g, a->dtype);
      break;
    case Op::multiply:
      if (is_value(a, 0) || is_value(b, 0)) return zero(g, a->dtype);
      if (is_value(b, 1)) return a;
      if (is_value(a, 1)) return b;
      break;
    case Op::floor_divide:
      if (is_value(b, 1)) return a;
      break;
    case Op::remainder:
      if (is_value(b, 1)) return zero(g, a->dtype);
      break;
    case Op::shift_left:
    case Op::shift_right:
      if (is_value(b, 0)) return a;
      break;
    case Op::minimum:
    case Op::maximum:
      if (a == b) return a;
      break;
    case Op::logical_and:
      if (a == b || is_all_ones(b) || is_value(a, 0)) return a;
      if (is_all_ones(a) || is_value(b, 0)) return b;
      break;
    case Op::logical_or:
      if (a == b || is_value(b, 0) || is_all_ones(a)) return a;
      if (is_value(a, 0) || is_all_ones(b)) return b;
      break;
    case Op::logical_xor:
      if (a == b) return zero(g, a->dtype);
      if (is_value(b, 0)) return a;
      if (is_value(a, 0)) return b;
      break;
    case Op::equal:
    case Op::less_equal:
    case Op::greater_equal:
      if (a == b) return constant(g, Scalar::of(true));
      break;
    case Op::not_equal:
    case Op::less:
    case Op::greater:
      if (a == b) return constant(g, Scalar::of(false));
      break;
    default: break;
  }
  return nullptr;
}

/// The few laws that floats obey bit for bit. x + 0 is not among them (-0 + 0 is +0), nor x * 0 (infinities).
Expr simplify_float(Op op, Expr a, Expr b) {
  if ((op == Op::multiply || op == Op::divide) && is_value(b, 1)) return a;
  if (op == Op::multiply && is_value(a, 1)) return b;
  return nullptr;
}

/// Powers that a few operations give, at least as exactly as pow: the cube within 1.5 ULP, the others rounded once.
Expr simplify_power(Graph& g, Expr x, Expr exponent) {
  const Const* c = exponent->as<Const>();
  if (!c) return nullptr;
  const auto number = [&](double value) {
    return constant(g, evaluate(Op::cast, x->dtype, std::vector{Scalar::of(value)}));
  };
  const double n = c->value.as_double();
  if (n == 0 && !x->may_fail) return number(1);
  if (n == 1) return x;
  if (n == -1) return apply(g, Op::divide, {number(1), x});
  if (n == 2 || n == 3) {
    const Expr square = apply(g, Op::multiply, {x, x});
    return n == 2 ? square : apply(g, Op::multiply, {square, x});
  }
  if (n == 0.5) {  // unlike the roots of -0 and of -inf, these powers are 0 and inf
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const Expr root = apply(g, Op::sqrt, {apply(g, Op::add, {x, number(0)})});
    const Expr is_least = apply(g, Op::equal, {x, number(-infinity)});
    return apply(g, Op::select, {is_least, number(infinity), root});
  }
  return nullptr;
}

Expr simplify(Graph& g, Op op, const std::vector<Expr>& args) {
  if (op == Op::pow) return simplify_power(g, args[0], args[1]);
  if (op == Op::select) {
    if (is_value(args[0], 1) || (args[1] == args[2] && !args[0]->may_fail)) return args[1];
    if (is_value(args[0], 0)) return args[2];
    const Apply* inner = args[1]->as<Apply>();  // where(c, where(c, a, b), d)
    if (inner && inner->op == Op::select && inner->args[0] == args[0])
      return apply(g, Op::select, {args[0], inner->args[1], args[2]});
    return nullptr;
  }
  if (op == Op::logical_not) {
    const Apply* inner = args[0]->as<Apply>();
    return inner && inner->op == Op::logical_not ? inner->args[0] : nullptr;
  }
  if (args.size() != 2) return nullptr;
  const Expr simpler =
      is_float(args[0]->dtype) ? simplify_float(op, args[0], args[1]) : simplify_exact(g, op, args[0], args[1]);
  const bool drops_failure = std::ranges::any_of(args, [&](Expr arg) { return arg != simpler && arg->may_fail; });
  return drops_failure ? nullptr : simpler;
}

/// The value of `op` when every argument is a constant, else null.
Expr fold_constants(Graph& g, Op op, DType result, const std::vector<Expr>& args) {
  std::vector<Scalar> values;
  for (Expr arg : args) {
    const Const* c = arg->as<Const>();
    if (!c) return nullptr;
    values.push_back(c->value);
  }
  return constant(g, evaluate(op, result, values));
}

}  // namespace

Expr constant(Graph& g, Scalar value) { return g.intern(Const{value}, value.dtype); }
Expr constant(Graph& g, std::int64_t value) { return constant(g, Scalar::of(value)); }
Expr axis(Graph& g, AxisId id) { return g.intern(Axis{id}, DType::i64); }
Expr extent(Graph& g, AxisId id) { return g.intern(Extent{id}, DType::i64); }
Expr param(Graph& g, ParamId id, DType dtype) { return g.intern(Param{id}, dtype); }

Expr apply(Graph& g, Op op, std::vector<Expr> args) {
  const std::string name(to_string(op));
  RICCI_ASSERT(op != Op::cast, "a cast is made by cast()");
  RICCI_ASSERT(static_cast<int>(args.size()) == info(op).arity, name + " has another number of arguments");
  const DType dtype = args.back()->dtype;
  RICCI_ASSERT(accepts(op, dtype), name + " of " + std::string(to_string(dtype)));
  for (std::size_t i = 0; i < args.size(); ++i)
    RICCI_ASSERT(args[i]->dtype == (op == Op::select && i == 0 ? DType::b1 : dtype),
                 name + " of unequal dtypes or of a condition that is not b1");
  const DType result = info(op).typing == Typing::compare ? DType::b1 : dtype;
  if (Expr folded = fold_constants(g, op, result, args)) return folded;
  if (Expr simpler = simplify(g, op, args)) return simpler;
  return g.intern(Apply{op, std::move(args)}, result);
}

Expr cast(Graph& g, DType dtype, Expr e) {
  if (e->dtype == dtype) return e;
  const bool narrows = is_float16(dtype), widens = is_float16(e->dtype);
  if ((narrows && e->dtype != DType::f32) || (widens && dtype != DType::f32))
    return cast(g, dtype, cast(g, DType::f32, e));
  const Apply* widened = e->as<Apply>();  // back to what it was: exact
  if (narrows && widened && widened->op == Op::cast && widened->args[0]->dtype == dtype) return widened->args[0];
  if (Expr folded = fold_constants(g, Op::cast, dtype, {e})) return folded;
  return g.intern(Apply{Op::cast, {e}}, dtype);
}

Expr read(Graph& g, TensorId tensor, DType dtype, std::vector<Expr> subscripts, Policy policy, Expr guard) {
  for (Expr s : subscripts) RICCI_ASSERT(s->dtype == DType::i64, "a subscript that is not i64");
  RICCI_ASSERT(!guard || guard->dtype == DType::b1, "a guard that is not b1");
  if (guard && is_value(guard, 0)) return zero(g, dtype);
  if (guard && is_value(guard, 1)) guard = nullptr;
  return g.intern(Read{tensor, std::move(subscripts), policy, guard}, dtype);
}

Expr fold(Graph& g, Reduction reduction, std::vector<AxisId> axes, Expr body, std::vector<Range> ranges) {
  Expr made = fold_node(g, {reduction, std::move(axes), body, std::move(ranges)});
  return info(reduction).results == Results::index ? project(g, made, 1) : made;
}

Expr fold_node(Graph& g, Fold f) {
  const DType dtype = f.body->dtype;
  const bool logical = f.reduction == Reduction::any || f.reduction == Reduction::all;
  RICCI_ASSERT(logical ? dtype == DType::b1 : accepts(info(f.reduction).step, dtype),
               std::string(to_string(f.reduction)) + " of " + std::string(to_string(dtype)));
  RICCI_ASSERT(!f.axes.empty(), "a fold over no axis");
  RICCI_ASSERT(f.ranges.empty() || f.ranges.size() == f.axes.size(), "a fold with another number of ranges than axes");
  const auto bound = [&](Expr e) {
    RICCI_ASSERT(e->dtype == DType::i64, "a bound that is not i64");
    for (AxisId axis : f.axes) RICCI_ASSERT(!uses_axis(e, axis), "a bound that uses an axis of its fold");
    return e;
  };
  for (Range& range : f.ranges = map_bounds(std::move(f.ranges), bound)) {
    const Const* low = range.low ? range.low->as<Const>() : nullptr;
    if (low && low->value.as_int() <= 0) range.low = nullptr;
  }
  if (std::ranges::all_of(f.ranges, [](const Range& r) { return r == Range{}; })) f.ranges.clear();
  return g.intern(std::move(f), dtype);
}

Expr project(Graph& g, Expr fold, std::uint32_t result) {
  const Fold* node = fold->as<Fold>();
  RICCI_ASSERT(node && info(node->reduction).results == Results::index && result < 2,
               "a projection of what has one result");
  return g.intern(Project{fold, result}, result == 0 ? fold->dtype : DType::i64);
}

Expr nonzero(Graph& g, std::vector<AxisId> axes, Expr condition, Expr position, std::uint32_t which, AxisId along) {
  RICCI_ASSERT(condition->dtype == DType::b1 && position->dtype == DType::i64 && which < axes.size(),
               "a nonzero of what is no condition, at no position or without that axis");
  RICCI_ASSERT(std::ranges::all_of(condition->free, [&](AxisId a) { return std::ranges::count(axes, a) > 0; }),
               "the condition of a nonzero depends on axes that it does not bind");
  return g.intern(Nonzero{std::move(axes), condition, position, which, along}, DType::i64);
}

Expr count(Graph& g, std::vector<AxisId> axes, Expr condition) {
  return fold(g, Reduction::sum, std::move(axes), cast(g, DType::i64, condition));
}

Expr sort(Graph& g, std::vector<AxisId> axes, Expr key, Expr position, bool descending) {
  RICCI_ASSERT(!axes.empty(), "a sort over no axis");
  RICCI_ASSERT(position->dtype == DType::i64, "a position that is not i64");
  return g.intern(Sort{std::move(axes), key, position, descending}, DType::i64);
}

}  // namespace ricci::ir
