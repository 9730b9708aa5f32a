#pragma once
#include "math/root.hpp"

namespace ricci::math {

/// asin t = t + t^3 * p(t^2) on [0, 1/2]: in f32 to 2^-27.6, in f64 to 2^-59.9.
template <Single Number>
Number asin_polynomial(Number z) {
  return polynomial(z, 0.166667521f, 0.0749530941f, 0.0454691499f, 0.0241847783f, 0.0421583056f);
}

template <Double Number>
Number asin_polynomial(Number z) {
  const Number w = z * z;
  const Number even =
      polynomial(w, 0.1666666666666676, 0.044642857174579283, 0.022372214969532574, 0.013980819486632004,
                 0.010780285194609895, 0.021708272994908719, 0.032629712667291262);
  const Number odd = polynomial(w, 0.074999999999708536, 0.030381942708796867, 0.017351612204267151,
                                0.011398912966006852, 0.0037061697442469068, -0.021000534369425974);
  return fma(odd, z, even);
}

/// The arc sine of a size up to 1/2, else the half of its arc cosine, which is the arc sine of sqrt((1 - size) / 2);
/// NaN above 1, which has no such root.
template <class Number, class Condition>
struct Arc {
  Number arc, rest;
  Condition halved;
};

template <class Number>
auto arc_of(Number size) {
  using Real = RealOf<Number>;
  const Number half = fma(size, Number(Real{-0.5}), Number(Real{0.5}));
  const auto root = root_of(half, Number(Real{-0.0}), inverse_root(half));
  const auto halved = size > Real{0.5};
  const Number t = choose(halved, root.root, size);
  const Number z = choose(halved, half, size * size);
  const Number rest = choose(halved, root.rest, Real{0});
  const Number cube = t * z;
  return Arc{t, fma(cube, asin_polynomial(z), rest), halved};
}

/// base + factor * (arc + rest), where base is a multiple of pi / 2.
template <class Number, class Condition>
Number turned(Arc<Number, Condition> arc, Number base, Number factor) {
  using Real = RealOf<Number>;
  constexpr Real part = Single<Number> ? -2.78275345e-08f : 3.8981718325193755e-17;  // of pi / 2, that its number lacks
  const Number sum = fma(factor, arc.arc, base);
  const Number rest_of_sum = fma(factor, arc.arc, base - sum);
  const Number rest = fma(factor, arc.rest, fma(base, Number(part), rest_of_sum));
  return sum + rest;
}

template <class Number>
constexpr RealOf<Number> half_pi = 1.5707963267948966;

template <class Number>
Number asin(Number x) {
  using Real = RealOf<Number>;
  const Number size = magnitude(x);
  const auto arc = arc_of(size);
  const Number base = choose_constant(arc.halved, half_pi<Number>, Real{0}, size);
  const Number factor = choose_constant(arc.halved, Real{-2}, Real{1}, size);
  return with_sign_of(x, turned(arc, base, factor));
}

/// Of a negative number it is pi - acos(-x).
template <class Number>
Number acos(Number x) {
  using Real = RealOf<Number>;
  const Number size = magnitude(x);
  const auto arc = arc_of(size);
  const auto sign = bits(x) & sign_bit<Number>;
  const auto negative = BitsOf<Number>{0} < sign;
  const Number straight = choose_constant(negative, 2 * half_pi<Number>, Real{0}, size);
  const Number base = choose(arc.halved, straight, half_pi<Number>);
  const Number factor = choose_constant(arc.halved, Real{2}, Real{-1}, size);
  return turned(arc, base, number(bits(factor) ^ sign));
}

}  // namespace ricci::math
