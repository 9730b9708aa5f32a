#pragma once
// Reads of rows that data choose. The processor fetches the next line of what it reads in order, but not the next row of
// a gather: until the row's number is known and its load has been issued, nothing asks for it. In tensors larger than the
// inner caches each row then waits for memory. The numbers themselves are read in order, so those of later iterations are
// known in time, and their rows can be asked for early.
#include "schedule.hpp"

namespace ricci::jit {

/// The reads of a nest whose rows are fetched `rows_ahead` iterations before they are used: of far tensors, with a
/// subscript that is computed of reads at bare axes, which are safe to read for any iteration.
std::vector<ir::Expr> find_ahead(const ir::Program&, const Specialisation&, const Nest&);

inline constexpr std::int64_t rows_ahead = 16;

}  // namespace ricci::jit
