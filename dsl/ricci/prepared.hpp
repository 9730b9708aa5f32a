#pragma once
// A statement with its arguments, ready for the compiler's own interface: for dumps and for looking at the program.
#include "ricci/compile.hpp"
#include "ricci/statement.hpp"

namespace ricci {

struct Prepared {
  std::shared_ptr<Executable> executable;
  std::vector<TensorView> tensors;  // parallel to the program's tensors; a new one is allocated
  std::vector<Scalar> params;
  std::vector<Array> results;       // the new tensors, if the statements make some
};

/// Binds without running. Throws as execute() does, but for what only a run can find.
Prepared prepare(const StatementSyntax&, const Operands&);
Prepared prepare(std::span<const StatementSyntax>, const Operands&);

}  // namespace ricci
