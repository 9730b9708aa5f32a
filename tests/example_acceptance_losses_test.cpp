// Acceptance cases 49 to 53 and their kin: losses, attention and normalisation of examples/models against direct loops.
#include "models/attention.hpp"
#include "models/losses.hpp"
#include "models/normalisation.hpp"
#include "support/acceptance.hpp"
#include "support/guarded.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// Numbers between -2 and 2 without a visible order.
auto spread(int modulus) {
  return [n = shuffled(modulus), modulus](std::int64_t at) { return 4.0 * n(at) / modulus - 2; };
}

/// log of the sum of exp(f(k)).
template <class F>
double log_total(int extent, F f) {
  const double top = f(first_largest(extent, f));
  return top + std::log(total(extent, [&](int k) { return std::exp(f(k) - top); }));
}

/// The softmax of `score` as weights of `value`, in double. NaN where every score is -inf.
template <class Score, class Value>
double weighted(int extent, Score score, Value value) {
  const double top = score(first_largest(extent, score));
  return total(extent, [&](int k) { return std::exp(score(k) - top) * value(k); }) /
         total(extent, [&](int k) { return std::exp(score(k) - top); });
}

}  // namespace

TEMPLATE_TEST_CASE("case 49: cross entropy with ignore_index", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto z = in_order(order, filled<T>(spread(29), 6, 5));
    const auto target = in_order(order, Tensor<std::int64_t, 1>{1, 0, 4, -100, 2, 2});
    const Tensor<T, 0> loss = example::cross_entropy(z, target);
    CHECK(last_report().temporary_bytes == 0);
    double sum = 0;
    for (int n : {0, 1, 2, 4, 5}) sum += log_total(5, [&](int c) { return z.at(n, c); }) - z.at(n, target.at(n));
    CHECK(difference(loss, Tensor<T, 0>(static_cast<T>(sum / 5)), 16) == "");

    const auto nothing = in_order(order, filled<std::int64_t>([](auto) { return -100; }, 6));
    CHECK(std::isnan(static_cast<T>(example::cross_entropy(z, nothing))));
    const auto wrong = in_order(order, Tensor<std::int64_t, 1>{1, 0, 5, -100, 2, 2});
    CHECK_THAT(fault_of([&] { example::cross_entropy(z, wrong); }),
               Catch::Matchers::Contains("subscript 5") && Catch::Matchers::Contains("n=2"));
  }
}

TEMPLATE_TEST_CASE("case 50: label smoothing", "[acceptance]", float, double) {
  using T = TestType;
  const double e = 0.1;
  for (Order order : orders) {
    const auto z = in_order(order, filled<T>(spread(29), 6, 5));
    const auto target = in_order(order, Tensor<std::int64_t, 1>{1, 0, 4, 3, 2, 2});
    const Tensor<T, 0> loss = example::smoothed_cross_entropy(z, target, e);
    // The dense form: every class has a share of the target.
    double sum = 0;
    each({6, 5}, [&](int n, int c) {
      const double share = (c == target.at(n) ? 1 - e : 0) + e / 5;
      sum += share * (log_total(5, [&](int k) { return z.at(n, k); }) - z.at(n, c));
    });
    CHECK(difference(loss, Tensor<T, 0>(static_cast<T>(sum / 6)), 16) == "");
  }
}

TEMPLATE_TEST_CASE("case 51: NLL 2-D", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, C = 5, H = 4, W = 4;
  for (Order order : orders) {
    const auto z = in_order(order, filled<T>(spread(29), B, C, H, W));
    const auto target = in_order(order, filled<std::int64_t>(shuffled(C), B, H, W));
    const auto weight = in_order(order, Tensor<T, 1>{1, 0.5, 2, 0, 3});
    const Tensor<T, 0> loss = example::nll_2d(z, target, weight);
    double sum = 0, weights = 0;
    each({B, H, W}, [&](int b, int h, int w) {
      const std::int64_t t = target.at(b, h, w);
      sum += weight.at(t) * z.at(b, t, h, w);
      weights += weight.at(t);
    });
    CHECK(difference(loss, Tensor<T, 0>(static_cast<T>(-sum / weights)), 32) == "");
  }
}

TEMPLATE_TEST_CASE("case 52: softmax attention", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, H = 2;
  for (Order order : orders)
    for (auto [N, D] : {std::pair{8, 4}, {37, 20}}) {
      CAPTURE(N);
      const auto q = in_order(order, filled<T>(spread(29), B, H, N, D)),
                 k = in_order(order, filled<T>(spread(31), B, H, N, D)),
                 v = in_order(order, filled<T>(spread(37), B, H, N, D));
      auto visible = in_order(order, direct<bool>({N, N}, [](int i, int k) { return (i * 3 + k) % 4 != 0; }));
      for (int k = 0; k < N; ++k) visible.at(5, k) = false;
      const auto score = [&, D = D](int b, int h, int i, int key) {
        return total(D, [&](int d) { return double(q.at(b, h, i, d)) * k.at(b, h, key, d); }) / std::sqrt(double(D));
      };
      const auto causal = direct<T>({B, H, N, D}, [&](int b, int h, int i, int d) {
        return weighted(
            i + 1, [&](int k) { return score(b, h, i, k); }, [&](int k) { return v.at(b, h, k, d); });
      });
      CHECK(difference(example::causal_attention(q, k, v), causal, 32) == "");
      // Query 5 sees no key: a softmax of nothing but -inf is NaN.
      const auto masked = direct<T>({B, H, N, D}, [&](int b, int h, int i, int d) {
        return weighted(
            N, [&](int k) { return visible.at(i, k) ? score(b, h, i, k) : -inf; },
            [&](int k) { return v.at(b, h, k, d); });
      });
      CHECK(std::isnan(masked.at(0, 1, 5, 2)));
      CHECK(difference(example::masked_attention(q, k, v, visible), masked, 32) == "");
    }
}

TEMPLATE_TEST_CASE("relative position bias", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, H = 2, N = 6, D = 4;
  for (Order order : orders) {
    const auto q = in_order(order, filled<T>(spread(29), B, H, N, D)),
               key = in_order(order, filled<T>(spread(31), B, H, N, D));
    const auto bias = in_order(order, filled<T>(spread(13), H, 2 * N - 1));
    const auto weights = example::relative_attention_weights(q, key, bias);
    CHECK(last_report().checks.empty());  // k - i + n - 1 is proved to be inside
    const auto score = [&](int b, int h, int i, int k) {
      return total(D, [&](int d) { return double(q.at(b, h, i, d)) * key.at(b, h, k, d); }) / 2 +
             bias.at(h, k - i + N - 1);
    };
    CHECK(difference(weights,
                     direct<T>({B, H, N, N},
                               [&](int b, int h, int i, int k) {
                                 return weighted(
                                     N, [&](int n) { return score(b, h, i, n); }, [&](int n) { return n == k; });
                               }),
                     32) == "");
  }
}

TEMPLATE_TEST_CASE("case 53: RoPE", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int S = 8, D = 16;
  for (Order order : orders) {
    // Behind the last element of the last row is an inaccessible page: reading x[7, 16] would end the test.
    const std::int64_t extents[] = {S, D};
    const GuardedTensor guarded(dtype_of<T>, extents,
                                order == Order::permuted ? Pattern::permuted : Pattern::contiguous);
    Tensor<T, 2> x(Array::borrow(guarded.view()));
    x[ellipsis] = filled<T>(spread(29), S, D);
    const auto turned = example::rotary_embedding(x);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(last_report().checks.empty());
    CHECK(difference(turned,
                     direct<T>({S, D},
                               [&](int s, int j) {
                                 const double a = s * std::pow(10000.0, -2.0 * (j / 2) / D);
                                 return x.at(s, j) * std::cos(a) +
                                        (j % 2 == 0 ? -x.at(s, j + 1) : x.at(s, j - 1)) * std::sin(a);
                               }),
                     8) == "");
  }
}

TEMPLATE_TEST_CASE("paged key-value read", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 3, N = 10, D = 4, pages = 7, size = 4;
  for (Order order : orders) {
    const auto pool = in_order(order, filled<T>([](auto n) { return n + 1; }, pages, size, D));
    // Pages that no position needs are not looked up: -1.
    const auto page = in_order(order, Tensor<std::int64_t, 2>{{3, 1, 6}, {0, -1, -1}, {5, 2, -1}});
    const auto length = in_order(order, Tensor<std::int64_t, 1>{10, 0, 5});
    auto used = page;
    used.at(1, 0) = -1;
    const auto read = example::paged_read(pool, used, length, N);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(read, direct<T>({B, N, D}, [&](int b, int t, int d) {
                       return t < length.at(b) ? pool.at(page.at(b, t / size), t % size, d) : 0;
                     })) == "");
  }
}

TEMPLATE_TEST_CASE("layer norm", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int N = 5, F = 100;
  for (Order order : orders) {
    const auto x = in_order(order, filled<T>(spread(29), N, F));
    const auto gain = in_order(order, filled<T>(spread(7), F)), bias = in_order(order, filled<T>(spread(5), F));
    const auto y = example::layer_norm(x, gain, bias);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(y,
                     direct<T>({N, F},
                               [&](int n, int f) {
                                 const double mean = total(F, [&](int g) { return double(x.at(n, g)); }) / F;
                                 const double var =
                                     total(F, [&](int g) { return (x.at(n, g) - mean) * (x.at(n, g) - mean); }) / F;
                                 return (x.at(n, f) - mean) / std::sqrt(var + 1e-5) * gain.at(f) + bias.at(f);
                               }),
                     32) == "");
  }
}
