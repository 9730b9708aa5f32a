#pragma once
// Which reductions are done for a tile of their results at once, with the states in registers: those whose operands
// each lack one of the axes that the results have, so that what one load brings is used again and again.
#include "schedule/schedule.hpp"
#include "schedule/short_results.hpp"

namespace ricci::jit {

/// The tiles for a nest whose lanes run over `lane`: of the first such reduction, and of others with the same rows, or
/// all whose rows are those of a reduction around them. With lanes down the columns of a short result its elements are
/// the rows.
std::vector<RegisterTile> find_register_tiles(ir::Program&, const Specialisation&, const Target&, const Nest&,
                                              ir::AxisId lane, int lanes, const std::optional<ShortResult>& = {});

/// Of so few rows, what all of them share is read where it is, if it is contiguous along the lanes: to bring it to
/// scratch takes longer than to read it for each four of them, however far away it is. (On a Zen 4 products of 5 to 20
/// rows took 0.46 to 0.99 of the time so, of 24 and more by what is beyond the second cache 1.1 to 1.4 times as long,
/// and with 16 registers, where four rows are few states, 16 to 20 rows 1.05 to 2.3 times.)
inline constexpr std::int64_t most_shallow_rows = 20;

/// Puts the rows of its tiles next to the lanes in the order of a nest, and cuts both into the tiles' blocks. `alone`:
/// no other nest has as many axes.
void order_for_registers(ir::Program&, const Specialisation&, const Target&, Nest&, bool alone);

/// Whether a read is contiguous along the rows of a tile, and not along the axis that its reduction runs over.
bool goes_by_rows(ir::Program&, const Specialisation&, const ir::Read&, ir::AxisId rows, ir::AxisId inner);

/// One line, as for the other parts of a schedule.
std::string to_string(const RegisterTile&, const Nest&, const ir::Program&, int lanes);

}  // namespace ricci::jit
