#pragma once
// One program run in every way that must agree: by the reference evaluator, by the loop interpreter, and natively at
// two optimisation levels, with every vector width of the host and with several threads. All give the same bits; only
// a float sum may differ between the reference and a schedule, by no more than the bound of naive.hpp.
#include <optional>
#include <string>
#include <vector>

#include "ricci/compile.hpp"
#include "ricci/error.hpp"
#include "support/guarded_copies.hpp"
#include "support/program_text.hpp"

namespace ricci::test {

/// What all ways to run a program had in common.
struct Ran {
  std::string fault;                 // empty, or the first disagreement: all else is then without meaning
  std::optional<Error::Kind> error;  // the error that all of them ended in
  std::string message;
  bool unchanged_on_error = false;   // every tensor was then as before, after native and interpreted runs
  Report report;                     // of a native run at full width
};

/// The vector widths in bytes that this host has, widest first.
std::vector<int> vector_widths();

/// Runs the program on guarded copies of `tensors` in every way, each with the elements at either end of the memory.
/// When all agree and there was no error, the native elements are put into the tensors it writes.
Ran run_everywhere(const ir::Program&, std::span<const TensorView> tensors, std::span<const Scalar> params = {});

/// The native results for 1 to 8 threads at one width (0: the widest): empty if all have the same bits, and the
/// tensors then hold them.
std::string run_with_threads(const ir::Program&, std::span<const TensorView> tensors,
                             std::span<const Scalar> params = {}, int vector_bytes = 0);

inline Ran run_everywhere(const Prepared& p) { return run_everywhere(p.executable->program(), p.tensors, p.params); }
inline std::string run_with_threads(const Prepared& p, int vector_bytes = 0) {
  return run_with_threads(p.executable->program(), p.tensors, p.params, vector_bytes);
}

}  // namespace ricci::test
