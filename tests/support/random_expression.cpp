// Random expressions of any dtype.
#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

Expr Generator::expression(DType dtype, int depth, const Axes& scope) {
  if (is_float16(dtype)) return float16_expression(dtype, depth, scope);
  if (depth <= 0 || chance(5)) return leaf(dtype, scope, depth);
  if (chance(25)) return reduction(dtype, depth, scope);
  if (chance(12))
    return op(Op::select, {expression(DType::b1, depth - 1, scope), expression(dtype, depth - 1, scope),
                           expression(dtype, depth - 1, scope)});
  if (chance(12)) return cast(g(), dtype, expression(one_of(computed_), depth - 1, scope));
  if (chance(15)) return leaf(dtype, scope, depth);
  if (dtype == DType::b1 && chance(60)) {
    const DType compared = compute_dtype(one_of(computed_));
    const Op comparison =
        one_of({Op::equal, Op::not_equal, Op::less, Op::less_equal, Op::greater, Op::greater_equal});
    return op(comparison, {expression(compared, depth - 1, scope), expression(compared, depth - 1, scope)});
  }
  if (options_.all_functions && is_float(dtype) && chance(8)) {
    const Op function = one_of({Op::remainder, Op::floor_divide, Op::fmod, Op::sign, Op::copysign, Op::hypot, Op::atan2,
                                Op::log1p, Op::expm1, Op::log2, Op::exp2, Op::sinh, Op::acosh, Op::cbrt, Op::pow,
                                Op::sin, Op::erf});
    std::vector<Expr> args;
    for (int i = 0; i < info(function).arity; ++i) args.push_back(expression(dtype, depth - 1, scope));
    return op(function, std::move(args));
  }
  const Op chosen =
      dtype == DType::b1 ? one_of({Op::logical_and, Op::logical_or, Op::logical_xor, Op::logical_not})
      : !is_float(dtype)
          ? one_of({Op::floor_divide, Op::remainder, Op::add, Op::subtract, Op::add, Op::multiply, Op::minimum,
                    Op::maximum, Op::negate, Op::abs, Op::logical_and, Op::shift_left, Op::shift_right})
      : chance(90) ? one_of({Op::add, Op::subtract, Op::multiply, Op::add, Op::multiply, Op::minimum, Op::maximum,
                             Op::negate, Op::abs, Op::floor, Op::divide})
                   : one_of({Op::sqrt, Op::exp, Op::log, Op::tanh, Op::round, Op::trunc, Op::ceil});
  std::vector<Expr> args;
  for (int i = 0; i < info(chosen).arity; ++i) args.push_back(expression(dtype, depth - 1, scope));
  return op(chosen, std::move(args));
}

Expr Generator::float16_expression(DType dtype, int depth, const Axes& scope) {
  if (depth <= 0 || chance(20)) return leaf(dtype, scope, depth);
  if (chance(80)) return cast(g(), dtype, expression(DType::f32, depth, scope));
  return op(Op::select, {expression(DType::b1, depth - 1, scope), expression(dtype, depth - 1, scope),
                         expression(dtype, depth - 1, scope)});
}

Expr Generator::leaf(DType dtype, const Axes& scope, int depth) {
  if (!windows_.empty() && chance(40))
    if (Expr element = window_read(scope)) return cast(g(), dtype, element);
  if (chance(75))
    if (Expr element = any_read(scope, std::min(depth, 1))) return cast(g(), dtype, element);
  if (!choices_.empty() && chance(30))
    if (Expr found = chosen(scope, depth)) return cast(g(), dtype, found);
  if (!scope.empty() && chance(60)) return cast(g(), dtype, axis(g(), one_of(scope)));
  if (!case_.params.empty() && chance(30)) {
    const auto id = static_cast<ParamId>(below(static_cast<int>(case_.params.size())));
    return cast(g(), dtype, param(g(), id, case_.params[id].dtype));
  }
  if (chance(10)) return cast(g(), dtype, extent(g(), one_of(outside({}))));
  return constant(g(), number(dtype, options_.specials && chance(10)));
}

}  // namespace ricci::test
