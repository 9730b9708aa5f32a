#include "support/error_bound.hpp"

#include <algorithm>
#include <cmath>

namespace ricci::test {

namespace {

double epsilon(DType d) {
  return d == DType::f16 ? 0x1p-11 : d == DType::bf16 ? 0x1p-8 : d == DType::f32 ? 0x1p-24 : 0x1p-53;
}
/// The distance between the smallest numbers, or more.
double smallest(DType d) {
  return d == DType::f16 ? 0x1p-24 : d == DType::bf16 ? 0x1p-133 : 0x1p-149;
}
double largest(DType d) {
  return visit_dtype(
      d, []<class T>(std::type_identity<T>) { return static_cast<double>(std::numeric_limits<T>::max()); });
}

bool is_nan(const Scalar& s) {
  return is_float(s.dtype) && std::isnan(s.as_double());
}

double propagated(Op op, const Scalar& value, const std::vector<Bounded>& args) {
  const bool floats = std::ranges::all_of(args, [](const Bounded& arg) {
    return is_float(arg.value.dtype) && arg.error < undetermined && std::isfinite(arg.value.as_double());
  });
  if (!floats) return undetermined;
  const double a = std::abs(args[0].value.as_double()), ea = args[0].error;
  const double b = std::abs(args.back().value.as_double()), eb = args.back().error;
  if (info(op).typing == Typing::compare)
    return std::abs(args[0].value.as_double() - args[1].value.as_double()) > ea + eb ? 0 : undetermined;
  if (!is_float(value.dtype) || !std::isfinite(value.as_double())) return undetermined;
  const double rounding = 4 * epsilon(value.dtype);
  switch (op) {
    case Op::add:
    case Op::subtract:
      return ea + eb + rounding * (a + b + ea + eb);
    case Op::multiply:
      return a * eb + b * ea + ea * eb + rounding * (a + ea) * (b + eb) + smallest(value.dtype);
    case Op::negate:
    case Op::abs:
      return ea;
    case Op::minimum:
    case Op::maximum:
      return std::max(ea, eb);
    case Op::cast:
      return a + ea < largest(value.dtype) ? ea + rounding * (a + ea) + smallest(value.dtype) : undetermined;
    default:
      return undetermined;
  }
}

Scalar negated(const Scalar& s) {
  return visit_dtype(
      s.dtype, [&]<class T>(std::type_identity<T>) { return Scalar::of(static_cast<T>(-s.as_double())); });
}

}  // namespace

bool is_zero(const Scalar& s) {
  return is_float(s.dtype) && s.as_double() == 0;
}

bool same_value(const Scalar& a, const Scalar& b) {
  return a == b || (a.dtype == b.dtype && is_nan(a) && is_nan(b));
}

void Accumulation::add(const Bounded& term) {
  const Scalar pair[] = {value, term.value};
  value = evaluate(info(reduction).step, value.dtype, pair);
  if (!is_float(value.dtype)) {
    error = std::max(error, term.error);
    return;
  }
  ++terms;
  either_sign |= reduction == Reduction::sum || term.either_sign;
  error += reduction == Reduction::sum || term.error == 0 ? term.error : undetermined;
  const double x = std::abs(term.value.as_double());
  if (!std::isfinite(x)) {
    special = true;
    return;
  }
  integral &= x == std::floor(x) && !term.rounded;
  magnitude += x;
  bits += x == 0 ? 0 : std::abs(std::log2(x));
}

Bounded Accumulation::result() const {
  Bounded found = sized();
  found.either_sign = either_sign && is_zero(value);
  return found;
}

Bounded Accumulation::sized() const {
  if (!is_float(value.dtype) || terms < 2 || error == undetermined) return {value, error};
  const double eps = epsilon(value.dtype);
  if (reduction == Reduction::sum) {
    if (magnitude + error > largest(value.dtype) / 2) return {value, undetermined};
    if (special || (error == 0 && integral && magnitude < 1 / eps)) return {value, 0};
    return {value, error + 2 * (terms + 8) * eps * magnitude};
  }
  if (bits > 100) return {value, undetermined};
  if (special || (integral && bits < 24)) return {value, 0};
  return {value, 2 * (terms + 8) * eps * std::abs(value.as_double())};
}

Bounded apply(Op op, DType dtype, const std::vector<Bounded>& args) {
  std::vector<Scalar> values;
  for (const Bounded& arg : args) values.push_back(arg.value);
  Bounded result{evaluate(op, dtype, values)};
  for (unsigned turned = 1; turned < 1U << args.size(); ++turned) {  // the zeros whose sign is the other one
    std::vector<Scalar> others = values;
    bool possible = true;
    for (std::size_t i = 0; i < args.size(); ++i) {
      if ((turned >> i & 1) == 0) continue;
      possible &= args[i].either_sign;
      if (args[i].either_sign) others[i] = negated(values[i]);
    }
    if (!possible) continue;
    const Scalar other = evaluate(op, dtype, others);
    if (same_value(other, result.value)) continue;
    if (!is_zero(other) || !is_zero(result.value)) return {result.value, undetermined};
    result.either_sign = true;
  }
  const bool exact = std::ranges::all_of(args, [](const Bounded& arg) { return arg.error == 0; });
  if (!exact) result.error = propagated(op, result.value, args);
  if (op == Op::multiply && is_float(dtype))
    result.rounded = std::fma(values[0].as_double(), values[1].as_double(), -result.value.as_double()) != 0;
  return result;
}

}  // namespace ricci::test
