#pragma once
// A statement with its arguments, ready for the compiler's own interface: for the text language, for dumps and for
// looking at the program.
#include "ricci/compile.hpp"
#include "ricci/statement.hpp"

namespace ricci {

struct Prepared {
  std::shared_ptr<Executable> executable;
  std::vector<TensorView> tensors;  // parallel to the program's tensors; the first are the new ones
  std::vector<Scalar> params;
  std::vector<Array> results = {};  // the new tensors; null until they are made, and unbound in `tensors`
  std::vector<std::vector<ir::AxisId>> result_axes = {};  // of each of them: the axis behind each of its dimensions
};

/// Binds without running or making tensors. Throws as execute() does, but for what only a run can find.
Prepared prepare(const StatementSyntax&, const Operands&);
Prepared prepare(std::span<const StatementSyntax>, const Operands&);

/// Allocates the new tensors. Counts what their extents need.
void make_results(Prepared&, const Options& = default_options());

/// Runs the statements, and makes new tensors if they have not been made.
Report run(Prepared&, const Options& = default_options());

}  // namespace ricci
