#include "guard.hpp"

#include <algorithm>
#include <map>

#include "share.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

bool always_fits(const Program& program, const Read& read) {
  for (std::size_t i = 0; i < read.subscripts.size(); ++i)
    if (!is_sized_by(program, read.subscripts[i], read.tensor, i)) return false;
  return true;
}

class Guards {
 public:
  explicit Guards(Program& program) : program_(program), g_(program.graph) {}

  /// `e` as it must be evaluated where `guard` holds (null: always).
  Expr under(Expr guard, Expr e) {
    if (!may_miss(e)) return e;
    if (auto it = done_.find({guard, e}); it != done_.end()) return it->second;
    const Expr result = visit(
        e,
        [&](const Apply& n) {
          if (n.op == Op::cast) return ir::cast(g_, e->dtype, under(guard, n.args[0]));
          std::vector<Expr> args;
          if (n.op == Op::select) {
            const Expr condition = under(guard, n.args[0]);
            args = {condition, under(both(guard, condition), n.args[1]),
                    under(both(guard, apply(g_, Op::logical_not, {condition})), n.args[2])};
          } else {
            for (Expr arg : n.args) args.push_back(under(guard, arg));
          }
          return apply(g_, n.op, std::move(args));
        },
        [&](const Read& n) {
          const Expr given = n.guard ? under(guard, n.guard) : nullptr;
          const Expr own = given ? both(guard, given) : guard;
          std::vector<Expr> subscripts;
          for (Expr s : n.subscripts) subscripts.push_back(under(own, s));
          return read(g_, n.tensor, e->dtype, std::move(subscripts), n.policy, always_fits(program_, n) ? given : own);
        },
        [&](const Fold& n) {
          const Expr made = fold(g_, n.reduction, n.axes, under(guard, n.body));
          return info(n.reduction).results == Results::index ? made->as<Project>()->fold : made;
        },
        [&](const Project& n) { return project(g_, under(guard, n.fold), n.result); }, [&](const auto&) { return e; });
    done_.emplace(std::pair{guard, e}, result);
    return result;
  }

 private:
  Expr both(Expr a, Expr b) { return a ? apply(g_, Op::logical_and, {a, b}) : b; }

  /// Whether some read in `e` may be outside its tensor.
  bool may_miss(Expr e) {
    if (auto it = may_miss_.find(e); it != may_miss_.end()) return it->second;
    const Read* read = e->as<Read>();
    const bool result = (read && !always_fits(program_, *read)) || std::ranges::any_of(children(e), [&](Expr c) { return may_miss(c); });
    may_miss_.emplace(e, result);
    return result;
  }

  Program& program_;
  Graph& g_;
  std::map<std::pair<Expr, Expr>, Expr> done_;
  std::unordered_map<Expr, bool> may_miss_;
};

}  // namespace

void attach_guards(Program& program) {
  Guards guards(program);
  for (Statement& s : program.statements) {
    if (s.guard) s.guard = guards.under(nullptr, s.guard);
    for (Expr& subscript : s.subscripts) subscript = guards.under(s.guard, subscript);
    s.value = guards.under(s.guard, s.value);
  }
}

}  // namespace ricci::jit
