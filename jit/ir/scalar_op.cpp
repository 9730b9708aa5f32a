// What every op of the table means, as plain C++ on one element.
//
// Each call performs one operation and stores its result, so the compiler has nothing to contract or to reassociate;
// float arithmetic is done in float (SSE has no wider intermediates). Which NaN an operation produces (sign and
// payload) is the processor's choice and not part of the meaning.
#include "ir/scalar_op.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "math/asin.hpp"
#include "math/atan.hpp"
#include "math/atan2.hpp"
#include "math/cbrt.hpp"
#include "math/exp.hpp"
#include "math/exp_of_base.hpp"
#include "math/hyperbolic.hpp"
#include "math/hypot.hpp"
#include "math/inverse_hyperbolic.hpp"
#include "math/log.hpp"
#include "math/log_of_base.hpp"
#include "math/pow.hpp"
#include "math/remainder.hpp"
#include "math/sine.hpp"
#include "math/tan.hpp"
#include "ricci/error.hpp"

// SLEEF's deterministic family: the vector versions that compiled kernels call give the same bits as these scalar
// ones. Declared here because <sleef.h> hides them from code that is not itself compiled for a processor with FMA.
#define RICCI_SLEEF(X) X(log) X(sin) X(cos) X(tan) X(log2) X(log10) X(log1p) X(erf)
#define X(name)                                              \
  extern "C" float Sleef_finz_##name##f1_u10purecfma(float); \
  extern "C" double Sleef_finz_##name##d1_u10purecfma(double);
RICCI_SLEEF(X)
#undef X
extern "C" float Sleef_finz_powf1_u10purecfma(float, float);
extern "C" double Sleef_finz_powd1_u10purecfma(double, double);

namespace ricci {
namespace {

// One function per op, named as in the table, in three groups: what every element type has, what b1 and the integers
// have, what numbers have. They are reached through dispatch below, which knows the typing.

template <class T>
struct Any {
  static bool equal(T a, T b) { return a == b; }
  static bool not_equal(T a, T b) { return a != b; }
  static bool less(T a, T b) { return a < b; }
  static bool less_equal(T a, T b) { return a <= b; }
  static bool greater(T a, T b) { return a > b; }
  static bool greater_equal(T a, T b) { return a >= b; }
  static T select(bool condition, T a, T b) { return condition ? a : b; }

  // The formulas that generated code must reproduce: a NaN wins (the first of two), and the first argument wins a
  // tie, also between the two zeros.
  //   minimum(a, b) = (b < a) or (b is NaN and a is not) ? b : a
  //   maximum(a, b) = (b > a) or (b is NaN and a is not) ? b : a
  static T minimum(T a, T b) { return b < a || (b != b && a == a) ? b : a; }
  static T maximum(T a, T b) { return b > a || (b != b && a == a) ? b : a; }
};

struct Bool : Any<bool> {
  static bool logical_and(bool a, bool b) { return a && b; }
  static bool logical_or(bool a, bool b) { return a || b; }
  static bool logical_xor(bool a, bool b) { return a != b; }
  static bool logical_not(bool x) { return !x; }
};

template <class T>
struct Integer : Any<T> {
  static constexpr std::uint64_t bits = sizeof(T) * 8;

  /// Arithmetic is done modulo 2^64 and cut to T: it wraps, and no promotion to a signed int can overflow.
  static constexpr std::uint64_t wide(T x) { return static_cast<std::uint64_t>(x); }
  static constexpr T cut(std::uint64_t x) { return static_cast<T>(x); }

  static T add(T a, T b) { return cut(wide(a) + wide(b)); }
  static T subtract(T a, T b) { return cut(wide(a) - wide(b)); }
  static T multiply(T a, T b) { return cut(wide(a) * wide(b)); }
  static T negate(T x) { return cut(-wide(x)); }
  static T abs(T x) { return x < T{0} ? negate(x) : x; }
  static T sign(T x) { return static_cast<T>((x > T{0}) - (x < T{0})); }

  static T floor_divide(T a, T b) {
    if (b == T{0}) return 0;
    if (b == static_cast<T>(-1) && std::is_signed_v<T>) return negate(a);  // the smallest integer stays itself
    const bool inexact_below_zero = a % b != 0 && (a < T{0}) != (b < T{0});
    return static_cast<T>(a / b - inexact_below_zero);
  }
  /// Has the sign of b, so that floor_divide(a, b) * b + remainder(a, b) == a for every b but zero.
  static T remainder(T a, T b) { return b == T{0} ? T{0} : subtract(a, multiply(floor_divide(a, b), b)); }

  static T logical_and(T a, T b) { return cut(wide(a) & wide(b)); }
  static T logical_or(T a, T b) { return cut(wide(a) | wide(b)); }
  static T logical_xor(T a, T b) { return cut(wide(a) ^ wide(b)); }
  static T logical_not(T x) { return cut(~wide(x)); }
  // A negative count is a large one.
  static T shift_left(T x, T count) { return wide(count) < bits ? cut(wide(x) << wide(count)) : T{0}; }
  static T shift_right(T x, T count) {
    if (wide(count) < bits) return static_cast<T>(x >> wide(count));
    return x < T{0} ? static_cast<T>(-1) : T{0};
  }
};

/// The library's functions, as the functions in line take them: of both types.
struct Sleef {
#define X(name)                                                               \
  static float name(float x) { return Sleef_finz_##name##f1_u10purecfma(x); } \
  static double name(double x) { return Sleef_finz_##name##d1_u10purecfma(x); }
  RICCI_SLEEF(X)
#undef X
  static float pow(float x, float y) { return Sleef_finz_powf1_u10purecfma(x, y); }
  static double pow(double x, double y) { return Sleef_finz_powd1_u10purecfma(x, y); }
};

template <class T>
struct Real : Any<T> {
  static T add(T a, T b) { return a + b; }
  static T subtract(T a, T b) { return a - b; }
  static T multiply(T a, T b) { return a * b; }
  static T divide(T a, T b) { return a / b; }
  static T fma(T a, T b, T c) { return std::fma(a, b, c); }
  static T negate(T x) { return -x; }
  static T abs(T x) { return std::fabs(x); }
  static T sign(T x) { return x != x ? x : static_cast<T>((x > T{0}) - (x < T{0})); }
  static T copysign(T x, T sign) { return std::copysign(x, sign); }
  static T sqrt(T x) { return std::sqrt(x); }
  static T floor(T x) { return std::floor(x); }
  static T ceil(T x) { return std::ceil(x); }
  static T trunc(T x) { return std::trunc(x); }
  static T round(T x) { return std::nearbyint(x); }  // halves to even: Ricci runs in the default rounding mode

  static T exp(T x) { return math::exp(x); }
  static T tanh(T x) { return math::tanh(x); }
  static T atan(T x) { return math::atan(x); }
  static T hypot(T x, T y) { return math::hypot(x, y); }
  static T log(T x) { return math::log(x, [](T y) { return Sleef::log(y); }); }
  static T log1p(T x) { return math::log1p(x, [](T y) { return Sleef::log1p(y); }); }
  static T sin(T x) { return math::sin(x, [](T y) { return Sleef::sin(y); }); }
  static T cos(T x) { return math::cos(x, [](T y) { return Sleef::cos(y); }); }
  static T tan(T x) { return math::tan(x, [](T y) { return Sleef::tan(y); }); }
  static T sinh(T x) { return math::sinh(x); }
  static T cosh(T x) { return math::cosh(x); }
  static T asinh(T x) { return math::asinh(x); }
  static T acosh(T x) { return math::acosh(x); }
  static T exp2(T x) { return math::exp2(x); }
  static T expm1(T x) { return math::expm1(x); }
  static T log2(T x) { return math::log_of_base(x, math::base_2<T>, [](T y) { return Sleef::log2(y); }); }
  static T log10(T x) { return math::log_of_base(x, math::base_10<T>, [](T y) { return Sleef::log10(y); }); }
  static T asin(T x) { return math::asin(x); }
  static T acos(T x) { return math::acos(x); }
  static T atanh(T x) { return math::atanh(x); }
  static T cbrt(T x) { return math::cbrt(x); }
  static T erf(T x) { return Sleef::erf(x); }
  static T atan2(T y, T x) { return math::atan2(y, x); }
  static T pow(T x, T y) { return math::pow(x, y, [](T a, T b) { return Sleef::pow(a, b); }); }
  static T fmod(T x, T y) { return math::fmod(x, y, [](T a, T b) { return std::fmod(a, b); }); }
  static T remainder(T x, T y) { return math::remainder(x, y, [](T a, T b) { return std::fmod(a, b); }); }
  static T floor_divide(T x, T y) { return math::floor_divide(x, y, [](T a, T b) { return std::fmod(a, b); }); }
};

template <class T>
using Meaning =
    std::conditional_t<std::is_same_v<T, bool>, Bool,
                       std::conditional_t<std::is_floating_point_v<T>, Real<T>,
                                          std::conditional_t<Float16<T>, Any<T>, Integer<T>>>>;

template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (Float16<From> && !std::is_same_v<To, From>) {
    return convert<To, float>(x);
  } else if constexpr (Float16<To> && !std::is_same_v<To, From>) {
    return convert<float, From>(x);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Limits = std::numeric_limits<To>;
    const From above = std::ldexp(From{1}, Limits::digits);  // max + 1, which every float type holds exactly
    if (x != x) return 0;
    if (x >= above) return Limits::max();
    if (x <= static_cast<From>(Limits::min())) return Limits::min();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class T>
T lane(const void* base, std::size_t i) {
  using Stored = std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>;  // any byte may stand for a b1
  Stored x;
  std::memcpy(&x, static_cast<const char*>(base) + i * sizeof x, sizeof x);
  if constexpr (std::is_same_v<T, bool>)
    return x != 0;
  else
    return x;
}

template <class R, class... Ts, class F>
void map(std::size_t lanes, void* out, std::span<const void* const> args, F f) {
  [&]<std::size_t... k>(std::index_sequence<k...>) {
    for (std::size_t i = 0; i < lanes; ++i) {
      const R x = f(lane<Ts>(args[k], i)...);
      std::memcpy(static_cast<char*>(out) + i * sizeof x, &x, sizeof x);
    }
  }(std::index_sequence_for<Ts...>{});
}

/// Maps op `f` over the lanes, for the dtypes that the op's typing allows.
template <Op op, class F>
void dispatch(DType result, DType operand, std::size_t lanes, void* out, std::span<const void* const> args, F f) {
  constexpr OpInfo op_info = info(op);
  visit_dtype(operand, [&]<class T>(std::type_identity<T> type) {
    using R = std::conditional_t<op_info.typing == Typing::compare, bool, T>;
    const auto element = [&](auto... x) { return f(type, x...); };
    if constexpr (!accepts(op, dtype_of<T>)) {
      RICCI_ASSERT(false, std::string(op_info.name) + " of " + std::string(to_string(operand)));
    } else if constexpr (op_info.typing == Typing::convert) {
      visit_dtype(result, [&]<class To>(std::type_identity<To>) { map<To, T>(lanes, out, args, convert<To, T>); });
    } else if constexpr (op_info.typing == Typing::choose) {
      map<R, bool, T, T>(lanes, out, args, element);
    } else if constexpr (op_info.arity == 1) {
      map<R, T>(lanes, out, args, element);
    } else if constexpr (op_info.arity == 3) {
      map<R, T, T, T>(lanes, out, args, element);
    } else {
      map<R, T, T>(lanes, out, args, element);
    }
  });
}

}  // namespace

void evaluate_lanes(Op op, DType result, DType operand, std::size_t lanes, void* out,
                    std::span<const void* const> args) {
  switch (op) {
#define RICCI_OP(name, text, arity, typing, laws)                \
  case Op::name:                                                 \
    return dispatch<Op::name>(result, operand, lanes, out, args, \
                              []<class T>(std::type_identity<T>, auto... x) { return Meaning<T>::name(x...); });
#include "ricci/ops.def"
#undef RICCI_OP
  }
}

Scalar evaluate(Op op, DType result, std::span<const Scalar> args) {
  const OpInfo& op_info = info(op);
  RICCI_ASSERT(args.size() == static_cast<std::size_t>(op_info.arity),
               std::string(op_info.name) + " of " + std::to_string(args.size()) + " arguments");
  const DType operand = args.back().dtype;
  const DType expected = op_info.typing == Typing::compare ? DType::b1 : operand;
  RICCI_ASSERT(result == expected || op_info.typing == Typing::convert,
               std::string(op_info.name) + " of " + std::string(to_string(operand)) + " does not give " +
                   std::string(to_string(result)));
  std::array<const void*, 3> elements{};
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool is_condition = op_info.typing == Typing::choose && i == 0;
    RICCI_ASSERT(args[i].dtype == (is_condition ? DType::b1 : operand),
                 std::string(op_info.name) + " of different dtypes");
    elements[i] = &args[i].bits;
  }
  Scalar value{result, 0};
  evaluate_lanes(op, result, operand, 1, &value.bits, std::span(elements).first(args.size()));
  return value;
}

Scalar identity(Reduction reduction, DType dtype) {
  return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
    using Limits = std::numeric_limits<T>;
    switch (reduction) {
      case Reduction::sum:
      case Reduction::any:
        return Scalar::of(T{0});
      case Reduction::prod:
        return Scalar::of(T{1});
      case Reduction::all:
        if constexpr (std::is_integral_v<T>) return Scalar::of(Meaning<T>::logical_not(T{0}));
        RICCI_ASSERT(false, "all of " + std::string(to_string(dtype)));
      case Reduction::min:
      case Reduction::argmin:
        return Scalar::of(Limits::has_infinity ? Limits::infinity() : Limits::max());
      case Reduction::max:
      case Reduction::argmax:
        return Scalar::of(Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::min());
    }
    __builtin_unreachable();
  });
}

}  // namespace ricci
