#pragma once
// Iterations of an outer loop that are done side by side for each step of the lanes. Where data choose the places to
// read, a loop around that uses the same places again would compute them again:
//
//     out[c, n] = picture[c, f(x[n])] * g(x[n])     ->     for c step 4: for n in lanes:
//                                                            place = f(x[n]), weight = g(x[n])
//                                                            out[c, n] = picture[c, place] * weight
//                                                            out[c + 1, n] = picture[c + 1, place] * weight, ..
//
// Only a few, because each reads and writes a plane of memory of its own: with more the planes push each other out of
// the caches (measured with bilinear samples of 16 planes: 4 at once take 0.4 of the time of 16).
//
// And iterations of a reduction whose values are sums with lanes of their own, which read something that does not
// depend on it: the nearest of some rows c is sought for four of them at a time, so that x is loaded once for these:
//
//     argmin(k, sum(d, (x[n, d] - c[k, d])^2))     ->     for k step 4: (s0, s1, s2, s3) = for d in lanes: ...
//                                                         argmin of s0, then of s1, s2, s3
#include <set>
#include <utility>
#include <vector>

#include "schedule/schedule.hpp"

namespace ricci::jit {

inline constexpr std::int64_t rows_abreast = 4;
inline constexpr std::int64_t least_abreast = 3;  // with fewer, iterations done twice would cost what is saved

/// The axis before the last one of a table that is one reduction for each of a few rows, as many as are done
/// abreast (shares.hpp): a step of one state need not wait for the last one.
std::optional<ir::AxisId> rows_of_sums(const ir::Program&, const ir::Statement&);

/// The axes that are bare subscripts beside computed ones that do not use them.
std::set<ir::AxisId> axes_of_chosen_places(const ir::Program&);

/// The first axis of a nest along which enough is shared, where data choose what each lane along `lane` reads.
std::optional<ir::AxisId> find_abreast(ir::Program&, const Specialisation&, const Nest&, ir::AxisId lane);

/// Longer rows of a matrix times a vector are read faster one by one: abreast, rows of 32 f32 take 0.75 of the time, of
/// 64 0.9, of 159 1.35.
inline constexpr std::int64_t longest_row_abreast = 64;

/// Or vectors take more than half of the first cache: then each row reads one from the second again, and rows alone
/// take 1.2 to 1.9 times as long.
inline constexpr std::int64_t longest_vector_bytes = 16 << 10;

/// A sum along the rows of a matrix, with something that all rows read along themselves: in a plain `product` a vector.
struct SumOfRows {
  ir::Expr fold;
  ir::AxisId rows;  // the last axis of its statement
  bool product;
};
std::vector<SumOfRows> sums_of_rows(const ir::Program&);

/// The rows of such a sum in a nest without lanes, where the sums have lanes of their own: the vector is loaded
/// once for a few rows, and what short rows take beside that is done once for them, too.
std::optional<ir::AxisId> find_rows_abreast(const ir::Program&, const Specialisation&, const Nest&,
                                            const std::unordered_map<ir::Expr, ir::AxisId>& fold_lanes);

/// The bodies of such reductions in a nest without lanes. Each needs registers for the states of four sums.
std::vector<ir::Expr> find_folds_abreast(const Nest&, const std::unordered_map<ir::Expr, ir::AxisId>& fold_lanes);

/// Puts the lanes innermost: no more of them than the rows of such sums have columns, where these are known to be few.
void order_abreast(const ir::Program&, const Specialisation&, Nest&);

}  // namespace ricci::jit
