#include "ricci/extents.hpp"

#include <algorithm>
#include <limits>

#include "ir/interval.hpp"
#include "ricci/error.hpp"

namespace ricci {

namespace {

__extension__ using Wide = __int128;

std::string axis_of_tensor(const ir::Program& p, const ir::TensorAxis& use) {
  return "axis " + std::to_string(use.axis) + " of " + p.tensors[use.tensor].name;
}

constexpr std::int64_t unknown = -1, waiting = -2;

bool is_unnamed(const ir::AxisDecl& axis) { return axis.name.starts_with('_'); }

std::string described(const ir::AxisDecl& axis) {
  return is_unnamed(axis) ? "an unnamed axis" : "index " + axis.name;
}

/// An unnamed axis is described by that of the tensor that it runs over.
std::string described(const ir::Program& p, const ir::AxisDecl& axis) {
  return is_unnamed(axis) && !axis.sizes.empty() ? axis_of_tensor(p, axis.sizes[0]) : described(axis);
}

std::string listed(const ir::Program& p, const std::vector<ir::AxisId>& axes) {
  std::string text;
  for (ir::AxisId id : axes)
    text += (text.empty() ? "" : ", ") + (is_unnamed(p.axes[id]) ? described(p, p.axes[id]) : p.axes[id].name);
  return text;
}

/// A count as the front ends write it.
std::string nonzero_text(const ir::Program& p, ir::Expr count) {
  const ir::Fold& fold = *count->as<ir::Fold>();
  const ir::Apply* cast = fold.body->as<ir::Apply>();
  return "nonzero(" + listed(p, fold.axes) + ", " + to_string(p, cast ? cast->args[0] : fold.body) + ")";
}

class Extents {
 public:
  Extents(const ir::Program& p, std::span<const TensorView> tensors, std::span<const Scalar> params,
          const Counts& counts)
      : p_(p), tensors_(tensors), params_(params), counts_(counts), found_(p.axes.size(), unknown) {}

  std::vector<std::int64_t> all() && {
    for (ir::AxisId axis = 0; axis < p_.axes.size(); ++axis) of(axis);
    return std::move(found_);
  }

 private:
  std::int64_t of(ir::AxisId axis) {
    const ir::AxisDecl& decl = p_.axes[axis];
    if (found_[axis] >= 0) return found_[axis];
    if (found_[axis] == waiting)
      throw Error(Error::Kind::extent, "the extent of index " + decl.name +
                                           " follows from that of another index, which follows from its own; give one "
                                           "of them a range, as in " +
                                           decl.name + "(0, 3), or a plain subscript");
    found_[axis] = waiting;
    const std::int64_t extent = decl.like ? of(*decl.like) : compute(decl);
    if (extent < 0) throw Error(Error::Kind::extent, described(decl) + " gets its extent from no bound tensor");
    return found_[axis] = extent;
  }

  std::int64_t compute(const ir::AxisDecl& axis) {
    Source source{Source::By::definition, axis.fixed};
    add_uses(axis, source, false);
    for (const Count& count : counts_)
      if (std::ranges::count(axis.counts, count.expression) > 0)
        agree(axis, source, {Source::By::count, count.value, {}, count.expression});
    if (axis.limit) agree(axis, source, {Source::By::range, std::max<std::int64_t>(bounds_of(axis.limit).low, 0)});
    const bool stated = axis.limit && !axis.left.empty();
    if (source.extent >= 0 && !stated) restrict(axis, source, true);
    add_uses(axis, source, true);
    if (source.extent < 0) restrict(axis, source, false);
    if (source.extent < 0 && !axis.counts.empty()) return 0;  // not counted yet
    return source.extent < 0 && axis.tables ? 1 : source.extent;
  }

  /// What has decided about an extent so far; negative: nothing.
  struct Source {
    enum class By { definition, count, range, use, subscripts } by;
    std::int64_t extent;
    ir::TensorAxis at = {};       // of a use, or of subscripts
    ir::Expr counted = nullptr;
  };

  std::string text_of(const Source& source) const {
    switch (source.by) {
      case Source::By::definition: return "by definition";
      case Source::By::count: return "in " + nonzero_text(p_, source.counted);
      case Source::By::range: return "by its range";
      case Source::By::use: return "in " + axis_of_tensor(p_, source.at);
      case Source::By::subscripts: break;
    }
    return "by the arithmetic of subscripts in " + axis_of_tensor(p_, source.at);
  }

  /// The bare uses on the left, or on the right, which must agree with the source.
  void add_uses(const ir::AxisDecl& axis, Source& source, bool left) const {
    for (const ir::TensorAxis& use : axis.sizes) {
      if (is_unbound(tensors_[use.tensor]) || left != (std::ranges::count(axis.left, use) > 0)) continue;
      agree(axis, source, {Source::By::use, tensors_[use.tensor].layout.extents[use.axis], use});
    }
  }

  void agree(const ir::AxisDecl& axis, Source& source, const Source& found) const {
    if (source.extent < 0) {
      source = found;
    } else if (source.extent != found.extent) {
      throw Error(Error::Kind::extent, described(axis) + " has extent " + std::to_string(source.extent) + ' ' +
                                           text_of(source) + " and extent " + std::to_string(found.extent) + ' ' +
                                           text_of(found) + "; they must be equal");
    }
  }

  /// Lessens the extent until every affine use is inside: with a factor above 0 the last value of the axis counts, else
  /// the first, which is then the largest subscript. `alone`: only by uses that have no other axis.
  void restrict(const ir::AxisDecl& axis, Source& source, bool alone) {
    for (const auto& [at, coefficient, rest] : axis.inside) {
      if (is_unbound(tensors_[at.tensor]) || (alone && !rest->free.empty())) continue;
      const std::int64_t size = tensors_[at.tensor].layout.extents[at.axis];
      const jit::Interval others = bounds_of(rest);
      const Wide room = coefficient > 0 ? Wide{size} - 1 - others.high : Wide{others.low};
      const Wide steps = room < 0 ? 0 : room / (coefficient > 0 ? coefficient : -coefficient) + 1;
      const auto fits = static_cast<std::int64_t>(std::min<Wide>(steps, std::numeric_limits<std::int64_t>::max()));
      if (source.extent < 0 || fits < source.extent)
        source = {Source::By::subscripts, fits, at};
    }
  }

  jit::Interval bounds_of(ir::Expr e) {
    for (ir::Expr node : ir::nodes({e})) {
      if (const ir::Axis* axis = node->as<ir::Axis>()) of(axis->axis);
      if (const ir::Extent* extent = node->as<ir::Extent>()) of(extent->axis);
      if (const ir::Fold* fold = node->as<ir::Fold>())
        for (ir::AxisId axis : fold->axes) of(axis);
    }
    return jit::Bounds(found_, nullptr, params_).of(e);
  }

  const ir::Program& p_;
  std::span<const TensorView> tensors_;
  std::span<const Scalar> params_;
  const Counts& counts_;
  std::vector<std::int64_t> found_;  // by axis
};

std::int64_t product_of(std::span<const std::int64_t> extents, const std::vector<ir::AxisId>& axes) {
  std::int64_t product = 1;
  for (ir::AxisId axis : axes)
    if (__builtin_mul_overflow(product, extents[axis], &product)) return std::numeric_limits<std::int64_t>::max();
  return product;
}

/// A sort at the positions of an index of its own, as in topk, has that many elements.
void check_sort(const ir::Program& p, std::span<const std::int64_t> extents, const ir::Sort& sort) {
  const ir::Axis* position = sort.position->as<ir::Axis>();
  const std::int64_t elements = product_of(extents, sort.axes);
  if (position && extents[position->axis] > elements)
    throw Error(Error::Kind::extent, std::to_string(extents[position->axis]) + " elements are taken in order along " +
                                         listed(p, sort.axes) + ", which has " + std::to_string(elements));
}

}  // namespace

void check_tensors(const ir::Program& p, std::span<const TensorView> tensors) {
  RICCI_ASSERT(tensors.size() == p.tensors.size(), "another number of tensors than the program declares");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const ir::TensorDecl& declared = p.tensors[i];
    const Layout& found = tensors[i].layout;
    if (found.rank != declared.rank)
      throw Error(Error::Kind::rank, declared.name + " has rank " + std::to_string(found.rank) + ", expected " +
                                         std::to_string(declared.rank));
    if (found.dtype != declared.dtype)
      throw Error(Error::Kind::dtype, declared.name + " has dtype " + std::string(to_string(found.dtype)) +
                                          ", expected " + std::string(to_string(declared.dtype)));
  }
}

bool is_unbound(const TensorView& view) {
  return !view.data && std::all_of(view.layout.extents.begin(), view.layout.extents.begin() + view.layout.rank,
                                   [](std::int64_t extent) { return extent == -1; });
}

std::vector<ir::AxisId> axes_within(const std::vector<ir::Expr>& expressions) {
  std::vector<ir::AxisId> axes;
  const auto add = [&](ir::AxisId axis) {
    if (std::ranges::count(axes, axis) == 0) axes.push_back(axis);
  };
  for (ir::Expr e : ir::nodes(expressions)) {
    if (const std::vector<ir::AxisId>* bound = ir::bound_axes(e)) std::ranges::for_each(*bound, add);
    if (const ir::Extent* extent = e->as<ir::Extent>()) add(extent->axis);
    if (const ir::Nonzero* nonzero = e->as<ir::Nonzero>()) add(nonzero->along);
  }
  return axes;
}

std::vector<ir::Expr> count_expressions(const ir::Program& p) {
  std::vector<ir::Expr> all;
  const auto add = [&](const auto& self, ir::Expr count) -> void {
    if (std::ranges::count(all, count) > 0) return;
    for (ir::AxisId axis : axes_within({count}))
      for (ir::Expr inner : p.axes[axis].counts) self(self, inner);
    all.push_back(count);
  };
  for (const ir::AxisDecl& axis : p.axes)
    for (ir::Expr count : axis.counts) add(add, count);
  return all;
}

std::vector<std::int64_t> axis_extents(const ir::Program& p, std::span<const TensorView> tensors,
                                       std::span<const Scalar> params, const Counts& counts) {
  return Extents(p, tensors, params, counts).all();
}

std::vector<ir::ParamId> shaping_params(const ir::Program& p) {
  std::vector<ir::Expr> deciding;
  for (const ir::AxisDecl& axis : p.axes) {
    if (axis.limit) deciding.push_back(axis.limit);
    for (const ir::AffineUse& use : axis.inside) deciding.push_back(use.rest);
  }
  std::vector<ir::ParamId> params;
  for (ir::Expr e : ir::nodes(std::move(deciding)))
    if (const ir::Param* param = e->as<ir::Param>()) params.push_back(param->param);
  return params;
}

void check_reductions(const ir::Program& p, std::span<const std::int64_t> extents) {
  std::unordered_set<ir::Expr> visited;
  std::vector<ir::Expr> waiting;
  for (const ir::Statement& s : p.statements) {
    waiting = s.subscripts;
    waiting.push_back(s.value);
    if (s.guard) waiting.push_back(s.guard);
    while (!waiting.empty()) {
      ir::Expr e = waiting.back();
      waiting.pop_back();
      if (!visited.insert(e).second) continue;
      for (ir::Expr child : ir::children(e)) waiting.push_back(child);
      if (const ir::Sort* sort = e->as<ir::Sort>()) check_sort(p, extents, *sort);
      const ir::Fold* fold = e->as<ir::Fold>();
      if (!fold || info(fold->reduction).empty == OnEmpty::identity || !fold->ranges.empty()) continue;
      const std::string_view of = p.axes[fold->axes[0]].of;
      std::vector<ir::AxisId> named = fold->axes;
      for (ir::AxisId& axis : named)
        if (!of.empty()) axis = *p.axes[axis].like;
      for (ir::AxisId axis : named)
        if (extents[axis] == 0)
          throw Error(Error::Kind::extent, std::string(of.empty() ? to_string(fold->reduction) : of) + " over " +
                                               listed(p, named) + " has no elements: the extent of " +
                                               described(p, p.axes[axis]) + " is 0");
    }
  }
}

}  // namespace ricci
