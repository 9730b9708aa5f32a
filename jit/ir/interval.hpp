#pragma once
// Interval analysis of integer expressions at known extents: what proves that a subscript fits.
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "ricci/ir.hpp"

namespace ricci::jit {

/// All values from low to high, both included.
struct Interval {
  std::int64_t low, high;
  bool within(Interval outer) const { return low >= outer.low && high <= outer.high; }
};

using AxisRanges = std::unordered_map<ir::AxisId, ir::Range>;
/// Bounds of all elements, by temporary.
using StoredRanges = std::unordered_map<ir::TensorId, Interval>;

/// Bounds of integer and b1 expressions; remembers what it has seen, so one object serves a whole program.
class Bounds {
 public:
  /// `extents` by AxisId; `ranges` of the axes that every reduction binding them runs over in one range; `params` if
  /// they are known; `stored` as far as it is known.
  explicit Bounds(std::span<const std::int64_t> extents, const AxisRanges* ranges = nullptr,
                  std::span<const Scalar> params = {}, const StoredRanges* stored = nullptr)
      : extents_(extents), ranges_(ranges), params_(params), stored_(stored) {}

  /// An interval that holds every value of `e`; for floats the widest one.
  Interval of(ir::Expr e);
  /// The same where `guard` is known to be true: its conjuncts that compare signed integers narrow what they
  /// compare, and so every expression of it.
  Interval of(ir::Expr e, ir::Expr guard);
  /// The value of a comparison, when every choice of the axes gives the same.
  std::optional<bool> decide(ir::Expr comparison);

 private:
  Interval compute(ir::Expr e);
  Interval of_axis(ir::AxisId);
  void assume(ir::Expr condition);
  void narrow(ir::Expr e, Interval to);
  Interval of_sum(const ir::Fold&, DType dtype);
  Interval indices_over(std::span<const ir::AxisId> axes) const;
  std::span<const std::int64_t> extents_;
  const AxisRanges* ranges_;
  std::span<const Scalar> params_;  // empty: not known
  const StoredRanges* stored_;
  std::unordered_map<ir::Expr, Interval> known_;
};

/// Of the temporaries that one statement fills from end to end.
StoredRanges stored_ranges(const ir::Program&, std::span<const std::int64_t> extents, const AxisRanges*);

/// The conjuncts of a b1 expression: {a, b, c} for a & b & c, also where b is evaluated only if a holds, as in
/// select(a, b, false); none for null.
std::vector<ir::Expr> conjuncts(ir::Expr condition);

}  // namespace ricci::jit
