#include "rewrite/snapshot.hpp"

#include <numeric>

namespace ricci::jit {

using namespace ir;

std::vector<TensorId> name_old_values(Program& program) {
  std::vector<TensorId> origin(program.tensors.size());
  std::iota(origin.begin(), origin.end(), TensorId{0});
  for (Statement& s : program.statements) {
    const TensorId target = s.target;
    if (s.in_order || !program.tensors[target].table.empty()) continue;
    const TensorId old = static_cast<TensorId>(program.tensors.size());
    bool used = false;
    Memo memo;
    const auto renamed = [&](Expr e) {
      if (!e) return e;
      return rewrite(program.graph, e, memo, [&](Expr, Expr n) {
        const Read* r = n->as<Read>();
        if (!r || r->tensor != target) return n;
        used = true;
        return read(program.graph, old, n->dtype, r->subscripts, r->policy, r->guard);
      });
    };
    for (Expr& subscript : s.subscripts) subscript = renamed(subscript);
    s.value = renamed(s.value);
    s.guard = renamed(s.guard);
    if (!used) continue;
    program.tensors.push_back(TensorDecl(program.tensors[target]));
    for (AxisDecl& axis : program.axes)
      for (std::vector<TensorAxis>* uses : {&axis.sizes, &axis.left})
        for (std::size_t i = 0, n = uses->size(); i < n; ++i)
          if ((*uses)[i].tensor == target) uses->push_back({old, (*uses)[i].axis});
    origin.push_back(target);
  }
  return origin;
}

}  // namespace ricci::jit
