#pragma once
// Attention over sequences: masks, relative positions and rotations are conditions and arithmetic of the indices
// i (query) and k (key). Queries, keys and values are (b, h, position, d).
#include <cmath>
#include <limits>

#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// How much query i looks for key k.
template <class T>
auto attention_score(const Tensor<T, 4>& query, const Tensor<T, 4>& key) {
  auto [b, h, i, k, d] = indices<"b h i k d">;
  return sum(d, query[b, h, i, d] * key[b, h, k, d]) / std::sqrt(static_cast<double>(query.extent(3)));
}

/// The mean of the values up to each position, by softmax of the scores.
template <class T>
Tensor<T, 4> causal_attention(const Tensor<T, 4>& query, const Tensor<T, 4>& key, const Tensor<T, 4>& value) {
  auto [b, h, i, k, d] = indices<"b h i k d">;
  Tensor<T, 4> out(query.extents());
  out[b, h, i, d] = sum(k(0, i + 1), softmax(k(0, i + 1), attention_score(query, key)) * value[b, h, k, d]);
  return out;
}

/// The same where visible (i, k) says which keys a query sees. A query that sees none gives NaN, as softmax does.
template <class T>
Tensor<T, 4> masked_attention(const Tensor<T, 4>& query, const Tensor<T, 4>& key, const Tensor<T, 4>& value,
                              const Tensor<bool, 2>& visible) {
  auto [b, h, i, k, d] = indices<"b h i k d">;
  const auto score = where(visible[i, k], attention_score(query, key), -std::numeric_limits<double>::infinity());
  Tensor<T, 4> out(query.extents());
  out[b, h, i, d] = sum(k, softmax(k, score) * value[b, h, k, d]);
  return out;
}

/// Attention weights with a learnt bias (h, 2 n - 1) for every distance k - i: -> (b, h, i, k).
template <class T>
Tensor<T, 4> relative_attention_weights(const Tensor<T, 4>& query, const Tensor<T, 4>& key, const Tensor<T, 2>& bias) {
  auto [b, h, i, k] = indices<"b h i k">;
  const std::int64_t n = query.extent(2);
  return softmax(k, attention_score(query, key) + bias[h, k - i + n - 1]);
}

/// Rotary embedding: the pair of features 2m, 2m + 1 at position s turns by the angle s / 10000^(2m / d).
/// x (s, j) with an even number of features.
template <class T>
Tensor<T, 2> rotary_embedding(const Tensor<T, 2>& x) {
  auto [s, j] = indices<"s j">;
  const auto angle = s * pow(10000.0, -2.0 * floor_divide(j, 2) / static_cast<double>(x.extent(1)));
  const auto partner = where(j % 2 == 0, -x[s, j + 1], x[s, j - 1]);
  Tensor<T, 2> y(x.extents());
  y[s, j] = cast<T>(x[s, j] * cos(angle) + partner * sin(angle));
  return y;
}

/// Keys (or values) of a cache that lies in pages: page (b, t / size) of the pool (page, slot, d) holds position t of
/// sequence b. -> (b, t, d), zero from length[b] on, where no page is looked up.
template <class T>
Tensor<T, 3> paged_read(const Tensor<T, 3>& pool, const Tensor<std::int64_t, 2>& page,
                        const Tensor<std::int64_t, 1>& length, std::int64_t positions) {
  auto [b, t, d] = indices<"b t d">;
  const std::int64_t size = pool.extent(1);
  Tensor<T, 3> out(page.extent(0), positions, pool.extent(2));
  out[b, t, d] = where(t < length[b], pool[page[b, floor_divide(t, size)], t % size, d], 0);
  return out;
}

}  // namespace example
