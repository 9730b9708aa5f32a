#include "rewrite/share.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether an axis may be shorter than what it is a bare subscript of: arithmetic with other axes does not shorten one
/// that a bare subscript on the right measures.
bool may_be_shorter(const AxisDecl& axis) {
  const bool measured = std::ranges::any_of(
      axis.sizes, [&](const TensorAxis& use) { return std::ranges::count(axis.left, use) == 0; });
  return std::ranges::any_of(axis.inside,
                             [&](const AffineUse& use) { return !measured || use.rest->free.empty(); });
}

}  // namespace

CanonicalAxes::CanonicalAxes(Program& program) : program_(program), class_of_(program.axes.size()) {
  // Union-find over axes; an axis meets another in every tensor axis that both size.
  std::iota(class_of_.begin(), class_of_.end(), 0u);
  const auto root = [&](std::uint32_t a) {
    while (class_of_[a] != a) a = class_of_[a];
    return a;
  };
  const auto meet = [&](auto& first_user, const auto& use, std::uint32_t a) {
    const auto [it, fresh] = first_user.try_emplace(use, a);
    if (!fresh) class_of_[std::max(root(a), root(it->second))] = std::min(root(a), root(it->second));
  };
  std::map<std::pair<TensorId, std::uint32_t>, std::uint32_t> sized;
  std::map<Expr, std::uint32_t> counted;
  for (std::uint32_t a = 0; a < program.axes.size(); ++a) {
    if (may_be_shorter(program.axes[a])) continue;
    for (const TensorAxis& size : program.axes[a].sizes) meet(sized, std::pair{size.tensor, size.axis}, a);
    for (Expr count : program.axes[a].counts) meet(counted, count, a);
  }
  for (std::uint32_t a = 0; a < class_of_.size(); ++a) class_of_[a] = root(a);
}

AxisId CanonicalAxes::get(AxisId like, int depth, int position, Range range) {
  // Axes that passes have declared meanwhile are classes of their own.
  while (class_of_.size() < program_.axes.size()) class_of_.push_back(static_cast<std::uint32_t>(class_of_.size()));
  const auto [it, fresh] = made_.try_emplace({class_of_[like], depth, position, range.low, range.high}, 0);
  if (fresh) {
    AxisDecl decl(program_.axes[like]);
    decl.limit = nullptr;
    decl.inside.clear();
    decl.like = like;
    const auto add = [](auto& list, const auto& more) {
      for (const auto& item : more)
        if (std::ranges::count(list, item) == 0) list.push_back(item);
    };
    for (AxisId a = 0; a < program_.axes.size(); ++a)  // all uses that give the class its extent
      if (class_of_[a] == class_of_[like]) {
        add(decl.sizes, program_.axes[a].sizes);
        add(decl.counts, program_.axes[a].counts);
      }
    it->second = static_cast<AxisId>(program_.axes.size());
    program_.axes.push_back(std::move(decl));
    class_of_.push_back(class_of_[like]);
  }
  return it->second;
}

std::vector<AxisId> CanonicalAxes::around(Expr body, const std::vector<AxisId>& like,
                                          const std::vector<Range>& ranges) {
  std::set<AxisId> taken(body->free.begin(), body->free.end());
  for (AxisId axis : like) taken.erase(axis);
  // Reductions inside may bind the axes of a depth that they had before they were solved.
  for (Expr e : nodes({body}))
    if (const Fold* fold = e->as<Fold>()) taken.insert(fold->axes.begin(), fold->axes.end());
  std::vector<AxisId> axes;
  for (int depth = FoldDepth().of(body) + 1; axes.size() < like.size(); ++depth) {
    axes.clear();
    for (std::size_t i = 0; i < like.size(); ++i)
      axes.push_back(get(like[i], depth, static_cast<int>(i), ranges.empty() ? Range{} : ranges[i]));
    if (std::ranges::any_of(axes, [&](AxisId axis) { return taken.contains(axis); })) axes.clear();
  }
  return axes;
}

Expr CanonicalAxes::with_common_extents(Expr root, Memo& memo) const {
  return rewrite(program_.graph, root, memo, [&](Expr, Expr e) {
    const Extent* old = e->as<Extent>();
    return old && old->axis < class_of_.size() ? extent(program_.graph, class_of_[old->axis]) : e;
  });
}

bool is_sized_by(const Program& program, Expr subscript, TensorId tensor, std::size_t position) {
  const Axis* bare = subscript->as<Axis>();
  if (!bare) return false;
  const std::vector<AxisId>& table = program.tensors[tensor].table;
  if (!table.empty()) return table[position] == bare->axis;
  return std::ranges::count(program.axes[bare->axis].sizes, TensorAxis{tensor, static_cast<std::uint32_t>(position)}) >
         0;
}

int FoldDepth::of(Expr e) {
  if (auto it = known_.find(e); it != known_.end()) return it->second;
  int depth = 0;
  for (Expr child : children(e)) depth = std::max(depth, of(child));
  if (bound_axes(e)) ++depth;
  known_.emplace(e, depth);
  return depth;
}

namespace {

/// The same fold or sort over canonical axes.
Expr canonical(Program& program, CanonicalAxes& axes, FoldDepth& depth, Expr e) {
  const std::vector<AxisId>& named = *bound_axes(e);
  const int level = depth.of(children(e)[0]) + 1;
  std::vector<AxisId> bound;
  std::unordered_map<AxisId, Expr> renamed;
  const Fold* old = e->as<Fold>();
  for (std::size_t i = 0; i < named.size(); ++i) {
    const Range range = old && !old->ranges.empty() ? old->ranges[i] : Range{};
    bound.push_back(axes.get(named[i], level, static_cast<int>(i), range));
    renamed.emplace(named[i], axis(program.graph, bound.back()));
  }
  if (bound == named) return e;
  if (old)
    return fold_node(program.graph,
                     {old->reduction, bound, substitute(program.graph, old->body, renamed), old->ranges});
  const Sort& sort = *e->as<Sort>();
  return ir::sort(program.graph, bound, substitute(program.graph, sort.key, renamed), sort.position, sort.descending);
}

/// The same choice of iterations over canonical axes.
Expr canonical_nonzero(Program& program, CanonicalAxes& axes, FoldDepth& depth, Expr e) {
  const Nonzero& old = *e->as<Nonzero>();
  const int level = depth.of(old.condition) + 1;
  std::vector<AxisId> bound;
  std::unordered_map<AxisId, Expr> renamed;
  for (std::size_t i = 0; i < old.axes.size(); ++i) {
    bound.push_back(axes.get(old.axes[i], level, static_cast<int>(i)));
    renamed.emplace(old.axes[i], axis(program.graph, bound.back()));
  }
  const Expr condition = substitute(program.graph, old.condition, renamed);
  return nonzero(program.graph, bound, condition, old.position, old.which, axes.get(old.along, 0, 0));
}

/// Applies `f` to everything that the program computes.
void rewrite_all(Program& program, const Rewrite& f) {
  Memo memo;
  for (Statement& s : program.statements) {
    for (Expr& subscript : s.subscripts) subscript = rewrite(program.graph, subscript, memo, f);
    s.value = rewrite(program.graph, s.value, memo, f);
    if (s.guard) s.guard = rewrite(program.graph, s.guard, memo, f);
  }
}

/// max(k, e) beside argmax(k, e) is the value that wins there: both take the first of equals and the first NaN. Which
/// zero it is, and what a NaN carries, is open in either.
void join_extrema(Program& program) {
  std::vector<Fold> searches;
  rewrite_all(program, [&](Expr, Expr e) {
    const Fold* fold = e->as<Fold>();
    if (fold && info(fold->reduction).results == Results::index) searches.push_back(*fold);
    return e;
  });
  if (searches.empty()) return;
  rewrite_all(program, [&](Expr original, Expr e) {
    const Fold* old = original->as<Fold>();
    if (!old || (old->reduction != Reduction::max && old->reduction != Reduction::min)) return e;
    const Reduction search = old->reduction == Reduction::max ? Reduction::argmax : Reduction::argmin;
    if (std::ranges::count(searches, Fold{search, old->axes, old->body, old->ranges}) == 0) return e;
    const Fold& now = *e->as<Fold>();
    const Expr index = fold(program.graph, search, now.axes, now.body, now.ranges);
    return project(program.graph, index->as<Project>()->fold, 0);
  });
}

}  // namespace

void share(Program& program, CanonicalAxes& axes) {
  FoldDepth depth;
  Memo memo;
  const Rewrite rename = [&](Expr, Expr e) {
    if (const Extent* old = e->as<Extent>()) return extent(program.graph, axes.extent_class(old->axis));
    if (e->as<Nonzero>()) return canonical_nonzero(program, axes, depth, e);
    return bound_axes(e) ? canonical(program, axes, depth, e) : e;
  };
  for (Statement& s : program.statements) {
    // Domains first: statements over the same extents run in the same loops.
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t i = 0; i < s.domain.size(); ++i) {
      const AxisId old = s.domain[i];
      s.domain[i] = axes.get(old, 0, static_cast<int>(i));
      if (s.in_order == old) s.in_order = s.domain[i];
      renamed.emplace(old, axis(program.graph, s.domain[i]));
    }
    const auto update = [&](Expr e) {
      return e ? rewrite(program.graph, substitute(program.graph, e, renamed), memo, rename) : nullptr;
    };
    for (Expr& subscript : s.subscripts) subscript = update(subscript);
    s.value = update(s.value);
    s.guard = update(s.guard);
  }
  join_extrema(program);
}

}  // namespace ricci::jit
