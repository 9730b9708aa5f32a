#include "specialise/reuse.hpp"

#include <algorithm>
#include <iterator>

namespace ricci::jit {

using namespace ir;

std::set<AxisId> axes_of_reuse(Expr e, const Specialisation& s) {
  std::set<AxisId> found;
  const Fold* fold = e->as<Fold>();
  if (!fold || e->free.size() < 2) return found;
  std::vector<AxisId> along = fold->axes;
  std::erase_if(along, [&](AxisId axis) { return is_swallowed(s, axis); });
  for (Expr n : nodes({fold->body})) {
    const auto moves = [&](AxisId axis) { return uses_axis(n, axis); };
    if (!n->as<Read>() || std::ranges::none_of(along, moves) || std::ranges::none_of(e->free, moves)) continue;
    std::ranges::remove_copy_if(e->free, std::inserter(found, found.end()), moves);
  }
  return found;
}

}  // namespace ricci::jit
