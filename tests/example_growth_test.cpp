// What the models of examples/models cost as their arrays grow: twice the length of one array never makes a formula
// cost more than its own loops say, because no reduction runs again under a loop that it does not use.
#include <catch2/catch.hpp>

#include "models/attention.hpp"
#include "models/clustering.hpp"
#include "models/detection.hpp"
#include "models/losses.hpp"
#include "models/normalisation.hpp"
#include "support/growth.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace example;

namespace {

template <class... N>
auto array(N... extents) {
  const auto spread = [n = shuffled(97)](std::int64_t at) { return static_cast<float>(n(at)) / 40 - 1; };
  return filled<float>(spread, extents...);
}
template <class... N>
auto numbers(int below, N... extents) {
  return filled<std::int64_t>(
      [n = shuffled(97), below](std::int64_t at) { return static_cast<std::int64_t>(n(at)) % below; }, extents...);
}

/// How many times as much `work` costs for 64 as for 32.
template <class Work>
double growth(const Work& work) {
  const auto cost = [&](int n) { return static_cast<double>(steps_of([&] { work(n); })); };
  return cost(64) / cost(32);
}

// What a statement costs beside its loops makes the growth less than the power of two; masked remainders a little more.
constexpr double linear = 2.2, square = 4.4;

}  // namespace

TEST_CASE("attention costs as much as pairs of positions, in every form of the examples") {
  CHECK(growth([](int n) { causal_attention(array(1, 2, n, 8), array(1, 2, n, 8), array(1, 2, n, 8)); }) < square);
  CHECK(growth([](int n) {
          masked_attention(array(1, 2, n, 8), array(1, 2, n, 8), array(1, 2, n, 8),
                           filled<bool>([](std::int64_t at) { return at % 5 != 0; }, n, n));
        }) < square);
  CHECK(growth([](int n) {
          Tensor<float, 4> w = relative_attention_weights(array(1, 2, n, 8), array(1, 2, n, 8), array(2, 2 * n - 1));
        }) < square);
  CHECK(growth([](int n) { causal_attention(array(1, 2, 9, n), array(1, 2, 9, n), array(1, 2, 9, n)); }) < linear);
  CHECK(growth([](int n) { rotary_embedding(array(n, 8)); }) < linear);
  CHECK(growth([](int n) { rotary_embedding(array(8, n)); }) < linear);
}

TEST_CASE("normalisations and losses cost as much as their rows") {
  CHECK(growth([](int n) { layer_norm(array(n, 20), array(20), array(20)); }) < linear);
  CHECK(growth([](int n) { layer_norm(array(20, n), array(n), array(n)); }) < linear);
  CHECK(growth([](int n) { cross_entropy(array(n, 20), numbers(20, n)); }) < linear);
  CHECK(growth([](int n) { cross_entropy(array(20, n), numbers(n, 20)); }) < linear);
  CHECK(growth([](int n) { smoothed_cross_entropy(array(n, 20), numbers(20, n), 0.1); }) < linear);
  CHECK(growth([](int n) { smoothed_cross_entropy(array(20, n), numbers(n, 20), 0.1); }) < linear);
}

TEST_CASE("clusterings cost as much as points times centres, and suppression as much as pairs of boxes") {
  CHECK(growth([](int n) { k_means_step(array(n, 8), array(12, 8)); }) < linear);
  CHECK(growth([](int n) { k_means_step(array(40, 8), array(n, 8)); }) < linear);
  CHECK(growth([](int n) { k_means_step(array(40, n), array(12, n)); }) < linear);
  CHECK(growth([](int n) { vq_lookup(array(n, 8), array(12, 8)); }) < linear);
  CHECK(growth([](int n) { vq_lookup(array(40, 8), array(n, 8)); }) < linear);
  CHECK(growth([](int n) { non_maximum_suppression(array(n, 4), array(n), 0.3); }) < square);
}
