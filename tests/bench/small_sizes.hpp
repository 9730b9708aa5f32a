#pragma once
// The data of small_sizes.cpp.
#include "data.hpp"

namespace ricci::bench {

/// Some elements, and the same as a matrix that is about square.
struct Data {
  std::int64_t size, rows, columns;
  Tensor<float, 1> x, y, above, table, half, third, eighth;
  Tensor<float, 2> m, n, thin, turn, narrow, pairs, eights, rows32, near, far;
  Tensor<double, 1> v, u, above64;
  Tensor<double, 2> w, points;
  Tensor<double, 3> turns;
  Tensor<float, 2> turn3, turn8, tall, flat;
  Tensor<float, 3> planes, maps, twelves;
  Tensor<float, 4> filters;
  Tensor<std::uint8_t, 3> picture;
  Tensor<float, 2> across, twenty;
  Tensor<float, 1> eight{1, 2, 3, 4, 5, 6, 7, 8};
  Tensor<std::uint8_t, 1> byte, bit{7, 6, 5, 4, 3, 2, 1, 0};
  Tensor<std::uint8_t, 2> grey, cells;
  Tensor<std::int16_t, 1> sample;
  Tensor<bool, 1> flag, other_flag;
  Tensor<bool, 2> few;
  Tensor<std::int64_t, 1> whole{}, divisor64{}, beside{};
  Tensor<std::int32_t, 1> label, place, divisor, row, sixteen{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
      ends{0, 0}, other_ends{0, 0};

  explicit Data(std::int64_t elements)
      : size(elements), rows(static_cast<std::int64_t>(std::sqrt(static_cast<double>(size)))), columns(size / rows),
        x(uniform(-1, 1, size)), y(uniform(0, 1, size)), above(1 + 9 * y), table(uniform(0, 1, 256)),
        half(uniform(0, 1, size / 2)), third(uniform(-1, 1, (size + 2) / 3)),
        eighth(uniform(-1, 1, (size + 7) / 8)), m(uniform(-1, 1, rows, columns)), n(uniform(0, 1, rows, columns)),
        thin(uniform(0, 1, (size + 2) / 3, 3)), turn(uniform(-1, 1, 3, 3)), narrow(uniform(-1, 1, columns, 4)),
        pairs(size, 2), eights(uniform(-1, 1, (size + 7) / 8, 8)), rows32(uniform(-1, 1, (size + 31) / 32, 32)),
        near(uniform(-1, 1, rows, 8)), far(uniform(-1, 1, columns, 8)), v(cast<double>(x)),
        u(cast<double>(y)), above64(cast<double>(above)), w(cast<double>(m)),
        points(cast<double>(uniform(-1, 1, size / 9 + 1, 3))), turns(cast<double>(uniform(-1, 1, size / 9 + 1, 3, 3))),
        turn3(uniform(-1, 1, 3, rows)), turn8(uniform(-1, 1, 8, rows)), tall(uniform(-1, 1, columns, 1)),
        flat(uniform(-1, 1, 1, rows)),
        planes(uniform(-1, 1, 8, side() + 2, side() + 2)),
        maps(uniform(-1, 1, 16, side(), side())), twelves(uniform(-1, 1, size / 144 + 1, 12, 12)),
        filters(uniform(-1, 1, 16, 8, 3, 3)),
        picture(cast<std::uint8_t>(uniform(0, 255, rows, columns / 3 + 1, 3))),
        across(uniform(-1, 1, side(), side())), twenty(uniform(-1, 1, 20, size / 20 + 1)),
        byte(cast<std::uint8_t>(200 * y)), grey(cast<std::uint8_t>(255 * n)), cells(cast<std::uint8_t>(2 * n)),
        sample(cast<std::int16_t>(30000 * x)), flag(x > 0), other_flag(y > 0.5f), few(n > 0.97f),
        label(labels(static_cast<std::int32_t>(std::min<std::int64_t>(size, 1000)), size)),
        place(labels(static_cast<std::int32_t>(size), size)), divisor(label + 1),
        row(labels(static_cast<std::int32_t>(rows), rows)) {
    whole = cast<std::int64_t>(place);
    divisor64 = cast<std::int64_t>(divisor);
    beside = whole - size / 2;
    ends[1] = static_cast<std::int32_t>(rows - 1);
    other_ends[0] = static_cast<std::int32_t>(rows - 1);
  }

  /// Of square planes, eight of which have about all elements.
  std::int64_t side() const { return static_cast<std::int64_t>(std::sqrt(static_cast<double>(size / 8 + 1))); }
};

}  // namespace ricci::bench
