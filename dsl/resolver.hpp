#pragma once
// The walk from a surface statement to the index IR; see ricci/resolve.hpp.
#include "repeats.hpp"

namespace ricci {

class Resolver {
 public:
  Resolver(std::span<const StatementSyntax> statements, const Leaves& leaves)
      : results_(statements[0].target ? 0 : static_cast<ir::TensorId>(statements.size())), leaves_(leaves),
        repeats_(find_repeats(statements, leaves)) {
    for (ir::TensorId k = 0; k < results_; ++k) declare_result(k, statements[k]);
    for (ir::TensorId k = 0; k < statements.size(); ++k) resolve(k, statements[k]);
  }
  Resolved result() && { return std::move(out_); }

 private:
  using Axes = std::vector<ir::AxisId>;

  void declare_result(ir::TensorId, const StatementSyntax&);
  /// A statement whose target is tensor `id`.
  void resolve(ir::TensorId id, const StatementSyntax&);

  /// The axes that the unnamed axes of a value of this rank take, which is assigned to unnamed axes of a target.
  Axes aligned(const Axes& unnamed, int rank) const;
  /// The fault of anything along a mask on the left but what the same mask chooses.
  void check_written(ir::Expr value);

  static void run_in_order(ir::Statement&, ir::AxisId);

  ir::Graph& graph() { return out_.program.graph; }
  ir::AxisId new_axis(std::string_view name);
  ir::AxisId open(const IndexName* name);
  ir::AxisId axis_of(const IndexName* name) const;
  Axes axes_of(const IndexSet& set) const;
  void add_size(ir::AxisId axis, ir::TensorAxis use);
  ir::TensorId next_tensor(DType dtype, int rank);
  ir::Expr next_scalar(Form form, DType dtype, std::optional<ir::TensorAxis> subscript = {});
  bool sizes(const Syntax& factor) const;
  ir::Expr factor(DType);
  ir::Expr exponent(DType dtype);
  ir::Expr integer(ir::TensorAxis, bool checked);

  /// The value in the dtype in which the node's own dtype computes (f32 for f16 and bf16, so that a value is rounded
  /// only where it is stored or cast); `unnamed` are the axes that its unnamed axes take, at least its rank.
  ir::Expr lower(const Syntax& node, const Axes& unnamed);
  ir::Expr lower_as(const Syntax& node, DType dtype, const Axes& unnamed);
  /// The same, of what is evaluated only where a condition holds.
  ir::Expr lower_branch(const Syntax& node, DType dtype, const Axes& unnamed);
  ir::Expr rounded(DType dtype, ir::Expr e);
  ir::Expr element(ir::Expr read);
  /// The subscripts of an access, and what its policy for those outside makes of them.
  struct Place {
    std::vector<ir::Expr> subscripts;
    ir::Policy policy = ir::Policy::check;
    ir::Expr inside = nullptr;  // fill, drop: whether they are inside; masks: whether they are chosen; null: always
  };
  ir::Expr signed_subscript(const Syntax& node, const Syntax& subscript, ir::TensorAxis, const Axes&);
  ir::Expr bounded(const Syntax& node, ir::TensorAxis, ir::Expr subscript, Place&);
  void narrow(Place&, ir::Expr condition);
  void add_whole(Place&, ir::TensorAxis, ir::AxisId);
  void keep_inside(ir::TensorAxis, ir::Expr subscript);
  Place place(const Syntax& node, ir::TensorId tensor, const Axes& unnamed);
  ir::Expr extent_of(ir::TensorAxis);
  ir::Expr whole(const Syntax& node, const Axes& unnamed);
  ir::Expr access(const Syntax& node, const Axes& unnamed);
  Axes names_of(const Syntax& named) const;
  ir::Expr named(const Syntax& node);
  ir::Expr along(const Syntax& node, const Axes& unnamed);
  ir::Expr nonzero(const Syntax& node, ir::AxisId along);
  std::vector<ir::Expr> places(const Syntax& nonzero, Axes& axes, ir::AxisId along);
  std::vector<ir::Expr> chosen(Axes& axes, ir::Expr condition, ir::AxisId along);
  ir::Expr apply(const Syntax& node, const Axes& unnamed);
  struct Product {
    ir::Expr condition, value;  // null: no such factor
  };
  Product factors(const Syntax& node, DType dtype, const Axes& unnamed, bool chosen);
  ir::Expr product(const Syntax& node, const Axes& unnamed);
  ir::Expr reduce(const Syntax& node, const Axes& unnamed);
  ir::Expr reduce_axes(const Syntax& node, const Axes& unnamed);
  /// What a reduction runs over: axes, and the ranges of some of them (as in ir::Fold).
  struct Over {
    Axes axes;
    std::vector<ir::Range> ranges;
  };
  ir::Expr reduced(const Syntax& node, Over over, const Axes& unnamed);
  void add_ranges(const Syntax& node, Over& over);
  ir::Range bounds(const Syntax& range);
  ir::Expr ordering(ir::Expr, const Axes& over);
  ir::Expr is_within(ir::AxisId, const ir::Range&);
  ir::Expr renamed(ir::Expr, Axes& over);
  ir::Expr folded(Reduction, Over over, ir::Expr);
  ir::Expr in_order(const Syntax& node, const Axes& over, ir::Expr);
  ir::Expr taken(const Syntax& node, const Axes& over, const Axes& unnamed, ir::AxisId place);
  ir::Expr running(Reduction, Over, ir::Expr);
  ir::Expr averaged(const Over& over, ir::Expr);
  ir::Expr exponentials(const Over& over, ir::Expr, bool tame, ir::Expr& greatest);
  static ir::Policy policy(const Syntax& node);
  void fix_if_unsized(ir::AxisId, ir::TensorId first_given);

  const ir::TensorId results_;  // how many new tensors there are
  std::optional<ir::TensorId> made_ = {};  // a target that is being made: ranges are the extents of its axes
  const Leaves& leaves_;
  const std::vector<int> repeats_;
  Resolved out_;
  struct Binding {
    const IndexName* name;
    ir::AxisId axis;
  };
  struct Choice {
    Axes axes;
    ir::Expr condition;
  };
  std::vector<Choice> choices_;  // of masks and nonzeros so far
  /// A mask on the left: what the same condition chooses on the right, along the axis `along`, is what stands at the
  /// written element itself. A mask of one axis has that as `along`, others an axis that nothing iterates.
  struct Written {
    Choice choice;
    ir::AxisId along;
  };
  Axes ranged_;  // on the left, where nothing is made: subscripts with them are evaluated in the range only
  std::vector<Written> written_;
  bool shares_numbers_ = false;  // there is a mask on the left
  Axes new_axes_;  // of newaxis: extent 1, unless something else gives them another
  std::vector<Binding> scope_;  // inner bindings last; a binder hides equal names outside
  const StatementSyntax* statement_ = nullptr;
  bool deciding_ = false;       // what is being lowered is a subscript from which extents may follow
  bool conditional_ = false;    // what is being lowered is not evaluated everywhere
  int tensor_leaf_ = 0, scalar_leaf_ = 0, axis_leaf_ = 0, exponents_ = 0;
};

}  // namespace ricci
