// Acceptance cases 55 to 63: nearest rows, samples between pixels, and windows of examples/models against direct loops.
#include "models/clustering.hpp"
#include "models/sampling.hpp"
#include "models/windows.hpp"
#include "support/acceptance.hpp"
#include "support/loop_bodies.hpp"
#include "support/program_text.hpp"

using namespace ricci;
using namespace ricci::test;
using example::Padding;

namespace {

/// The number of the row of E that is nearest to row n of x.
template <class T>
int nearest_row(const Tensor<T, 2>& x, const Tensor<T, 2>& E, int n) {
  return first_largest(static_cast<int>(E.extent(0)), [&](int k) {
    return -total(static_cast<int>(E.extent(1)),
                  [&](int d) { return (x.at(n, d) - E.at(k, d)) * (x.at(n, d) - E.at(k, d)); });
  });
}

/// A coordinate in pixels, as the documentation of PyTorch's grid_sample defines it.
double place(double g, int size, Padding padding, bool align) {
  double p = align ? (g + 1) / 2 * (size - 1) : ((g + 1) * size - 1) / 2;
  if (padding == Padding::reflection) {
    const double low = align ? 0 : -0.5, high = align ? size - 1 : size - 0.5;
    while (high > low && (p < low || p > high)) p = p < low ? 2 * low - p : 2 * high - p;
  }
  return padding == Padding::zeros ? p : std::clamp(p, 0.0, size - 1.0);
}

/// The sum of the four pixels around (y, x), each weighted by the area opposite to it; 0 outside.
template <class T>
double between(const Tensor<T, 4>& F, int b, int c, double y, double x) {
  double sum = 0;
  each({2, 2}, [&](int i, int j) {
    const double row = std::floor(y) + i, column = std::floor(x) + j;
    if (row < 0 || column < 0 || row >= double(F.extent(2)) || column >= double(F.extent(3))) return;
    sum += (1 - std::fabs(y - row)) * (1 - std::fabs(x - column)) * F.at(b, c, int(row), int(column));
  });
  return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("case 55: VQ lookup", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto x = in_order(order, filled<T>(shuffled(9), 10, 4)),
               E = in_order(order, filled<T>(shuffled(11, 5), 6, 4));
    const auto [quantised, index, loss] = example::vq_lookup(x, E);
    CHECK(last_report().kernels == 1);
    CHECK(difference(index, direct<std::int64_t>({10}, [&](int n) { return nearest_row(x, E, n); })) == "");
    CHECK(difference(quantised, direct<T>({10, 4}, [&](int n, int d) { return E.at(nearest_row(x, E, n), d); })) == "");
    double sum = 0;
    each({10, 4}, [&](int n, int d) { sum += std::pow(x.at(n, d) - E.at(nearest_row(x, E, n), d), 2); });
    CHECK(difference(loss, Tensor<T, 0>(static_cast<T>(sum / 40)), 4) == "");
  }
}

TEMPLATE_TEST_CASE("case 56: k-means step", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto x = in_order(order, filled<T>(shuffled(9), 20, 2));
    const auto centre = in_order(order, Tensor<T, 2>{{1, 1}, {100, 100}, {7, 5}});  // the second has no members
    const auto moved = example::k_means_step(x, centre);
    CHECK(difference(moved,
                     direct<T>({3, 2},
                               [&](int k, int d) {
                                 double sum = 0;
                                 int members = 0;
                                 for (int n = 0; n < 20; ++n)
                                   if (nearest_row(x, centre, n) == k) sum += x.at(n, d), ++members;
                                 return members > 0 ? sum / members : centre.at(k, d);
                               }),
                     2) == "");
    CHECK(moved.at(1, 0) == 100);
  }
}

TEMPLATE_TEST_CASE("case 59: grid_sample bilinear", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, C = 3, rows = 5, columns = 6, H = 4, W = 37;
  for (Order order : orders) {
    const auto F = in_order(order, filled<T>(shuffled(17), B, C, rows, columns));
    // From well outside on one side to well outside on the other, corners and centres among them.
    auto grid = in_order(order, filled<T>([n = shuffled(29)](auto at) { return (n(at) - 14) * 0.25; }, B, H, W, 2));
    grid.at(0, 0, 0, 0) = -1, grid.at(0, 0, 0, 1) = 1;
    grid.at(0, 1, 2, 0) = std::numeric_limits<T>::quiet_NaN();
    grid.at(1, 3, 33, 1) = std::numeric_limits<T>::quiet_NaN();
    for (Padding padding : {Padding::zeros, Padding::border, Padding::reflection})
      for (bool align : {false, true}) {
        CAPTURE(static_cast<int>(padding), align);
        const auto sampled = example::grid_sample(F, grid, padding, align);
        CHECK(last_report().temporary_bytes == 0);
        CHECK(difference(sampled,
                         direct<T>({B, C, H, W},
                                   [&](int b, int c, int h, int w) {
                                     const double gx = grid.at(b, h, w, 0), gy = grid.at(b, h, w, 1);
                                     if (std::isnan(gx) || std::isnan(gy)) return 0.0;
                                     return between(F, b, c, place(gy, rows, padding, align),
                                                    place(gx, columns, padding, align));
                                   }),
                         256) == "");
      }
    // One pixel has no other side to reflect at.
    const auto single = in_order(order, filled<T>([](auto n) { return n + 1; }, B, C, 1, 1));
    const auto sampled = example::grid_sample(single, grid, Padding::reflection, true);
    CHECK(sampled.at(1, 2, 0, 0) == single.at(1, 2, 0, 0));
    // Far away, and nowhere: not a trap.
    grid.fill(static_cast<T>(1e30));
    CHECK(example::grid_sample(F, grid, Padding::zeros, false).at(0, 0, 0, 0) == 0);
  }
}

TEMPLATE_TEST_CASE("bilinear resize", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto F = in_order(order, filled<T>(shuffled(17), 2, 3, 5, 6));
    for (auto [rows, columns] : {std::pair{10, 50}, {5, 6}, {3, 4}, {1, 1}}) {
      const auto resized = example::bilinear_resize(F, rows, columns);
      CHECK(last_report().temporary_bytes == 0);
      CHECK(difference(resized,
                       direct<T>({2, 3, rows, columns},
                                 [&, rows = rows, columns = columns](int b, int c, int h, int w) {
                                   return between(F, b, c, std::clamp((h + 0.5) * 5 / rows - 0.5, 0.0, 4.0),
                                                  std::clamp((w + 0.5) * 6 / columns - 0.5, 0.0, 5.0));
                                 }),
                       64) == "");
    }
  }
}

TEMPLATE_TEST_CASE("case 62: max-pool with indices and unpool", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int C = 2, H = 4, W = 6;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(5), 1, C, H, W));  // many ties
    const auto [value, index] = example::max_pool_with_indices(X);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(last_report().checks.empty());
    const auto winner = direct<std::int64_t>({1, C, H / 2, W / 2}, [&](int b, int c, int y, int x) {
      const int at = first_largest(4, [&](int n) { return X.at(b, c, 2 * y + n / 2, 2 * x + n % 2); });
      return (2 * y + at / 2) * W + 2 * x + at % 2;
    });
    CHECK(difference(index, winner) == "");
    CHECK(difference(value, direct<T>({1, C, H / 2, W / 2}, [&](int b, int c, int y, int x) {
                       return X.at(b, c, winner.at(b, c, y, x) / W, winner.at(b, c, y, x) % W);
                     })) == "");
    CHECK(difference(example::max_unpool(value, index, H, W), direct<T>({1, C, H, W}, [&](int b, int c, int y, int x) {
                       return winner.at(b, c, y / 2, x / 2) == y * W + x ? X.at(b, c, y, x) : 0;
                     })) == "");
  }
}

TEMPLATE_TEST_CASE("case 63: conv2d stride 2 pad 1, dilation 2", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(7), 2, 3, 9, 9)),
               K = in_order(order, filled<T>(shuffled(5), 4, 3, 3, 3));
    const auto convolved = example::conv2d(X, K, 2, 1, 2);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(last_report().checks.empty());
    CHECK(difference(convolved, direct<T>({2, 4, 4, 4}, [&](int b, int o, int y, int x) {
                       double sum = 0;
                       each({3, 3, 3}, [&](int c, int i, int j) {
                         const int row = 2 * y + 2 * i - 1, column = 2 * x + 2 * j - 1;
                         if (row >= 0 && row < 9 && column >= 0 && column < 9)
                           sum += X.at(b, c, row, column) * K.at(o, c, i, j);
                       });
                       return sum;
                     })) == "");
  }
  // What all filters share is read, and tested, before the loop that multiplies.
  using namespace ricci::names;
  const Tensor<T, 4> X(2, 3, 99, 99), K(4, 3, 3, 3);
  Tensor<T, 4> Y(2, 4, 49, 49);
  const Prepared p = prepared(Y[b, o, y, x], Assign::set,
                              sum(c, i, j, fill(X, 0)[b, c, 2 * y + 2 * i - 1, 2 * x + 2 * j - 1] * K[o, c, i, j]));
  int reading = 0, multiplying = 0;
  for (const std::string& body : innermost_bodies(p.executable->dump(Executable::Stage::loops, p.tensors, p.params))) {
    const bool reads = body.find("gather t1") != std::string::npos;
    reading += reads;
    if (body.find("fma(") == std::string::npos) continue;
    ++multiplying;
    CHECK((!reads && body.find(" < ") == std::string::npos && body.find(" >= ") == std::string::npos));
  }
  CHECK(reading >= 1);
  CHECK(multiplying >= 1);
}
