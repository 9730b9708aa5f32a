#include "bands.hpp"

#include "aliasing.hpp"
#include "interval.hpp"
#include "ricci/shape.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

// What a band copies fits into a first-level cache. Fewer bands than these are one copy.
constexpr std::int64_t band_bytes = 16 << 10, fewest_bands = 8;
// Rows that are copied for other bands are a small part of a band.
constexpr std::int64_t rows_per_kept = 4;
// A segment has so many bands at least, and there are enough of them for the threads.
constexpr std::int64_t bands_of_segment = 2, most_segments = 64;

/// The constant c of a subscript axis + c; nothing for other subscripts.
std::optional<std::int64_t> offset_from(Expr e, AxisId axis) {
  const auto is_axis = [&](Expr x) { return x->as<Axis>() && x->as<Axis>()->axis == axis; };
  if (is_axis(e)) return 0;
  const Apply* sum = e->as<Apply>();
  if (sum && sum->op == Op::subtract && is_axis(sum->args[0]) && sum->args[1]->as<Const>())
    return -sum->args[1]->as<Const>()->value.as_int();
  if (!sum || sum->op != Op::add) return std::nullopt;
  for (const std::size_t k : {0u, 1u})
    if (const Const* c = sum->args[1 - k]->as<Const>(); c && is_axis(sum->args[k])) return c->value.as_int();
  return std::nullopt;
}

/// The uses of one axis, as long as they are subscripts of that kind.
class Uses {
 public:
  Uses(const Statement& s, AxisId axis) : axis_(axis) {
    add(s.target, s.subscripts);
    if (offset_from(s.value, axis) || (s.guard && offset_from(s.guard, axis))) only_ = false;
    for (Expr e : nodes(expressions(s))) {
      if (bound_axes(e) || (e->as<Extent>() && e->as<Extent>()->axis == axis)) only_ = false;
      const Read* read = e->as<Read>();
      if (read) add(read->tensor, read->subscripts);
      if (offset_from(e, axis)) continue;  // then whoever uses it is looked at
      const std::vector<Expr> below = children(e);
      for (std::size_t i = read ? read->subscripts.size() : 0; i < below.size(); ++i)
        if (offset_from(below[i], axis)) only_ = false;
    }
  }

  /// The tensors that move, the target first. Nothing if the axis is used in another way, or a tensor moves in some
  /// accesses and stays in others.
  std::optional<std::vector<Moved>> all() && {
    if (!only_) return std::nullopt;
    std::erase_if(found_, [](const Moved& m) { return m.dimension == none; });
    return std::move(found_);
  }

 private:
  static constexpr std::size_t none = max_rank;

  void add(TensorId tensor, const std::vector<Expr>& subscripts) {
    Moved use{tensor, none, 0, 0};
    for (std::size_t i = 0; i < subscripts.size(); ++i) {
      const std::optional<std::int64_t> c = offset_from(subscripts[i], axis_);
      if (!c) continue;
      only_ &= use.dimension == none;
      use = {tensor, i, *c, *c};
    }
    const auto known = std::ranges::find(found_, tensor, &Moved::tensor);
    if (known == found_.end()) {
      found_.push_back(use);
    } else {
      only_ &= known->dimension == use.dimension;
      known->least = std::min(known->least, use.least);
      known->most = std::max(known->most, use.most);
    }
  }

  const AxisId axis_;
  bool only_ = true;
  std::vector<Moved> found_;
};

/// Takes the conditions low <= axis and axis < high from a statement and its reads: in the band they hold.
void take_ranges(BandProgram& band) {
  Graph& g = band.program.graph;
  Statement& s = band.program.statements[0];
  std::vector<Expr> taken;
  for (Expr condition : conjuncts(s.guard)) {
    const Apply* compare = condition->as<Apply>();
    if (!compare || compare->args.size() != 2) continue;
    const auto is_axis = [&](std::size_t k) { return compare->args[k] == axis(g, band.axis); };
    if (!is_axis(0) && !is_axis(1)) continue;
    const Expr bound = compare->args[is_axis(0) ? 1 : 0];
    const std::vector<Expr> all = nodes({bound});
    if (std::ranges::any_of(all, [](Expr e) { return e->as<Read>() || e->as<Axis>() || bound_axes(e); })) continue;
    const auto next = [&](bool is_one_more) {
      return is_one_more ? apply(g, Op::add, {bound, constant(g, std::int64_t{1})}) : bound;
    };
    const bool less = compare->op == Op::less || compare->op == Op::less_equal;
    const bool equal = compare->op == Op::less_equal || compare->op == Op::greater_equal;
    if (!less && !equal && compare->op != Op::greater) continue;
    if (less == is_axis(0))
      band.high.push_back(next(equal));
    else
      band.low.push_back(next(!equal));
    taken.push_back(condition);
  }
  if (taken.empty()) return;
  const auto without = [&](Expr guard) {
    Expr left = nullptr;
    for (Expr condition : conjuncts(guard))
      if (std::ranges::count(taken, condition) == 0)
        left = left ? apply(g, Op::logical_and, {left, condition}) : condition;
    return left;
  };
  Memo memo;
  const auto renewed = [&](Expr e) {
    return rewrite(g, e, memo, [&](Expr, Expr n) {
      const Read* r = n->as<Read>();
      return r && r->guard ? read(g, r->tensor, n->dtype, r->subscripts, r->policy, without(r->guard)) : n;
    });
  };
  s.guard = without(s.guard);
  replace_expressions(s, renewed);
}

/// Lets the rows of all tensors that move begin with the first one that is accessed.
void begin_at_zero(BandProgram& band) {
  Graph& g = band.program.graph;
  Statement& s = band.program.statements[0];
  const auto moved = [&](TensorId tensor, std::vector<Expr> subscripts) {
    const auto m = std::ranges::find(band.moved, tensor, &Moved::tensor);
    if (m == band.moved.end()) return subscripts;
    const std::int64_t c = offset_from(subscripts[m->dimension], band.axis).value() - m->least;
    subscripts[m->dimension] = apply(g, Op::add, {axis(g, band.axis), constant(g, c)});
    return subscripts;
  };
  Memo memo;
  const auto renewed = [&](Expr e) {
    return rewrite(g, e, memo, [&](Expr, Expr n) {
      const Read* r = n->as<Read>();
      return r ? read(g, r->tensor, n->dtype, moved(r->tensor, r->subscripts), r->policy, r->guard) : n;
    });
  };
  s.subscripts = moved(s.target, std::move(s.subscripts));
  replace_expressions(s, renewed);
}

/// One past the last element of a row, in elements from its first one.
std::int64_t row_length(Layout layout, std::size_t dimension) {
  layout.extents[dimension] = 1;
  return offset_range(layout).high;
}

std::int64_t rounded_up(std::int64_t a, std::int64_t b) { return a > 0 ? (a - 1) / b + 1 : -(-a / b); }

/// What bands copy of a tensor that overlaps the target.
std::optional<Bands::Old> old_rows(const TensorView& view, const Moved& use, const TensorView& target,
                                   const Moved& written) {
  const Layout& layout = view.layout;
  const std::int64_t step = target.layout.strides[written.dimension], to = written.least;
  const std::int64_t bytes = static_cast<const std::byte*>(view.data) - static_cast<const std::byte*>(target.data);
  const auto size = static_cast<std::int64_t>(size_of(layout.dtype));
  if (layout.dtype != target.layout.dtype || !outermost(layout) || layout.strides[use.dimension] != step ||
      bytes % size != 0)
    return std::nullopt;
  // The row t of the target and the row v of this tensor share memory only if t * step < v * step + between + read and
  // v * step + between < t * step + write: then t - v is from `first` to `last`, and the row v is overwritten at the
  // positions from v + first - to until v + last - to.
  const std::int64_t between = bytes / size;
  const std::int64_t write = row_length(target.layout, written.dimension), read = row_length(layout, use.dimension);
  const std::int64_t first = 1 - rounded_up(write - between, step), last = rounded_up(between + read, step) - 1;
  std::array<std::int64_t, max_rank> extents = layout.extents;
  extents[use.dimension] = 1;
  Layout row = row_major(layout.dtype, std::span(extents).first(static_cast<std::size_t>(layout.rank)));
  row.strides[use.dimension] = row.size();
  return Bands::Old{use, row, std::min(use.least, to - last), std::max(use.most + 1, to - first)};
}

bool depends_on_params(const BandProgram& band) {
  std::vector<Expr> bounds = band.low;
  bounds.insert(bounds.end(), band.high.begin(), band.high.end());
  return std::ranges::any_of(nodes(bounds), [](Expr e) { return e->as<Param>() != nullptr; });
}

}  // namespace

std::optional<std::size_t> outermost(const Layout& layout) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < static_cast<std::size_t>(layout.rank); ++i) {
    if (layout.strides[i] < 0) return std::nullopt;
    if (layout.extents[i] > 1 && (!found || layout.strides[i] > layout.strides[*found])) found = i;
  }
  return found;
}

std::optional<BandProgram> band_program(const Program& program, std::size_t dimension) {
  if (program.statements.size() != 1) return std::nullopt;
  const Statement& s = program.statements[0];
  if (s.in_order || s.appends || s.subscripts[dimension]->free.size() != 1) return std::nullopt;
  BandProgram band{program, s.subscripts[dimension]->free[0], {}, {}, {}};
  if (!offset_from(s.subscripts[dimension], band.axis)) return std::nullopt;
  take_ranges(band);
  std::optional<std::vector<Moved>> moved = Uses(band.program.statements[0], band.axis).all();
  if (!moved || std::ranges::count(s.domain, band.axis) == 0) return std::nullopt;
  band.moved = *std::move(moved);
  begin_at_zero(band);
  AxisDecl& axis = band.program.axes[band.axis];
  axis = {.name = axis.name, .sizes = {}};  // the band has its own extent
  return band;
}

std::optional<Bands> cut_into_bands(const BandProgram& band, std::span<const TensorView> tensors,
                                    std::span<const TensorId> overwritten, std::span<const std::int64_t> extents,
                                    std::span<const Scalar> params) {
  std::int64_t low = 0, high = extents[band.axis];
  Bounds bounds(extents, nullptr, params);
  for (const std::vector<Expr>* ends : {&band.low, &band.high})
    for (Expr e : *ends) {
      const Interval value = bounds.of(e);
      if (value.low != value.high) return std::nullopt;
      (ends == &band.low ? low : high) = ends == &band.low ? std::max(low, value.low) : std::min(high, value.low);
    }
  Bands bands{.axis = band.axis, .moved = band.moved, .old = {}, .first = low, .rows = high - low, .count = 0,
              .segments = 0, .by_params = depends_on_params(band)};
  std::int64_t bytes = 0, kept = 0;  // of a row; rows
  for (const Moved& m : band.moved) {
    const TensorView& view = tensors[m.tensor];
    if (low + m.least < 0 || high + m.most > view.layout.extents[m.dimension]) return std::nullopt;
    if (std::ranges::count(overwritten, m.tensor) == 0) continue;
    const auto old = old_rows(view, m, tensors[band.moved[0].tensor], band.moved[0]);
    if (!old) return std::nullopt;
    bands.old.push_back(*old);
    bytes += old->bytes(1);
    kept = std::max(kept, old->kept());
  }
  if (bands.old.size() != overwritten.size() || bytes == 0) return std::nullopt;
  bands.count = bands.rows / std::max(rows_per_kept * kept, band_bytes / bytes);
  bands.segments = std::clamp<std::int64_t>(bands.count / bands_of_segment, 1, most_segments);
  return bands.count >= fewest_bands ? std::optional(bands) : std::nullopt;
}

std::vector<TensorView> views_of_band(const Bands& bands, std::span<const TensorView> tensors, std::int64_t rows) {
  std::vector<TensorView> views(tensors.begin(), tensors.end());
  for (const Moved& m : bands.moved) views[m.tensor].layout.extents[m.dimension] = rows + m.most - m.least;
  for (const Bands::Old& old : bands.old) {
    TensorView& view = views[old.moved.tensor];
    view.layout = old.row;
    view.layout.extents[old.moved.dimension] = rows + old.moved.most - old.moved.least;
    view.data = nowhere(old.moved.tensor);
  }
  return views;
}

}  // namespace ricci::jit
