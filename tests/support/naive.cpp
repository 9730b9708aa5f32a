#include "support/naive.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <unordered_map>

#include "helpers/sort_row.hpp"
#include "ir/parts.hpp"
#include "ricci/error.hpp"
#include "ricci/extents.hpp"
#include "ricci/overlap.hpp"
#include "support/guarded_copies.hpp"

namespace ricci::test {

namespace {

using namespace ir;

bool is_true(const Scalar& s) {
  return s.get<bool>();
}
bool is_nan(const Scalar& s) {
  return is_float(s.dtype) && std::isnan(s.as_double());
}

std::vector<std::byte*> addresses(const TensorView& view) {
  std::vector<std::byte*> all;
  for (std::int64_t n = 0; n < view.layout.size(); ++n) all.push_back(static_cast<std::byte*>(element(view, n)));
  return all;
}

class Naive {
 public:
  Naive(std::span<const TensorView> tensors, std::span<const Scalar> params)
      : tensors_(tensors.begin(), tensors.end()), params_(params) {}

  void bind(const Program& program, const Counts& counts) {
    extents_ = axis_extents(program, tensors_, params_, counts);
    position_.assign(extents_.size(), 0);
    chosen_.clear();
  }

  std::int64_t closed(Expr e) { return value(e).value.as_int(); }

  void run(const Statement& s) {
    if (!s.in_order) return run(s, s.domain);
    std::vector<AxisId> step = s.domain;
    std::erase(step, *s.in_order);
    const AxisId in_order[] = {*s.in_order};
    const std::vector<TensorView> as_given = tensors_;
    std::deque<GuardedTensor> old;  // what others than the target show of its memory stays as it was
    for (TensorView& view : tensors_)
      if (&view != &tensors_[s.target] && may_overlap(view, tensors_[s.target])) view = copied(view, old);
    for_each(in_order, [&] { run(s, step); });
    tensors_ = as_given;
  }

  void run(const Statement& s, const std::vector<AxisId>& domain) {
    chosen_.clear();
    std::vector<std::pair<std::byte*, Bounded>> writes;
    bool lost = false;  // it is not determined which elements are written
    for_each(domain, [&] {
      if (s.guard) {
        const Bounded guard = value(s.guard);
        lost |= guard.error != 0;
        if (!is_true(guard.value)) return;
      }
      bool known = true;
      std::byte* address = find(s.target, s.subscripts, known);
      lost |= !known;
      writes.emplace_back(address, value(s.value));
    });
    const DType stored = tensors_[s.target].layout.dtype;
    const auto as = [](DType dtype, const Bounded& b) {
      return b.value.dtype == dtype ? b : apply(Op::cast, dtype, {b});
    };
    std::unordered_map<std::byte*, Accumulation> sums;
    for (const auto& [address, written] : writes) {
      const Bounded old = as(written.value.dtype, loaded(stored, address));
      Bounded now = written;
      if (s.update && (*s.update == Reduction::sum || *s.update == Reduction::prod)) {
        auto [sum, first] = sums.try_emplace(address, Accumulation{*s.update, identity(*s.update, old.value.dtype)});
        if (first) sum->second.add(old);
        sum->second.add(written);
        now = sum->second.result();
      } else if (s.update) {
        now = apply(info(*s.update).step, old.value.dtype, {old, written});
      }
      now = as(stored, now);
      now.value.store(address);
      doubts_[address] = {now.error, now.either_sign};
    }
    if (s.update == Reduction::sum)  // private tables add their zeros to all elements
      for (std::byte* address : addresses(tensors_[s.target]))
        doubts_[address].either_sign |= is_zero(Scalar::load(stored, address));
    if (lost)
      for (std::byte* address : addresses(tensors_[s.target])) doubts_[address] = {undetermined, false};
  }

  std::vector<Bounded> result(TensorId tensor) const {
    std::vector<Bounded> all;
    for (std::byte* address : addresses(tensors_[tensor]))
      all.push_back(loaded(tensors_[tensor].layout.dtype, address));
    return all;
  }

 private:
  template <class F>
  void for_each(std::span<const AxisId> axes, const F& body) {
    if (axes.empty()) return body();
    std::int64_t& position = position_[axes.front()];
    const std::int64_t outside = position;
    for (position = 0; position < extents_[axes.front()]; ++position) for_each(axes.subspan(1), body);
    position = outside;
  }

  TensorView copied(const TensorView& view, std::deque<GuardedTensor>& copies) {
    const TensorView copy = copies.emplace_back(view.layout).view();
    copy_elements(view, copy);
    const std::vector<std::byte*> from = addresses(view), to = addresses(copy);
    for (std::size_t n = 0; n < from.size(); ++n) doubts_.insert_or_assign(to[n], Doubt(doubts_[from[n]]));
    return copy;
  }

  Bounded loaded(DType dtype, std::byte* address) const {
    const auto found = doubts_.find(address);
    const Doubt doubt = found == doubts_.end() ? Doubt{} : found->second;
    return {Scalar::load(dtype, address), doubt.error, doubt.either_sign};
  }

  std::byte* find(TensorId tensor, const std::vector<Expr>& subscripts, bool& known) {
    const Layout& layout = tensors_[tensor].layout;
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < subscripts.size(); ++axis) {
      const Bounded subscript = value(subscripts[axis]);
      const std::int64_t i = subscript.value.as_int();
      known &= subscript.error == 0;
      if (i < 0 || i >= layout.extents[axis]) throw Error(Error::Kind::bounds, "a subscript outside its axis");
      offset += i * layout.strides[axis];
    }
    return static_cast<std::byte*>(tensors_[tensor].data) + offset * static_cast<std::int64_t>(size_of(layout.dtype));
  }

  Bounded value(Expr e) {
    return visit(
        e, [&](const Const& n) { return Bounded{n.value}; },
        [&](const Axis& n) { return Bounded{Scalar::of(position_[n.axis])}; },
        [&](const Extent& n) { return Bounded{Scalar::of(extents_[n.axis])}; },
        [&](const Param& n) { return Bounded{params_[n.param]}; },
        [&](const Apply& n) {
          if (n.op == Op::select) {
            const Bounded condition = value(n.args[0]);
            const Bounded taken = value(n.args[is_true(condition.value) ? 1 : 2]);
            return Bounded{taken.value, condition.error == 0 ? taken.error : undetermined, taken.either_sign};
          }
          std::vector<Bounded> args;
          for (Expr arg : n.args) args.push_back(value(arg));
          return apply(n.op, e->dtype, args);
        },
        [&](const Read& n) {
          const Bounded guard = n.guard ? value(n.guard) : Bounded{Scalar::of(true)};
          if (!is_true(guard.value)) return Bounded{{e->dtype, 0}, guard.error};
          bool known = guard.error == 0;
          std::byte* address = find(n.tensor, n.subscripts, known);
          const Bounded found = loaded(e->dtype, address);
          return known ? found : Bounded{found.value, undetermined};
        },
        [&](const Fold& n) { return fold(n, e->dtype).first; },
        [&](const Project& n) {
          const auto [winning, index] = fold(*n.fold->as<Fold>(), n.fold->dtype);
          return n.result == 0 ? winning : Bounded{Scalar::of(index), winning.error == 0 ? 0 : undetermined};
        },
        [&](const Nonzero& n) { return chosen(n); },
        [&](const Sort& n) { return sorted(n); });
  }

  std::pair<Bounded, std::int64_t> fold(const Fold& n, DType dtype) {
    std::vector<Bounded> terms;
    std::vector<std::int64_t> positions;
    double bounds_error = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    std::int64_t nowhere = 0;  // the index that an empty range gives
    for (std::size_t i = 0; i < n.axes.size(); ++i) {
      const Range range = n.ranges.empty() ? Range{} : n.ranges[i];
      const std::int64_t extent = extents_[n.axes[i]];
      const auto bound = [&](Expr e, std::int64_t without) {
        if (!e) return without;
        const Bounded b = value(e);
        if (b.error != 0) bounds_error = undetermined;
        return b.value.as_int();
      };
      ranges.emplace_back(bound(range.low, 0), bound(range.high, extent));
      nowhere =
          nowhere * extent + std::clamp<std::int64_t>(ranges.back().first, 0, std::max<std::int64_t>(extent - 1, 0));
    }
    for_each(n.axes, [&] {
      std::int64_t position = 0;
      for (std::size_t i = 0; i < n.axes.size(); ++i) {
        const std::int64_t at = position_[n.axes[i]];
        if (at < ranges[i].first || at >= ranges[i].second) return;
        position = position * extents_[n.axes[i]] + at;
      }
      terms.push_back(value(n.body));
      positions.push_back(position);
    });
    if (info(n.reduction).empty == OnEmpty::identity) {
      Accumulation all{n.reduction, identity(n.reduction, dtype)};
      for (const Bounded& term : terms) all.add(term);
      const Bounded result = all.result();
      return {{result.value, std::max(result.error, bounds_error), result.either_sign}, 0};
    }
    if (terms.empty()) return {{identity(n.reduction, dtype), bounds_error}, nowhere};
    std::size_t best = 0;
    double error = bounds_error;
    // Lanes meet equal zeros out of order.
    const bool either_sign = is_float(dtype);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      error = std::max(error, terms[i].error);
      const Scalar &held = terms[best].value, &candidate = terms[i].value;
      if (is_nan(held)) continue;
      const bool low = n.reduction == Reduction::min || n.reduction == Reduction::argmin;
      const Scalar pair[] = {candidate, held};
      if (is_nan(candidate) || is_true(evaluate(low ? Op::less : Op::greater, DType::b1, pair))) best = i;
    }
    return {{terms[best].value, error, either_sign && is_zero(terms[best].value)}, positions[best]};
  }

  /// Undetermined where the condition is. What it chooses is the same all through a statement.
  Bounded chosen(const Nonzero& n) {
    const auto [known, first] = chosen_.try_emplace({n.axes, n.condition});
    if (first) {
      Chosen found;
      for_each(n.axes, [&] {
        const Bounded condition = value(n.condition);
        if (condition.error != 0) found.error = undetermined;
        if (!is_true(condition.value)) return;
        for (AxisId axis : n.axes) found.coordinates.push_back(position_[axis]);
      });
      known->second = std::move(found);
    }
    const Bounded position = value(n.position);
    const auto k = static_cast<std::size_t>(position.value.as_int()) * n.axes.size() + n.which;
    return {Scalar::of(known->second.coordinates.at(k)), std::max(known->second.error, position.error)};
  }

  /// Undetermined where a key is.
  Bounded sorted(const Sort& n) {
    std::vector<Scalar> keys;
    const Bounded position = value(n.position);
    double error = position.error;
    for_each(n.axes, [&] {
      const Bounded key = value(n.key);
      keys.push_back(key.value);
      error = std::max(error, key.error);
    });
    const std::int64_t at = position.value.as_int();
    const bool inside = at >= 0 && at < static_cast<std::int64_t>(keys.size());
    const std::int64_t index = inside ? stable_order(keys, n.descending)[static_cast<std::size_t>(at)] : 0;
    return {Scalar::of(index), error == 0 ? 0 : undetermined};
  }

  std::vector<TensorView> tensors_;
  std::span<const Scalar> params_;
  std::vector<std::int64_t> extents_, position_;
  struct Doubt {
    double error = 0;
    bool either_sign = false;
  };
  std::unordered_map<std::byte*, Doubt> doubts_;
  struct Chosen {
    std::vector<std::int64_t> coordinates;  // of one chosen iteration after another
    double error = 0;
  };
  std::map<std::pair<std::vector<AxisId>, Expr>, Chosen> chosen_;
};

}  // namespace

std::vector<std::vector<Bounded>> run_naive(const Program& program, std::span<const TensorView> tensors,
                                            std::span<const Scalar> params) {
  Naive naive(tensors, params);
  for (std::size_t k = 0; k < program.statements.size(); ++k) {
    const Program part = jit::alone(program, k);
    Counts counts;
    naive.bind(part, counts);
    for (Expr count : count_expressions(part)) {
      counts.push_back({count, naive.closed(count)});
      naive.bind(part, counts);
    }
    naive.run(part.statements[0]);
  }
  std::vector<std::vector<Bounded>> results(tensors.size());
  for (const Statement& s : program.statements) results[s.target] = naive.result(s.target);
  return results;
}

std::string first_outside(const Program& program, const std::vector<std::vector<Bounded>>& expected,
                          std::span<const TensorView> actual) {
  for (std::size_t t = 0; t < expected.size(); ++t) {
    if (expected[t].empty()) continue;
    const std::vector<Scalar> found = elements(actual[t]);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Bounded& wanted = expected[t][i];
      if (wanted.error == undetermined || same_value(found[i], wanted.value)) continue;
      // For one, a sum over a delta keeps the sign of a selected zero, which adding it to 0 loses.
      if (wanted.either_sign && is_zero(found[i]) && is_zero(wanted.value)) continue;
      if (wanted.error > 0 && std::abs(found[i].as_double() - wanted.value.as_double()) <= wanted.error) continue;
      return program.tensors[t].name + ": element " + std::to_string(i) + " is " + text(found[i]) + ", expected " +
             text(wanted.value) + (wanted.error > 0 ? " within " + text(Scalar::of(wanted.error)) : "");
    }
  }
  return "";
}

std::vector<Scalar> elements(const TensorView& view) {
  std::vector<Scalar> all;
  for (std::byte* address : addresses(view)) all.push_back(Scalar::load(view.layout.dtype, address));
  return all;
}

std::string text(const Scalar& s) {
  Program program;
  return to_string(program, constant(program.graph, s));
}

}  // namespace ricci::test
