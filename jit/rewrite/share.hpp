#pragma once
#include <map>
#include <tuple>

#include "ricci/ir.hpp"

namespace ricci::jit {

/// Hands out axes for binders such that binders which mean the same get the same axes.
class CanonicalAxes {
 public:
  explicit CanonicalAxes(ir::Program&);

  /// The axis at `position` of a binder at nesting `depth` (0: a statement's domain; else 1 + the depth of the
  /// reductions inside), with the extent of `like`: made on first demand, the same one ever after. An axis that a
  /// reduction runs over in a range is for that range alone, so that what the range proves holds wherever the axis is.
  ir::AxisId get(ir::AxisId like, int depth, int position, ir::Range = {});
  /// Axes for a new binder of axes like these around `body`: none that it uses or that a binder in it binds.
  std::vector<ir::AxisId> around(ir::Expr body, const std::vector<ir::AxisId>& like,
                                 const std::vector<ir::Range>& = {});
  /// A number for the axis' extent: two axes with the same number have the same extent in every call, because
  /// a chain of bare uses connects them.
  std::uint32_t extent_class(ir::AxisId axis) const { return axis < class_of_.size() ? class_of_[axis] : axis; }
  /// The same with each Extent as that of one axis for all of its class, so that equal values are equal expressions.
  ir::Expr with_common_extents(ir::Expr, ir::Memo&) const;

 private:
  ir::Program& program_;
  std::vector<std::uint32_t> class_of_;
  std::map<std::tuple<std::uint32_t, int, int, ir::Expr, ir::Expr>, ir::AxisId> made_;
};

/// Gives bound axes canonical identities, so that reductions which differ only in the names of what they bind become
/// one node, computed once:
///
///     sum(c, s[b,c]) + max(d, s[b,d]) * sum(e, s[b,e])     ->     sum(c, s[b,c]) + max(c, s[b,c]) * sum(c, s[b,c])
///
/// A maximum beside the argmax of the same becomes one of its two results. Equal extents become those of one axis.
void share(ir::Program&, CanonicalAxes&);

/// Whether `subscript` of axis `position` of `tensor` is a bare axis that takes its extent from there: it always fits.
bool is_sized_by(const ir::Program&, ir::Expr subscript, ir::TensorId tensor, std::size_t position);

/// How deep binders (reductions and Nonzeros) nest in an expression, 0 without any; remembers what it has seen.
class FoldDepth {
 public:
  int of(ir::Expr);

 private:
  std::unordered_map<ir::Expr, int> known_;
};

}  // namespace ricci::jit
