// Recurrences: an index that runs in order, in both languages, against direct loops.
#include <catch2/catch.hpp>
#include <cmath>

#include "ricci/compile.hpp"
#include "support/backends.hpp"
#include "support/program_text.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using ricci::names::b, ricci::names::i, ricci::names::j, ricci::names::k, ricci::names::t;
using test::filled;
using test::shuffled;
using test::values;

namespace {

/// What is wrong with target = scan(index, value) in some way to run it; the target then holds the elements.
template <class Target, class Index, class Value>
std::string fault(const Target& target, const Index&, const Value& value) {
  const test::Ran ran = test::run_everywhere(test::prepared(target, Assign::set, Scan<Index, Node<Value>>(value)));
  return ran.error ? ran.message : ran.fault;
}

template <class T>
void check_linear(int rows, int steps, bool rows_last) {
  const auto shape = [&](auto f) {
    auto x = rows_last ? filled<T>(f, steps, rows) : filled<T>(f, rows, steps);
    return rows_last ? x.permuted({1, 0}) : x;
  };
  auto y = shape([](auto) { return 0; });
  const auto a = shape(shuffled(3)), x = shape(shuffled(13));
  REQUIRE(fault(y[b, t], t, a[b, t] * where(t > 0, y[b, t - 1], 1) + x[b, t]).empty());
  for (int r = 0; r < rows; ++r) {
    T carried = 1;
    for (int s = 0; s < steps; ++s) {
      carried = static_cast<T>(a.at(r, s) * carried + x.at(r, s));
      REQUIRE(y.at(r, s) == carried);
    }
  }
}

}  // namespace

TEST_CASE("a linear recurrence along either axis of either layout") {
  for (const bool rows_last : {false, true}) {
    check_linear<float>(3, 1000, rows_last);
    check_linear<float>(1000, 17, rows_last);
    check_linear<double>(17, 64, rows_last);
    check_linear<std::int64_t>(64, 33, rows_last);
    check_linear<std::uint8_t>(70, 17, rows_last);
    check_linear<float>(1, 1, rows_last);
    check_linear<double>(2, 2, rows_last);
    check_linear<float>(0, 5, rows_last);
    check_linear<float>(5, 0, rows_last);
  }
}

TEST_CASE("later and equal positions are seen as they were before") {
  Tensor<std::int64_t, 1> y{1, 2, 3, 4};
  y[t].scan(t, y[t] * 10 + where(t < 3, clip(y)[t + 1], 0) + where(t > 0, clip(y)[t - 1], 0));
  CHECK(values(y) == std::vector<std::int64_t>{12, 23 + 12, 34 + 35, 40 + 69});
}

TEST_CASE("the scores of the best paths") {
  const int T = 6, K = 37;
  const auto A = filled<float>(shuffled(11), K, K), E = filled<float>(shuffled(7), T, K);
  Tensor<float, 2> D(T, K);
  const auto step = where(t > 0, max(j, D[t - 1, j] + A[j, k]) + E[t, k], E[0, k]);
  REQUIRE(fault(D[t, k], t, step).empty());
  std::vector<float> row(K);
  for (int s = 0; s < T; ++s) {
    std::vector<float> next(K);
    for (int to = 0; to < K; ++to) {
      float best = -INFINITY;
      for (int from = 0; from < K; ++from) best = std::max(best, row[from] + A.at(from, to));
      next[to] = s > 0 ? best + E.at(s, to) : E.at(0, to);
      REQUIRE(D.at(s, to) == next[to]);
    }
    row = next;
  }
  D[t, k].scan(t, step);
  CHECK(last_report().temporary_bytes == 0);
}

TEST_CASE("a path is followed backwards") {
  const Tensor<std::int64_t, 2> back{{9, 9, 9}, {2, 0, 1}, {1, 2, 0}, {0, 1, 2}};
  Tensor<std::int64_t, 1> path(4);
  const Tensor<std::int64_t, 1> steps(4);
  const int last = 3;
  path[last - t].scan(t, where(t > 0, fill(back, -1)[last + 1 - t, wrap(path)[last + 1 - t]], 1) + steps[t]);
  CHECK(values(path) == std::vector<std::int64_t>{1, 2, 1, 1});
}

TEST_CASE("one is kept if no kept one before it is near") {
  for (const int n : {0, 1, 2, 33, 100}) {
    const auto at = filled<float>(shuffled(97, 31), n);
    const auto order = filled<int>([&](auto m) { return n - 1 - m; }, n);
    Tensor<bool, 1> keep(n);
    keep[i].scan(i, !any(j, (j < i) & (abs(at[order[j]] - at[order[i]]) < 5) & keep[j]));
    std::vector<int> kept;
    for (int m = 0; m < n; ++m) {
      bool alone = true;
      for (int other : kept) alone = alone && std::abs(at.at(n - 1 - other) - at.at(n - 1 - m)) >= 5;
      if (alone) kept.push_back(m);
      REQUIRE(keep.at(m) == alone);
    }
  }
}

TEST_CASE("a step that reads what it writes computes all its values first") {
  const int T = 5, K = 70;
  Tensor<float, 2> D = filled<float>(shuffled(5), T, K);
  const Tensor<float, 2> before = D.copy();
  const auto step = where(t > 0, D[t - 1, 69 - k], 1) + 2 * D[t, 69 - k];
  REQUIRE(fault(D[t, k], t, step).empty());
  std::vector<float> row(K, 1.f);
  for (int s = 0; s < T; ++s) {
    std::vector<float> next(K);
    for (int to = 0; to < K; ++to) next[to] = (s > 0 ? row[K - 1 - to] : 1) + 2 * before.at(s, K - 1 - to);
    row = next;
    for (int to = 0; to < K; ++to) REQUIRE(D.at(s, to) == row[to]);
  }
  D[t, k].scan(t, step);
  CHECK(last_report().temporary_bytes == K * 4);
}

TEST_CASE("a reduction over what earlier steps wrote stays within the steps") {
  Tensor<double, 1> y(50);
  const auto x = filled<double>(shuffled(9), 50);
  REQUIRE(fault(y[t], t, x[t] - 0.5 * sum(j, y[j])).empty());
  double sum_so_far = 0;
  for (int s = 0; s < 50; ++s) {
    REQUIRE(y.at(s) == x.at(s) - 0.5 * sum_so_far);
    sum_so_far += y.at(s);
  }
  Tensor<double, 2> z(6, 9);
  REQUIRE(fault(z[t, k], t, k + where(t > 0, sum(j, delta(j, k % 3) * clip(z)[t - 1, j]), 0)).empty());
  for (int s = 1; s < 6; ++s)
    for (int to = 0; to < 9; ++to) REQUIRE(z.at(s, to) == to + z.at(s - 1, to % 3));
}

TEST_CASE("a reduction of something else is done before, once") {
  Tensor<float, 2> y(7, 20);
  const auto w = filled<float>(shuffled(4), 7, 30), x = filled<float>(shuffled(6), 7, 20);
  y[b, t].scan(t, where(t > 0, y[b, t - 1], 0) + x[b, t] * sum(j, w[b, j]));
  for (int r = 0; r < 7; ++r) {
    float total = 0, carried = 0;
    for (int n = 0; n < 30; ++n) total += w.at(r, n);
    for (int s = 0; s < 20; ++s) {
      carried += x.at(r, s) * total;
      REQUIRE(y.at(r, s) == carried);
    }
  }
}

TEST_CASE("another view of the tensor has its old values") {
  Tensor<std::int64_t, 1> y{1, 2, 3, 4};
  const Tensor<std::int64_t, 1> same = y.sliced(0, 0, 3);
  y[t].scan(t, where(t > 0, clip(y)[t - 1] + clip(same)[t - 1], 5));
  CHECK(values(y) == std::vector<std::int64_t>{5, 6, 8, 11});
}

TEST_CASE("the bad subscript of a step is named") {
  Tensor<std::int64_t, 1> y{0, 0, 0, 0};
  CHECK_THROWS_WITH((y[t].scan(t, y[t - 1])),
                    Catch::Matchers::Contains("subscript -1 is outside axis 0") && Catch::Matchers::Contains("at t=0"));
}

TEST_CASE("recurrences in the text language") {
  const auto x = filled<float>(shuffled(13), 3, 20);
  const test::Bindings bindings{{"x", x.array()}};
  const auto y =
      test::text_values<float>("y = zeros(3, 20)\ny[b, t] = scan(t, where(t > 0, y[b, t - 1], 0) + x[b, t])", bindings);
  for (int r = 0; r < 3; ++r) {
    float total = 0;
    for (int s = 0; s < 20; ++s) REQUIRE(y[static_cast<std::size_t>(r * 20 + s)] == (total += x.at(r, s)));
  }
}

TEST_CASE("what is no recurrence is refused with one sentence") {
  const auto x = filled<float>(shuffled(13), 3, 20);
  const auto order = filled<std::int64_t>(shuffled(3), 3);
  const test::Bindings bindings{{"x", x.array()}, {"order", order.array()}};
  const auto refused = [&](const std::string& text) { return test::text_fault(text, bindings); };
  using Catch::Matchers::Contains;
  CHECK_THAT(refused("x[b, t] = scan(k, x[b, t] + k)"),
             Contains("the index of a scan is one subscript of the tensor on the left"));
  CHECK_THAT(refused("x[t, t] = scan(t, x[t, t])"),
             Contains("the index of a scan is one subscript of the tensor on the left"));
  CHECK_THAT(refused("x[2 * t, b] = scan(t, x[t, b])"), Contains("by itself or shifted, as in d[t, k] or d[n - t, k]"));
  CHECK_THAT(refused("order[order[0] - t] = scan(t, order[t])"),
             Contains("the subscripts on the left of a scan cannot read the tensor that it writes"));
  CHECK_THAT(refused("y[b, t] = scan(t, x[b, t] + y[b, t - 1])"),
             Contains("a scan needs a tensor that exists, as made by y = zeros(10)"));
  CHECK_THAT(refused("x[b, t] += scan(t, x[b, t])"),
             Contains("scan(t, ...) is all of the right-hand side of an assignment with ="));
  CHECK_THAT(refused("x[b, t] = 1 + scan(t, x[b, t])"), Contains("scan(t, ...) is all of the right-hand side"));
  CHECK_THAT(refused("x[b, t] = scan(3, x[b, t])"), Contains("expected an index, found '3'"));
  CHECK_THAT(refused("x[b, t] = scan(t)"), Contains("expected ',' and the value of a step"));
}

TEST_CASE("what the step before wrote is carried by the loop, and lanes go down rows side by side") {
  const auto y = filled<float>(shuffled(13), 3, 20);
  const test::Bindings bindings{{"y", y.array()}, {"x", filled<float>(shuffled(5), 3, 20).array()}};
  const Session session = test::session_of(bindings, Backend::native);
  const auto loops = [&](const char* text) { return session.dump(Executable::Stage::loops, text); };
  using Catch::Matchers::Contains;
  CHECK_THAT(loops("y[b, t] = scan(t, where(t > 0, y[b, t - 1], 0) * x[b, t])"),
             Contains(" carry ") && !Contains("load y"));
  CHECK_THAT(loops("y[b, t] = scan(t, where(t > 1, y[b, t - 2], 0) * x[b, t])"),
             !Contains(" carry ") && Contains("load y"));
  CHECK_THAT(session.dump(Executable::Stage::schedule, "y[t, b] = scan(t, where(t > 0, y[t - 1, b], 0) * x[t, b])"),
             Contains("b/512 x") && Contains("| t in order parallel before |"));
}
