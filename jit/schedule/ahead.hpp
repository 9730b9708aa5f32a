#pragma once
// Rows that data choose. The processor fetches the next line of what it goes through in order, but not the next row of
// a gather or a scatter: nothing asks for it until its number is known and the access is issued. In tensors larger than
// the first cache each row is then waited for. The numbers themselves are read in order, so those of later iterations
// are known in time, and their rows can be asked for early. It is a hint: no result depends on it.
//
// Rows of tensors larger than the second cache are asked for twice: long before they are used they go into the second
// cache, which waits for many lines at a time, and shortly before into the first one, which waits for few. (On a Zen 4
// sums of rows from a table of 25 MB took 0.35 to 0.5 of the time that they take with the first cache alone, and 0.65
// to 0.8 with the second one alone, which from a table of 0.6 MB takes 1.2 times as long.)
#include "schedule/schedule.hpp"

namespace ricci::jit {

inline constexpr std::int64_t rows_ahead = 16;          // so many iterations early,
inline constexpr std::int64_t rows_farther_ahead = 64;  // and into the second cache

/// Whether an access has a computed subscript, and those it has are computed, without reductions, of reads at bare
/// axes: such reads are safe for any iteration.
bool chooses_rows(const ir::Program&, const std::vector<ir::Expr>& subscripts);

/// The tensors and tables that a nest reads or writes so, and that are far away.
std::vector<RowsAhead> find_ahead(const ir::Program&, const Specialisation&, const Nest&);

}  // namespace ricci::jit
