// What argmax and argmin compare: functions that keep the order of their argument are not computed.
#include <algorithm>

#include "resolver.hpp"

namespace ricci {
namespace {

bool uses_any(ir::Expr e, const std::vector<ir::AxisId>& axes) {
  return std::ranges::any_of(axes, [&](ir::AxisId axis) { return ir::uses_axis(e, axis); });
}

/// Whether no value of `e` is below zero; it may be NaN.
bool is_nonnegative(ir::Expr e) {
  if (const ir::Const* c = e->as<ir::Const>()) return c->value.as_double() >= 0;
  if (const ir::Fold* fold = e->as<ir::Fold>()) return fold->reduction == Reduction::sum && is_nonnegative(fold->body);
  const ir::Apply* apply = e->as<ir::Apply>();
  if (!apply || !is_float(e->dtype)) return false;
  const auto all = [&] { return std::ranges::all_of(apply->args, is_nonnegative); };
  switch (apply->op) {
    case Op::abs:
    case Op::sqrt:
    case Op::exp:
      return true;
    case Op::multiply:
      return apply->args[0] == apply->args[1] || all();
    case Op::add:
      return all();
    default:
      return false;
  }
}

/// Whether the cast gives every value as it is, and the values may be computed with without it.
bool is_exact(DType from, DType to) {
  if (from != compute_dtype(from)) return false;
  if (is_float(from) || is_float(to)) return is_float(from) && is_float(to) && size_of(from) <= size_of(to);
  return is_signed_integer(from) == is_signed_integer(to) && size_of(from) <= size_of(to);
}

}  // namespace

/// An expression whose elements along these axes are ordered as those of `e`, without what does not change their order:
/// the shares of a softmax, exp, sqrt of what is not negative, and exact casts. It is more exact than `e`, which may
/// round different elements to equal ones; and where an infinity or a NaN would make a whole softmax NaN, it still
/// finds the first greatest element.
ir::Expr Resolver::ordering(ir::Expr e, const Axes& over) {
  const ir::Apply* apply = e->as<ir::Apply>();
  if (!apply) return e;
  const ir::Expr first = apply->args[0];
  switch (apply->op) {
    case Op::exp:
      return ordering(first, over);
    case Op::sqrt:
      return is_nonnegative(first) ? ordering(first, over) : e;
    case Op::cast:
      return is_exact(first->dtype, e->dtype) ? ordering(first, over) : e;
    case Op::divide: {  // softmax: exp(x - max x) / sum exp(x - max x)
      const ir::Apply* share = first->as<ir::Apply>();
      const ir::Apply* shifted = share && share->op == Op::exp ? share->args[0]->as<ir::Apply>() : nullptr;
      const bool is_softmax = shifted && shifted->op == Op::subtract && apply->args[1]->as<ir::Fold>() &&
                              !uses_any(apply->args[1], over) && is_nonnegative(apply->args[1]) &&
                              shifted->args[1]->as<ir::Fold>() && !uses_any(shifted->args[1], over);
      return is_softmax ? ordering(shifted->args[0], over) : e;
    }
    default:
      return e;
  }
}

}  // namespace ricci
