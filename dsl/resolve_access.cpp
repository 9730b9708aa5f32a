// What the subscripts of an access become: whole axes, gathers, policies for those outside, masks.
#include <algorithm>
#include <limits>
#include <utility>

#include "resolver.hpp"
#include "ricci/error.hpp"

namespace ricci {

/// The extent of an axis of a tensor: that of an index which has it, or of one that nothing iterates.
ir::Expr Resolver::extent_of(ir::TensorAxis use) {
  const auto& axes = out_.program.axes;
  const auto has = [&](const ir::AxisDecl& axis) { return std::ranges::count(axis.sizes, use) > 0; };
  auto axis = static_cast<ir::AxisId>(std::ranges::find_if(axes, has) - axes.begin());
  if (axis == axes.size()) add_size(axis = new_axis("_"), use);
  return ir::extent(graph(), axis);
}

/// The subscript as i64. One that only u64 can hold becomes negative, which is outside as well, but not what clip and
/// wrap are to start from.
ir::Expr Resolver::signed_subscript(const Syntax& node, const Syntax& subscript, ir::TensorAxis use, const Axes& axes) {
  const bool clips = node.outside == Outside::clip, wraps = node.outside == Outside::wrap;
  if (subscript.dtype != DType::u64 || !(clips || wraps)) return lower_as(subscript, DType::i64, axes);
  ir::Graph& g = graph();
  const ir::Expr e = lower_as(subscript, DType::u64, axes);
  const ir::Expr last = ir::constant(g, Scalar::of(std::uint64_t{std::numeric_limits<std::int64_t>::max()}));
  const ir::Expr bounded = clips ? ir::apply(g, Op::minimum, {e, last})
                                 : ir::apply(g, Op::remainder, {e, ir::cast(g, DType::u64, extent_of(use))});
  return ir::cast(g, DType::i64, bounded);
}

/// An integer subscript: a param that is normalised where the statement is called.
ir::Expr Resolver::integer(ir::TensorAxis use, bool checked) {
  const auto next = static_cast<ir::ParamId>(out_.program.params.size());
  const bool shares = std::exchange(shares_numbers_, shares_numbers_ && checked);
  const ir::Expr e = next_scalar(Form::integer, DType::i64, use);
  shares_numbers_ = shares;
  if (e->as<ir::Param>()->param == next) out_.integers.push_back({next, use.tensor, use.axis, checked});
  return e;
}

/// What the policy makes of the computed subscript `e`.
ir::Expr Resolver::bounded(const Syntax& node, ir::TensorAxis use, ir::Expr e, Place& place) {
  ir::Graph& g = graph();
  const ir::Expr zero = ir::constant(g, std::int64_t{0});
  switch (node.outside) {
    case Outside::check:
    case Outside::assume_inside: return e;
    case Outside::clip: {
      const ir::Expr last = ir::apply(g, Op::subtract, {extent_of(use), ir::constant(g, std::int64_t{1})});
      return ir::apply(g, Op::maximum, {ir::apply(g, Op::minimum, {e, last}), zero});  // 0 in an axis without elements
    }
    case Outside::wrap: return ir::apply(g, Op::remainder, {e, extent_of(use)});
    case Outside::fill:
    case Outside::drop:
      narrow(place, ir::apply(g, Op::greater_equal, {e, zero}));
      narrow(place, ir::apply(g, Op::less, {e, extent_of(use)}));
      return e;
  }
  RICCI_ASSERT(false, "unknown policy");
  return nullptr;
}

void Resolver::narrow(Place& place, ir::Expr condition) {
  place.inside = place.inside ? ir::apply(graph(), Op::logical_and, {place.inside, condition}) : condition;
}

/// The whole axis `use` of a tensor, as `axis`.
void Resolver::add_whole(Place& place, ir::TensorAxis use, ir::AxisId axis) {
  add_size(axis, use);
  place.subscripts.push_back(ir::axis(graph(), axis));
}

/// A subscript that turns out to be a bare axis takes part in deciding that axis' extent.
Resolver::Place Resolver::place(const Syntax& node, ir::TensorId tensor, const Axes& unnamed) {
  Axes gathered = node.free.size > 0 ? axes_of(node.free) : unnamed, kept;
  if (node.positional) {
    const auto first = unnamed.begin() + node.gather_at, last = first + node.gathered;
    gathered.assign(first, last);
    kept.assign(unnamed.begin(), first);
    kept.insert(kept.end(), last, unnamed.begin() + node.rank);
  }
  Place place{{}, policy(node), nullptr};
  auto next = kept.begin();
  for (int i = 0; i < node.subscripts(); ++i) {
    const Syntax& subscript = *node.child[i];
    const auto use = [&] { return ir::TensorAxis{tensor, static_cast<std::uint32_t>(place.subscripts.size())}; };
    if (subscript.form == Form::newaxis) {
      new_axes_.push_back(*next++);
      continue;
    }
    if (subscript.is_gathered_mask(node.writable)) {
      Axes own;
      for (int k = 0; k < subscript.rank; ++k) own.push_back(new_axis("_"));
      const ir::Expr condition = lower(subscript, own);
      const std::vector<ir::Expr> values = chosen(own, condition, gathered[0]);
      for (std::size_t k = 0; k < values.size(); ++k) {
        add_size(own[k], use());
        place.subscripts.push_back(values[k]);
      }
      continue;
    }
    if (subscript.is_positional()) {
      const Axes own(next, next + subscript.produced());
      if (subscript.is_mask()) {
        const ir::Expr condition = lower(subscript, own);
        written_.push_back({{own, condition}, own.size() == 1 ? own[0] : new_axis("_")});
        narrow(place, condition);
      }
      for (ir::AxisId axis : own) add_whole(place, use(), axis);
      next += subscript.produced();
      continue;
    }
    if (subscript.form == Form::range) {
      const ir::AxisId axis = axis_of(subscript.bound[0]);
      add_whole(place, use(), axis);
      if (tensor == made_) {
        next_scalar(Form::integer, DType::i64);  // the 0
        out_.program.axes[axis].limit = next_scalar(Form::integer, DType::i64);  // a param: extents share kernels
      } else if (const ir::Expr within = is_within(axis, bounds(subscript))) {
        narrow(place, within);
        ranged_.push_back(axis);
      }
      continue;
    }
    const bool decides = node.outside == Outside::check || node.outside == Outside::assume_inside;
    const bool around = std::exchange(deciding_, decides && !conditional_);
    const ir::Expr e = subscript.form == Form::integer ? integer(use(), node.outside == Outside::check)
                                                       : signed_subscript(node, subscript, use(), gathered);
    deciding_ = around;
    const auto* axis = e->as<ir::Axis>();
    if (axis && (decides || !out_.program.axes[axis->axis].limit)) {
      add_whole(place, use(), axis->axis);
    } else {
      if (decides && !conditional_) keep_inside(use(), e);
      place.subscripts.push_back(bounded(node, use(), e, place));
    }
  }
  return place;
}

/// Notes the subscript with every axis in which it is affine: they are to stay inside.
void Resolver::keep_inside(ir::TensorAxis use, ir::Expr subscript) {
  for (ir::AxisId axis : subscript->free) {
    const auto affine = ir::affine_in(graph(), subscript, axis);
    if (affine && affine->coefficient != 0 && std::ranges::count(ranged_, axis) == 0)
      out_.program.axes[axis].inside.push_back({use, affine->coefficient, affine->rest});
  }
}

/// Integer subscripts are checked when the statement is called; a list with no other computed ones needs no check.
/// Clipped and wrapped subscripts are checked too: nothing is inside an axis of extent 0.
ir::Policy Resolver::policy(const Syntax& node) {
  if (node.outside == Outside::clip || node.outside == Outside::wrap) return ir::Policy::check;
  if (node.outside != Outside::check) return ir::Policy::assume_inside;
  bool integers = false;
  for (int i = 0; i < node.children; ++i) {
    if (node.child[i]->form == Form::integer) integers = true;
    else if (node.child[i]->form != Form::index && node.child[i]->form != Form::range &&
             !node.child[i]->is_positional())
      return ir::Policy::check;
  }
  return integers ? ir::Policy::assume_inside : ir::Policy::check;
}

ir::Expr Resolver::access(const Syntax& node, const Axes& unnamed) {
  const ir::TensorId tensor = next_tensor(node.dtype, node.tensor_rank);
  Place at = place(node, tensor, unnamed);
  const ir::Expr read = element(ir::read(graph(), tensor, node.dtype, std::move(at.subscripts), at.policy, at.inside));
  if (node.outside != Outside::fill) return read;
  const Axes aligned = node.free.size > 0 ? axes_of(node.free) : unnamed;
  const ir::Expr filler = rounded(node.dtype, lower_as(*node.child[node.subscripts()], node.dtype, aligned));
  return at.inside ? ir::apply(graph(), Op::select, {at.inside, read, filler}) : read;
}

/// The axes of new tensors, those before `first_given`, do not size anything.
void Resolver::fix_if_unsized(ir::AxisId id, ir::TensorId first_given) {
  ir::AxisDecl& axis = out_.program.axes[id];
  const auto is_given = [&](const ir::TensorAxis& use) { return use.tensor >= first_given; };
  const bool sized = axis.fixed >= 0 || !axis.counts.empty() || std::ranges::any_of(axis.sizes, is_given);
  if (!sized) axis.fixed = 1;
}

}  // namespace ricci
