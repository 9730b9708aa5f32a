// The slow, obvious meaning of an index program. It shares no code with the lowering: it walks the expressions.
#include <algorithm>
#include <map>
#include <tuple>

#include "helpers/sort_row.hpp"
#include "ir/parts.hpp"
#include "ricci/compile.hpp"
#include "ricci/error.hpp"
#include "ricci/extents.hpp"
#include "ricci/overlap.hpp"
#include "ricci/shape.hpp"

namespace ricci {

namespace {

using namespace ir;

bool is_nan(const Scalar& value) {
  return is_float(value.dtype) && value.as_double() != value.as_double();
}

bool is_true(const Scalar& value) { return value.get<bool>(); }

Scalar converted(DType dtype, const Scalar& value) { return evaluate(Op::cast, dtype, {&value, 1}); }

/// The same elements in `memory`.
TensorView copied(TensorView view, std::vector<std::byte>& memory) {
  const auto size = static_cast<std::int64_t>(size_of(view.layout.dtype));
  const OffsetRange range = offset_range(view.layout);
  const std::byte* begin = static_cast<const std::byte*>(view.data) + range.low * size;
  memory.assign(begin, begin + (range.high - range.low) * size);
  view.data = memory.data() - range.low * size;
  return view;
}

/// Recursive in the depth of expressions: good for chains of some ten thousand nodes.
class Evaluator {
 public:
  Evaluator(const Program& program, std::span<const TensorView> tensors, std::span<const Scalar> params,
            std::vector<std::int64_t> extents)
      : program_(program), tensors_(tensors.begin(), tensors.end()), params_(params), extents_(std::move(extents)),
        position_(extents_.size()), changed_(extents_.size()) {}

  /// The value of a closed expression.
  std::int64_t closed(Expr e) {
    started_ = ++clock_;
    return value(e).as_int();
  }

  /// All values are computed before any is written: the right side sees the old elements, also those that it
  /// reaches through an overlapping view, and a statement that fails writes nothing. A recurrence does so for each
  /// position of its axis; only through its target does it see what earlier positions wrote.
  void run(const Statement& s) {
    if (!s.in_order) return run(s, s.domain);
    std::vector<AxisId> inner = s.domain;
    std::erase(inner, *s.in_order);
    const std::vector<TensorView> as_given = tensors_;
    std::vector<std::vector<std::byte>> old;
    for (TensorView& view : tensors_)
      if (&view != &tensors_[s.target] && may_overlap(view, tensors_[s.target]))
        view = copied(view, old.emplace_back());
    for_each(whole({*s.in_order}), [&] { run(s, inner); });
    tensors_ = as_given;
  }

 private:
  void run(const Statement& s, const std::vector<AxisId>& domain) {
    started_ = ++clock_;
    struct Write {
      std::byte* address;
      Scalar value;
    };
    std::vector<Write> writes;
    for_each(whole(domain), [&] {
      if (s.guard && !is_true(value(s.guard))) return;
      const Scalar result = value(s.value);
      writes.push_back({element(s.target, s.subscripts), result});
    });
    const DType stored = program_.tensors[s.target].dtype;
    std::unordered_map<std::byte*, Scalar> totals;  // of an update: in the dtype in which it accumulates
    for (const Write& w : writes) {
      if (!s.update) {
        w.value.store(w.address);
        continue;
      }
      const DType dtype = w.value.dtype;
      const auto [total, first] = totals.try_emplace(w.address);
      if (first) total->second = converted(dtype, Scalar::load(stored, w.address));
      const Scalar both[] = {total->second, w.value};
      total->second = evaluate(info(*s.update).step, dtype, both);
    }
    for (const auto& [address, total] : totals) converted(stored, total).store(address);
  }

  /// The latest value of a node, good for as long as no axis that is free in it has moved.
  struct Slot {
    std::uint64_t time = 0;
    Scalar value;
    std::int64_t winner = 0;  // arg-reductions
  };
  struct Ranking {
    std::uint64_t time = 0;
    std::vector<std::int64_t> order;
  };

  /// The positions low <= i < high of an axis.
  struct Span {
    AxisId axis;
    std::int64_t low, high;
  };

  std::vector<Span> whole(const std::vector<AxisId>& axes) const {
    std::vector<Span> spans;
    for (AxisId axis : axes) spans.push_back({axis, 0, extents_[axis]});
    return spans;
  }

  /// Calls `body` for every position of the axes, the first outermost.
  template <class F>
  void for_each(std::span<const Span> spans, const F& body) {
    if (spans.empty()) return body();
    const auto [axis, low, high] = spans.front();
    const std::int64_t outside = position_[axis];
    active_.push_back(axis);
    for (std::int64_t i = low; i < high; ++i) {
      move(axis, i);
      for_each(spans.subspan(1), body);
    }
    active_.pop_back();
    move(axis, outside);
  }

  void move(AxisId axis, std::int64_t position) {
    position_[axis] = position;
    changed_[axis] = ++clock_;
  }

  Scalar value(Expr e) {
    if (e->id >= slots_.size()) slots_.resize(e->id + 1);
    const std::uint64_t time = slots_[e->id].time;
    if (time >= started_ && std::ranges::all_of(e->free, [&](AxisId axis) { return time >= changed_[axis]; }))
      return slots_[e->id].value;
    Slot fresh = compute(e);
    fresh.time = clock_;
    slots_[e->id] = fresh;
    return fresh.value;
  }

  Slot compute(Expr e) {
    return visit(
        e, [&](const Const& n) { return result(n.value); },
        [&](const Axis& n) { return result(Scalar::of(position_[n.axis])); },
        [&](const Extent& n) { return result(Scalar::of(extents_[n.axis])); },
        [&](const Param& n) { return result(params_[n.param]); },
        [&](const Apply& n) { return result(compute(n, e->dtype)); },
        [&](const Read& n) {
          if (n.guard && !is_true(value(n.guard))) return result({e->dtype, 0});
          return result(Scalar::load(e->dtype, element(n.tensor, n.subscripts)));
        },
        [&](const Fold& n) { return compute(n, e->dtype); },
        [&](const Project& n) {
          const Scalar winning = value(n.fold);
          return result(n.result == 0 ? winning : Scalar::of(slots_[n.fold->id].winner));
        },
        [&](const Nonzero& n) { return result(Scalar::of(compute(n))); },
        [&](const Sort& n) {
          const std::int64_t position = value(n.position).as_int();
          const std::vector<std::int64_t>& order = order_of(n);
          const bool inside = position >= 0 && position < static_cast<std::int64_t>(order.size());
          return result(Scalar::of(inside ? order[static_cast<std::size_t>(position)] : std::int64_t{0}));
        });
  }

  std::int64_t compute(const Nonzero& n) {
    const std::int64_t position = value(n.position).as_int();
    const std::vector<std::int64_t>& iterations = chosen(n);
    RICCI_ASSERT(position >= 0 && position < std::ssize(iterations), "a position beyond those of a nonzero");
    std::int64_t iteration = iterations[static_cast<std::size_t>(position)];
    for (std::size_t k = n.axes.size() - 1; k > n.which; --k) iteration /= extents_[n.axes[k]];
    return n.which == 0 ? iteration : iteration % extents_[n.axes[n.which]];
  }

  /// The numbers of the iterations at which the condition holds. It is closed: the same all through a statement.
  const std::vector<std::int64_t>& chosen(const Nonzero& n) {
    Chosen& known = chosen_[{n.axes, n.condition}];
    if (known.time == started_) return known.iterations;
    std::vector<std::int64_t> iterations;
    std::int64_t count = 0;
    for_each(whole(n.axes), [&] {
      if (is_true(value(n.condition))) iterations.push_back(count);
      ++count;
    });
    known = {started_, std::move(iterations)};
    return known.iterations;
  }

  /// The order of a sort's keys, good for as long as nothing that they depend on has moved.
  const std::vector<std::int64_t>& order_of(const Sort& n) {
    Ranking& ranking = rankings_[{n.axes, n.key, n.descending}];
    const bool fresh = ranking.time >= started_ && std::ranges::all_of(n.key->free, [&](AxisId axis) {
      return ranking.time >= changed_[axis] || std::ranges::count(n.axes, axis) > 0;
    });
    if (fresh) return ranking.order;
    std::vector<Scalar> keys;
    for_each(whole(n.axes), [&] { keys.push_back(value(n.key)); });
    ranking.order = stable_order(keys, n.descending);
    ranking.time = clock_;
    return ranking.order;
  }

  static Slot result(const Scalar& value) { return {0, value, 0}; }

  Scalar compute(const Apply& n, DType dtype) {
    if (n.op == Op::select) return value(is_true(value(n.args[0])) ? n.args[1] : n.args[2]);
    Scalar args[3];
    for (std::size_t i = 0; i < n.args.size(); ++i) args[i] = value(n.args[i]);
    return evaluate(n.op, dtype, {args, n.args.size()});
  }

  Slot compute(const Fold& n, DType dtype) {
    const ReductionInfo& reduction = info(n.reduction);
    std::vector<Span> spans;
    for (std::size_t i = 0; i < n.axes.size(); ++i) {
      const std::int64_t extent = extents_[n.axes[i]];
      const Range range = n.ranges.empty() ? Range{} : n.ranges[i];
      const std::int64_t low = range.low ? std::max<std::int64_t>(value(range.low).as_int(), 0) : 0;
      const std::int64_t high = range.high ? std::min(value(range.high).as_int(), extent) : extent;
      spans.push_back({n.axes[i], low, high});
    }
    Slot best;
    best.value = identity(n.reduction, dtype);
    for (const Span& s : spans)
      best.winner = best.winner * extents_[s.axis] +
                    std::clamp<std::int64_t>(s.low, 0, std::max<std::int64_t>(extents_[s.axis] - 1, 0));
    bool first = true;
    for_each(spans, [&] {
      const Scalar pair[] = {best.value, value(n.body)};
      if (reduction.empty == OnEmpty::error && first) {
        best.value = pair[1];
      } else if (reduction.results == Results::value) {
        best.value = evaluate(reduction.step, dtype, pair);
      } else if (!is_nan(pair[0]) && (is_nan(pair[1]) || wins(reduction.step, pair[1], pair[0]))) {
        best.value = pair[1];
        best.winner = 0;
        for (const Span& s : spans) best.winner = best.winner * extents_[s.axis] + position_[s.axis];
      }
      first = false;
    });
    return best;
  }

  static bool wins(Op comparison, const Scalar& newcomer, const Scalar& best) {
    const Scalar pair[] = {newcomer, best};
    return is_true(evaluate(comparison, DType::b1, pair));
  }

  /// The address of an element. A promise that subscripts are inside is checked as well: here a broken one is an
  /// error instead of undefined.
  std::byte* element(TensorId tensor, const std::vector<Expr>& subscripts) {
    const Layout& layout = tensors_[tensor].layout;
    std::int64_t offset = 0;
    for (std::size_t k = 0; k < subscripts.size(); ++k) {
      const std::int64_t subscript = value(subscripts[k]).as_int();
      if (subscript < 0 || subscript >= layout.extents[k]) outside(tensor, k, subscripts[k], subscript);
      offset += subscript * layout.strides[k];
    }
    return static_cast<std::byte*>(tensors_[tensor].data) + offset * static_cast<std::int64_t>(size_of(layout.dtype));
  }

  [[noreturn]] void outside(TensorId tensor, std::size_t axis, Expr e, std::int64_t subscript) const {
    const Apply* cast = e->as<Apply>();
    const bool wrapped = cast && cast->op == Op::cast && cast->args[0]->dtype == DType::u64;
    const std::string text =
        wrapped ? std::to_string(static_cast<std::uint64_t>(subscript)) : std::to_string(subscript);
    std::string iteration;
    for (AxisId id : active_)
      iteration += (iteration.empty() ? " at " : ", ") + program_.axes[id].name + "=" + std::to_string(position_[id]);
    throw Error(Error::Kind::bounds,
                "subscript " + text + " is outside axis " + std::to_string(axis) + " of " +
                    program_.tensors[tensor].name + " (extent " +
                    std::to_string(tensors_[tensor].layout.extents[axis]) + ")" + iteration);
  }

  const Program& program_;
  std::vector<TensorView> tensors_;
  std::span<const Scalar> params_;
  std::vector<std::int64_t> extents_;
  std::vector<std::int64_t> position_;  // of every axis
  std::vector<std::uint64_t> changed_;  // when it moved last
  std::vector<AxisId> active_;          // the axes being iterated, outermost first
  std::vector<Slot> slots_;             // by node
  struct Chosen {
    std::uint64_t time = 0;
    std::vector<std::int64_t> iterations;
  };
  std::map<std::pair<std::vector<AxisId>, Expr>, Chosen> chosen_;  // by the axes and the condition of Nonzeros
  std::map<std::tuple<std::vector<AxisId>, Expr, bool>, Ranking> rankings_;  // by what is put in order
  std::uint64_t clock_ = 0, started_ = 0;
};

}  // namespace

void evaluate_reference(const Program& program, std::span<const TensorView> tensors, std::span<const Scalar> params) {
  check_tensors(program, tensors);
  if (jit::counts_anew(program, tensors)) {  // what one statement needs to know of extents, another one decides
    for (std::size_t k = 0; k < program.statements.size(); ++k)
      evaluate_reference(jit::alone(program, k), tensors, params);
    return;
  }
  Counts counts;
  for (Expr expression : count_expressions(program)) {
    Evaluator evaluator(program, tensors, params, axis_extents(program, tensors, params, counts));
    counts.push_back({expression, evaluator.closed(expression)});
  }
  evaluate_reference(program, tensors, params, counts);
}

void evaluate_reference(const Program& program, std::span<const TensorView> tensors, std::span<const Scalar> params,
                        const Counts& counts) {
  RICCI_ASSERT(params.size() == program.params.size(), "another number of params than the program declares");
  check_tensors(program, tensors);
  std::vector<std::int64_t> extents = axis_extents(program, tensors, params, counts);
  check_reductions(program, extents);
  Evaluator evaluator(program, tensors, params, std::move(extents));
  for (const Statement& s : program.statements) evaluator.run(s);
}

}  // namespace ricci
