#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using Catch::Matchers::Contains;
using test::filled;
using test::shuffled;
using test::values;

namespace {
using Floats = std::vector<float>;
using Ints = std::vector<int>;
using Longs = std::vector<std::int64_t>;
}  // namespace

TEST_CASE("the left-hand side decides the order of the axes") {
  const auto in = filled<int>([](auto n) { return n; }, 2, 3);
  Tensor<int, 2> out(3, 2);
  out[j, i] = in[i, j];
  CHECK(values(out) == Ints{0, 3, 1, 4, 2, 5});
}

TEST_CASE("without a left-hand side the order is that of first appearance") {
  const auto in = filled<int>([](auto n) { return n; }, 2, 3);
  const Tensor<int, 1> rows{10, 20};
  CHECK(evaluate(rows[i] * in[i, j]).extents()[0] == 2);
  CHECK(evaluate(sum(k, in[k, j]) * rows[i]).extents()[0] == 3);
}

TEST_CASE("a number fills, and broadcasts over indices of the left") {
  Tensor<float, 2> out(2, 2);
  const Tensor<float, 1> row{1, 2};
  out[i, j] = 7;
  CHECK(values(out) == Floats{7, 7, 7, 7});
  out[i, j] = row[j];
  CHECK(values(out) == Floats{1, 2, 1, 2});
  out[0, j] = 5;
  CHECK(values(out) == Floats{5, 5, 1, 2});
  out[i, -1] = row[i] * 10;
  CHECK(values(out) == Floats{5, 10, 1, 20});
}

TEST_CASE("updates accumulate every duplicate") {
  const Tensor<std::int64_t, 1> at{0, 0, 1};
  const Tensor<float, 1> v{3, 9, 2};
  const auto updated = [&](auto update) {
    Tensor<float, 1> y{4, 4};
    update(y);
    return values(y);
  };
  CHECK(updated([&](auto& y) { y[at[n]] += v[n]; }) == Floats{16, 6});
  CHECK(updated([&](auto& y) { y[at[n]] -= v[n]; }) == Floats{-8, 2});
  CHECK(updated([&](auto& y) { y[at[n]] *= v[n]; }) == Floats{108, 8});
  CHECK(updated([&](auto& y) { y[at[n]].max_assign(v[n]); }) == Floats{9, 4});
  CHECK(updated([&](auto& y) { y[at[n]].min_assign(v[n]); }) == Floats{3, 2});
  CHECK(updated([&](auto& y) { y[at[n]] = v[n]; }) == Floats{9, 2});
}

TEST_CASE("bit updates of booleans") {
  const Tensor<std::int64_t, 1> at{0, 0, 1};
  const Tensor<bool, 1> v{false, true, false};
  Tensor<bool, 1> seen(2), all_seen{true, true};
  seen[at[n]] |= v[n];
  all_seen[at[n]] &= v[n];
  CHECK(values(seen) == std::vector<bool>{true, false});
  CHECK(values(all_seen) == std::vector<bool>{false, false});
}

TEST_CASE("a confusion matrix") {
  const Tensor<std::uint8_t, 1> label{0, 1, 2, 1}, pred{0, 2, 2, 1};
  Tensor<std::int64_t, 2> confusion(3, 3);
  confusion[label[n], pred[n]] += 1;
  CHECK(values(confusion) == Longs{1, 0, 0, 0, 1, 1, 0, 0, 1});
}

TEST_CASE("a product of matrices, as a reduction and as an update") {
  const Tensor<float, 2> A{{1, 2, 3}, {4, 5, 6}}, B{{1, 0}, {2, 1}, {0, 3}};
  Tensor<float, 2> C(2, 2);
  C[i, j] += A[i, k] * B[k, j];
  CHECK(values(C) == Floats{5, 11, 14, 23});
  CHECK(values(Tensor<float, 2>(sum(k, A[i, k] * B[k, j]))) == values(C));
}

TEST_CASE("the right-hand side sees the old values of the left") {
  Tensor<int, 1> a{1, 2, 3, 4};
  a[i] = a[3 - i];
  CHECK(values(a) == Ints{4, 3, 2, 1});
  Tensor<int, 2> m{{1, 2}, {3, 4}};
  m[i, j] = m[j, i];
  CHECK(values(m) == Ints{1, 3, 2, 4});
}

TEST_CASE("assigning an access evaluates, also one of the same type and through a copy") {
  Tensor<float, 1> a{1, 2}, b_{3, 4};
  a[i] = b_[i];
  CHECK(values(a) == Floats{3, 4});
  auto place = a[i];
  auto other = place;
  place = b_[i] * 2;
  CHECK(values(a) == Floats{6, 8});
  other = b_[i];
  CHECK(values(a) == Floats{3, 4});
  const Tensor<float, 1> constant{7, 8};
  a[i] = constant[i];
  CHECK(values(a) == Floats{7, 8});
}

TEST_CASE("results of rank 0") {
  const Tensor<float, 1> v{1, 2, 4};
  Tensor<float, 0> total = sum(i, v[i]);
  CHECK(float(total) == 7);
  total[] = max(i, v[i]);
  CHECK(total.at() == 4);
  total[] += v[i];
  CHECK(float(total) == 11);
  Tensor largest = argmax(v, 0);
  static_assert(std::is_same_v<decltype(largest), Tensor<std::int64_t, 0>>);
  CHECK(std::int64_t(largest) == 2);
  CHECK(values(Tensor(v[i] / total)) == Floats{1.0f / 11, 2.0f / 11, 4.0f / 11});
}

TEST_CASE("assignment converts within the kinds") {
  Tensor<float, 1> narrow(2);
  const Tensor<double, 1> wide{0.1, 0.2};
  const Tensor<int, 1> whole{3, 4};
  narrow[i] = wide[i];
  CHECK(values(narrow) == Floats{0.1f, 0.2f});
  narrow[i] = whole[i];
  CHECK(values(narrow) == Floats{3, 4});
  const Tensor<double, 1> converted = narrow;
  CHECK(values(converted) == std::vector<double>{3, 4});
}

TEST_CASE("negative whole numbers count from the end, and others are errors that name the axis") {
  const Tensor<int, 2> t{{1, 2, 3}, {4, 5, 6}};
  CHECK(values(Tensor(t[-1, j])) == Ints{4, 5, 6});
  for (int row : {-2, 0, 1}) CHECK(values(Tensor(t[row, j]))[0] == t.at(row, 0));
  CHECK_THROWS_WITH(Tensor(t[2, j]), Contains("subscript 2 is outside axis 0") && Contains("extent 2"));
  CHECK_THROWS_WITH(Tensor(t[i, -4]), Contains("subscript -4 is outside axis 1"));
}

TEST_CASE("an extent clash names the index and both axes") {
  const Tensor<float, 1> three(3), four(4);
  CHECK_THROWS_WITH(Tensor(three[i] + four[i]), Contains("index i") && Contains("3") && Contains("4"));
  try {
    Tensor t = three + four;
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(e.kind() == Error::Kind::extent);
  }
}

TEST_CASE("a computed subscript outside its axis is an error, and nothing else is written") {
  const Tensor<int, 1> at{0, 5};
  const Tensor<float, 1> v{1, 2};
  CHECK_THROWS_AS(Tensor(v[at[i]]), Error);
  try {
    Tensor t = v[at[i]];
  } catch (const Error& e) {
    CHECK(e.kind() == Error::Kind::bounds);
  }
}

TEST_CASE("a tensor without elements cannot be used") {
  Tensor<float, 1> nothing;
  CHECK_THROWS_WITH(Tensor(nothing[i]), Contains("before it has been given a value"));
}

TEST_CASE("one place in the text serves every axis, every shape and every pattern of equal tensors") {
  const auto reduce = [](const Tensor<float, 2>& a, const Tensor<float, 2>& b_, auto axis) {
    return values(Tensor<float, 1>(sum(a * b_, axis())));
  };
  const Tensor<float, 2> a{{1, 2}, {3, 4}}, ones{{1, 1}, {1, 1}}, wide{{1, 2, 3}};
  const auto rows = [] { return AxisOf<2>(1); };
  CHECK(reduce(a, ones, rows) == Floats{3, 7});
  CHECK(reduce(a, a, rows) == Floats{5, 25});
  CHECK(reduce(wide, wide, rows) == Floats{14});
  CHECK(reduce(ones, a, rows) == Floats{3, 7});
  const auto dynamic = [&](int axis) { return values(Tensor<float, 1>(sum(a, AxisOf<2>::at(axis)))); };
  CHECK(dynamic(0) == Floats{4, 6});
  CHECK(dynamic(1) == Floats{3, 7});
  CHECK(dynamic(-2) == Floats{4, 6});
  CHECK_THROWS_WITH(dynamic(2), Contains("axis 2, rank 2"));
}

TEST_CASE("one place serves every pattern of equal tensors among many") {
  const auto of = [](const Tensor<float, 1>& x, const Tensor<float, 1>& y, const Tensor<float, 1>& z) {
    return evaluate(x[i] + 2.0f * y[i] + 4.0f * z[i] + x[i] + x[i] + x[i] + x[i] + x[i] + x[i] + x[i] + x[i] + x[i] +
                    x[i] + x[i]).at(0);
  };
  const Tensor<float, 1> a{1}, b{10}, c{100};
  for (int run = 0; run < 2; ++run) {
    CHECK(of(a, a, a) == 18);
    CHECK(of(a, b, a) == 18 + 2 * 9);
    CHECK(of(a, a, b) == 18 + 4 * 9);
    CHECK(of(a, b, b) == 18 + 6 * 9);
    CHECK(of(a, b, c) == 18 + 2 * 9 + 4 * 99);
  }
}

TEST_CASE("whole numbers in subscripts may change from run to run") {
  const Tensor<int, 1> v{1, 2, 3, 4, 5};
  const auto reversed_from = [&](int last) {
    Tensor<int, 1> out(2);
    out[i] = v[last - i] * last;
    return values(out);
  };
  CHECK(reversed_from(4) == Ints{20, 16});
  CHECK(reversed_from(2) == Ints{6, 4});
  CHECK(reversed_from(3) == Ints{12, 9});
  CHECK(reversed_from(4) == Ints{20, 16});
  CHECK_THROWS_AS(reversed_from(5), Error);
}

TEST_CASE("a factor from which an extent follows may change from run to run") {
  const Tensor<int, 1> v = filled<int>([](auto n) { return n; }, 30);
  const auto sum_of_every = [&](std::int64_t step, std::int64_t from) {
    const Tensor<int, 0> all = sum(k, v[step * k + from]);
    return all.at();
  };
  const auto set_every = [&](std::int64_t step) {
    Tensor<int, 1> out(10);
    out[step * i] = v[step * i + 1];
    return values(out);
  };
  for (int round = 0; round < 2; ++round) {
    CHECK(sum_of_every(2, 1) == 15 * 15);
    CHECK(sum_of_every(7, 3) == 3 + 10 + 17 + 24);
    CHECK(sum_of_every(10, 3) == 3 + 13 + 23);
    CHECK(sum_of_every(10, 12) == 12 + 22);
    CHECK(set_every(2) == Ints{1, 0, 3, 0, 5, 0, 7, 0, 9, 0});
    CHECK(set_every(3) == Ints{1, 0, 0, 4, 0, 0, 7, 0, 0, 10});
    CHECK(set_every(4) == Ints{1, 0, 0, 0, 5, 0, 0, 0, 9, 0});
  }
  const auto sized = [&](std::int64_t step) {  // by the left: then the kernel serves all factors
    Tensor<int, 1> out(3);
    const std::int64_t before = cache_counters().compiled;
    out[i] = v[step * i] + 5;
    CHECK(values(out) == Ints{5, static_cast<int>(step) + 5, static_cast<int>(2 * step) + 5});
    return cache_counters().compiled - before;
  };
  for (const std::int64_t step : {2, 3}) CHECK(sized(step) == 1);
  for (const std::int64_t step : {4, 5, 14}) CHECK(sized(step) == 0);
}

TEST_CASE("whole numbers that stay the same are known to the kernel, whatever others do") {
  const auto differences = [](std::int64_t from, std::int64_t n) {
    const Tensor<int, 1> v = filled<int>(shuffled(1009), n);
    Tensor<int, 1> out(n);
    const std::int64_t before = cache_counters().compiled;
    out[i(from, n - 1)] = v[i + 1] - v[i] * 3;
    for (std::int64_t k = 0; k < n; ++k)
      CHECK(out.at(k) == (k < from || k == n - 1 ? 0 : v.at(k + 1) - v.at(k) * 3));
    return cache_counters().compiled - before;
  };
  CHECK(differences(2, 30) == 1);
  CHECK(differences(2, 40) == 1);  // that v[i + 1] is a neighbour is still known
  CHECK(differences(2, 50) == 0);
  CHECK(differences(2, 33) == 0);
  CHECK(differences(1, 50) == 1);  // then all may change
  CHECK(differences(3, 70) == 0);
  CHECK(differences(2, 30) == 0);
}
