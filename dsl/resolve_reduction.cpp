// Reductions, and the functions that are made of several.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "resolver.hpp"
#include "ricci/error.hpp"

namespace ricci {

ir::Expr Resolver::reduce(const Syntax& node, const Axes& unnamed) {
  if (node.form == Form::reduce) {
    const std::size_t outside = scope_.size();
    Axes over;
    const bool stays = stays_free(node.reducer);
    for (int i = 0; i < node.bound.size; ++i) over.push_back(stays ? axis_of(node.bound[i]) : open(node.bound[i]));
    const ir::Expr e = takes(node.reducer) ? taken(node, over, over, unnamed[0]) : reduced(node, {over, {}}, over);
    scope_.resize(outside);
    return e;
  }
  return reduce_axes(node, unnamed);
}

/// Over axes by their positions in the child.
ir::Expr Resolver::reduce_axes(const Syntax& node, const Axes& unnamed) {
  const auto first_leaf = static_cast<std::size_t>(std::exchange(axis_leaf_, axis_leaf_ + node.over));
  const auto positions = leaves_.axes.subspan(first_leaf, static_cast<std::size_t>(node.over));
  Axes inner(unnamed.begin(), unnamed.begin() + node.rank), over;
  const auto at = [&](std::int64_t position) -> ir::AxisId& { return inner[static_cast<std::size_t>(position)]; };
  if (stays_free(node.reducer)) {
    for (std::int64_t position : positions) over.push_back(at(position));
    // What a mask chooses is not put in order, or summed up, in its place.
    const std::vector<Written> around = written_;
    std::erase_if(written_, [&](const Written& mask) { return std::ranges::count(over, mask.along) > 0; });
    const ir::Expr e = reduced(node, {over, {}}, inner);
    written_ = around;
    return e;
  }
  std::map<std::int64_t, ir::AxisId> in_order;
  for (std::int64_t position : positions) {
    over.push_back(new_axis("_"));
    in_order.emplace(position, over.back());
    if (node.keeps) new_axes_.push_back(std::exchange(at(position), over.back()));
  }
  ir::AxisId place = 0;  // the axis of what is taken, where the first of the axes was
  if (takes(node.reducer)) {
    const auto first = inner.begin() + in_order.begin()->first;
    place = *first;
    inner.erase(first);
  }
  if (!node.keeps)
    for (const auto& [position, axis] : in_order) inner.insert(inner.begin() + position, axis);
  return takes(node.reducer) ? taken(node, over, inner, place) : reduced(node, {over, {}}, inner);
}

ir::Range Resolver::bounds(const Syntax& range) {
  const ir::Expr low = lower_as(*range.child[0], DType::i64, {});
  return {low, lower_as(*range.child[1], DType::i64, {})};
}

/// Whether the axis is in its range; null for a range that is the whole axis.
ir::Expr Resolver::is_within(ir::AxisId axis, const ir::Range& range) {
  ir::Graph& g = graph();
  const ir::Expr at = ir::axis(g, axis);
  const ir::Expr above = range.low ? ir::apply(g, Op::less_equal, {range.low, at}) : nullptr;
  const ir::Expr below = range.high ? ir::apply(g, Op::less, {at, range.high}) : nullptr;
  return above && below ? ir::apply(g, Op::logical_and, {above, below}) : above ? above : below;
}

/// The ranges of the node, whose body has been lowered. An upper bound without indices is the extent of an index that
/// has no other.
void Resolver::add_ranges(const Syntax& node, Over& over) {
  if (node.form != Form::reduce || node.children == 1) return;
  over.ranges.resize(over.axes.size());
  for (int i = 1; i < node.children; ++i) {
    const auto k = static_cast<std::size_t>(node.bound.find(node.child[i]->bound[0]));
    over.ranges[k] = bounds(*node.child[i]);
    ir::AxisDecl& axis = out_.program.axes[over.axes[k]];
    const bool limited = axis.sizes.empty() && node.child[i]->child[1]->free.size == 0 && !stays_free(node.reducer);
    if (limited) axis.limit = std::exchange(over.ranges[k].high, nullptr);
  }
}

/// The same expression over axes of its own, for a reduction within or beside another one of it.
ir::Expr Resolver::renamed(ir::Expr e, Axes& over) {
  std::unordered_map<ir::AxisId, ir::Expr> fresh;
  for (ir::AxisId& axis : over) {
    const ir::AxisDecl decl = out_.program.axes[axis];
    const ir::AxisId own = new_axis(decl.name);
    out_.program.axes[own].sizes = decl.sizes;
    out_.program.axes[own].like = axis;
    out_.program.axes[own].counts = decl.counts;
    fresh.emplace(axis, ir::axis(graph(), own));
    axis = own;
  }
  return ir::substitute(graph(), e, fresh);
}

/// The reduction of `e` over axes of its own.
ir::Expr Resolver::folded(Reduction reduction, Over over, ir::Expr e) {
  const ir::Expr body = renamed(e, over.axes);
  return ir::fold(graph(), reduction, std::move(over.axes), body, std::move(over.ranges));
}

/// The reduction of `e` over all up to and with the position of the axis, which stays free.
ir::Expr Resolver::running(Reduction reduction, Over over, ir::Expr e) {
  ir::Graph& g = graph();
  const ir::Expr behind = ir::apply(g, Op::add, {ir::axis(g, over.axes[0]), ir::constant(g, std::int64_t{1})});
  over.ranges = {{nullptr, behind}};
  return folded(reduction, std::move(over), e);
}

/// sort and argsort: at each position, row-major over the axes, which stay free.
ir::Expr Resolver::in_order(const Syntax& node, const Axes& over, ir::Expr e) {
  ir::Graph& g = graph();
  ir::Expr position = ir::axis(g, over[0]);
  for (std::size_t i = 1; i < over.size(); ++i) {
    position = ir::apply(g, Op::multiply, {position, ir::extent(g, over[i])});
    position = ir::apply(g, Op::add, {position, ir::axis(g, over[i])});
  }
  Axes own = over;
  const ir::Expr key = renamed(e, own);
  const ir::Expr index = ir::sort(g, own, key, position, node.descending);
  return node.reducer == Reducer::argsort ? index : ir::substitute(g, key, ir::coordinates(g, index, own));
}

/// topk and argtopk over axes that end here: at the positions of the axis `place`, which has as many as are taken.
ir::Expr Resolver::taken(const Syntax& node, const Axes& over, const Axes& unnamed, ir::AxisId place) {
  ir::Graph& g = graph();
  const ir::Expr key = lower(*node.child[0], unnamed);
  ir::AxisDecl& axis = out_.program.axes[place];
  if (axis.fixed >= 0 && axis.fixed != node.taken)
    throw Error(Error::Kind::extent, "index " + axis.name + " has extent " + std::to_string(axis.fixed) +
                                         " and extent " + std::to_string(node.taken) + " in " +
                                         std::string(to_string(node.reducer)) + "; they must be equal");
  axis.fixed = node.taken;
  const ir::Expr index = ir::sort(g, over, key, ir::axis(g, place), true);
  return node.reducer == Reducer::argtopk ? index : ir::substitute(g, key, ir::coordinates(g, index, over));
}

/// along(h, search): one coordinate of the row-major number that is found.
ir::Expr Resolver::along(const Syntax& node, const Axes& unnamed) {
  const Syntax& given = *node.child[0];
  const Syntax& search = search_of(given);
  const Axes names = given.form == Form::named ? names_of(given) : unnamed;
  const auto which = static_cast<std::size_t>(search.bound.find(node.bound[0]));
  if (search.form == Form::nonzero) {
    Axes axes;
    return places(search, axes, names[0])[which];
  }
  const ir::Expr number = lower(search, names);
  const ir::Project* project = number->as<ir::Project>();
  const Axes axes = *ir::bound_axes(project ? project->fold : number);
  return ir::coordinates(graph(), number, axes).at(axes[which]);
}

/// e / the number of elements.
ir::Expr Resolver::averaged(const Over& over, ir::Expr e) {
  ir::Graph& g = graph();
  const ir::Expr zero = ir::constant(g, std::int64_t{0});
  ir::Expr count = ir::constant(g, std::int64_t{1});
  for (std::size_t i = 0; i < over.axes.size(); ++i) {
    ir::Expr length = ir::extent(g, over.axes[i]);
    if (const ir::Range range = over.ranges.empty() ? ir::Range{} : over.ranges[i]; range != ir::Range{}) {
      if (range.high) length = ir::apply(g, Op::minimum, {range.high, length});
      if (range.low) length = ir::apply(g, Op::subtract, {length, ir::apply(g, Op::maximum, {range.low, zero})});
      length = ir::apply(g, Op::maximum, {length, zero});
    }
    count = ir::apply(g, Op::multiply, {count, length});
  }
  return ir::apply(g, Op::divide, {e, ir::cast(g, e->dtype, count)});
}

/// exp(e - max e), and the maximum; where that is infinite 0 takes its place, so that infinities meet exp alone.
ir::Expr Resolver::exponentials(const Over& over, ir::Expr e, bool tame, ir::Expr& greatest) {
  ir::Graph& g = graph();
  greatest = folded(Reduction::max, over, e);
  for (ir::AxisId axis : greatest->as<ir::Fold>()->axes)
    out_.program.axes[axis].of = to_string(tame ? Reducer::logsumexp : Reducer::softmax);
  const ir::Expr infinity = ir::cast(g, e->dtype, ir::constant(g, Scalar::of(std::numeric_limits<double>::infinity())));
  const ir::Expr infinite = ir::apply(g, Op::equal, {ir::apply(g, Op::abs, {greatest}), infinity});
  if (tame) greatest = ir::apply(g, Op::select, {infinite, ir::constant(g, Scalar{e->dtype, 0}), greatest});
  return ir::apply(g, Op::exp, {ir::apply(g, Op::subtract, {e, greatest})});
}

/// The reduction of the node's child over `over`; `unnamed` are the axes that the child's unnamed axes take.
ir::Expr Resolver::reduced(const Syntax& node, Over over, const Axes& unnamed) {
  ir::Graph& g = graph();
  const bool keeps_dtype =
      node.reducer == Reducer::argmin || node.reducer == Reducer::argmax || node.reducer == Reducer::argsort;
  const DType computed = keeps_dtype ? node.child[0]->dtype : node.reducer == Reducer::count ? DType::b1 : node.dtype;
  ir::Expr e = lower_as(*node.child[0], computed, unnamed);
  if (keeps_dtype) e = ordering(e, over.axes);
  add_ranges(node, over);
  const auto fold = [&](Reduction reduction, ir::Expr body) {
    return ir::fold(g, reduction, over.axes, body, over.ranges);
  };
  const auto square = [&](ir::Expr x) { return ir::apply(g, Op::multiply, {x, x}); };
  switch (node.reducer) {
    case Reducer::mean:
      return averaged(over, fold(Reduction::sum, e));
    case Reducer::count:
      return fold(Reduction::sum, ir::cast(g, DType::i64, e));
    case Reducer::var:
    case Reducer::stddev: {
      const ir::Expr mean = averaged(over, folded(Reduction::sum, over, e));
      const ir::Expr var = averaged(over, fold(Reduction::sum, square(ir::apply(g, Op::subtract, {e, mean}))));
      return node.reducer == Reducer::var ? var : ir::apply(g, Op::sqrt, {var});
    }
    case Reducer::norm:
      return ir::apply(g, Op::sqrt, {fold(Reduction::sum, square(e))});
    case Reducer::logsumexp: {
      ir::Expr greatest;
      const ir::Expr terms = exponentials(over, e, true, greatest);
      return ir::apply(g, Op::add, {ir::apply(g, Op::log, {fold(Reduction::sum, terms)}), greatest});
    }
    case Reducer::softmax: {
      ir::Expr greatest;
      const ir::Expr terms = exponentials(over, e, false, greatest);
      ir::Expr share = ir::apply(g, Op::divide, {terms, folded(Reduction::sum, over, terms)});
      for (std::size_t i = 0; i < over.ranges.size(); ++i)
        if (const ir::Expr within = is_within(over.axes[i], over.ranges[i]))
          share = ir::apply(g, Op::select, {within, share, ir::constant(g, Scalar{e->dtype, 0})});
      return share;
    }
    case Reducer::sort:
    case Reducer::argsort:
      return in_order(node, over.axes, e);
    case Reducer::cumsum:
      return running(Reduction::sum, over, e);
    case Reducer::cumprod:
      return running(Reduction::prod, over, e);
    case Reducer::cummax:
      return running(e->dtype == DType::b1 ? Reduction::any : Reduction::max, over, e);
    case Reducer::cummin:
      return running(e->dtype == DType::b1 ? Reduction::all : Reduction::min, over, e);
    case Reducer::min:
    case Reducer::max:
      if (e->dtype == DType::b1) return fold(node.reducer == Reducer::min ? Reduction::all : Reduction::any, e);
      [[fallthrough]];
    default:
      return fold(static_cast<Reduction>(node.reducer), e);
  }
}

}  // namespace ricci
