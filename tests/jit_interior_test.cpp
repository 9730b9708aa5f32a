// Borders are peeled off: inside, guarded reads are plain loads, and results are the same for every size.
#include <catch2/catch.hpp>
#include <algorithm>
#include <sstream>
#include <string>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::filled;
using test::loops_of;
using test::prepared;
using test::run_everywhere;
using test::schedule_of;
using test::shuffled;

namespace {

/// The body of the first loop with this step, to its end on the same level of indentation.
std::string body_of_step(const std::string& loops, int step) {
  const std::size_t at = loops.find("step " + std::to_string(step) + " {");
  REQUIRE(at != std::string::npos);
  const std::size_t line = loops.rfind('\n', at) + 1;
  const std::string indent = loops.substr(line, loops.find("for", line) - line);
  return loops.substr(at, loops.find("\n" + indent + "}", at) - at);
}

/// Whether some read of the buffer has no mask.
bool has_plain_read(const std::string& loops, const std::string& buffer) {
  std::istringstream lines(loops);
  for (std::string line; std::getline(lines, line);)
    if (line.find(" " + buffer + "[") != std::string::npos && line.find("mask") == std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("the steps of a series load without masks inside, for every length", "[acceptance]") {
  for (std::int64_t n : {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129, 4095, 4097, 5000}) {
    const auto a = filled<float>(shuffled(37), n);
    Tensor<float, 1> y(n);
    const Prepared p = prepared(y[i], Assign::set, where(i > 0, a[i] - a[i - 1], a[i]));
    CAPTURE(n);
    REQUIRE(run_everywhere(p).fault == "");
    REQUIRE(y.at(0) == a.at(0));
    for (std::int64_t k = 1; k < n; ++k) REQUIRE(y.at(k) == a.at(k) - a.at(k - 1));
    if (n != 100) continue;
    const std::string inside = body_of_step(loops_of(p), host_target().vector_bytes);
    CHECK(inside.find("load") != std::string::npos);
    CHECK(inside.find("mask") == std::string::npos);
    CHECK(inside.find("select") == std::string::npos);
    CHECK(inside.find(" > ") == std::string::npos);
  }
}

TEST_CASE("guards at the end, in the else branch and with != are peeled as well") {
  const auto a = filled<float>(shuffled(37), 300);
  Tensor<float, 1> y(300);
  const auto check = [&](const Prepared& p) {
    REQUIRE(run_everywhere(p).fault == "");
    const std::string schedule = schedule_of(p);
    CHECK(schedule.find("interior i(") != std::string::npos);
    const std::string inside = body_of_step(loops_of(p), host_target().vector_bytes);
    CHECK(inside.find("mask") == std::string::npos);
  };
  check(prepared(y[i], Assign::set, where(i < 299, a[i + 1], 0)));
  check(prepared(y[i], Assign::set, where(i == 0, 0, a[i - 1])));
  check(prepared(y[i], Assign::set, where(i != 0, a[i - 1], 0)));
  check(prepared(y[i], Assign::set, fill(a, 0)[i - 2] + fill(a, 0)[i + 3]));
  check(prepared(y[i], Assign::set, fill(a, -1)[299 - i + 1]));
}

TEST_CASE("subscripts that wrap or clip keeps inside are read as they stand where they are inside") {
  for (std::int64_t n : {1, 2, 15, 16, 17, 65, 300, 5000}) {
    const auto a = filled<float>(shuffled(37), n);
    const auto rows = filled<float>(shuffled(41), 6, n);
    Tensor<float, 1> y(n);
    Tensor<float, 2> z(6, n);
    const auto at = [&](std::int64_t k) { return a.at(((k % n) + n) % n); };
    const auto check = [&](const Prepared& p, auto expected) {
      CAPTURE(n);
      REQUIRE(run_everywhere(p).fault == "");
      for (std::int64_t k = 0; k < n; ++k) REQUIRE(y.at(k) == expected(k));
      CHECK(schedule_of(p).find("interior i(") != std::string::npos);
      if (n != 300) return;
      const std::string inside = body_of_step(loops_of(p), host_target().vector_bytes);
      CHECK(inside.find("load") != std::string::npos);
      CHECK(inside.find("gather") == std::string::npos);
    };
    check(prepared(y[i], Assign::set, wrap(a)[i + 1]), [&](auto k) { return at(k + 1); });
    check(prepared(y[i], Assign::set, wrap(a)[i - 2] + wrap(a)[i + 3]), [&](auto k) { return at(k - 2) + at(k + 3); });
    check(prepared(y[i], Assign::set, clip(a)[i - 1] - clip(a)[i + 1]),
          [&](auto k) { return a.at(std::max<std::int64_t>(k - 1, 0)) - a.at(std::min(k + 1, n - 1)); });
    REQUIRE(run_everywhere(prepared(z[i, j], Assign::set, wrap(rows)[i + 5, j - 1] + clip(rows)[i - 2, j + 9])).fault ==
            "");
    REQUIRE(run_everywhere(prepared(z[i, j], Assign::set, wrap(rows)[2 * i - j, 3 * j + 1])).fault == "");
  }
}

TEST_CASE("subscripts that are reflected at the ends are read as they stand inside") {
  for (std::int64_t n : {3, 4, 15, 16, 17, 65, 300, 5000}) {
    const auto a = filled<float>(shuffled(37), n);
    Tensor<float, 1> y(n + 4);
    const auto check = [&](const Prepared& p, auto place) {
      CAPTURE(n);
      REQUIRE(run_everywhere(p).fault == "");
      for (std::int64_t k = 0; k < n + 4; ++k) REQUIRE(y.at(k) == a.at(place(k - 2)));
      CHECK(schedule_of(p).find("interior i(") != std::string::npos);
      if (n != 300) return;
      const std::string inside = body_of_step(loops_of(p), host_target().vector_bytes);
      CHECK(inside.find("load") != std::string::npos);
      CHECK(inside.find("gather") == std::string::npos);
    };
    const auto reflected = [&](std::int64_t k) { return n - 1 - std::abs(n - 1 - std::abs(k)); };
    const auto mirrored = [&](std::int64_t k) { return k < 0 ? -1 - k : k < n ? k : 2 * n - 1 - k; };
    check(prepared(y[i], Assign::set, a[n - 1 - abs(n - 1 - abs(i - 2))]), reflected);
    const auto from_start = maximum(i - 2, 1 - i);
    check(prepared(y[i], Assign::set, a[minimum(from_start, 2 * n - 1 - from_start)]), mirrored);
    check(prepared(y[i], Assign::set, clip(a)[i - 2]),
          [&](std::int64_t k) { return std::clamp(k, std::int64_t{0}, n - 1); });
    Tensor<float, 1> z(n);
    REQUIRE(run_everywhere(prepared(z[i], Assign::set, a[abs(abs(i - n / 2) - n / 2)])).fault == "");  // inner falls
    REQUIRE(run_everywhere(prepared(z[i], Assign::set, a[minimum(abs(n - 1 - 2 * i), n - 1)])).fault == "");
    REQUIRE(run_everywhere(prepared(z[i], Assign::set, fill(a, 7)[abs(i - 3) + 1])).fault == "");
  }
}

TEST_CASE("borders of bytes, short and long, are gone through once") {
  for (const std::int64_t n : {5, 40, 64, 200, 5000})
    for (const std::int64_t by : {1, 3, 16, 17, 150}) {
      const auto x = filled<std::uint8_t>([](std::int64_t k) { return static_cast<std::uint8_t>(k * 151 + k / 7); }, n);
      Tensor<std::uint8_t, 1> wrapped(n), filled_up(n), clipped(n);
      const auto inside = [&](std::int64_t k) { return k >= 0 && k < n; };
      CAPTURE(n, by);
      REQUIRE(run_everywhere(prepared(wrapped[i], Assign::add, wrap(x)[i - by] + wrap(x)[i + 1] + x[i])).fault == "");
      REQUIRE(run_everywhere(prepared(clipped[i], Assign::add, clip(x)[i + by])).fault == "");
      REQUIRE(run_everywhere(prepared(filled_up[i], Assign::add, fill(x, 3)[i - by] + fill(x, 5)[i + by] +
                                                                     fill(x, 7)[i + 1])).fault == "");
      for (std::int64_t k = 0; k < n; ++k) {
        const auto at = [&](std::int64_t place) { return x.at(((place % n) + n) % n); };
        REQUIRE(wrapped.at(k) == static_cast<std::uint8_t>(at(k - by) + at(k + 1) + at(k)));
        REQUIRE(clipped.at(k) == x.at(std::min(k + by, n - 1)));
        const int before = inside(k - by) ? at(k - by) : 3, behind = inside(k + by) ? at(k + by) : 5;
        REQUIRE(filled_up.at(k) == static_cast<std::uint8_t>(before + behind + (inside(k + 1) ? at(k + 1) : 7)));
      }
    }
}

TEST_CASE("a padded, strided and dilated convolution tests nothing inside", "[acceptance]") {
  for (std::int64_t size : {1, 2, 5, 9, 40, 41}) {
    const auto x = filled<float>(shuffled(13), 2, 3, size, size);
    const auto weight = filled<float>(shuffled(7), 3, 3, 3);
    const std::int64_t out = size < 3 ? 1 : (size - 3) / 2 + 1;
    Tensor<float, 3> y(2, out, out);
    const auto value = sum(c, i, j, fill(x, 0)[b, c, 2 * h + 2 * i - 1, 2 * w + 2 * j - 1] * weight[c, i, j]);
    const Prepared p = prepared(y[b, h, w], Assign::set, value);
    CAPTURE(size);
    REQUIRE(run_everywhere(p).fault == "");
    for (int image = 0; image < 2; ++image)
      for (int row = 0; row < out; ++row)
        for (int col = 0; col < out; ++col) {
          float total = 0;
          for (int q = 0; q < 3; ++q)
            for (int u = 0; u < 3; ++u)
              for (int v = 0; v < 3; ++v) {
                const int yy = 2 * row + 2 * u - 1, xx = 2 * col + 2 * v - 1;
                if (yy < 0 || xx < 0 || yy >= size || xx >= size) continue;
                total += x.at(image, q, yy, xx) * weight.at(q, u, v);
              }
          REQUIRE(y.at(image, row, col) == total);
        }
    if (size < 40) continue;
    const std::string schedule = schedule_of(p);
    CHECK(schedule.find("interior h(") != std::string::npos);
    CHECK(schedule.find("interior w(") != std::string::npos);
    const std::string loops = loops_of(p);
    CHECK(loops.find("if ") != std::string::npos);
    CHECK(has_plain_read(loops, "t1"));
  }
}

TEST_CASE("what does not move along a peeled axis keeps its guard") {
  const Tensor<float, 1> a{1, 2, 3};
  const Tensor<int, 1> bad{99};
  // In one row, h > 0 never holds, so bad[0] is never a subscript.
  for (std::int64_t rows : {1, 2}) {
    Tensor<float, 2> y(rows, 40);
    const Prepared p =
        prepared(y[h, w], Assign::set, where(h > 0, a[bad[0] + 0 * w], 7) + where(w > 0, a[bad[0] * (h > 0)], 1));
    const test::Ran ran = run_everywhere(p);
    REQUIRE(ran.fault == "");
    CHECK(ran.error.has_value() == (rows > 1));
  }
}

TEST_CASE("a window that slides along the lanes keeps its states in registers and tests nothing inside") {
  const auto x = filled<float>(shuffled(19), 1000);
  Tensor<float, 1> y(1000);
  const Prepared p = prepared(y[i], Assign::set, sum(k(0, 5), fill(x, 0)[i + k - 2]));
  REQUIRE(run_everywhere(p).fault == "");
  for (int n : {0, 1, 2, 500, 997, 998, 999}) {
    float total = 0;
    for (int at = std::max(n - 2, 0); at <= std::min(n + 2, 999); ++at) total += x.at(at);
    CHECK(y.at(n) == total);
  }
  const std::string loops = loops_of(p);
  CHECK(loops.find("scratch") == std::string::npos);
  CHECK(has_plain_read(loops, "t1"));
}
