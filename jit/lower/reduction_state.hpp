#pragma once
// What a reduction carries through its loops.
#include <vector>

#include "lower/phase_builder.hpp"

namespace ricci::jit {

/// Of a reduction, by part: the value so far, the index of the winner where it is tracked, and with it whether the
/// value is a number, not a NaN, where that is tracked too.
struct ReductionState {
  std::vector<loop::Value> best;
  std::vector<loop::Value> index;        // empty: not tracked
  std::vector<loop::Value> is_number{};  // b1; empty: not tracked
  std::vector<loop::Value> flat() const {
    std::vector<loop::Value> all = best;
    all.insert(all.end(), index.begin(), index.end());
    all.insert(all.end(), is_number.begin(), is_number.end());
    return all;
  }
  ReductionState like(const std::vector<loop::Value>& flat) const {
    const auto first = flat.begin() + static_cast<std::ptrdiff_t>(best.size());
    const auto second = first + static_cast<std::ptrdiff_t>(index.size());
    return {{flat.begin(), first}, {first, second}, {second, flat.end()}};
  }
  ReductionState part(std::size_t k) const {
    const auto at_k = [&](const std::vector<loop::Value>& all) {
      return all.empty() ? all : std::vector<loop::Value>{all[k]};
    };
    return {at_k(best), at_k(index), at_k(is_number)};
  }
  /// The parts of another state behind these.
  void append(const ReductionState& more) {
    best.insert(best.end(), more.best.begin(), more.best.end());
    index.insert(index.end(), more.index.begin(), more.index.end());
    is_number.insert(is_number.end(), more.is_number.begin(), more.is_number.end());
  }
  /// The part k becomes that of a state with one.
  void set_part(std::size_t k, const ReductionState& one) {
    best[k] = one.best[0];
    if (!index.empty()) index[k] = one.index[0];
    if (!is_number.empty()) is_number[k] = one.is_number[0];
  }
};

}  // namespace ricci::jit
