#pragma once
// A statement that still reads old values of what it writes needs no copy of all of them: it runs in bands of rows,
// each with copies of the rows that it reads, which stay in the caches.
//
//     x[i + 1] = x[i]     a band of i in [b, e) writes x[b + 1], ..., x[e] and reads copies of x[b], ..., x[e - 1];
//                         it copies x[e] as well, which it overwrites and the next band reads
//
// All bands run one kernel, y[i] = z[i] here, whose arguments are parts of x and of its copy. Nothing is copied where
// all that is read lies behind what is written, in rows that are read no more by then: x[i] = x[i + 1].
//
// Bands follow each other within a segment of the rows. What segments read of each other is copied before any of them
// begins, so they run beside each other.
#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "ricci/extents.hpp"
#include "ricci/function_ref.hpp"
#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// A tensor that moves with the bands: its subscripts in this dimension are the axis of the bands plus a constant, from
/// `least` to `most`, and those in other dimensions do not have it.
struct Moved {
  ir::TensorId tensor;
  std::size_t dimension;
  std::int64_t least, most;
  bool beside = true;  // whether other subscripts are those of the target: the rows are read where they are written
};

/// One end of a range: a constant, or a param and a constant.
struct RangeEnd {
  std::optional<ir::ParamId> param;
  std::int64_t constant;
};

/// One band of a statement: a program of its own. Positions along the axis begin at 0, and so do the rows of tensors
/// that move, with the first one that it accesses.
struct BandProgram {
  ir::Program program;
  ir::AxisId axis;
  std::vector<Moved> moved;          // the target is the first
  std::vector<RangeEnd> low, high;  // what the statement has conditions for: low <= axis < high
};

/// The program for bands along one dimension of the target of a normalised program, if it has one statement, whose rows
/// there are used in subscripts and in the range of an axis alone. None where there are reductions: they would do for
/// each band what they do once for all.
std::optional<BandProgram> band_program(const ir::Program&, std::size_t dimension);

/// The dimension of a tensor in which neighbours are farthest from each other; none where some elements are in
/// descending order.
std::optional<std::size_t> outermost(const Layout&);

/// How a statement runs in bands for tensors of some layouts.
struct Bands {
  /// A tensor that shares memory with what is written. Of a band [b, e) the rows [b + low, e + high) of it are copied,
  /// one behind the other, each row-major: `row` has one element in the dimension of the bands.
  struct Old {
    Moved moved;
    Layout row;
    std::int64_t low, high;

    std::int64_t bytes(std::int64_t rows) const {
      return rows * row.strides[moved.dimension] * static_cast<std::int64_t>(size_of(row.dtype));
    }
    std::int64_t kept() const { return high - low; }  // rows that are copied for other bands
  };
  ir::AxisId axis;
  std::vector<Moved> moved;
  std::vector<Old> old;  // some of these
  std::vector<RangeEnd> low, high;
  std::int64_t extent, least, most;   // positions, and those at which all rows exist: from least to most - 1
  std::int64_t of_band, of_segment;   // positions; at least
  bool ascending;                     // only the last band of a segment needs copies
};

/// Bands for a statement that overwrites elements of all of `overwritten`, and of nothing else, before it has read
/// them. Nothing where that is not possible (the layouts differ, or rows are read far from where they are written) or
/// not worth it (few rows, or few bytes). Tensors and extents are those of the whole statement; `threads` run it (0:
/// all of the process).
std::optional<Bands> make_bands(const BandProgram&, std::span<const TensorView> tensors,
                                std::span<const ir::TensorId> overwritten, std::span<const std::int64_t> extents,
                                int threads);

/// The positions of one run, and the segments in which its bands follow each other.
struct Cut {
  std::int64_t first, rows, of_band, segments;

  /// Bands are equally long, but for the last one.
  std::int64_t bands() const { return (rows - 1) / of_band + 1; }
  std::int64_t begin(std::int64_t band) const { return first + std::min(band * of_band, rows); }
  std::int64_t last_rows() const { return rows - (bands() - 1) * of_band; }
  std::int64_t first_of(std::int64_t segment) const { return bands() * segment / segments; }  // band
};

/// Nothing for ranges without positions, or with some where a row is outside of a tensor.
std::optional<Cut> cut(const Bands&, std::span<const Scalar> params);

/// The tensors as a band of so many rows sees them, with the copies at addresses where nothing is.
std::vector<TensorView> views_of_band(const Bands&, std::span<const TensorView> tensors, std::int64_t rows);

/// The memory for copies of one tensor with so many threads (0: all of the process).
std::int64_t bytes_of_copies(const Bands&, const Cut&, const Bands::Old&, int threads);

/// Copies, and calls `run` for each band with the addresses of its tensors and its number of rows. `run` must not
/// throw.
void run_in_bands(const Bands&, const Cut&, std::span<const TensorView> tensors, int threads,
                  FunctionRef<void(std::span<void* const> addresses, std::int64_t rows)> run);

}  // namespace ricci::jit
