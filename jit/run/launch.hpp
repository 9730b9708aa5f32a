#pragma once
// Calling a kernel: its arguments from the bound tensors, its phases one after another, each in parallel.
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ricci/function_ref.hpp"
#include "ricci/kernel.hpp"
#include "ricci/scalar.hpp"
#include "ricci/stopwatch.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// Everything about a call that layouts decide, so that the next call with the same layouts computes none of it.
struct LaunchPlan {
  struct Phase {
    std::int64_t trip, grain;
    bool early = false;  // as in PhaseInfo
  };
  /// Phases that run slice after slice: `run` of `values` at a time.
  struct Slices {
    struct Temporary {
      std::uint32_t buffer;
      std::int64_t bytes;  // per value
    };
    std::size_t first, end;
    std::int64_t values, run, places;  // there are temporaries for so many slices
    bool in_turn;                      // each slice in parallel, or slices beside each other
    std::vector<std::int64_t> items;   // by phase, per value
    std::vector<Temporary> temporaries;
  };
  /// Tensors whose number of elements the kernel counts before a phase that appends to them, and that are made then.
  struct Choice {
    std::size_t first;                   // that phase
    std::uint32_t starts;                // the table with the counts
    std::vector<std::uint32_t> sizes;    // symbols that get the sum of these
    std::vector<std::uint32_t> tensors;  // the buffers
  };
  std::vector<std::int64_t> symbols;             // params are filled in by each call
  std::vector<std::uint32_t> params;             // pairs: symbol, param
  std::vector<Phase> phases;
  std::vector<Slices> slices;
  std::optional<Choice> choice = {};             // plan_launch() makes none
  std::vector<std::int64_t> own_bytes;           // by buffer: of tables and temporaries; 0 for tensors
  /// Where tables and temporaries lie in the memory of a launch, each at a cache line's start.
  struct Own {
    std::uint32_t buffer;
    std::size_t offset;
  };
  std::vector<Own> own;
  std::size_t own_size = 0;  // of that memory
  /// Whether the kernel needs only the tensors, the symbols and the params, and each of its phases is one chunk: then
  /// nothing is left of a launch but to call these. Of a plan with a choice it says nothing.
  bool simple = false;
  /// A chunk that was left so early, within about a microsecond, took less than to wake a thread for the next one.
  Ticks early_ticks = 3000;
};

/// `extents` by axis of the program that the kernel was built from. Only slices depend on `threads` (0: all of the
/// process): how many of them have temporaries at a time.
LaunchPlan plan_launch(const KernelInfo&, std::span<const TensorView> tensors, std::span<const std::int64_t> extents,
                       int threads);

/// The bytes [low, high) that a table or temporary has while a phase runs the item `begin`: those of a slice, or all.
struct ByteRange {
  std::int64_t low, high;
};
ByteRange bytes_at(const LaunchPlan&, std::uint32_t buffer, std::size_t phase, std::int64_t begin);

/// Runs all phases. `places` has an address per buffer; those of tables are not looked at. `phase(p, args, begin, end)`
/// runs items of phase p. Returns 0, or the status of the failing chunk with the smallest item. Of a plan with a
/// choice, `make(elements, places)` makes the tensors that are as long as what was chosen, and sets their addresses.
using RunPhase = FunctionRef<std::int32_t(std::size_t phase, const KernelArgs&, std::int64_t begin, std::int64_t end)>;
using MakeChosen = FunctionRef<void(std::int64_t elements, std::span<void*> places)>;
std::int32_t launch(const LaunchPlan&, std::span<void* const> places, std::span<const Scalar> params, int threads,
                    RunPhase, const MakeChosen* = nullptr);

}  // namespace ricci::jit
