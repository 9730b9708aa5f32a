// The formulas of examples/models on small data: what each says, what comes out, and what it cost.
#include <array>
#include <cstdio>
#include <string>

#include "models/attention.hpp"
#include "models/clustering.hpp"
#include "models/detection.hpp"
#include "models/embeddings.hpp"
#include "models/losses.hpp"
#include "models/normalisation.hpp"
#include "models/routing.hpp"
#include "models/sampling.hpp"
#include "models/sequences.hpp"
#include "models/windows.hpp"
#include "ricci/compile.hpp"

using namespace ricci;

namespace {

/// One line about the last statement: name, shape and first elements of its result, and its costs.
template <class T, int rank>
void print(const char* name, const Tensor<T, rank>& result) {
  const Report& cost = last_report();
  std::string shape;
  for (std::int64_t extent : result.extents()) shape += (shape.empty() ? "" : " ") + std::to_string(extent);
  const Tensor<T, rank> copy = result.copy();
  std::string first;
  for (std::int64_t n = 0; n < std::min<std::int64_t>(copy.size(), 4); ++n) {
    char text[32];
    std::snprintf(text, sizeof text, " %7.4g", static_cast<double>(copy.data()[n]));
    first += text;
  }
  std::printf("%-28s %-10s %-33s %7d %12lld %8zu\n", name, shape.c_str(), first.c_str(), cost.kernels,
              static_cast<long long>(cost.temporary_bytes), cost.checks.size());
}

/// Numbers between -1 and 1 without a visible order.
template <class... N>
Tensor<float, sizeof...(N)> made_up(N... extents) {
  Tensor<float, sizeof...(N)> t(extents...);
  for (std::int64_t n = 0; n < t.size(); ++n) t.data()[n] = static_cast<float>((n * 7 + n / 3) % 23) / 11 - 1;
  return t;
}

using Indices = Tensor<std::int64_t, 1>;

}  // namespace

int main() {
  std::printf("%-28s %-10s %-33s %7s %12s %8s\n", "formula", "shape", " first elements", "kernels", "temporary B",
              "checked");

  const auto scores = made_up(6, 5);
  print("cross entropy", example::cross_entropy(scores, Indices{1, 0, 4, -100, 2, 2}));
  print("label smoothing", example::smoothed_cross_entropy(scores, Indices{1, 0, 4, 3, 2, 2}, 0.1));
  const Tensor<std::int64_t, 3> classes{{{0, 1}, {2, 3}}, {{4, 0}, {1, 2}}};
  print("NLL of pixels", example::nll_2d(made_up(2, 5, 2, 2), classes, Tensor<float, 1>{1, 2, 1, 1, 0.5}));
  print("layer norm", example::layer_norm(scores, made_up(5), made_up(5)));

  const auto query = made_up(2, 2, 8, 4), key = made_up(2, 2, 8, 4).flipped(2), value = made_up(2, 2, 8, 4);
  print("causal attention", example::causal_attention(query, key, value));
  print("relative position bias", example::relative_attention_weights(query, key, made_up(2, 15)));
  print("rotary embedding", example::rotary_embedding(made_up(8, 16)));
  print("paged key-value read", example::paged_read(made_up(4, 3, 5), {{2, 0}, {3, -1}}, Indices{5, 2}, 6));

  const auto points = made_up(20, 2);
  const auto [quantised, nearest, loss] = example::vq_lookup(points, made_up(6, 2));
  print("VQ lookup", quantised);
  print("  and its loss", loss);
  print("k-means step", example::k_means_step(points, Tensor<float, 2>{{-1, -1}, {1, 1}, {9, 9}}));

  const auto picture = made_up(2, 3, 8, 8);
  const auto grid = made_up(2, 4, 4, 2);
  print("grid sample, zeros", example::grid_sample(picture, grid, example::Padding::zeros, false));
  print("grid sample, border", example::grid_sample(picture, grid, example::Padding::border, false));
  print("grid sample, reflection", example::grid_sample(picture, grid, example::Padding::reflection, true));
  print("bilinear resize", example::bilinear_resize(picture, 16, 16));
  print("dilated convolution", example::conv2d(picture, made_up(4, 3, 3, 3), 2, 1, 2));
  const auto [largest, place] = example::max_pool_with_indices(picture);
  print("max pool with indices", largest);
  print("max unpool", example::max_unpool(largest, place, 8, 8));

  const auto table = made_up(20, 4);
  const Indices ids{3, 19, 0, 7, 7, 11, 2, 5}, offset{0, 3, 3, 8};
  print("embedding bag, sum", example::embedding_bag_sum(table, ids, offset));
  print("embedding bag, mean", example::embedding_bag_mean(table, ids, offset));
  print("embedding bag, max", example::embedding_bag_max(table, ids, offset));

  const auto [expert, share] = example::top_k_routing<2>(made_up(6, 8));
  print("top-k routing", expert);
  print("  and the shares", share);
  const auto [token, best, continued] =
      example::beam_search_step<3>(made_up(2, 3, 7), Tensor<std::int64_t, 3>(2, 3, 5));
  print("beam search step", token);

  const Tensor<float, 2> box{{0, 0, 4, 4}, {1, 0, 5, 4}, {6, 6, 9, 9}, {6, 7, 9, 9}, {0, 9, 2, 11}};
  print("non-maximum suppression",
        example::non_maximum_suppression(box, Tensor<float, 1>{0.8f, 0.9f, 0.7f, 0.6f, 0.5f}, 0.5));

  const auto [path, score] = example::viterbi(made_up(4, 4), made_up(6, 4));
  print("Viterbi", path);
}
