#pragma once
#include <limits>

#include "math/number.hpp"

namespace ricci::math {

/// The angle of the point (x, y), from -pi to pi.
template <Single Number>
Number atan2(Number y, Number x) {
  constexpr float most = std::numeric_limits<float>::max();
  const Number across = magnitude(x), up = magnitude(y);
  const auto steep = up > across;
  const Number above = choose(steep, across, up), below = choose(steep, up, across);
  const auto both_zero = below < std::numeric_limits<float>::denorm_min();
  const auto above_is_infinite = above > most;
  const auto below_is_infinite = below > most;
  const Number quotient = above / choose(both_zero, 1.0f, below);
  const Number t = choose(above_is_infinite & below_is_infinite, 1.0f, quotient);
  // As in atan().
  const Number z = t * t;
  const Number p = polynomial(z, -0.333332986f, 0.199985296f, -0.142640159f, 0.109508805f, -0.0839930624f,
                              0.0578813925f, -0.0310970023f, 0.0108687095f, -0.00178283197f);
  const Number cube = t * z;
  const Number near = fma(cube, p, t);
  // Multiples of pi / 2, less or more than which the angle is.
  const auto left = std::uint32_t{0x7fffffff} < bits(x);
  const Number straight = choose_constant(left, 3.3665111f, 0.0f, x);
  const Number base = choose(steep, 1.68325555f, straight);
  const Number turned = -near;
  const Number steep_part = choose(left, near, turned);
  const Number flat_part = choose(left, turned, near);
  const Number part = choose(steep, steep_part, flat_part);
  return with_sign_of(y, fma(base, Number(0.933189452f), part));
}

template <Double Number>
Number atan2(Number y, Number x) {
  constexpr double most = std::numeric_limits<double>::max();
  const Number far = magnitude(x), high = magnitude(y);
  const auto x_is_infinite = far > most;
  const auto y_is_infinite = high > most;
  const auto both_infinite = x_is_infinite & y_is_infinite;
  const Number wide = choose(both_infinite, 1.0, far);
  const Number tall = choose(both_infinite, 1.0, high);
  const Number longest = choose(wide > tall, wide, tall);
  const Number factor = choose_constant(longest > 0x1p1000, 0x1p-10, 1.0, x);
  const Number across = wide * factor, up = tall * factor;
  // As in atan(), of the quotient of two numbers.
  const auto steep = up > across * 2.414213562373095;
  const auto middle = up > across * 0.41421356237309503;
  const Number difference = up - across;
  const Number total = up + across;
  const Number top_below = choose(middle, difference, up);
  const Number bottom_below = choose(middle, total, across);
  const Number turned = -across;
  const Number top = choose(steep, turned, top_below);
  const Number bottom = choose(steep, up, bottom_below);
  const auto both_zero = bottom < std::numeric_limits<double>::denorm_min();
  const Number t = top / choose(both_zero, 1.0, bottom);
  const Number z = t * t;
  const Number w = z * z;
  const Number even = polynomial(w, -0.33333333333333326, -0.14285714285319132, -0.090909079973540086,
                                 -0.066661799606855088, -0.052155843388085883, -0.033218151333594605);
  const Number odd = polynomial(w, 0.19999999999997106, 0.11111111083993531, 0.076922795126087615, 0.05876573981219875,
                                0.044923196041406932, 0.01493970033376819);
  const Number p = fma(odd, z, even);
  // The angle that t is added to, right of the vertical and left of it, where t is turned: so many times pi / 4, of
  // which the first part has so few bits that these products are exact.
  const auto left = std::uint64_t{0x7fffffffffffffff} < bits(x);
  const Number right_quarters = choose_constant(middle, 1.0, 0.0, x);
  const Number flat_quarters = choose(left, 4.0 - right_quarters, right_quarters);
  const Number quarters = choose(steep, 2.0, flat_quarters);
  const Number base = quarters * 0.7853981633974483;
  const Number rest = quarters * 3.061616997868383e-17;
  const Number opposite_t = -t;
  const Number part = choose(left, opposite_t, t);
  const Number cube = part * z;
  const Number tail = fma(cube, p, rest);
  const Number sum = base + part;
  const Number rest_of_sum = (base - sum) + part;
  return with_sign_of(y, sum + (tail + rest_of_sum));
}

}  // namespace ricci::math
