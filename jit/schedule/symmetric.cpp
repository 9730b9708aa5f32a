#include "schedule/symmetric.hpp"

#include <algorithm>
#include <map>

#include "ir/affine.hpp"
#include "rewrite/share.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether an operation gives the same bits for exchanged arguments. (Of two zeros with other signs the first is the
/// larger; of two NaNs it does not matter which.)
bool commutes(const Apply& apply) {
  if (apply.op == Op::minimum || apply.op == Op::maximum) return !is_float(apply.args[0]->dtype);
  return apply.args.size() == 2 && info(apply.op).laws == Laws::commutative;
}

/// Compares expressions with what they are where two axes are exchanged.
class Exchange {
 public:
  Exchange(AxisId a, AxisId b) : a_(a), b_(b) {}

  /// Whether `y` is `x` with the axes exchanged, bit for bit.
  bool gives(Expr x, Expr y) {
    if (!moves(x) && !moves(y)) return x == y;
    const auto [known, fresh] = known_.try_emplace({x, y}, false);
    if (!fresh) return known->second;
    const bool result = x->dtype == y->dtype && Node::Kind(*x).index() == Node::Kind(*y).index() && compare(x, y);
    return known_[{x, y}] = result;
  }

 private:
  bool moves(Expr e) const { return uses_axis(e, a_) || uses_axis(e, b_); }
  bool all(const std::vector<Expr>& x, const std::vector<Expr>& y) {
    return std::ranges::equal(x, y, [&](Expr one, Expr other) { return gives(one, other); });
  }

  bool compare(Expr x, Expr y) {
    if (const Axis* axis = x->as<Axis>()) return y->as<Axis>()->axis == (axis->axis == a_ ? b_ : a_);
    if (const Apply* apply = x->as<Apply>()) {
      const Apply& other = *y->as<Apply>();
      if (apply->op != other.op) return false;
      if (all(apply->args, other.args)) return true;
      if (x == y && takes_distance(*apply)) return true;
      return commutes(*apply) && gives(apply->args[0], other.args[1]) && gives(apply->args[1], other.args[0]);
    }
    if (const Read* read = x->as<Read>()) {
      const Read& other = *y->as<Read>();
      return read->tensor == other.tensor && read->policy == other.policy && !read->guard && !other.guard &&
             all(read->subscripts, other.subscripts);
    }
    const Fold* fold = x->as<Fold>();
    if (!fold || !fold->ranges.empty()) return false;
    const Fold& other = *y->as<Fold>();
    return fold->reduction == other.reduction && fold->axes == other.axes && other.ranges.empty() &&
           gives(fold->body, other.body);
  }

  /// The square or the size of a difference, which is the same in the other direction.
  bool takes_distance(const Apply& apply) {
    const Apply* difference = apply.args[0]->as<Apply>();
    if (!difference || difference->op != Op::subtract) return false;
    const bool is_square = apply.op == Op::multiply && apply.args[0] == apply.args[1];
    const DType dtype = apply.args[0]->dtype;
    const bool is_size = apply.op == Op::abs && (is_float(dtype) || is_signed_integer(dtype));
    return (is_square || is_size) && gives(difference->args[0], difference->args[1]) &&
           gives(difference->args[1], difference->args[0]);
  }

  AxisId a_, b_;
  std::map<std::pair<Expr, Expr>, bool> known_;
};

/// Whether two axes, with those that they have swallowed, have the same extents in every call.
bool have_same_extent(Program& program, const Specialisation& s, AxisId a, AxisId b) {
  const CanonicalAxes axes(program);
  const auto parts = [&](AxisId axis) {
    std::vector<AxisId> all = s.collapsed[axis];
    if (all.empty()) all = {axis};
    for (AxisId& part : all)
      while (program.axes[part].like) part = *program.axes[part].like;
    return all;
  };
  return std::ranges::equal(parts(a), parts(b), {}, [&](AxisId axis) { return axes.extent_class(axis); },
                            [&](AxisId axis) { return axes.extent_class(axis); });
}

}  // namespace

bool is_symmetric(Program& program, const Specialisation& s, const Nest& nest) {
  const RegisterTile& tile = nest.registers[0];
  const AxisId rows = tile.rows, lane = *nest.lane_axis;
  if (tile.masked || !tile.direct.empty() || nest.order.back() != lane || std::ranges::count(nest.order, rows) == 0) return false;
  if (!have_same_extent(program, s, rows, lane)) return false;
  return std::ranges::all_of(nest.statements, [&](std::size_t i) {
    const Statement& statement = program.statements[i];
    // What is mirrored is not checked.
    if (statement.update || statement.guard || statement.policy != Policy::assume_inside) return false;
    if (motion(program, s, statement.target, statement.subscripts, lane) != Motion::contiguous) return false;
    return Exchange(rows, lane).gives(statement.value, statement.value);
  });
}

std::string symmetry_to_string(const Nest& nest, const Program& program) {
  const RegisterTile& tile = nest.registers[0];
  return "symmetric: rows of " + program.axes[tile.rows].name + " to the diagonal, mirrored beyond it for " +
         std::to_string(least_iterations) + " of " + program.axes[tile.fold->as<Fold>()->axes[0]].name + " or more\n";
}

}  // namespace ricci::jit
