#include "specialise/variants.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include "ir/survey.hpp"
#include "rewrite/scan.hpp"
#include "rewrite/share.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether an access fits because the extents of its axes come from there.
bool always_fits(const Program& program, TensorId tensor, const std::vector<Expr>& subscripts) {
  const std::vector<AxisId>& table = program.tensors[tensor].table;
  for (std::size_t i = 0; i < subscripts.size(); ++i) {
    if (is_sized_by(program, subscripts[i], tensor, i)) continue;
    const Axis* bare = subscripts[i]->as<Axis>();
    if (table.empty() || !bare || !are_equally_long(program, bare->axis, table[i])) return false;
  }
  return true;
}

/// The neighbours in the groups of axes that count as one, and whether it is flattened.
std::set<std::tuple<AxisId, AxisId, bool>> collapsed_pairs(const Specialisation& s) {
  std::set<std::tuple<AxisId, AxisId, bool>> pairs;
  for (const auto& group : s.collapsed)
    for (std::size_t i = 1; i < group.size(); ++i)
      pairs.insert({group[i - 1], group[i], std::ranges::count(s.flattened, group.back()) > 0});
  return pairs;
}

/// How many kinds of facts about sizes two kernels have in common.
int likeness(const Specialisation& a, const Specialisation& b) {
  const auto same = [&](auto member) { return static_cast<int>(a.*member == b.*member); };
  return same(&Specialisation::strides) + same(&Specialisation::large) + same(&Specialisation::brief) +
         same(&Specialisation::slim) + same(&Specialisation::far) + same(&Specialisation::farther) +
         same(&Specialisation::many) + same(&Specialisation::shallow) + same(&Specialisation::low) +
         same(&Specialisation::wide) + same(&Specialisation::narrow) + same(&Specialisation::few) +
         same(&Specialisation::joined) + same(&Specialisation::slender) + same(&Specialisation::abreast) +
         same(&Specialisation::packed);
}

/// Those of an expression.
struct Variants {
  struct Kernel {
    std::vector<Specialisation> facts;  // with these loops, the assumed ones first
    std::string loops;                  // their digest, once somebody has asked
  };
  struct Other {
    Specialisation facts, assumed;
  };
  std::mutex mutex;
  std::vector<Kernel> kernels;
  std::vector<Other> others;  // that have no kernel of their own

  Specialisation choose(const Program& program, const Specialisation& facts, const LoopsOf& loops_of, bool trial) {
    for (const Kernel& kernel : kernels)
      if (std::ranges::count(kernel.facts, facts) > 0) return kernel.facts[0];
    for (const Other& other : others)
      if (other.facts == facts) return other.assumed;
    std::string loops = kernels.empty() ? "" : loops_of(facts);
    for (Kernel& kernel : kernels) {
      if (kernel.loops.empty()) kernel.loops = loops_of(kernel.facts[0]);
      if (kernel.loops != loops) continue;
      if (!trial) kernel.facts.push_back(facts);
      return kernel.facts[0];
    }
    if (kernels.size() < most_variants) {
      if (!trial) kernels.push_back({{facts}, std::move(loops)});
      return facts;
    }
    const Kernel* best = most_similar(facts);
    Specialisation assumed = best ? best->facts[0] : assume_nothing(program);
    if (!trial) others.push_back({facts, assumed});
    return assumed;
  }

  /// Of the kernels that are right for these facts; null if none is.
  const Kernel* most_similar(const Specialisation& facts) const {
    const Kernel* best = nullptr;
    int most = -1;
    for (const Kernel& kernel : kernels)
      for (const Specialisation& s : kernel.facts)
        if (likeness(s, facts) > most && holds(s, facts)) {  // then all of them do: the loops are the same
          best = &kernel;
          most = likeness(s, facts);
        }
    return best;
  }
};

Variants& variants_of(const std::string& expression) {
  static std::mutex mutex;
  static auto& all = *new std::unordered_map<std::string, Variants>;  // outlives destructors
  const std::lock_guard lock(mutex);
  return all[expression];
}

}  // namespace

Specialisation assume_nothing(const Program& program) {
  Specialisation s;
  s.short_offsets = false;
  s.disjoint = false;
  s.collapsed.resize(program.axes.size());
  s.strides.resize(program.tensors.size());
  for (TensorId t = 0; t < program.tensors.size(); ++t)
    if (program.tensors[t].table.empty())
      s.strides[t].assign(static_cast<std::size_t>(program.tensors[t].rank), StrideClass::any);
  for (Expr e : Survey(program).nodes) {
    if (const Apply* apply = e->as<Apply>(); apply && info(apply->op).typing == Typing::compare) s.answers += '?';
    if (const Read* read = e->as<Read>()) s.answers += always_fits(program, read->tensor, read->subscripts) ? 'p' : 'c';
  }
  for (const Statement& statement : program.statements)
    s.answers += always_fits(program, statement.target, statement.subscripts) ? 'p' : 'c';
  return s;
}

bool holds(const Specialisation& assumed, const Specialisation& facts) {
  for (std::size_t t = 0; t < facts.strides.size(); ++t)
    for (std::size_t i = 0; i < facts.strides[t].size(); ++i)
      if (assumed.strides[t][i] != StrideClass::any && assumed.strides[t][i] != facts.strides[t][i]) return false;
  for (std::size_t i = 0; i < facts.answers.size(); ++i) {
    const char a = assumed.answers[i], fact = facts.answers[i];
    if (a != fact && a != '?' && a != 'c' && !(a == 'g' && fact == 'p')) return false;
  }
  // Along these axes scratch is as long as was assumed.
  using Axes = std::vector<AxisId> Specialisation::*;
  for (const Axes axes : {&Specialisation::brief, &Specialisation::slim, &Specialisation::few})
    for (const AxisId axis : assumed.*axes)
      if (std::ranges::count(facts.*axes, axis) == 0) return false;
  for (const TensorId tensor : assumed.joined)
    if (std::ranges::count(facts.joined, tensor) == 0) return false;
  for (const PackedRows& rows : assumed.packed)
    if (std::ranges::count(facts.packed, rows) == 0) return false;
  for (const Slender& few : assumed.slender)
    if (few.dense && std::ranges::count(facts.slender, few) == 0) return false;
  return std::ranges::includes(collapsed_pairs(facts), collapsed_pairs(assumed)) &&
         (facts.short_offsets || !assumed.short_offsets) && (facts.disjoint || !assumed.disjoint);
}

Specialisation choose_variant(const std::string& expression, const Program& program, const Specialisation& facts,
                              const LoopsOf& loops_of, bool trial) {
  Variants& variants = variants_of(expression);
  const std::lock_guard lock(variants.mutex);
  return variants.choose(program, facts, loops_of, trial);
}

}  // namespace ricci::jit
