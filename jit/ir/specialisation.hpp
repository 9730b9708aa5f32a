#pragma once
// What a kernel may assume about its arguments: all that distinguishes the variants of one expression. specialise.hpp
// finds it.
#include <optional>
#include <string>
#include <vector>

#include "ricci/ir.hpp"

namespace ricci::jit {

/// Of 2 to 4 only the distance of many neighbours in memory is known, where no other axis has a smaller one: so much
/// that a kernel loads whole vectors, but not the number of columns of a small matrix.
enum class StrideClass : std::uint8_t { zero, one, minus_one, any, two, three, four };

/// The stride itself; nothing for `any`.
std::optional<std::int64_t> known_stride(StrideClass);

/// A matrix of few columns in a product, and for how many a vector has lanes: its rows are so far apart if `dense`.
struct Slender {
  ir::TensorId matrix;
  ir::AxisId columns;
  int wide;
  bool dense;
  bool operator==(const Slender&) const = default;
};

/// Rows of so many elements, whose axis is gone through as one with the one before it (packed_rows.hpp).
struct PackedRows {
  ir::AxisId axis;
  std::int64_t elements;
  bool operator==(const PackedRows&) const = default;
};

struct Specialisation {
  std::vector<std::vector<StrideClass>> strides;  // by tensor, axis (tables: by construction row-major)
  std::vector<std::vector<ir::AxisId>> collapsed; // by axis: the axes it stands for, outermost first; empty: itself only,
                                                  // or, for an axis that another one swallowed, never iterated
  std::vector<ir::AxisId> flattened;  // of these, those with axes whose values reads need (flattened.hpp)
  std::vector<PackedRows> packed;     // and those with short rows of results, of which a vector holds several
  std::vector<ir::TensorId> large;  // written tensors that are larger than caches (streaming.hpp)
  std::vector<ir::AxisId> brief;    // axes of these along which all values of a reduction fit into scratch (kept.hpp)
  std::vector<ir::AxisId> slim;     // those along which they do for each step of lanes
  std::vector<ir::TensorId> far;    // accessed where data choose, and larger than the first cache (ahead.hpp)
  std::vector<ir::TensorId> farther;  // of these, those that are larger than the second one too
  std::vector<ir::AxisId> many;  // axes along which a reduction uses loads again, long enough for it to pay
  std::vector<ir::AxisId> shallow;  // of these, those of so few results that loads are not worth being arranged,
  std::vector<ir::AxisId> low;      // and those of no more than half a block of rows
  /// Of many, and of those along which a winner among bytes or numbers of two is sought, the ones along long rows of
  /// memory, which fill steps of many lanes.
  std::vector<ir::AxisId> wide;
  std::vector<ir::AxisId> narrow;  // instead, those along rows that are at most a line of memory
  std::vector<Slender> slender;  // of products, as kernels assume (slender.hpp)
  /// Of which all elements that a reduction over several axes takes for one result lie behind each other.
  std::vector<ir::TensorId> joined;
  std::vector<ir::AxisId> few;   // axes of reductions that are short rows of memory (short_rows.hpp)
  std::vector<ir::AxisId> abreast;  // axes along which places that data choose are used again (abreast.hpp)
  std::string answers;       // of the interval analysis, question by question: what was proved
  bool short_offsets = true; // every offset and extent fits 31 bits: lanes count in i32
  bool disjoint = true;      // no written tensor overlaps another one
  bool operator==(const Specialisation&) const = default;
};

/// Whether another axis stands for this one too.
bool is_swallowed(const Specialisation&, ir::AxisId);

/// The assumptions as text, for the key and for dumps.
std::string to_string(const Specialisation&);

}  // namespace ricci::jit
