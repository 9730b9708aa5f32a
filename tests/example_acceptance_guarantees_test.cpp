// Acceptance cases 68 to 81: what compiler and runtime promise, beside right results.
#include <cstring>
#include <functional>

#include "ricci/session.hpp"
#include "support/acceptance.hpp"
#include "support/assembly.hpp"
#include "support/backends.hpp"
#include "support/guarded.hpp"
#include "support/program_text.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;
using Catch::Matchers::Contains;

namespace {

/// Options of the process for as long as it lives.
struct WithOptions {
  Options before = default_options();
  explicit WithOptions(const Options& options) { default_options() = options; }
  ~WithOptions() { default_options() = before; }
};

template <class T>
Tensor<T, 4> scores(Order order, int batch, int classes, int height, int width) {
  return in_order(order, filled<T>(shuffled(11), batch, classes, height, width));
}

std::string text_fault(const std::string& text) {
  Session session;
  session.define("x", Tensor<float, 2>(3, 4).array());
  session.define("y", Tensor<float, 1>(5).array());
  return fault_of([&] { session.run(text); });
}

}  // namespace

TEMPLATE_TEST_CASE("case 68: no temporaries", "[acceptance]", float, double) {
  using T = TestType;
  const WithOptions required({.no_temporaries = true});
  for (Order order : orders) {
    const auto S = scores<T>(order, 2, 5, 3, 4), F = scores<T>(order, 2, 5, 3, 4);
    const auto scale = in_order(order, filled<T>(shuffled(7), 5));
    const auto z = in_order(order, filled<T>(shuffled(11), 6, 5));
    const auto target = in_order(order, Tensor<std::int64_t, 1>{1, 0, 4, -100, 2, 2});
    const auto none = [] { return last_report().temporary_bytes == 0; };
    evaluate(F[b, argmax(S, 1), h, w]);
    CHECK(none());
    evaluate(sum(k, delta(k, argmax(c, S[b, c, h, w])) * F[b, k, h, w]));
    CHECK(none());
    eval(max(S, 1)[b, h, w], argmax(S, 1)[b, h, w], F[b, argmax(S, 1), h, w]);
    CHECK(none());
    evaluate(argmax(c, S[b, c, h, w] * scale[c] - scale[c]));
    CHECK(none());
    const auto counts = target[n] != -100;
    evaluate(sum(n, where(counts, logsumexp(c, z[n, c]) - z[n, target[n]], 0)) / count(n, counts));
    CHECK(none());

    auto line = in_order(order, filled<T>(shuffled(11), 10));
    const auto before = values(line);
    const std::string bytes = std::to_string(10 * sizeof(T));
    CHECK(fault_of([&] { line[i] = line[9 - i]; }) ==
          "the statement needs temporaries, which no_temporaries forbids: " + bytes +
              " bytes for a copy of t0, whose old values are still read");
    CHECK(values(line) == before);
  }
}

TEMPLATE_TEST_CASE("case 69: vectors over a strided reduction", "[acceptance]", float, double) {
  using T = TestType;
  // Views of the real size without memory: a dump reads no elements.
  T* const nowhere = reinterpret_cast<T*>(std::uintptr_t{1} << 40);
  const auto S = Tensor<T, 4>::view(nowhere, {8, 21, 512, 512});
  const auto F = Tensor<T, 4>::view(nowhere + (std::int64_t{1} << 32), {8, 21, 512, 512});
  auto out = Tensor<T, 3>::view(nowhere + (std::int64_t{2} << 32), {8, 512, 512});
  const Prepared p = prepared(out[b, h, w], Assign::set, F[b, argmax(S, 1), h, w]);
  for (int width : vector_widths()) {
    const std::string text =
        p.executable->dump(Executable::Stage::assembly, p.tensors, p.params, {.vector_bytes = width});
    const std::string compare = std::string("cmp\\w*p") + (sizeof(T) == 4 ? "s" : "d") + "\\s";
    int comparing = 0;
    for (const std::string& body : innermost_loops(text)) {
      if (!has(body, compare)) continue;
      ++comparing;
      INFO(body);
      CHECK(!has(body, "gather"));
    }
    CHECK(comparing >= 1);
  }
}

// Axes of one element are apart: their strides say nothing, and each has a kernel of its own (jit_cache_test.cpp).
TEMPLATE_TEST_CASE("case 70: one compile, many shapes", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto run = [&](int batch, int classes, int height, int width) {
      const auto S = scores<T>(order, batch, classes, height, width),
                 F = scores<T>(order, batch, classes, height, width);
      const auto picked = evaluate(F[b, argmax(S, 1), h, w]);
      CHECK(difference(picked, Tensor(max(S, 1))) == "");
      return cache_counters().compiled;
    };
    const std::int64_t compiled = run(2, 5, 3, 4);
    run(2, 2, 2, 2);
    run(3, 7, 2, 17);
    run(2, 21, 16, 64);
    run(2, 5, 0, 4);
    CHECK(run(0, 5, 3, 4) == compiled);
  }
}

TEMPLATE_TEST_CASE("case 72: proof", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto S = scores<T>(order, 2, 5, 3, 4), same = S.copy(), wider = scores<T>(order, 2, 9, 3, 4),
               narrow = scores<T>(order, 2, 4, 3, 4);
    evaluate(same[b, argmax(S, 1), h, w]);
    CHECK(last_report().checks.empty());
    CHECK(last_report().proved >= 1);
    evaluate(wider[b, argmax(S, 1), h, w]);
    CHECK(last_report().checks.empty());
    // With fewer channels than classes the subscript is checked, and an error where the last class wins.
    auto last_wins = S;
    last_wins[0, 4, 2, 1] = 100;
    CHECK_THAT(fault_of([&] { evaluate(narrow[b, argmax(last_wins, 1), h, w]); }),
               Contains("subscript 4 is outside axis 1") && Contains("extent 4") && Contains("b=0, h=2, w=1"));
  }
}

// The same faults in C++ are tests/compile_fail: one static_assert each, with the same sentences.
TEST_CASE("case 73: error text", "[acceptance]") {
  CHECK(text_fault("x[i]") == "the number of subscripts must equal the rank of the tensor; "
                              "an ellipsis stands for the others: 1 subscripts, rank 2");
  CHECK_THAT(text_fault("z[i] = x[i, j]"), Contains("neither reduced nor on the left") && Contains("j"));
  CHECK_THAT(text_fault("z[i, k] = y[i]"), Contains("nothing gives this index its extent") && Contains("k"));
  CHECK_THAT(text_fault("z[i, i] = y[i]"), Contains("the subscripts of a new tensor must be different indices"));
  CHECK_THAT(text_fault("z[i] = y[i] + x[i, 0]"), Contains("extent 5") && Contains("extent 3") && Contains("i"));
  CHECK_THAT(text_fault("sum(i, y[i]) = 1"), Contains("only a tensor with subscripts can be assigned to"));
  for (const char* text :
       {"x[i]", "z[i] = x[i, j]", "z[i, k] = y[i]", "z[i, i] = y[i]", "z[i] = y[i] + x[i, 0]", "sum(i, y[i]) = 1"})
    CHECK(text_fault(text).size() < 200);
}

TEMPLATE_TEST_CASE("case 74: threads and widths", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 3, C = 5, H = 40, W = 37, N = 20000, K = 6;
  for (Order order : orders) {
    const auto S = in_order(order, filled<T>([n = shuffled(101)](auto at) { return 0.1 * n(at); }, B, C, H, W));
    const auto X = in_order(order, filled<T>([n = shuffled(103)](auto at) { return 0.1 * n(at); }, N, 3));
    const auto key = in_order(order, filled<std::int64_t>(shuffled(K), N));
    const auto run = [&] {
      const auto picked = values(evaluate(S[b, argmax(S, 1), h, w]));
      Tensor<T, 1> confidence(C);
      confidence[k] =
          sum(b, h, w, delta(k, argmax(S, 1)) * softmax(k, S[b, k, h, w])) / sum(b, h, w, delta(k, argmax(S, 1)));
      Tensor<std::int64_t, 1> bins(K);
      bins[key[n]] += 1;
      Tensor<T, 2> segment_mean(K, 3);
      segment_mean[k, f] = sum(n, delta(k, key[n]) * X[n, f]) / sum(n, delta(k, key[n]));
      return std::tuple(picked, values(confidence), values(bins), values(segment_mean));
    };
    for (int width : {vector_widths().front(), vector_widths().back()}) {
      std::vector<decltype(run())> results;
      for (int threads : {1, 3, 16}) {
        const WithOptions options({.threads = threads, .vector_bytes = width});
        results.push_back(run());
      }
      CHECK(results[1] == results[0]);
      CHECK(results[2] == results[0]);
      const WithOptions narrow({.vector_bytes = 16});
      const auto [picked, confidence, bins, means] = run();
      CHECK(picked == std::get<0>(results[0]));
      CHECK(bins == std::get<2>(results[0]));
    }
  }
}

TEMPLATE_TEST_CASE("case 79: guard lanes", "[acceptance]", float, double) {
  using T = TestType;
  const auto fault = [](const Prepared& p) {
    const Ran ran = run_everywhere(p);
    return ran.error ? ran.message : ran.fault;
  };
  // 1 .. 2 vectors + 1, in memory that ends or starts at an inaccessible page.
  for (int n = 1; n <= 2 * vector_widths().front() / static_cast<int>(sizeof(T)) + 1; ++n) {
    CAPTURE(n);
    const auto line = filled<T>(shuffled(19), n);
    Tensor<T, 1> diff(n);
    CHECK(fault(prepared(diff[i], Assign::set, where(i > 0, line[i] - line[i - 1], line[i]))) == "");
    if (n % 4 != 1) continue;
    const auto X = filled<T>(shuffled(5), 1, 2, 3, n), K = filled<T>(shuffled(3), 2, 2, 3, 3);
    Tensor<T, 4> convolved(1, 2, 2, (n + 1) / 2);
    CHECK(fault(prepared(convolved[b, o, y, x], Assign::set,
                         sum(c, i, j, fill(X, 0)[b, c, 2 * y + 2 * i - 1, 2 * x + 2 * j - 1] * K[o, c, i, j]))) == "");
  }
}

TEMPLATE_TEST_CASE("case 81: order of evaluation is invisible", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, C = 9, H = 5, W = 37;
  const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  const std::vector<std::function<T(std::int64_t)>> inputs = {
      [](auto n) { return std::sin(12.9898 * n) * 43758.5453 - std::floor(std::sin(12.9898 * n) * 43758.5453); },
      [](auto n) { return n * 7 % 3; }, [&](auto n) { return n % 5 == 2 ? nan : T(n % 7); },
      [&](auto n) { return n % 3 == 0   ? -inf
                           : n % 4 == 0 ? -T(0)
                                        : T(0); }};
  for (Order order : orders)
    for (const auto& input : inputs) {
      const auto S = in_order(order, filled<T>(input, B, C, H, W));
      const auto F = in_order(order, filled<T>([&](auto n) { return input(n * 31 % 997); }, B, C, H, W));
      const auto gathered = evaluate(F[b, argmax(S, 1), h, w]);                // after the reduction
      const auto [best, payload] = eval(max(S, 1), F[b, argmax(S, 1), h, w]);  // beside the value
      const auto label = evaluate(argmax(S, 1));
      const auto by_label = evaluate(F[b, label[b, h, w], h, w]);  // in a pass of its own
      const auto selected = evaluate(sum(k, delta(k, argmax(S, 1)[b, h, w]) * F[b, k, h, w]));
      const auto expected = direct<T>({B, H, W}, [&](int b, int h, int w) {
        return F.at(b, first_largest(C, [&](int c) { return S.at(b, c, h, w); }), h, w);
      });
      for (const auto& result : {gathered, payload, by_label, selected})
        CHECK(std::memcmp(result.data(), expected.data(), sizeof(T) * static_cast<std::size_t>(expected.size())) == 0);
    }
}
