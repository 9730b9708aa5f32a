// Reductions, and the functions that are made of several.
#include <limits>
#include <utility>

#include "resolver.hpp"
#include "ricci/error.hpp"

namespace ricci {

ir::Expr Resolver::reduce(const Syntax& node, const Axes& unnamed) {
  if (node.form == Form::reduce) {
    const std::size_t outside = scope_.size();
    Axes over;
    const bool stays = node.reducer == Reducer::softmax;
    for (int i = 0; i < node.bound.size; ++i) over.push_back(stays ? axis_of(node.bound[i]) : open(node.bound[i]));
    const ir::Expr e = reduced(node, over, over);
    scope_.resize(outside);
    return e;
  }
  const auto position = static_cast<std::ptrdiff_t>(leaves_.axes[static_cast<std::size_t>(axis_leaf_++)]);
  Axes inner(unnamed.begin(), unnamed.begin() + node.rank);
  if (node.reducer == Reducer::softmax) return reduced(node, {inner[static_cast<std::size_t>(position)]}, inner);
  const ir::AxisId over = new_axis("_");
  if (node.keeps) {
    new_axes_.push_back(std::exchange(inner[static_cast<std::size_t>(position)], over));
  } else {
    inner.insert(inner.begin() + position, over);
  }
  return reduced(node, {over}, inner);
}

/// The same expression over axes of its own, for a reduction within or beside another one of it.
ir::Expr Resolver::renamed(ir::Expr e, Axes& over) {
  std::unordered_map<ir::AxisId, ir::Expr> fresh;
  for (ir::AxisId& axis : over) {
    const ir::AxisDecl decl = out_.program.axes[axis];
    const ir::AxisId own = new_axis(decl.name);
    out_.program.axes[own].sizes = decl.sizes;
    fresh.emplace(axis, ir::axis(graph(), own));
    axis = own;
  }
  return ir::substitute(graph(), e, fresh);
}

/// The reduction of `e` over axes of its own.
ir::Expr Resolver::folded(Reduction reduction, Axes over, ir::Expr e) {
  const ir::Expr body = renamed(e, over);
  return ir::fold(graph(), reduction, std::move(over), body);
}

/// e / the number of elements.
ir::Expr Resolver::averaged(const Axes& over, ir::Expr e) {
  ir::Graph& g = graph();
  ir::Expr count = ir::extent(g, over[0]);
  for (std::size_t i = 1; i < over.size(); ++i) count = ir::apply(g, Op::multiply, {count, ir::extent(g, over[i])});
  return ir::apply(g, Op::divide, {e, ir::cast(g, e->dtype, count)});
}

/// exp(e - max e), and the maximum; where that is infinite 0 takes its place, so that infinities meet exp alone.
ir::Expr Resolver::exponentials(const Axes& over, ir::Expr e, bool tame, ir::Expr& greatest) {
  ir::Graph& g = graph();
  greatest = folded(Reduction::max, over, e);
  const ir::Expr infinity = ir::cast(g, e->dtype, ir::constant(g, Scalar::of(std::numeric_limits<double>::infinity())));
  const ir::Expr infinite = ir::apply(g, Op::equal, {ir::apply(g, Op::abs, {greatest}), infinity});
  if (tame) greatest = ir::apply(g, Op::select, {infinite, ir::constant(g, Scalar{e->dtype, 0}), greatest});
  return ir::apply(g, Op::exp, {ir::apply(g, Op::subtract, {e, greatest})});
}

/// The reduction of the node's child over `over`; `unnamed` are the axes that the child's unnamed axes take.
ir::Expr Resolver::reduced(const Syntax& node, const Axes& over, const Axes& unnamed) {
  ir::Graph& g = graph();
  const Syntax& body = *node.child[0];
  const DType result = node.dtype;
  const auto square = [&](ir::Expr e) { return ir::apply(g, Op::multiply, {e, e}); };
  switch (node.reducer) {
    case Reducer::mean: return averaged(over, ir::fold(g, Reduction::sum, over, lower_as(body, result, unnamed)));
    case Reducer::count: {
      const ir::Expr counted = ir::cast(g, DType::i64, lower_as(body, DType::b1, unnamed));
      return ir::fold(g, Reduction::sum, over, counted);
    }
    case Reducer::var:
    case Reducer::stddev: {
      const ir::Expr e = lower_as(body, result, unnamed);
      const ir::Expr mean = averaged(over, folded(Reduction::sum, over, e));
      const ir::Expr squares = square(ir::apply(g, Op::subtract, {e, mean}));
      const ir::Expr var = averaged(over, ir::fold(g, Reduction::sum, over, squares));
      return node.reducer == Reducer::var ? var : ir::apply(g, Op::sqrt, {var});
    }
    case Reducer::norm: {
      const ir::Expr squares = square(lower_as(body, result, unnamed));
      return ir::apply(g, Op::sqrt, {ir::fold(g, Reduction::sum, over, squares)});
    }
    case Reducer::logsumexp: {
      ir::Expr greatest;
      const ir::Expr terms = exponentials(over, lower_as(body, result, unnamed), true, greatest);
      return ir::apply(g, Op::add, {ir::apply(g, Op::log, {ir::fold(g, Reduction::sum, over, terms)}), greatest});
    }
    case Reducer::softmax: {
      ir::Expr greatest;
      const ir::Expr terms = exponentials(over, lower_as(body, result, unnamed), false, greatest);
      return ir::apply(g, Op::divide, {terms, folded(Reduction::sum, over, terms)});
    }
    case Reducer::argmin:
    case Reducer::argmax: return ir::fold(g, static_cast<Reduction>(node.reducer), over, lower(body, unnamed));
    case Reducer::min:
    case Reducer::max:
      if (result == DType::b1)
        return ir::fold(g, node.reducer == Reducer::min ? Reduction::all : Reduction::any, over, lower(body, unnamed));
      [[fallthrough]];
    default: return ir::fold(g, static_cast<Reduction>(node.reducer), over, lower_as(body, result, unnamed));
  }
}

}  // namespace ricci
