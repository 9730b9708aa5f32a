#include "run/aliasing.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "ir/linear.hpp"
#include "rewrite/scan.hpp"
#include "rewrite/tables.hpp"
#include "ricci/error.hpp"
#include "ricci/overlap.hpp"
#include "ricci/runs.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::int64_t most_constant = std::int64_t{1} << 60;

/// All reads of the statement.
std::vector<const Read*> reads_of(const Statement& s) {
  std::vector<const Read*> reads;
  for (Expr e : nodes(expressions(s)))
    if (const Read* read = e->as<Read>()) reads.push_back(read);
  return reads;
}

/// The reads of running scans at whose own position along the loop the element is written that they read there: each
/// position takes its element in before it writes, and no later one looks at it again.
std::vector<const Read*> reads_before_written(const Program& program, const Statement& s) {
  std::vector<const Read*> found;
  for (Expr e : running_folds(s)) {
    const Fold& f = *e->as<Fold>();
    const Scan scan = *scan_of(f);
    if (intake_of(program, f) != Intake::own) continue;
    const auto is_axis = [](Expr subscript, AxisId axis) {
      return subscript->as<Axis>() && subscript->as<Axis>()->axis == axis;
    };
    for (Expr inner : nodes({f.body})) {
      const Read* read = inner->as<Read>();
      if (!read || read->subscripts.size() != s.subscripts.size()) continue;
      bool same = true;
      for (std::size_t i = 0; i < s.subscripts.size(); ++i)
        same &= read->subscripts[i] == s.subscripts[i] ||
                (is_axis(read->subscripts[i], f.axes[0]) && is_axis(s.subscripts[i], scan.along));
      if (same) found.push_back(read);
    }
  }
  return found;
}

/// Whether no iteration reads at `from` what any iteration writes at `to`, two subscripts of one axis: they differ by
/// what is no multiple of their factors, as 2 * i and 2 * j + 1.
bool never_meet(Expr from, Expr to) {
  std::int64_t divisor = 0, constant = 0;
  bool negative = false;  // where nothing is added to it, -1 is the last element
  for (const std::int64_t sign : {1, -1}) {
    const Linear form = linear(sign > 0 ? from : to);
    for (const auto& [atom, factor] : form.terms) {
      if (!atom->as<Axis>() || std::abs(factor) > most_factor) return false;
      divisor = std::gcd(divisor, factor);
    }
    if (std::abs(form.constant) > most_constant) return false;
    constant += sign * form.constant;
    negative |= form.terms.empty() && form.constant < 0;
  }
  return !negative && (divisor == 0 ? constant != 0 : constant % divisor != 0);
}

/// Whether each iteration reads at its own position in some slice, as m[1, j] where m[0, j] is written: it is the same
/// slice, or another one.
bool stays_in_its_slice(const std::vector<Expr>& from, const std::vector<Expr>& to) {
  const auto is_closed = [](Expr e) {
    const std::vector<Expr> all = nodes({e});
    return std::ranges::none_of(all, [](Expr n) { return n->as<Axis>() || n->as<Read>(); });
  };
  for (std::size_t i = 0; i < to.size(); ++i)
    if (from[i] != to[i] && !(is_closed(from[i]) && is_closed(to[i]))) return false;
  return true;
}

bool are_apart(const std::vector<Expr>& from, const std::vector<Expr>& to) {
  for (std::size_t i = 0; i < to.size(); ++i)
    if (never_meet(from[i], to[i])) return true;
  return false;
}

void check_target(const TensorDecl& decl, const TensorView& view) {
  if (!view.writable) throw Error(Error::Kind::limit, decl.name + " is read-only and cannot be written");
  for (int i = 0; i < view.layout.rank; ++i)
    if (view.layout.strides[i] == 0 && view.layout.extents[i] > 1)
      throw Error(Error::Kind::limit, decl.name + " repeats one element along axis " + std::to_string(i) +
                                          " (stride 0) and cannot be written");
}

}  // namespace

Array copy_of(const TensorView& view) {
  const auto extents = std::span(view.layout.extents).first(static_cast<std::size_t>(view.layout.rank));
  Array copy = Array::uninitialised(view.layout.dtype, extents);
  auto* to = static_cast<std::byte*>(copy.data());
  for_each_run(view, [&](std::span<const std::byte> run) {
    std::memcpy(to, run.data(), run.size());
    to += run.size();
  });
  return copy;
}

std::vector<TensorId> find_overwritten(const Program& program, std::span<const TensorView> tensors) {
  std::vector<TensorId> found;
  for (const Statement& s : program.statements) {
    if (!program.tensors[s.target].table.empty()) continue;
    check_target(program.tensors[s.target], tensors[s.target]);
    const bool injective = is_injective(s);
    const std::vector<const Read*> early = reads_before_written(program, s);
    for (const Read* read : reads_of(s)) {
      const TensorView& view = tensors[read->tensor];
      if (read->tensor == s.target || !program.tensors[read->tensor].table.empty()) continue;
      if (std::ranges::count(found, read->tensor) > 0) continue;
      if (!may_overlap(view, tensors[s.target])) continue;
      if (same_elements(view, tensors[s.target])) {  // else it may have another rank
        const bool is_early = std::ranges::count(early, read) > 0;
        if (injective && (is_early || stays_in_its_slice(read->subscripts, s.subscripts))) continue;
        if (are_apart(read->subscripts, s.subscripts)) continue;
      }
      found.push_back(read->tensor);
    }
  }
  return found;
}

std::vector<TensorId> steering_tensors(const Program& program) {
  std::vector<Expr> deciding;
  for (const Statement& s : program.statements) {
    deciding.insert(deciding.end(), s.subscripts.begin(), s.subscripts.end());
    if (s.guard) deciding.push_back(s.guard);
    for (Expr e : nodes(expressions(s))) {
      if (const Read* read = e->as<Read>()) {
        deciding.insert(deciding.end(), read->subscripts.begin(), read->subscripts.end());
        if (read->guard) deciding.push_back(read->guard);
      } else if (const Apply* apply = e->as<Apply>(); apply && apply->op == Op::select) {
        deciding.push_back(apply->args[0]);
      }
    }
  }
  std::vector<TensorId> tensors;
  for (Expr e : nodes(std::move(deciding)))
    if (const Read* read = e->as<Read>(); read && std::ranges::count(tensors, read->tensor) == 0)
      tensors.push_back(read->tensor);
  return tensors;
}

Copies copy_steering(std::span<const TensorView> tensors, std::span<const TensorId> targets,
                     std::span<const TensorId> steering) {
  const auto is_written = [&](TensorId t) {
    return std::ranges::any_of(targets, [&](TensorId w) { return w == t || may_overlap(tensors[w], tensors[t]); });
  };
  Copies old;
  if (std::ranges::any_of(steering, is_written))
    for (TensorId t = 0; t < tensors.size(); ++t)
      if (is_written(t)) old.emplace_back(t, copy_of(tensors[t]));
  return old;
}

}  // namespace ricci::jit
