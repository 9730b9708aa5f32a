#pragma once
// What is left of a call where nothing has to be looked up, allocated beside the results, or shared by threads.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ricci/few.hpp"
#include "ricci/helpers.hpp"
#include "ricci/kernel.hpp"
#include "ricci/scalar.hpp"
#include "ricci/stopwatch.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci {

/// A call whose kernel takes nothing but tensors and numbers, and each of whose phases is one chunk. If it can fail, all
/// that it writes was made for it, so that whoever repeats it may begin again. Tensors of the same layouts that are apart
/// from each other may repeat it, with any numbers.
struct Repetition {
  struct Phase {
    PhaseFunction run;
    std::int64_t trip;
  };
  std::span<const Layout> layouts;        // by tensor of the program as written
  std::size_t made = 0;                   // the first of them were made for it
  std::vector<std::uint32_t> sources;     // by buffer of the kernel: whose elements it has; layouts.size(): nobody's
  std::span<const std::int64_t> symbols;  // of the kernel
  std::span<const std::uint32_t> params;  // pairs: a symbol, the number that it is
  std::vector<Phase> phases;              // none: the call is not of this kind
};

/// Runs it on tensors whose elements are at these addresses, with a null behind them, and returns the time it took;
/// nothing where a check failed.
inline std::optional<Ticks> repeat(const Repetition& r, void* const* addresses, const Scalar* numbers, int threads) {
  Few<void*, 16> places(r.sources.size());
  for (std::size_t b = 0; b < places.size(); ++b) places[b] = addresses[r.sources[b]];
  Few<std::int64_t, 32> symbols(r.params.empty() ? 0 : r.symbols.size());
  std::copy_n(r.symbols.data(), symbols.size(), symbols.data());
  for (std::size_t i = 0; i < r.params.size(); i += 2)
    symbols[r.params[i]] = static_cast<std::int64_t>(numbers[r.params[i + 1]].bits);
  const std::int64_t* all = r.params.empty() ? r.symbols.data() : symbols.data();
  const KernelArgs args{places.data(), all, helper_table().data(), threads};
  const Ticks start = ticks_now();
  for (const Repetition::Phase& phase : r.phases)
    if (phase.run(&args, 0, phase.trip) != 0) return std::nullopt;
  return ticks_now() - start;
}

}  // namespace ricci
