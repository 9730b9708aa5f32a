// The right-hand side sees the old values of the left, at the price of a copy only where there is no other way.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/program_builder.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Runs the statement in every way; the bytes of copies it made.
std::int64_t copied_bytes(const Prepared& p) {
  const Ran ran = run_everywhere(p);
  CHECK(ran.fault == "");
  CHECK(!ran.error);
  return ran.report.temporary_bytes;
}

auto counting(std::int64_t n) {
  return filled<float>([](auto k) { return k + 1; }, n);
}

}  // namespace

TEST_CASE("an elementwise update in place copies nothing") {
  auto x = counting(100);
  CHECK(copied_bytes(prepared(x[i], Assign::set, x[i] * 2)) == 0);
  CHECK(x.at(99) == 200);
  CHECK(copied_bytes(prepared(x[i], Assign::add, x[i] * x[i])) == 0);
  CHECK(x.at(0) == 6);
  auto m = filled<double>(shuffled(50), 9, 17);
  const double before = m.at(4, 9);
  CHECK(copied_bytes(prepared(m[i, j], Assign::set, where(m[i, j] > 25, m[i, j] - 25, m[i, j]))) == 0);
  CHECK(m.at(4, 9) == (before > 25 ? before - 25 : before));
}

TEST_CASE("a transposition onto itself reads the old values") {
  for (int n : {1, 2, 5, 16, 17, 33}) {
    auto s = filled<float>([](auto k) { return k; }, n, n);
    const std::int64_t bytes = copied_bytes(prepared(s[i, j], Assign::set, s[j, i]));
    CHECK(bytes == n * n * 4);
    for (int a = 0; a < n; ++a)
      for (int b = 0; b < n; ++b) REQUIRE(s.at(a, b) == static_cast<float>(b * n + a));
  }
}

TEST_CASE("a slice made of other slices of the same array copies nothing, and one made of all of it keeps its values first") {
  for (const std::int64_t from : {0, 1, 2, -1}) {
    auto m = filled<float>(shuffled(97), 4, 40);
    const auto before = m.copy();
    const std::int64_t row = from < 0 ? 3 : from;
    CHECK(copied_bytes(prepared(m[1, j], Assign::set, m[from, j] * 2 - m[2, j] + m[1, j])) == 0);
    for (int c = 0; c < 40; ++c) REQUIRE(m.at(1, c) == before.at(row, c) * 2 - before.at(2, c) + before.at(1, c));
    CHECK(copied_bytes(prepared(m[1, j], Assign::add, m[from, j])) == 0);
    CHECK(copied_bytes(prepared(m[j, 2], Assign::set, m[j, from])) == 0);
    CHECK(copied_bytes(prepared(m[1, j], Assign::set, m[from, 39 - j])) == 40 * 4);
    CHECK(copied_bytes(prepared(m[1, j], Assign::set, sum(i, m[i, j]))) > 0);
  }
}

TEST_CASE("a reversal onto itself reads the old values") {
  for (int n : {2, 3, 16, 31, 100}) {
    auto a = counting(n);
    CHECK(copied_bytes(prepared(a[i], Assign::set, a[n - 1 - i])) == n * 4);
    for (int k = 0; k < n; ++k) REQUIRE(a.at(k) == static_cast<float>(n - k));
    Tensor<float, 1> reversed = a.flipped(0);
    CHECK(copied_bytes(prepared(a[i], Assign::set, reversed[i])) == n * 4);
    for (int k = 0; k < n; ++k) REQUIRE(a.at(k) == static_cast<float>(k + 1));
  }
}

TEST_CASE("shifts through overlapping views read the old values") {
  for (std::int64_t by : {1, 3, 16, 17}) {
    const std::int64_t n = 100;
    auto a = counting(n), b = counting(n);
    Tensor<float, 1> to = a.sliced(0, by, n);
    const Tensor<float, 1> from = a.sliced(0, 0, n - by);
    CHECK(copied_bytes(prepared(to[i], Assign::set, from[i])) == (n - by) * 4);
    for (std::int64_t k = 0; k < n; ++k) REQUIRE(a.at(k) == static_cast<float>(k < by ? k + 1 : k + 1 - by));
    Tensor<float, 1> low = b.sliced(0, 0, n - by);
    const Tensor<float, 1> high = b.sliced(0, by, n);
    CHECK(copied_bytes(prepared(low[i], Assign::set, high[i] + low[i])) == 0);
    for (std::int64_t k = 0; k < n - by; ++k) REQUIRE(b.at(k) == static_cast<float>(2 * k + 2 + by));
  }
}

TEST_CASE("a running neighbour sum in place reads the old values") {
  auto a = counting(50);
  Tensor<float, 1> middle = a.sliced(0, 1, 49);
  const Tensor<float, 1> left = a.sliced(0, 0, 48), right = a.sliced(0, 2, 50);
  CHECK(copied_bytes(prepared(middle[i], Assign::set, left[i] + middle[i] + right[i])) == 2 * 48 * 4);
  for (int k = 1; k < 49; ++k) REQUIRE(a.at(k) == static_cast<float>(3 * (k + 1)));
}

TEST_CASE("a gather from the target reads the old values") {
  auto a = counting(40);
  const auto order = filled<std::int32_t>([](auto k) { return k * 7 % 40; }, 40);
  CHECK(copied_bytes(prepared(a[i], Assign::set, a[order[i]])) == 40 * 4);
  for (int k = 0; k < 40; ++k) REQUIRE(a.at(k) == static_cast<float>(k * 7 % 40 + 1));
  auto b = counting(40);
  CHECK(copied_bytes(prepared(b[order[i]], Assign::set, b[i])) == 40 * 4);
  for (int k = 0; k < 40; ++k) REQUIRE(b.at(k * 7 % 40) == static_cast<float>(k + 1));
}

TEST_CASE("a reduction over the target reads the old values") {
  auto a = filled<float>(shuffled(20), 12, 17);
  const std::vector<float> before = values(a);
  REQUIRE(run_everywhere(prepared(a[i, j], Assign::subtract, max(k, a[i, k]))).fault == "");
  for (int r = 0; r < 12; ++r) {
    float largest = 0;
    for (int c = 0; c < 17; ++c) largest = std::max(largest, before[static_cast<std::size_t>(r * 17 + c)]);
    for (int c = 0; c < 17; ++c) REQUIRE(a.at(r, c) == before[static_cast<std::size_t>(r * 17 + c)] - largest);
  }
}

TEST_CASE("views that interleave or only touch copy at most themselves") {
  auto a = counting(60);
  Tensor<float, 1> even = a.sliced(0, 0, 60, 2);
  const Tensor<float, 1> odd = a.sliced(0, 1, 60, 2);
  CHECK(copied_bytes(prepared(even[i], Assign::set, odd[i] * 10)) <= 30 * 4);
  for (int k = 0; k < 30; ++k) REQUIRE(a.at(2 * k) == static_cast<float>(10 * (2 * k + 2)));
  Tensor<float, 1> front = a.sliced(0, 0, 30);
  const Tensor<float, 1> back = a.sliced(0, 30, 60);
  CHECK(copied_bytes(prepared(front[i], Assign::set, back[i])) == 0);
  CHECK(front.at(29) == a.at(59));
}

TEST_CASE("a subscript that depends on the target's old values fails with the error that they give") {
  auto a = filled<std::int64_t>([](auto k) { return k == 30 ? 77 : k % 9; }, 40);
  const auto table = filled<std::int64_t>([](auto k) { return k; }, 9);
  const Ran ran = run_everywhere(prepared(a[i], Assign::set, table[a[i]]));
  CHECK(ran.fault == "");
  CHECK(ran.message == "subscript 77 is outside axis 0 of t1 (extent 9) at i=30");
}

TEST_CASE("a recurrence sees what it wrote in its target, and through other views of it what was there before") {
  ProgramBuilder p;
  const ir::TensorId seen = p.tensor("seen", DType::f64, 1), written = p.tensor("written", DType::f64, 1);
  const ir::AxisId t = p.axis("t");
  const ir::Expr before = p.op(Op::subtract, {p.index(t), p.whole(1)});
  const ir::Expr inside = p.op(Op::greater_equal, {before, p.whole(0)});
  const ir::Expr running = p.at(written, {before}, inside);
  ir::Expr beside = nullptr;
  SECTION("at the step before") { beside = p.at(seen, {before}, inside); }
  SECTION("at the step itself") { beside = p.at(seen, {p.index(t)}); }
  p.assign(written, {p.index(t)}, p.op(Op::add, {running, beside}), {t}).in_order = t;
  for (const std::int64_t size : {1, 4, 100})
    for (const std::int64_t shift : {0, 1}) {
      CAPTURE(size, shift);
      const Tensor<double, 1> all = filled<double>(shuffled(5), size + shift);
      const Tensor<double, 1> first = all.sliced(0, 0, size), second = all.sliced(0, shift, size + shift);
      const Ran ran = run_everywhere(p.program, std::array{first.array().view(), second.array().view()});
      CHECK(ran.fault + ran.message == "");
    }
}

TEST_CASE("what is read beside the elements that are written is not copied") {
  for (const std::int64_t n : {2, 3, 40, 101, 1000}) {
    auto x = counting(2 * n);
    CAPTURE(n);
    CHECK(copied_bytes(prepared(x[2 * i], Assign::set, x[2 * i + 1] * 2)) == 0);
    for (std::int64_t k = 0; k < 2 * n; ++k) REQUIRE(x.at(k) == static_cast<float>(k % 2 == 0 ? 2 * (k + 2) : k + 1));
    auto m = filled<float>([](auto k) { return k + 1; }, n, 8);
    CHECK(copied_bytes(prepared(m[i, 4 * j + 3], Assign::set, m[n - 1 - i, 6 * j + 2])) == 0);
    for (std::int64_t k = 0; k < n; ++k) REQUIRE(m.at(k, 3) == static_cast<float>(8 * (n - 1 - k) + 3));
    // These meet.
    auto y = counting(2 * n);
    CHECK(copied_bytes(prepared(y[2 * i], Assign::set, y[2 * n - 2 - 2 * i])) == 8 * n);
    for (std::int64_t k = 0; k < n; ++k) REQUIRE(y.at(2 * k) == static_cast<float>(2 * (n - 1 - k) + 1));
    auto z = counting(n);
    CHECK(copied_bytes(prepared(z[n - 1], Assign::set, z[-1] + 1)) == 0);
    CHECK(z.at(n - 1) == static_cast<float>(n + 1));
  }
}

TEST_CASE("what overlaps the target may have fewer axes") {
  auto m = counting(12).copy();
  const auto matrix = Tensor<float, 2>::view(m.data(), {3, 4}, {4, 1});
  const auto element = Tensor<float, 0>::view(m.data() + 5, {}, {});
  const auto row = Tensor<float, 1>::view(m.data() + 4, {4}, {1});
  CHECK(copied_bytes(prepared(matrix[i, j], Assign::set, matrix[i, j] * element[] + row[j])) == 4 + 16);
  for (std::int64_t n = 0; n < 12; ++n)
    CHECK(m.at(n) == static_cast<float>((n + 1) * 6 + (n % 4 + 5)));
}
