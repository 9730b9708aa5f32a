// Outputs larger than the caches are stored past them, smaller ones are not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "ricci/compile.hpp"
#include "ricci/target.hpp"
#include "support/assembly.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

bool streams(const Prepared& p) {
  const bool scheduled = schedule_of(p).find(" streaming ") != std::string::npos;
  const std::string loops = loops_of(p);
  const bool lowered = loops.find(" streaming %") != std::string::npos ||  // a store, or a whole transposition
                       loops.find(" streaming\n") != std::string::npos;
  REQUIRE(scheduled == lowered);
  return lowered;
}

constexpr std::int64_t large = (4 << 20) + 37;

}  // namespace

TEST_CASE("a large output is stored past the caches, a small one is not") {
  Tensor<float, 1> x(large), y(large), small(1000);
  CHECK(streams(prepared(y[i], Assign::set, 2 * x[i])));
  CHECK(!streams(prepared(small[i], Assign::set, 2 * small[i])));
  const std::string assembly = assembly_of(prepared(y[i], Assign::set, 2 * x[i]));
  CHECK(assembly.find("vmovntps") != std::string::npos);
  CHECK(assembly.find("sfence") != std::string::npos);
}

TEST_CASE("what is read again, updated, or takes long to compute stays in the caches") {
  Tensor<float, 1> x(large), y(large);
  CHECK(!streams(prepared(y[i], Assign::set, sin(x[i]))));
  CHECK(!streams(prepared(y[i], Assign::add, x[i])));
  CHECK(!streams(prepared(y[i], Assign::set, y[i] + 1)));
}

TEST_CASE("large outputs are right for every start, length and layout") {
  const std::int64_t rows = 1031, columns = 4099;  // odd rows: each begins elsewhere in a line
  Tensor<float, 2> x(rows, columns), y(rows, columns), z(columns, rows);
  for (std::int64_t n = 0; n < rows * columns; ++n) x.data()[n] = static_cast<float>(n * 7 % 1000003);
  const Prepared copy = prepared(y[i, j], Assign::set, x[i, j] + 1), turned = prepared(z[j, i], Assign::set, x[i, j]);
  CHECK(streams(copy));
  CHECK(streams(turned));
  for (const Prepared* p : {&copy, &turned}) REQUIRE(run_with_threads(*p) == "");
  bool same = true;
  for (std::int64_t n = 0; n < rows * columns; ++n) {
    same &= y.data()[n] == x.data()[n] + 1;
    same &= z.data()[n % columns * rows + n / columns] == x.data()[n];
  }
  CHECK(same);
}

TEST_CASE("what only moves elements past the caches does so at a few places of a row in turn") {
  Tensor<float, 1> x(large), y(large), z(large);
  const auto at_places = [](const Prepared& p) { return schedule_of(p).find(" at 4 places") != std::string::npos; };
  const bool fills_lines = host_target().vector_bytes >= 32;  // with two vectors at most
  CHECK(at_places(prepared(y[i], Assign::set, 2 * x[i] + z[i])) == fills_lines);
  CHECK(!at_places(prepared(y[i], Assign::set, sin(x[i]))));
  Tensor<float, 2> rows(4099, 1031), out(4099, 1031);
  CHECK(!at_places(prepared(out[i, j], Assign::set, rows[i, j] - sum(k, rows[i, k]))));
}

namespace {

/// Runs a statement with one thread and with three, and tells whether each stores what `expected` says of an element.
template <class T, class Run, class Expected>
bool stores(T* stored, std::int64_t size, const Run& run, const Expected& expected) {
  bool same = true;
  const int before = default_options().threads;
  for (const int threads : {1, 3}) {
    default_options().threads = threads;
    std::fill_n(stored, size, T(-1));
    run();
    for (std::int64_t n = 0; n < size; ++n) same &= stored[n] == expected(n);
  }
  default_options().threads = before;
  return same;
}

template <class T>
bool moves(std::int64_t size) {
  Tensor<T, 1> x(size), y(size);
  for (std::int64_t n = 0; n < size; ++n) x.data()[n] = static_cast<T>(n % 113);
  CHECK(streams(prepared(y[i], Assign::set, x[i] + i)));
  return stores(
      y.data(), size, [&] { y[i] = x[i] + i; }, [&](std::int64_t n) { return x.data()[n] + static_cast<T>(n); });
}

constexpr std::int64_t rows = 4099;

Tensor<float, 2> small_integers(std::int64_t columns) {  // their sums are exact
  Tensor<float, 2> x(rows, columns);
  for (std::int64_t n = 0; n < rows * columns; ++n) x.data()[n] = static_cast<float>(n * 7 % 64);
  return x;
}

}  // namespace

TEST_CASE("elements of every size arrive where they belong, from all places of a row") {
  for (const std::int64_t odd : {0, 63, 4097}) CHECK(moves<std::int64_t>((2 << 20) + odd));
  CHECK(moves<double>((2 << 20) + 1));
}

TEST_CASE("places of a row are no whole pages apart, and what is left of the row is stored too") {
  for (const std::int64_t columns : {4096, 4100, 8192, 1 << 16}) {
    CAPTURE(columns);
    const std::int64_t count = large / columns + 1;
    Tensor<float, 2> x(count, columns), y(count, columns);
    Tensor<float, 1> to_add(columns);
    for (std::int64_t n = 0; n < columns; ++n) to_add.data()[n] = static_cast<float>(n);
    for (std::int64_t n = 0; n < count * columns; ++n) x.data()[n] = static_cast<float>(n * 7 % 1013);
    const Prepared p = prepared(y[i, j], Assign::set, x[i, j] + to_add[j]);
    CHECK(streams(p));
    if (host_target().vector_bytes >= 32) CHECK(loops_of(p).find("= 1023\n") != std::string::npos);  // 4096 bytes
    const auto expected = [&](std::int64_t n) { return x.data()[n] + to_add.data()[n % columns]; };
    CHECK(stores(y.data(), count * columns, [&] { y[i, j] = x[i, j] + to_add[j]; }, expected));
  }
}

TEST_CASE("planes of pixels past the caches get every pixel, for any number of channels in whole lines") {
  const auto check = [](auto zero, std::int64_t pixels, std::int64_t channels) {
    using T = decltype(zero);
    CAPTURE(sizeof(T), pixels, channels);
    const std::int64_t images = (20 << 20) / (pixels * channels * static_cast<std::int64_t>(sizeof(T))) + 1;
    Tensor<T, 3> x(images, pixels, channels), y(images, channels, pixels);
    for (std::int64_t n = 0; n < x.size(); ++n) x.data()[n] = static_cast<T>(n % 1000003);
    if (host_target().vector_bytes >= 32) CHECK(streams(prepared(y[n, c, i], Assign::set, x[n, i, c])));
    const auto expected = [&](std::int64_t at) {
      const std::int64_t plane = at / pixels, image = plane / channels;
      return x.data()[(image * pixels + at % pixels) * channels + plane % channels];
    };
    CHECK(stores(y.data(), y.size(), [&] { y[n, c, i] = x[n, i, c]; }, expected));
  };
  for (const std::int64_t channels : {16, 48, 64, 272}) check(0.0f, 4096 + 80, channels);
  for (const std::int64_t channels : {8, 24}) check(0.0, 4096 + 40, channels);
  check(0.0f, 196, 64);
  check(0.0f, 1024, 20);
}

TEST_CASE("the interior of a large output goes past the caches, its borders as usual") {
  for (const std::int64_t by : {1, -1, 70}) {
    Tensor<float, 1> x(large), y(large);
    for (std::int64_t n = 0; n < large; ++n) x.data()[n] = static_cast<float>(n % 1013);
    const Prepared p = prepared(y[i], Assign::set, wrap(x)[i + by]);
    CHECK(streams(p));
    CHECK(schedule_of(p).find("interior i(") != std::string::npos);
    CHECK(schedule_of(p).find(" at 4 places") != std::string::npos);
    const auto expected = [&](std::int64_t n) { return x.data()[(n + by + large) % large]; };
    CHECK(stores(y.data(), large, [&] { y[i] = wrap(x)[i + by]; }, expected));
  }
  constexpr std::int64_t columns = 1031;
  const Tensor<float, 2> x = small_integers(columns);
  Tensor<float, 2> y(rows, columns);
  CHECK(streams(prepared(y[i, j], Assign::set, fill(x, 0)[i - 1, j + 1] + x[i, j])));
  const auto expected = [&](std::int64_t n) {
    const bool inside = n >= columns && n % columns + 1 < columns;
    return x.data()[n] + (inside ? x.data()[n - columns + 1] : 0);
  };
  CHECK(stores(y.data(), rows * columns, [&] { y[i, j] = fill(x, 0)[i - 1, j + 1] + x[i, j]; }, expected));
}

TEST_CASE("rows that a reduction reads first fetch the next two while they are stored past the caches") {
  const std::int64_t columns = 1031;
  const Tensor<float, 2> x = small_integers(columns);
  Tensor<float, 2> y(rows, columns);
  const Prepared p = prepared(y[i, j], Assign::set, x[i, j] - sum(k, x[i, k]));
  CHECK(streams(p));
  CHECK(schedule_of(p).find("fetching the next ") != std::string::npos);
  // The next one into the first cache, and the one after it into the second.
  CHECK(has(loops_of(p), "prefetch t1\\[%\\d+\\]\n"));
  CHECK(has(loops_of(p), "prefetch t1\\[%\\d+\\] later\n"));
  std::vector<float> sums(rows);
  for (std::int64_t n = 0; n < rows * columns; ++n) sums[static_cast<std::size_t>(n / columns)] += x.data()[n];
  CHECK(stores(
      y.data(), rows * columns, [&] { y[i, j] = x[i, j] - sum(k, x[i, k]); },
      [&](std::int64_t n) { return x.data()[n] - sums[static_cast<std::size_t>(n / columns)]; }));
}

TEST_CASE("scans down columns go past the caches, from the first row or from the last") {
  for (const std::int64_t columns : {1040, 1031}) {  // rows that begin lines, and others
    const Tensor<float, 2> x = small_integers(columns);
    Tensor<float, 2> down(rows, columns), up(rows, columns);
    for (const Prepared& p : {prepared(down[i, j], Assign::set, cumsum(i, x[i, j])),
                              prepared(up[i, j], Assign::set, sum(k(i, rows), x[k, j]))}) {
      CHECK(streams(p));
      CHECK(schedule_of(p).find("fetching the next ") != std::string::npos);
    }
    const std::int64_t size = rows * columns;
    std::vector<float> above(x.data(), x.data() + size), below = above;
    for (std::int64_t n = columns; n < size; ++n) {
      above[static_cast<std::size_t>(n)] += above[static_cast<std::size_t>(n - columns)];
      below[static_cast<std::size_t>(size - 1 - n)] += below[static_cast<std::size_t>(size - 1 - n + columns)];
    }
    CHECK(stores(
        down.data(), size, [&] { down[i, j] = cumsum(i, x[i, j]); },
        [&](std::int64_t n) { return above[static_cast<std::size_t>(n)]; }));
    CHECK(stores(
        up.data(), size, [&] { up[i, j] = sum(k(i, rows), x[k, j]); },
        [&](std::int64_t n) { return below[static_cast<std::size_t>(n)]; }));
  }
}

TEST_CASE("beside gathers outputs stay in the caches") {
  Tensor<float, 1> x(large), y(large);
  Tensor<std::int32_t, 1> place(large);
  Tensor<float, 1> pairs(2 * large);
  Tensor<float, 2> rows(large, 8);
  CHECK(!streams(prepared(y[i], Assign::set, x[place[i]])));
  CHECK(streams(prepared(y[i], Assign::set, pairs[2 * i])));  // vectors that are taken apart
  CHECK(!streams(prepared(y[i], Assign::set, rows[i, 3])));
}
