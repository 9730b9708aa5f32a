#include "rewrite/sorted_rows.hpp"

#include <algorithm>
#include <optional>

namespace ricci::jit {

using namespace ir;

namespace {

class SortedRows {
 public:
  SortedRows(Program& program, CanonicalAxes& axes) : program_(program), g_(program.graph), axes_(axes) {}

  void run() {
    for (std::size_t i = 0; i < program_.statements.size();) {
      const bool in_table = sort_of(program_.statements[i]) && !target_of(i).table.empty();
      if (in_table) store_keys(i);
      if (in_table && store_in_target(i))
        program_.statements.erase(program_.statements.begin() + static_cast<std::ptrdiff_t>(i));
      else
        ++i;
    }
    remove_tensors();
  }

 private:
  const TensorDecl& target_of(std::size_t at) const { return program_.tensors[program_.statements[at].target]; }

  std::vector<Expr> substituted(const Statement& order, const std::vector<Expr>& subscripts,
                                const std::vector<Expr>& replacements) {
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t i = 0; i < order.domain.size(); ++i) renamed.emplace(order.domain[i], replacements[i]);
    std::vector<Expr> list;
    for (Expr e : subscripts) list.push_back(substitute(g_, e, renamed));
    return list;
  }

  const Read* reads_table(Expr e, TensorId table) const {
    const Read* read = e->as<Read>();
    return read && read->tensor == table ? read : nullptr;
  }

  /// Makes the order at statement `at` one of keys, if that is all it is used for.
  void store_keys(std::size_t at) {
    const Statement order = program_.statements[at];
    if (!order.value->as<Sort>()) return;
    const Sort& sort = *order.value->as<Sort>();
    const Read& keys = *sort.key->as<Read>();
    if (sort.axes.size() != 1 || axes_.extent_class(order.domain.back()) != axes_.extent_class(sort.axes[0])) return;
    const auto is_along = [&](Expr e) { return uses_axis(e, sort.axes[0]); };
    const auto found = std::ranges::find_if(keys.subscripts, is_along);
    const auto along = static_cast<std::size_t>(found - keys.subscripts.begin());

    const auto is_key = [&](Expr e) {
      const Read* read = e->as<Read>();
      if (!read || read->tensor != keys.tensor) return false;
      const Read* place = reads_table(read->subscripts[along], order.target);
      if (!place || place->guard || (read->guard && reads(read->guard, order.target))) return false;
      std::vector<Expr> expected = substituted(order, keys.subscripts, place->subscripts);
      expected[along] = read->subscripts[along];
      return read->subscripts == expected;
    };
    for (std::size_t i = 0; i < program_.statements.size(); ++i) {
      const Statement& s = program_.statements[i];
      for (Expr root : expressions(s))
        if (reads_table(root, order.target)) return;
      for (Expr e : nodes(expressions(s)))
        for (Expr child : children(e))
          if (reads_table(child, order.target) && (!is_key(e) || (s.in_order && s.target == keys.tensor))) return;
    }

    Memo memo;
    const auto sorted = [&](Expr original, Expr e) {
      if (!is_key(original)) return e;
      const Read& read = *e->as<Read>();
      const std::vector<Expr>& subscripts = read.subscripts[along]->as<Read>()->subscripts;
      return ir::read(g_, order.target, e->dtype, subscripts, Policy::assume_inside, read.guard);
    };
    for (Statement& s : program_.statements)
      replace_expressions(s, [&](Expr e) { return rewrite(g_, e, memo, sorted); });
    TensorDecl& table = program_.tensors[order.target];
    table.name = "sorted";
    table.dtype = sort.key->dtype;
    std::vector<Expr> subscripts = keys.subscripts;
    subscripts[along] = order.value;
    program_.statements[at].value =
        ir::read(g_, keys.tensor, sort.key->dtype, std::move(subscripts), Policy::assume_inside);
  }

  /// Whether the subscripts are exactly these axes, in any order.
  static bool are_axes(const std::vector<Expr>& subscripts, std::vector<AxisId> axes) {
    for (Expr e : subscripts) {
      const Axis* bare = e->as<Axis>();
      if (!bare || std::erase(axes, bare->axis) != 1) return false;
    }
    return axes.empty();
  }

  /// Puts the rows of statement `at` in order in the tensor they are assigned to, if that is all they are used for.
  bool store_in_target(std::size_t at) {
    const Statement& order = program_.statements[at];
    const Sort& sort = *sort_of(order);
    const TensorId keys = sort.key->as<Read>()->tensor;
    std::optional<std::size_t> use;
    for (std::size_t i = at + 1; i < program_.statements.size(); ++i)
      for (Expr e : expressions(program_.statements[i]))
        if (reads(e, order.target)) {
          if (use) return false;
          use = i;
        }
    if (!use) return false;
    for (std::size_t i = at + 1; i <= *use; ++i)
      if (program_.statements[i].target == keys) return false;
    Statement& s = program_.statements[*use];
    const Read* read = reads_table(s.value, order.target);
    if (!read || read->guard || s.update || s.guard || s.in_order || s.stage || s.appends) return false;
    if (!are_axes(read->subscripts, s.domain) || !are_axes(s.subscripts, s.domain)) return false;
    if (std::ranges::count(s.domain, sort.axes[0]) > 0) return false;
    const std::vector<Expr> at_axes = read->subscripts;
    s.value = substituted(order, {order.value}, at_axes).front();
    s.domain.clear();
    for (Expr e : at_axes) s.domain.push_back(e->as<Axis>()->axis);
    unused_.push_back(order.target);
    return true;
  }

  /// Without the tensors that nothing uses any more, which the compiler has made: no axis takes its extent from them.
  void remove_tensors() {
    if (unused_.empty()) return;
    std::vector<TensorId> number(program_.tensors.size());
    std::vector<TensorDecl> kept;
    for (TensorId t = 0; t < program_.tensors.size(); ++t) {
      number[t] = static_cast<TensorId>(kept.size());
      if (std::ranges::count(unused_, t) == 0) kept.push_back(std::move(program_.tensors[t]));
    }
    program_.tensors = std::move(kept);
    Memo memo;
    const auto renumbered = [&](Expr, Expr e) {
      const Read* read = e->as<Read>();
      if (!read || number[read->tensor] == read->tensor) return e;
      return ir::read(g_, number[read->tensor], e->dtype, read->subscripts, read->policy, read->guard);
    };
    for (Statement& s : program_.statements) {
      replace_expressions(s, [&](Expr e) { return rewrite(g_, e, memo, renumbered); });
      s.target = number[s.target];
      s.starts = number[s.starts];
      if (s.stage) s.stage = number[*s.stage];
    }
  }

  Program& program_;
  Graph& g_;
  CanonicalAxes& axes_;
  std::vector<TensorId> unused_;
};

}  // namespace

void store_sorted(Program& program, CanonicalAxes& axes) {
  SortedRows(program, axes).run();
}

const Sort* sort_of(const Statement& s) {
  if (const Sort* sort = s.value->as<Sort>()) return sort;
  if (const Read* read = s.value->as<Read>())
    for (Expr e : read->subscripts)
      if (const Sort* sort = e->as<Sort>()) return sort;
  return nullptr;
}

}  // namespace ricci::jit
