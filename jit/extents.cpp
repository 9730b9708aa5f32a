#include "ricci/extents.hpp"

#include <algorithm>

#include "ricci/error.hpp"

namespace ricci {

namespace {

std::string axis_of_tensor(const ir::Program& p, const ir::TensorAxis& use) {
  return "axis " + std::to_string(use.axis) + " of " + p.tensors[use.tensor].name;
}

std::int64_t axis_extent(const ir::Program& p, const ir::AxisDecl& axis, std::span<const TensorView> tensors) {
  std::int64_t extent = axis.fixed;
  const ir::TensorAxis* source = nullptr;
  for (const ir::TensorAxis& use : axis.sizes) {
    const TensorView& view = tensors[use.tensor];
    if (is_unbound(view)) continue;
    const std::int64_t found = view.layout.extents[use.axis];
    if (extent < 0) {
      extent = found;
      source = &use;
    } else if (extent != found) {
      throw Error(Error::Kind::extent,
                  "index " + axis.name + " has extent " + std::to_string(extent) +
                      (source ? " in " + axis_of_tensor(p, *source) : std::string(" by definition")) + " and extent " +
                      std::to_string(found) + " in " + axis_of_tensor(p, use) + "; they must be equal");
    }
  }
  if (extent < 0 && axis.tables) return 1;
  if (extent < 0) throw Error(Error::Kind::extent, "index " + axis.name + " gets its extent from no bound tensor");
  return extent;
}

std::string listed(const ir::Program& p, const std::vector<ir::AxisId>& axes) {
  std::string text;
  for (ir::AxisId id : axes) text += (text.empty() ? "" : ", ") + p.axes[id].name;
  return text;
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

std::vector<std::int64_t> axis_extents(const ir::Program& p, std::span<const TensorView> tensors) {
  std::vector<std::int64_t> extents;
  for (const ir::AxisDecl& axis : p.axes) extents.push_back(axis_extent(p, axis, tensors));
  return extents;
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
      const ir::Fold* fold = e->as<ir::Fold>();
      if (!fold || info(fold->reduction).empty == OnEmpty::identity || !fold->ranges.empty()) continue;
      for (ir::AxisId axis : fold->axes)
        if (extents[axis] == 0)
          throw Error(Error::Kind::extent, std::string(to_string(fold->reduction)) + " over " + listed(p, fold->axes) +
                                               " has no elements: the extent of index " + p.axes[axis].name + " is 0");
    }
  }
}

}  // namespace ricci
