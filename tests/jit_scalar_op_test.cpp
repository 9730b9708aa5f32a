// The meaning of every op: against the obvious mathematics for all pairs of special values, and by name where the
// rule is a choice.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ricci/op.hpp"

using namespace ricci;

namespace {

template <class... Ts>
Scalar run(Op op, DType result, Ts... args) {
  const Scalar scalars[] = {Scalar::of(args)...};
  return evaluate(op, result, scalars);
}
template <class T>
T run(Op op, T a, T b) {
  return run(op, dtype_of<T>, a, b).template get<T>();
}
template <class T>
T run(Op op, T a) {
  return run(op, dtype_of<T>, a).template get<T>();
}

/// Equal bits, or both NaN: which NaN an operation gives is not part of its meaning.
bool same(Scalar a, Scalar b) {
  if (a.dtype != b.dtype) return false;
  if (is_float(a.dtype) && std::isnan(a.as_double()) && std::isnan(b.as_double())) return true;
  return a.bits == b.bits;
}

template <class T>
std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, bool>) return {false, true};
  std::vector<T> values{T(0),  T(1),  T(2),  T(3),   T(7),          T(31),
                        T(32), T(63), T(64), T(100), Limits::max(), Limits::lowest()};
  if constexpr (std::is_signed_v<T>) values.insert(values.end(), {T(-1), T(-2), T(-3), T(-7), T(-64), T(-100)});
  if constexpr (std::is_floating_point_v<T> || Float16<T>)
    values.insert(values.end(), {T(-0.0), T(0.5), T(-0.5), T(1.5), T(2.5), T(-2.5), T(0.1), Limits::min(),
                                 Limits::denorm_min(), T(-Limits::denorm_min()), Limits::epsilon(), Limits::infinity(),
                                 T(-Limits::infinity()), Limits::quiet_NaN(), T(1e10), T(-1e10), T(16777216.5)});
  else
    values.insert(values.end(), {T(Limits::max() - 1), T(Limits::min() + 1), T(Limits::max() / 2)});
  std::mt19937_64 random(7);
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t bits = random();
    values.push_back(Scalar{dtype_of<T>, bits}.template get<T>());
  }
  return values;
}

// --- the oracle: exact arithmetic in wider types, rounded or wrapped once -----------------------------------------
using Wide = __int128;
Wide product(Wide a, Wide b) {
  return static_cast<Wide>(static_cast<unsigned __int128>(a) * b);
}  // never overflows
double product(double a, double b) {
  return a * b;
}
Wide quotient(Wide a, Wide b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/// The floored quotient and the remainder as NumPy's documentation and sources have them.
template <class T>
std::pair<T, T> divided_as_numpy(T a, T b) {
  T rest = std::fmod(a, b);
  if (b == 0) return {a / b, rest};
  T quotient = (a - rest) / b;
  if (rest != 0) {
    if ((b < 0) != (rest < 0)) rest += b, quotient -= 1;
  } else {
    rest = std::copysign(T{0}, b);
  }
  if (quotient == 0) return {std::copysign(T{0}, a / b), rest};
  const T floored = std::floor(quotient);
  return {quotient - floored > T{0.5} ? floored + 1 : floored, rest};
}

template <class T>
std::optional<Scalar> basic(Op op, T x, T y) {
  constexpr bool real = std::is_floating_point_v<T>;
  using Exact = std::conditional_t<real, double, Wide>;
  const Exact a = x, b = y;
  const auto wrapped = [](Exact e) { return Scalar::of(static_cast<T>(e)); };
  const bool fits = b >= 0 && b < static_cast<Exact>(sizeof(T) * 8);
  switch (op) {
    case Op::add:
      return wrapped(a + b);
    case Op::subtract:
      return wrapped(a - b);
    case Op::multiply:
      return wrapped(product(a, b));
    case Op::negate:
      return wrapped(-a);
    case Op::abs:
      return wrapped(std::signbit(static_cast<double>(a)) ? -a : a);
    case Op::sign:
      return wrapped(a != a ? a : static_cast<Exact>((0 < a) - (a < 0)));
    case Op::minimum:
      return Scalar::of(a == a && !(a <= b) ? y : x);
    case Op::maximum:
      return Scalar::of(a == a && !(a >= b) ? y : x);
    case Op::equal:
      return Scalar::of(a == b);
    case Op::not_equal:
      return Scalar::of(!(a == b));
    case Op::less:
      return Scalar::of(a < b);
    case Op::less_equal:
      return Scalar::of(a < b || a == b);
    case Op::greater:
      return Scalar::of(b < a);
    case Op::greater_equal:
      return Scalar::of(b < a || a == b);
    default:
      break;
  }
  if constexpr (real) {
    switch (op) {
      case Op::divide:
        return wrapped(a / b);
      case Op::sqrt:
        return wrapped(std::sqrt(a));
      case Op::copysign:
        return wrapped(std::copysign(a, b));
      case Op::fmod:
        return wrapped(std::fmod(a, b));
      case Op::remainder:
        return Scalar::of(divided_as_numpy(x, y).second);
      case Op::floor_divide:
        return Scalar::of(divided_as_numpy(x, y).first);
      case Op::floor:
        return wrapped(std::floor(a));
      case Op::ceil:
        return wrapped(std::ceil(a));
      case Op::trunc:
        return wrapped(std::trunc(a));
      case Op::round:
        return wrapped(std::isfinite(a) ? std::copysign(a - std::remainder(a, 1.0), a) : a);
      default:
        return std::nullopt;
    }
  } else {
    switch (op) {
      case Op::floor_divide:
        return wrapped(b == 0 ? 0 : quotient(a, b));
      case Op::remainder:
        return wrapped(b == 0 ? 0 : a - quotient(a, b) * b);
      case Op::logical_and:
        return wrapped(a & b);
      case Op::logical_or:
        return wrapped(a | b);
      case Op::logical_xor:
        return wrapped(a ^ b);
      case Op::logical_not:
        return wrapped(std::is_same_v<T, bool> ? Wide{a == 0} : -1 - a);
      case Op::shift_left:
        return wrapped(fits ? product(a, Wide{1} << static_cast<int>(b)) : 0);
      case Op::shift_right:
        return wrapped(fits ? quotient(a, Wide{1} << static_cast<int>(b)) : a < 0 ? -1 : 0);
      default:
        return std::nullopt;
    }
  }
}

const std::map<Op, std::function<long double(long double, long double)>> transcendental = {
    {Op::exp, [](auto x, auto) { return std::exp(x); }},
    {Op::exp2, [](auto x, auto) { return std::exp2(x); }},
    {Op::expm1, [](auto x, auto) { return std::expm1(x); }},
    {Op::log, [](auto x, auto) { return std::log(x); }},
    {Op::log2, [](auto x, auto) { return std::log2(x); }},
    {Op::log10, [](auto x, auto) { return std::log10(x); }},
    {Op::log1p, [](auto x, auto) { return std::log1p(x); }},
    {Op::sin, [](auto x, auto) { return std::sin(x); }},
    {Op::cos, [](auto x, auto) { return std::cos(x); }},
    {Op::tan, [](auto x, auto) { return std::tan(x); }},
    {Op::asin, [](auto x, auto) { return std::asin(x); }},
    {Op::acos, [](auto x, auto) { return std::acos(x); }},
    {Op::atan, [](auto x, auto) { return std::atan(x); }},
    {Op::sinh, [](auto x, auto) { return std::sinh(x); }},
    {Op::cosh, [](auto x, auto) { return std::cosh(x); }},
    {Op::tanh, [](auto x, auto) { return std::tanh(x); }},
    {Op::asinh, [](auto x, auto) { return std::asinh(x); }},
    {Op::acosh, [](auto x, auto) { return std::acosh(x); }},
    {Op::atanh, [](auto x, auto) { return std::atanh(x); }},
    {Op::cbrt, [](auto x, auto) { return std::cbrt(x); }},
    {Op::erf, [](auto x, auto) { return std::erf(x); }},
    {Op::pow, [](auto x, auto y) { return std::pow(x, y); }},
    {Op::atan2, [](auto x, auto y) { return std::atan2(x, y); }},
    {Op::hypot, [](auto x, auto y) { return std::hypot(x, y); }}};

/// Whether `value` is within 1.5 units in the last place of `exact`; infinities and NaN must agree.
template <class T>
bool close(T value, long double exact) {
  const T rounded = static_cast<T>(exact);
  if (std::isnan(exact) || std::isnan(value)) return std::isnan(exact) && std::isnan(value);
  if (value == rounded) return true;
  if (std::isinf(value)) return std::nextafter(rounded, value) == value;
  const T unit = std::nextafter(std::fabs(rounded), std::numeric_limits<T>::infinity()) - std::fabs(rounded);
  return std::fabs(static_cast<long double>(value) - exact) <= 1.5L * unit;
}

template <class T>
std::string mismatch(Op op, T a, T b, Scalar result) {
  return std::string(to_string(op)) + "(" + std::to_string(a) + ", " + std::to_string(b) + ") of " +
         std::string(to_string(dtype_of<T>)) + " gives bits " + std::to_string(result.bits);
}

template <class T>
void check_op(Op op, T a, T b) {
  const bool compares = info(op).typing == Typing::compare;
  const DType dtype = compares ? DType::b1 : dtype_of<T>;
  if (op == Op::select) {
    CHECK(same(run(op, dtype, true, a, b), Scalar::of(a)));
    CHECK(same(run(op, dtype, false, a, b), Scalar::of(b)));
    return;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (op == Op::fma) {
      for (T c : {a, b, static_cast<T>(-a * b)})
        if (!same(run(op, dtype, a, b, c), Scalar::of(std::fma(a, b, c))))
          FAIL_CHECK(mismatch(op, a, b, run(op, dtype, a, b, c)));
      return;
    }
  }
  const Scalar result = info(op).arity == 1 ? run(op, dtype, a) : run(op, dtype, a, b);
  if constexpr (std::is_floating_point_v<T>) {
    if (const auto found = transcendental.find(op); found != transcendental.end()) {
      if (!close(result.get<T>(), found->second(a, b))) FAIL_CHECK(mismatch(op, a, b, result));
      return;
    }
  }
  const std::optional<Scalar> expected = basic(op, a, b);
  if (!expected) FAIL("no test knows " << to_string(op));
  if (!same(result, *expected)) FAIL_CHECK(mismatch(op, a, b, result));
}

}  // namespace

TEST_CASE("every op but cast has its mathematical value on all pairs of special and random values") {
  for (int i = 0; i < static_cast<int>(std::size(op_table)); ++i) {
    const Op op = static_cast<Op>(i);
    if (op == Op::cast) continue;
    for (int d = 0; d < dtype_count; ++d)
      visit_dtype(static_cast<DType>(d), [&]<class T>(std::type_identity<T>) {
        if (!accepts(op, dtype_of<T>)) return;
        for (const T a : special_values<T>())
          for (const T b : special_values<T>()) check_op(op, a, b);
      });
  }
}

TEST_CASE("cast saturates floats, wraps integers and makes b1 from x != 0, for every pair of dtypes") {
  const auto cast = []<class From, class To>(From stored, std::type_identity<To>) -> To {
    const std::conditional_t<Float16<From>, float, From> x = stored;
    if constexpr (std::is_same_v<To, bool>) return x != 0;
    if constexpr (!std::is_integral_v<From> && std::is_integral_v<To>) {
      const long double low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
      return std::isnan(x) ? To{0} : static_cast<To>(std::clamp(std::trunc(static_cast<long double>(x)), low, high));
    } else {
      return static_cast<To>(x);
    }
  };
  for (int f = 0; f < dtype_count; ++f)
    visit_dtype(static_cast<DType>(f), [&]<class From>(std::type_identity<From>) {
      for (int t = 0; t < dtype_count; ++t)
        visit_dtype(static_cast<DType>(t), [&]<class To>(std::type_identity<To> to) {
          for (const From x : special_values<From>())
            if (!same(run(Op::cast, dtype_of<To>, x), Scalar::of(cast(x, to))))
              FAIL_CHECK("cast of " << x << " from " << to_string(dtype_of<From>) << " to " << to_string(dtype_of<To>));
        });
    });
  CHECK(run(Op::cast, DType::i32, 3e9f).get<std::int32_t>() == 2147483647);
  CHECK(run(Op::cast, DType::i32, 0x1p31f).get<std::int32_t>() == 2147483647);
  CHECK(run(Op::cast, DType::i64, 0x1p63).get<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
  CHECK(run(Op::cast, DType::u64, 0x1p64f).get<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
  CHECK(run(Op::cast, DType::u8, -1.0).get<std::uint8_t>() == 0);
  CHECK(run(Op::cast, DType::u8, 300.0).get<std::uint8_t>() == 255);
  CHECK(run(Op::cast, DType::i64, std::nanf("")).get<std::int64_t>() == 0);
  CHECK(run(Op::cast, DType::i8, std::int32_t{200}).get<std::int8_t>() == -56);
  CHECK(run(Op::cast, DType::b1, std::nan("")).get<bool>());
}

TEST_CASE("integers become floats by rounding to nearest, halves to even") {
  CHECK(run(Op::cast, DType::f32, std::int64_t{16777217}).get<float>() == 16777216.0f);
  CHECK(run(Op::cast, DType::f32, std::int64_t{16777219}).get<float>() == 16777220.0f);
  CHECK(run(Op::cast, DType::f32, std::int64_t{9007199791611905}).get<float>() == 9007200328482816.0f);  // not via f64
  CHECK(run(Op::cast, DType::f32, ~std::uint64_t{0}).get<float>() == 18446744073709551616.0f);
}

TEST_CASE("f32 arithmetic rounds to float after every operation") {
  const float sum = run(Op::add, 16777216.0f, 1.0f);
  CHECK(run(Op::subtract, sum, 16777216.0f) == 0.0f);
  const float square = run(Op::multiply, 1.0f + 0x1p-12f, 1.0f + 0x1p-12f);
  CHECK(run(Op::subtract, square, 1.0f + 0x1p-11f) == 0.0f);  // a fused multiply-add would keep 2^-24
}

TEST_CASE("division is total and floors") {
  const auto min = std::numeric_limits<std::int32_t>::min();
  CHECK(run(Op::floor_divide, min, -1) == min);
  CHECK(run(Op::remainder, min, -1) == 0);
  CHECK(run(Op::floor_divide, 5, 0) == 0);
  CHECK(run(Op::remainder, 5, 0) == 0);
  CHECK(run(Op::floor_divide, -7, 2) == -4);
  CHECK(run(Op::remainder, -7, 2) == 1);
  CHECK(run(Op::remainder, 7, -2) == -1);
}

TEST_CASE("a NaN wins minimum and maximum, the first of two") {
  const float first = std::bit_cast<float>(0x7fc00001u), second = std::bit_cast<float>(0x7fc00002u);
  for (const Op op : {Op::minimum, Op::maximum}) {
    CHECK(run(op, DType::f32, first, 1.0f).bits == 0x7fc00001u);
    CHECK(run(op, DType::f32, 1.0f, second).bits == 0x7fc00002u);
    CHECK(run(op, DType::f32, first, second).bits == 0x7fc00001u);
    CHECK(run(op, DType::f32, first, -std::numeric_limits<float>::infinity()).bits == 0x7fc00001u);
  }
}

TEST_CASE("the first argument of minimum and maximum wins a tie, also between zeros") {
  for (const Op op : {Op::minimum, Op::maximum}) {
    CHECK(std::signbit(run(op, -0.0, 0.0)));
    CHECK_FALSE(std::signbit(run(op, 0.0, -0.0)));
  }
}

TEST_CASE("round takes halves to the even neighbour and keeps the sign of zero") {
  CHECK(run(Op::round, 2.5) == 2.0);
  CHECK(run(Op::round, 3.5f) == 4.0f);
  CHECK(std::signbit(run(Op::round, -0.5)));
}

TEST_CASE("shifts by the width or more, or by a negative count, leave only the sign") {
  CHECK(run<std::int8_t>(Op::shift_left, 1, 8) == 0);
  CHECK(run<std::int64_t>(Op::shift_left, 1, -1) == 0);
  CHECK(run<std::int64_t>(Op::shift_right, -5, 64) == -1);
  CHECK(run<std::int16_t>(Op::shift_right, -5, -1) == -1);
  CHECK(run<std::uint32_t>(Op::shift_right, ~0u, 32u) == 0);
}

TEST_CASE("denormals are kept") {
  const float tiny = std::numeric_limits<float>::denorm_min();
  CHECK(run(Op::add, tiny, tiny) == 2 * tiny);
  CHECK(run(Op::multiply, std::numeric_limits<float>::min(), 0.5f) > 0);
}

TEST_CASE("any nonzero byte of a b1 is true") {
  const Scalar odd[] = {{DType::b1, 2}, {DType::b1, 1}};
  CHECK(evaluate(Op::equal, DType::b1, odd).get<bool>());
  CHECK_FALSE(evaluate(Op::logical_not, DType::b1, std::span(odd).first(1)).get<bool>());
}

TEST_CASE("an identity changes no value it is combined with") {
  for (int r = 0; r < static_cast<int>(std::size(reduction_table)); ++r) {
    const auto reduction = static_cast<Reduction>(r);
    const Op step = info(reduction).step;
    for (int d = 0; d < dtype_count; ++d)
      visit_dtype(static_cast<DType>(d), [&]<class T>(std::type_identity<T>) {
        if (!accepts(step, dtype_of<T>) || (reduction == Reduction::all && std::is_floating_point_v<T>)) return;
        const Scalar neutral = identity(reduction, dtype_of<T>);
        REQUIRE(neutral.dtype == dtype_of<T>);
        for (const T x : special_values<T>()) {
          const Scalar args[] = {neutral, Scalar::of(x)};
          if (info(step).typing == Typing::compare) {  // no value loses to it
            CHECK_FALSE(run(step, DType::b1, neutral.get<T>(), x).template get<bool>());
            continue;
          }
          const Scalar combined = evaluate(step, dtype_of<T>, args);
          CHECK((same(combined, Scalar::of(x)) || (x == T{0} && combined.get<T>() == T{0})));  // 0 + -0 is 0
        }
      });
  }
}
