#pragma once
#include "math/exp.hpp"

namespace ricci::math {

/// The hyperbolic cosine and sine divided by 2^n.
template <class Number, class Integer>
struct Hyperbolic {
  Whole<Number, Integer> n;
  Number cosine, sine;
};

/// Of a number that is not negative. For size = n * ln 2 + r and v = 2^(-2n) / 2 the cosine is (1/2 + v) * cosh r +
/// (1/2 - v) * sinh r, and the sine the same with the factors exchanged. e^r and e^-r have their terms in common.
template <class Number>
auto hyperbolic(Number size) {
  using Real = RealOf<Number>;
  using F = Format<Number>;
  using Bits = BitsOf<Number>;
  const auto [n, r, rest] = reduced(size);
  const ExpTerms<Number> terms = exp_terms(r);
  const auto twice = n.low_bits << Bits{F::fraction + 1};
  const Number v_or_less = number(Bits{(F::bias - 1) << F::fraction} - twice);
  const Number v = choose(v_or_less > Real{0}, v_or_less, Real{0});  // of large n it wraps around
  const Number sum = v + Real{0.5};
  const Number sum_rest = (Real{0.5} - sum) + v;
  const Number difference = Real{0.5} - v;
  const Number difference_rest = (Real{0.5} - difference) - v;
  // cosh r = 1 + even, sinh r = r + odd
  const Number even = terms.z * terms.even;
  const Number cube = terms.z * r;
  const Number odd = fma(cube, terms.odd, rest);
  const Number cosine = fma(difference, r, sum);
  const Number cosine_beyond = fma(sum, even, fma(difference, r, sum - cosine));
  const Number sine = fma(sum, r, difference);
  const Number sine_beyond = fma(difference, even, fma(sum, r, difference - sine));
  return Hyperbolic{n, cosine + fma(difference, odd, cosine_beyond + sum_rest),
                    sine + fma(sum, odd, sine_beyond + difference_rest)};
}

/// The hyperbolic sine and cosine. From these bounds on they are infinite; a NaN passes.
template <class Number>
constexpr RealOf<Number> hyperbolic_end = Single<Number> ? 90 : 711;

template <class Number>
Number sinh(Number x) {
  const Number size = magnitude(x);
  const auto parts = hyperbolic(choose(size > hyperbolic_end<Number>, hyperbolic_end<Number>, size));
  return with_sign_of(x, scale(parts.sine, parts.n));
}

template <class Number>
Number cosh(Number x) {
  const Number size = magnitude(x);
  const auto parts = hyperbolic(choose(size > hyperbolic_end<Number>, hyperbolic_end<Number>, size));
  return scale(parts.cosine, parts.n);
}

/// For the numbers below 1/8, and for two intervals of each power of two from there on: a number c in the middle whose
/// hyperbolic tangent is nearly an f32 number, that one, and the coefficients for d = x - c. The error is 2^-24.5 from
/// 4 to 6 and less than 2^-26 elsewhere.
inline constexpr Table<float, 8> tanh_table{
    {{2.49971724f, 3.50058651f, 4.99977016f, 6.99856949f, 8.79713917f, 0.0f, 0.0f, 0.0f, 0.156211436f, 0.218745515f,
      0.312523425f, 0.437508523f, 0.625106633f, 0.875141978f, 1.24971187f, 1.74976504f},
     {0.986606777f, 0.998180032f, 0.999909163f, 0.999998331f, 0.99999994f, 0.0f, 0.0f, 0.0f, 0.154953092f, 0.215322062f,
      0.302731007f, 0.411577135f, 0.554673553f, 0.703977227f, 0.848202825f, 0.941348791f},
     {0.0266071614f, 0.00363669195f, 0.000181920506f, 3.33676076e-06f, 9.14032086e-08f, 0.0f, 0.0f, 1.0f, 0.975989521f,
      0.953636408f, 0.908353925f, 0.830604255f, 0.692337275f, 0.504416049f, 0.280551851f, 0.113862403f},
     {-0.0262505095f, -0.00363005302f, -0.00018184197f, -3.33193816e-06f, 2.96265426e-07f, 0.0f, 0.0f, 0.0f,
      -0.151232719f, -0.20533897f, -0.274986953f, -0.341857731f, -0.384021133f, -0.355097443f, -0.237964988f,
      -0.107184224f},
     {0.0170267466f, 0.00240896083f, 0.000118953409f, 2.19644153e-06f, 6.26522123e-08f, 0.0f, 0.0f, -0.333331466f,
      -0.301819533f, -0.273658186f, -0.219524845f, -0.136160791f, -0.0177826509f, 0.0818441361f, 0.108340494f,
      0.0629502311f},
     {-0.00805583131f, -0.00119590119f, -5.95916463e-05f, -1.10721112e-06f, -1.63579023e-06f, 0.0f, 0.0f,
      -0.00010825292f, 0.0976724103f, 0.127410069f, 0.158168301f, 0.170006543f, 0.137857869f, 0.0607576258f,
      -0.0125572802f, -0.0235287435f},
     {0.00288802688f, 0.000489700586f, 2.84402831e-05f, 5.14549185e-07f, 6.53907017e-09f, 0.0f, 0.0f, 0.135492191f,
      0.0446772799f, 0.0795408189f, 0.0428879932f, -0.0073511079f, -0.0541448034f, -0.058768332f, -0.0197154805f,
      0.00348077901f},
     {-0.000696299307f, -0.000157677496f, -9.37970162e-06f, -1.66484412e-07f, 1.66156656e-06f, 0.0f, 0.0f,
      -0.0179968812f, -0.439404517f, -0.093947798f, -0.0813377649f, -0.0640125722f, -0.0235977117f, 0.0127722425f,
      0.0151024181f, 0.00210038316f}}};

/// The hyperbolic tangent within 1.23 ulp.
template <Single Number>
Number tanh(Number x) {
  const Number size = magnitude(x);
  const Number bounded = choose(size > 9.5f, 9.5f, size);  // of which it is 1
  const Number above = choose(bounded < 0x1.fffffep-4f, 0x1.fffffep-4f, bounded);
  const auto place = bits(above) >> std::uint32_t{22};
  const auto of = [&](std::size_t column) { return entry(tanh_table, column, place); };
  const Number d = bounded - of(0);
  Number p = of(7);
  for (std::size_t column = 6; column > 0; --column) p = fma(p, d, of(column));
  return with_sign_of(x, p);
}

/// With e = e^(-2 * size) - 1 the hyperbolic tangent is -e / (2 + e), of which both are in two parts.
template <Double Number>
Number tanh(Number x) {
  const Number size = magnitude(x);
  const auto [n, r, rest] = reduced(choose(size > 20.0, 20.0, size) * -2.0);
  const Number beyond = exp_beyond(r, rest);
  const Number factor = number((n.low_bits + std::uint64_t{1023}) << std::uint64_t{52});
  const Number less = factor - 1.0;
  const Number rest_of_less = factor - (less + 1.0);
  const Number sum = fma(factor, r, less);
  const Number rest_of_sum = fma(factor, r, (less - sum) + rest_of_less);
  const Number e_beyond = fma(factor, beyond, rest_of_sum);
  const Number e = sum + e_beyond;
  const Number rest_of_e = (sum - e) + e_beyond;
  const Number below = e + 2.0;
  const Number rest_of_below = e - (below - 2.0);
  const Number inverse = -1.0 / below;
  const Number t = e * inverse;
  const Number missing = fma(t, below, e);
  const Number rests = rest_of_below + rest_of_e;
  const Number missing_rests = fma(t, rests, rest_of_e);
  const Number result = fma(missing + missing_rests, inverse, t);
  return with_sign_of(x, magnitude(result));  // -0 is one, too
}

}  // namespace ricci::math
