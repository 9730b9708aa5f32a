#pragma once
// Choosing the best few: routing of tokens to experts, and beams.
#include <tuple>

#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// The best `choices` experts of every token, from the best on, and their shares, which are a softmax of their scores:
/// scores (n, e) -> (n, choices) twice. Of equal scores the first is better.
template <int choices, class T>
std::tuple<Tensor<std::int64_t, 2>, Tensor<T, 2>> top_k_routing(const Tensor<T, 2>& score) {
  auto [n, p] = indices<"n p">;
  const Tensor<std::int64_t, 2> chosen = argtopk<choices>(score, 1);
  return {chosen, softmax(p, score[n, chosen[n, p]])};
}

/// One step of beam search: score (b, k, v) of beam k continued by token v, sequence (b, k, t) so far. -> the tokens of
/// the best continuations (b, beams), their scores (b, beams), and the sequences that they continue (b, beams, t). Of
/// equal scores the one of the earlier beam is better, then that of the smaller token.
template <int beams, class T>
std::tuple<Tensor<std::int64_t, 2>, Tensor<T, 2>, Tensor<std::int64_t, 3>> beam_search_step(
    const Tensor<T, 3>& score, const Tensor<std::int64_t, 3>& sequence) {
  auto [b, k, v, t, p] = indices<"b k v t p">;
  const auto best = argtopk<beams>(k, v, score[b, k, v])[p];
  const auto beam = along(k, best);
  const auto token = along(v, best);
  return eval(token, score[b, beam, token], sequence[b, beam, t]);
}

}  // namespace example
