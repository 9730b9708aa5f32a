#pragma once
// Rows that data choose. The processor fetches the next line of what it goes through in order, but not the next row of
// a gather or a scatter: nothing asks for it until its number is known and the access is issued. In tensors larger than
// the first cache each row is then waited for. The numbers themselves are read in order, so those of later iterations
// are known in time, and their rows can be asked for early. It is a hint: no result depends on it.
#include "schedule/schedule.hpp"

namespace ricci::jit {

inline constexpr std::int64_t rows_ahead = 16;  // so many iterations early

/// Whether an access has a computed subscript, and those it has are computed, without reductions, of reads at bare
/// axes: such reads are safe for any iteration.
bool chooses_rows(const ir::Program&, const std::vector<ir::Expr>& subscripts);

/// The tensors and tables that a nest reads or writes so, and that are far away.
std::vector<ir::TensorId> find_ahead(const ir::Program&, const Specialisation&, const Nest&);

}  // namespace ricci::jit
