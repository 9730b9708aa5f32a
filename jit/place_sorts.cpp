#include "place_sorts.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "sorted_rows.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// What is put in order, whatever positions are asked for.
using Order = std::tuple<std::vector<AxisId>, Expr, bool>;

Order order_of(const Sort& s) {
  return {s.axes, s.key, s.descending};
}

class SortPlacement {
 public:
  SortPlacement(Program& program, CanonicalAxes& axes) : program_(program), g_(program.graph), axes_(axes) {}

  void run() {
    std::vector<Statement> old = std::move(program_.statements);
    program_.statements.clear();
    for (const Statement& s : old) note_uses(s);
    for (Statement& s : old) {
      Memo memo;
      key_of_.clear();
      const auto placed = [&](Expr e) {
        return rewrite(g_, e, memo, [&](Expr original, Expr rebuilt) { return this->placed(original, rebuilt); });
      };
      for (Expr& subscript : s.subscripts) subscript = placed(subscript);
      s.value = placed(s.value);
      if (s.guard) s.guard = placed(s.guard);
      // What it writes may be the keys of an order.
      std::erase_if(tables_, [&](const auto& entry) { return reads(std::get<Expr>(entry.first), s.target); });
      program_.statements.push_back(std::move(s));
    }
  }

 private:
  /// How much of an order is used: all, or the positions of the longest of some axes.
  struct Use {
    bool whole = false;
    AxisId longest = 0;
  };
  struct Tables {
    TensorId order;
    AxisId positions;  // the last axis of `order`
    bool whole;        // as many as there are elements
    std::optional<TensorId> keys;
  };

  void note_uses(const Statement& s) {
    for (Expr e : nodes(expressions(s))) {
      const Sort* sort = e->as<Sort>();
      if (!sort) continue;
      const Axis* at = sort->position->as<Axis>();
      const std::int64_t length = at ? program_.axes[at->axis].fixed : -1;
      const auto [use, fresh] = uses_.try_emplace(order_of(*sort), Use{});
      if (length < 0)
        use->second.whole = true;
      else if (fresh || length > program_.axes[use->second.longest].fixed)
        use->second.longest = at->axis;
      const Expr key = substitute(g_, sort->key, coordinates(g_, e, sort->axes));
      keys_at_.emplace(axes_.with_common_extents(key, common_), e);
    }
  }

  Expr placed(Expr original, Expr e) {
    if (const Sort* sort = e->as<Sort>()) {
      const Tables tables = tables_of(*sort, uses_.at(order_of(*original->as<Sort>())));
      const Expr index = element(*sort, tables);
      if (tables.keys) {
        const auto at = coordinates(g_, index, sort->axes);
        std::vector<Expr> subscripts = as_subscripts(outer_axes(*sort));
        for (AxisId id : sort->axes) subscripts.push_back(at.at(id));
        key_of_[original] = read(g_, *tables.keys, sort->key->dtype, std::move(subscripts), Policy::assume_inside);
      }
      return index;
    }
    // The key of what stands at a position is in the table, if there is one.
    const auto at = keys_at_.find(original);
    const auto known = at == keys_at_.end() ? key_of_.end() : key_of_.find(at->second);
    return known == key_of_.end() ? e : known->second;
  }

  std::vector<AxisId> outer_axes(const Sort& sort) const {
    std::vector<AxisId> outer = sort.key->free;
    std::erase_if(outer, [&](AxisId axis) { return std::ranges::count(sort.axes, axis) > 0; });
    return outer;
  }

  std::vector<Expr> as_subscripts(const std::vector<AxisId>& axes) {
    std::vector<Expr> list;
    for (AxisId id : axes) list.push_back(axis(g_, id));
    return list;
  }

  /// order[outer, position], where the position is inside.
  Expr element(const Sort& sort, const Tables& tables) {
    std::vector<Expr> subscripts = as_subscripts(outer_axes(sort));
    subscripts.push_back(sort.position);
    const Axis* bare = sort.position->as<Axis>();
    const bool fits = bare && (tables.whole ? sort.axes.size() == 1 &&
                                                  axes_.extent_class(bare->axis) == axes_.extent_class(sort.axes[0])
                                            : program_.axes[bare->axis].fixed >= 0);
    Expr inside = nullptr;
    if (!fits) {
      const Expr low = apply(g_, Op::greater_equal, {sort.position, constant(g_, std::int64_t{0})});
      inside = apply(g_, Op::logical_and, {low, apply(g_, Op::less, {sort.position, extent(g_, tables.positions)})});
    }
    return read(g_, tables.order, DType::i64, std::move(subscripts), Policy::assume_inside, inside);
  }

  Tables tables_of(const Sort& sort, const Use& use) {
    if (const auto it = tables_.find(order_of(sort)); it != tables_.end()) return it->second;
    Statement s;
    std::unordered_map<AxisId, Expr> renamed;
    for (AxisId outer : outer_axes(sort)) {
      s.domain.push_back(axes_.get(outer, 0, static_cast<int>(s.domain.size())));
      renamed.emplace(outer, axis(g_, s.domain.back()));
    }
    Tables tables{0, 0, use.whole, {}};
    Expr key = substitute(g_, sort.key, renamed);
    if (!is_row(key, sort.axes)) {
      tables.keys = fill_keys(key, s.domain, sort.axes);
      std::vector<AxisId> dimensions = s.domain;
      dimensions.insert(dimensions.end(), sort.axes.begin(), sort.axes.end());
      key = read(g_, *tables.keys, key->dtype, as_subscripts(dimensions), Policy::assume_inside);
    }
    tables.positions =
        use.whole ? whole(sort.axes, s.domain.size()) : axes_.get(use.longest, 0, static_cast<int>(s.domain.size()));
    s.domain.push_back(tables.positions);
    s.subscripts = as_subscripts(s.domain);
    s.target = tables.order = make_tensor("order", DType::i64, s.domain);
    s.value = ir::sort(g_, sort.axes, key, axis(g_, tables.positions), sort.descending);
    s.policy = Policy::assume_inside;
    program_.statements.push_back(std::move(s));
    return tables_.emplace(order_of(sort), tables).first->second;
  }

  /// Whether the keys lie along one axis of a tensor, so that they need no table.
  bool is_row(Expr key, const std::vector<AxisId>& axes) const {
    const Read* read = key->as<Read>();
    if (!read || read->guard || axes.size() != 1) return false;
    int along = 0;
    for (std::size_t i = 0; i < read->subscripts.size(); ++i) {
      if (!is_sized_by(program_, read->subscripts[i], read->tensor, i)) return false;
      along += uses_axis(read->subscripts[i], axes[0]);
    }
    return along == 1;
  }

  /// keys[outer, axes] = key.
  TensorId fill_keys(Expr key, const std::vector<AxisId>& outer, const std::vector<AxisId>& axes) {
    Statement s;
    s.domain = outer;
    std::unordered_map<AxisId, Expr> renamed;
    for (AxisId id : axes) {
      s.domain.push_back(axes_.get(id, 0, static_cast<int>(s.domain.size())));
      renamed.emplace(id, axis(g_, s.domain.back()));
    }
    s.subscripts = as_subscripts(s.domain);
    s.target = make_tensor("keys", key->dtype, s.domain);
    s.value = substitute(g_, key, renamed);
    s.policy = Policy::assume_inside;
    program_.statements.push_back(s);
    return s.target;
  }

  TensorId make_tensor(const char* name, DType dtype, const std::vector<AxisId>& dimensions) {
    program_.tensors.push_back({name, dtype, static_cast<int>(dimensions.size()), dimensions});
    return static_cast<TensorId>(program_.tensors.size() - 1);
  }

  /// An axis with as many elements as all of `axes` together, at this position of a domain.
  AxisId whole(const std::vector<AxisId>& axes, std::size_t position) {
    if (axes.size() == 1) return axes_.get(axes[0], 0, static_cast<int>(position));
    Expr elements = extent(g_, axes[0]);
    for (std::size_t i = 1; i < axes.size(); ++i) elements = apply(g_, Op::multiply, {elements, extent(g_, axes[i])});
    program_.axes.push_back({.name = "position", .sizes = {}, .limit = elements});
    return static_cast<AxisId>(program_.axes.size() - 1);
  }

  Program& program_;
  Graph& g_;
  CanonicalAxes& axes_;
  Memo common_;
  std::map<Order, Use> uses_;
  std::map<Order, Tables> tables_;
  std::unordered_map<Expr, Expr> keys_at_;  // a key at the coordinates of a sort -> the sort
  std::unordered_map<Expr, Expr> key_of_;   // a sort -> the read of that key from its table
};

}  // namespace

void place_sorts(Program& program, CanonicalAxes& axes) {
  SortPlacement(program, axes).run();
}

bool is_sort(const Statement& s) {
  return sort_of(s);
}

}  // namespace ricci::jit
