#pragma once
// The calling convention of compiled code, and everything the runtime must know to call it.
// A kernel is a list of phases; each phase is a parallel loop; there is a barrier between phases.
#include <cstdint>
#include <string>
#include <vector>

#include "ricci/dtype.hpp"

namespace ricci {

/// What compiled code sees. `helpers` is the fixed table of functions that it calls (helpers.hpp). One of them may use
/// as many `threads` (0: all); its results do not depend on them.
struct KernelArgs {
  void* const* buffers;
  const std::int64_t* symbols;
  const void* const* helpers;
  std::int32_t threads = 1;
};

/// Runs the items [begin, end) of a phase. Zero: fine; n + 1: the check with number n failed.
using PhaseFunction = std::int32_t (*)(const KernelArgs*, std::int64_t begin, std::int64_t end);

/// Where the launcher finds the value of an int64 kernel argument.
struct Symbol {
  enum class Kind : std::uint8_t {
    extent,  // product of the extents of the axes `ids`
    size,    // extent of tensor ids[0], axis ids[1]
    stride,  // stride in elements of tensor ids[0], axis ids[1]
    param,   // bits of the run-time scalar ids[0]
    tables,  // number of private accumulation tables of this call
    shares,  // number of shares of the items, where each has `ways` tables
    ways,    // number of tables that the lanes of a share take in turn
    pitch,   // elements from one of these to the next; the product of the extents of the axes `ids`, or some more
  };
  Kind kind;
  std::vector<std::uint32_t> ids;
  bool operator==(const Symbol&) const = default;
};

/// What a kernel loads from and stores to: first the program's tensors, then tables and temporaries, which the launcher
/// provides as well, then scratch: a few elements that live on the stack of one call of a phase.
struct BufferInfo {
  std::string name;
  DType dtype = DType::f32;
  bool writable = false;
  std::vector<std::uint32_t> extents;  // tables and temporaries: symbols whose product is the number of elements
  std::int64_t scratch = 0;            // scratch: the number of elements; else 0
};

/// trip count of a phase = product over its factors of ceil(symbol / divisor)
struct TripFactor {
  std::uint32_t symbol;
  std::int64_t divisor;
};

struct PhaseInfo {
  std::string name;                  // the exported function
  std::vector<TripFactor> trip;
  std::vector<std::uint32_t> work;   // symbols whose product estimates the scalar steps of the whole phase
  std::vector<TripFactor> items;     // phases over tables: the items that the tables share among them
  std::vector<std::uint32_t> starts = {};  // a phase that appends: the table of how many values each share of it has
  bool early = false;                // some of its loops may end long before their last iteration
};

/// Phases [first, end) may run one after another for some values of the first factor of their trips, then for others.
/// Of these temporaries, whose elements belong to one value each in that order, they need no more at a time.
struct SliceInfo {
  std::uint32_t first, end;
  std::vector<std::uint32_t> temporaries;
};

/// Everything about a compiled kernel except its code; stored beside the code in the disk cache.
struct KernelInfo {
  std::vector<Symbol> symbols;
  std::vector<BufferInfo> buffers;
  std::vector<PhaseInfo> phases;
  std::vector<SliceInfo> slices;
  std::vector<std::string> checks;   // by number: the subscripts still checked at run time, as text
  int proved = 0;                    // computed subscripts whose check the extents made superfluous
  int loops = 0;                     // loops of all phases, outermost to innermost
};

}  // namespace ricci
