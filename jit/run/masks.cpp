#include "run/masks.hpp"

#include <algorithm>
#include <map>

#include "ricci/extents.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether the order of some schedule is in the bits of the result.
bool has_float_sum(Expr e) {
  return std::ranges::any_of(nodes({e}), [](Expr n) {
    const Fold* fold = n->as<Fold>();
    return fold && is_float(n->dtype) && (fold->reduction == Reduction::sum || fold->reduction == Reduction::prod);
  });
}

class Masking {
 public:
  explicit Masking(Program program) : made_{std::move(program), {}, {}}, g_(made_.program.graph) {}

  MaskedProgram made() && {
    Program& program = made_.program;
    for (Expr count : count_expressions(program)) {  // inner ones first
      const Fold* fold = count->as<Fold>();
      const Apply* cast = fold ? fold->body->as<Apply>() : nullptr;  // unless the condition is a constant
      const Expr fresh = cast ? ir::count(g_, fold->axes, masked(fold->axes, cast->args[0])) : count;
      made_.counts.emplace_back(count, fresh);
      for (AxisDecl& axis : program.axes) std::ranges::replace(axis.counts, count, fresh);
    }
    if (!made_.masks.empty())
      for (Statement& s : program.statements) replace_expressions(s, [&](Expr e) { return with_masks(e); });
    return std::move(made_);
  }

 private:
  using Choice = std::pair<std::vector<AxisId>, Expr>;

  Expr with_masks(Expr e) {
    return rewrite(g_, e, memo_, [&](Expr original, Expr e) {
      const Nonzero* old = original->as<Nonzero>();
      if (!old) return e;
      const auto known = conditions_.find({old->axes, old->condition});
      if (known == conditions_.end()) return e;
      return nonzero(g_, old->axes, known->second, e->as<Nonzero>()->position, old->which, old->along);
    });
  }

  /// The condition, or its element of a mask.
  Expr masked(const std::vector<AxisId>& axes, Expr condition) {
    Expr& known = conditions_[{axes, condition}];
    if (known) return known;
    const Expr e = with_masks(condition);
    if (!has_float_sum(e)) return known = e;
    Program& program = made_.program;
    made_.masks.push_back({axes, computing(program, e, axes, "mask")});
    const auto mask = static_cast<TensorId>(program.tensors.size());
    program.tensors.push_back({"mask", DType::b1, static_cast<int>(axes.size()), {}});
    std::vector<Expr> subscripts;
    for (std::uint32_t k = 0; k < axes.size(); ++k) {
      program.axes[axes[k]].sizes.push_back({mask, k});
      subscripts.push_back(axis(g_, axes[k]));
    }
    return known = read(g_, mask, DType::b1, std::move(subscripts), Policy::assume_inside);
  }

  MaskedProgram made_;
  Graph& g_;
  Memo memo_;
  std::map<Choice, Expr> conditions_;
};

}  // namespace

MaskedProgram with_masks(Program program) { return Masking(std::move(program)).made(); }

}  // namespace ricci::jit
