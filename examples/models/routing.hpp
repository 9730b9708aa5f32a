#pragma once
// Choosing the best few: routing of tokens to experts, and beams. Each choice is the best of what comes after the
// choice before it, so that K choices read the scores K times and keep nothing but their numbers. Scores are finite.
#include <limits>
#include <tuple>

#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// The best `choices` experts of every token, from the best on, and their shares, which are a softmax of their scores:
/// scores (n, e) -> (n, p) twice. Of equal scores the first is better.
template <class T>
std::tuple<Tensor<std::int64_t, 2>, Tensor<T, 2>> top_k_routing(const Tensor<T, 2>& score, std::int64_t choices) {
  auto [n, e, p] = indices<"n e p">;
  const T lowest = -std::numeric_limits<T>::infinity();
  Tensor<std::int64_t, 2> chosen(score.extent(0), choices);
  const auto before = chosen[n, p - 1];
  const auto is_after = (score[n, e] < score[n, before]) | ((score[n, e] == score[n, before]) & (e > before));
  chosen[n, p].scan(p, argmax(e, where(p == 0, score[n, e], where(is_after, score[n, e], lowest))));
  return {chosen, softmax(p, score[n, chosen[n, p]])};
}

/// One step of beam search: score (b, k, v) of beam k continued by token v, sequence (b, k, t) so far. -> the tokens of
/// the best continuations (b, k), their scores (b, k), and the sequences that they continue (b, k, t). Of equal scores
/// the one of the earlier beam is better, then that of the smaller token.
template <class T>
std::tuple<Tensor<std::int64_t, 2>, Tensor<T, 2>, Tensor<std::int64_t, 3>> beam_search_step(
    const Tensor<T, 3>& score, const Tensor<std::int64_t, 3>& sequence) {
  auto [b, k, v, t, p] = indices<"b k v t p">;
  const T lowest = -std::numeric_limits<T>::infinity();
  const std::int64_t tokens = score.extent(2);
  Tensor<std::int64_t, 2> chosen(score.extent(0), score.extent(1));  // beam * tokens + token
  const auto before = chosen[b, p - 1];
  const auto score_before = score[b, floor_divide(before, tokens), before % tokens];
  const auto is_after =
      (score[b, k, v] < score_before) | ((score[b, k, v] == score_before) & (k * tokens + v > before));
  chosen[b, p].scan(p, argmax(k, v, where(p == 0, score[b, k, v], where(is_after, score[b, k, v], lowest))));
  const auto beam = floor_divide(chosen[b, k], tokens);
  const auto token = chosen[b, k] % tokens;
  return eval(token, score[b, beam, token], sequence[b, beam, t]);
}

}  // namespace example
