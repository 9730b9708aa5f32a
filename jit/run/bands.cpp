#include "run/bands.hpp"

#include <limits>

#include "ir/interval.hpp"
#include "ir/linear.hpp"
#include "ricci/parallel.hpp"
#include "ricci/shape.hpp"
#include "run/aliasing.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

__extension__ using Wide = __int128;
constexpr Wide farthest = std::numeric_limits<std::int64_t>::max();

// A band and its copy stay in a first-level cache beside each other: a million elements that move by one take 190 us in
// bands of 4 or 8 KiB, 244 in those of 16, 297 in those of 64. Fewer bands than these are one copy.
constexpr std::int64_t copied_bytes = 8 << 10, fewest_bands = 8;
// Bands begin where lines of memory do, if the first one does; the same took 265 us otherwise.
constexpr std::int64_t line_bytes = 64;
// Rows that are copied for other bands are a small part of a band.
constexpr std::int64_t rows_per_kept = 4;
// Without copies bands stay in the second-level cache. Where there are segments the last band of each has a copy.
constexpr std::int64_t ascending_bytes = 256 << 10, ascending_bytes_of_segments = 32 << 10;
// A segment is worth a thread, and so many bands at least.
constexpr std::int64_t elements_of_segment = std::int64_t{1} << 17, bands_of_segment = 8, most_segments = 64;

/// The constant c of a subscript axis + c; nothing for other expressions.
std::optional<std::int64_t> offset_from(Expr e, AxisId axis) {
  if (e->dtype != DType::i64) return std::nullopt;
  const Linear form = linear(e);
  if (form.terms.size() != 1 || form.terms[0].second != 1) return std::nullopt;
  const Axis* own = form.terms[0].first->as<Axis>();
  return own && own->axis == axis ? std::optional(form.constant) : std::nullopt;
}

/// The uses of one axis, as long as they are subscripts of that kind.
class Uses {
 public:
  Uses(const Statement& s, AxisId axis) : axis_(axis), target_(s.subscripts) {
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
    Moved use{tensor, none, 0, 0, false};
    for (std::size_t i = 0; i < subscripts.size(); ++i) {
      const std::optional<std::int64_t> c = offset_from(subscripts[i], axis_);
      if (!c) continue;
      only_ &= use.dimension == none;
      use = {tensor, i, *c, *c, false};
    }
    use.beside = use.dimension < none && subscripts.size() == target_.size();
    for (std::size_t i = 0; use.beside && i < subscripts.size(); ++i)
      use.beside = subscripts[i] == target_[i] || (i == use.dimension && offset_from(target_[i], axis_));
    const auto known = std::ranges::find(found_, tensor, &Moved::tensor);
    if (known == found_.end()) {
      found_.push_back(use);
    } else {
      only_ &= known->dimension == use.dimension;
      known->least = std::min(known->least, use.least);
      known->most = std::max(known->most, use.most);
      known->beside &= use.beside;
    }
  }

  const AxisId axis_;
  const std::vector<Expr>& target_;
  bool only_ = true;
  std::vector<Moved> found_;
};

/// The values of a param, a constant or a sum of the two; nothing for other expressions.
std::optional<RangeEnd> range_end(Expr e) {
  const Linear form = linear(e);
  if (form.terms.empty()) return RangeEnd{{}, form.constant};
  Expr atom = form.terms[0].first;
  const Apply* cast = atom->as<Apply>();
  if (cast && cast->op == Op::cast && is_signed_integer(cast->args[0]->dtype)) atom = cast->args[0];
  const Param* param = atom->as<Param>();
  const bool is_sum = param && form.terms.size() == 1 && form.terms[0].second == 1;
  return is_sum ? std::optional(RangeEnd{param->param, form.constant}) : std::nullopt;
}

std::int64_t value_of(const RangeEnd& end, std::span<const Scalar> params) {
  const Wide value = end.constant + Wide{end.param ? params[*end.param].as_int() : 0};
  return static_cast<std::int64_t>(std::clamp<Wide>(value, -farthest, farthest));
}

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
    std::optional<RangeEnd> end = range_end(compare->args[is_axis(0) ? 1 : 0]);
    const bool less = compare->op == Op::less || compare->op == Op::less_equal;
    const bool equal = compare->op == Op::less_equal || compare->op == Op::greater_equal;
    if (!end || (!less && !equal && compare->op != Op::greater)) continue;
    const bool is_high = less == is_axis(0);
    if (is_high == equal) ++end->constant;
    (is_high ? band.high : band.low).push_back(*end);
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

/// Whether the rows are read where the target has rows that are written at the same position or later, and a copy of
/// them is laid out like them.
bool is_behind(const Bands::Old& old, const TensorView& view, const TensorView& target, const Moved& written) {
  const Layout& layout = view.layout;
  const std::int64_t step = old.bytes(1);
  const std::int64_t bytes = static_cast<const std::byte*>(view.data) - static_cast<const std::byte*>(target.data);
  for (int i = 0; i < layout.rank; ++i) {
    const std::int64_t stride = layout.strides[i];
    if (layout.extents[i] > 1 && (stride != old.row.strides[i] || stride != target.layout.strides[i])) return false;
  }
  return old.moved.beside && bytes % step == 0 && old.moved.least + bytes / step >= written.least;
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

std::optional<Bands> make_bands(const BandProgram& band, std::span<const TensorView> tensors,
                                std::span<const TensorId> overwritten, std::span<const std::int64_t> extents,
                                int threads) {
  const std::int64_t extent = extents[band.axis];
  Bands bands{.axis = band.axis, .moved = band.moved, .old = {}, .low = band.low, .high = band.high, .extent = extent,
              .least = 0, .most = extent, .of_band = 0, .of_segment = 0, .ascending = true};
  const Moved& written = band.moved[0];
  const TensorView& target = tensors[written.tensor];
  std::int64_t bytes = 0, kept = 0;  // of a row; rows
  for (const Moved& m : band.moved) {
    const TensorView& view = tensors[m.tensor];
    bands.least = std::max(bands.least, -m.least);
    bands.most = std::min(bands.most, view.layout.extents[m.dimension] - m.most);
    if (std::ranges::count(overwritten, m.tensor) == 0) continue;
    const auto old = old_rows(view, m, target, written);
    if (!old) return std::nullopt;
    bands.ascending &= is_behind(*old, view, target, written);
    bands.old.push_back(*old);
    bytes += old->bytes(1);
    kept = std::max(kept, old->kept());
  }
  const std::int64_t rows = bands.most - bands.least;
  if (bands.old.size() != overwritten.size() || bytes == 0 || rows < 1) return std::nullopt;
  const std::int64_t row_elements = target.layout.size() / target.layout.extents[written.dimension];
  const bool alone = (threads > 0 ? threads : hardware_threads()) == 1;
  bands.of_segment = alone ? rows : elements_of_segment / row_elements + 1;
  const bool in_segments = rows >= 2 * bands.of_segment;
  const std::int64_t band_bytes = !bands.ascending ? copied_bytes : in_segments ? ascending_bytes_of_segments
                                                                                : ascending_bytes;
  bands.of_band = std::max(rows_per_kept * kept, band_bytes / bytes);
  if (bytes < line_bytes) bands.of_band = (bands.of_band + line_bytes - 1) / line_bytes * line_bytes;
  bands.of_segment = std::max(bands.of_segment, bands_of_segment * bands.of_band);
  return bands.ascending || rows >= fewest_bands * bands.of_band ? std::optional(bands) : std::nullopt;
}

std::optional<Cut> cut(const Bands& bands, std::span<const Scalar> params) {
  std::int64_t low = 0, high = bands.extent;
  for (const RangeEnd& end : bands.low) low = std::max(low, value_of(end, params));
  for (const RangeEnd& end : bands.high) high = std::min(high, value_of(end, params));
  if (low >= high || low < bands.least || high > bands.most) return std::nullopt;
  const std::int64_t rows = high - low;
  return Cut{low, rows, bands.of_band, std::clamp<std::int64_t>(rows / bands.of_segment, 1, most_segments)};
}

std::vector<TensorView> views_of_band(const Bands& bands, std::span<const TensorView> tensors, std::int64_t rows) {
  std::vector<TensorView> views(tensors.begin(), tensors.end());
  for (const Moved& m : bands.moved) views[m.tensor].layout.extents[m.dimension] = rows + m.most - m.least;
  for (const Bands::Old& old : bands.old) {
    if (bands.ascending) break;  // most of them are where they always are
    TensorView& view = views[old.moved.tensor];
    view.layout = old.row;
    view.layout.extents[old.moved.dimension] = rows + old.moved.most - old.moved.least;
    view.data = nowhere(old.moved.tensor);
  }
  return views;
}

}  // namespace ricci::jit
