#include "rewrite/place_sorts.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "rewrite/instance.hpp"
#include "rewrite/sorted_rows.hpp"

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
  SortPlacement(Program& program, CanonicalAxes& axes, Sorts which)
      : program_(program), g_(program.graph), axes_(axes), which_(which) {}

  void run() {
    std::vector<Statement> old = std::move(program_.statements);
    program_.statements.clear();
    note_orders(old);
    for (Statement& s : old) {
      placed_.clear();
      if (!is_done(s)) replace_expressions(s, [&](Expr e) { return placed(e); });
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
    std::optional<TensorId> keys;
  };
  /// A sort as the order that serves it: its own, or the order for every value of an axis of which it needs some.
  struct Served {
    const Sort* general;
    Bindings at;  // what stands for the outer axes
  };

  /// Whether a statement is as this leaves them, made before or as good as that.
  bool is_done(const Statement& s) const {
    const Sort* sort = s.value->as<Sort>();
    const Read* key = sort ? sort->key->as<Read>() : nullptr;
    const Axis* at = sort ? sort->position->as<Axis>() : nullptr;
    return key && at && !key->guard && !program_.tensors[s.target].table.empty() && !s.domain.empty() &&
           at->axis == s.domain.back() &&
           std::ranges::all_of(key->subscripts, [](Expr e) { return e->as<Axis>(); });
  }

  /// Finds the orders that others are instances of, and how much of each is used.
  void note_orders(const std::vector<Statement>& statements) {
    std::vector<Expr> roots;
    for (const Statement& s : statements)
      if (!is_done(s))
        for (Expr e : expressions(s)) roots.push_back(e);
    std::vector<const Sort*> sorts;
    for (Expr e : nodes(std::move(roots)))
      if (const Sort* sort = e->as<Sort>(); sort && is_placed(*sort)) sorts.push_back(sort);
    // An instance has as many nodes, or more.
    std::ranges::stable_sort(sorts, {}, [](const Sort* sort) { return nodes({sort->key}).size(); });
    for (const Sort* sort : sorts) {
      const Served served = serve(*sort);
      if (served.general == sort) general_.push_back(sort);
      note_use(*served.general, sort->position);
    }
  }

  void note_use(const Sort& general, Expr position) {
    const Axis* at = position->as<Axis>();
    const std::int64_t length = at ? program_.axes[at->axis].fixed : -1;
    const auto [use, fresh] = uses_.try_emplace(order_of(general), Use{});
    if (length < 0)
      use->second.whole = true;
    else if (fresh || length > program_.axes[use->second.longest].fixed)
      use->second.longest = at->axis;
  }

  Served serve(const Sort& sort) const {
    for (const Sort* general : general_) {
      if (general->descending != sort.descending || general->axes.size() != sort.axes.size()) continue;
      std::vector<std::pair<AxisId, AxisId>> same;
      bool fits = true;
      for (std::size_t i = 0; i < sort.axes.size(); ++i) {
        same.emplace_back(general->axes[i], sort.axes[i]);
        fits &= axes_.extent_class(general->axes[i]) == axes_.extent_class(sort.axes[i]);
      }
      if (!fits) continue;
      auto at = instance(axes_, general->key, sort.key, outer_axes(*general), std::move(same));
      if (at && are_inside(*at)) return {general, std::move(*at)};
    }
    return {&sort, {}};
  }

  /// Whether each expression is an index of the axis that it stands for: an axis of that extent, or a result of a
  /// search along one.
  bool are_inside(const Bindings& at) const {
    return std::ranges::all_of(at, [&](const auto& binding) { return is_inside(binding.second, binding.first); });
  }
  bool is_inside(Expr e, AxisId axis) const {
    if (const Axis* other = e->as<Axis>()) return axes_.extent_class(other->axis) == axes_.extent_class(axis);
    Expr found = e;  // in it
    while (const Apply* apply = found->as<Apply>()) found = apply->args[0];
    const Project* project = found->as<Project>();
    const std::vector<AxisId>* searched = bound_axes(project ? project->fold : found);
    if (!searched || (!project && !found->as<Sort>()) || (project && project->result != 1)) return false;
    const auto of_search = coordinates(g_, found, *searched);
    Memo common;
    return std::ranges::any_of(of_search, [&](const auto& coordinate) {
      return axes_.extent_class(coordinate.first) == axes_.extent_class(axis) &&
             axes_.with_common_extents(coordinate.second, common) == axes_.with_common_extents(e, common);
    });
  }

  Expr placed(Expr root) {
    return replace(g_, root, placed_, [&](Expr e) -> Expr {
      if (!orders_something(e)) return e;
      if (const Sort* sort = e->as<Sort>()) return is_placed(*sort) ? placed_sort(*sort) : nullptr;
      return key_in_table(e);
    });
  }

  bool is_placed(const Sort& sort) const {
    return which_ == Sorts::all || std::ranges::all_of(nodes({sort.key}), [&](Expr e) {
      const Read* read = e->as<Read>();
      return !read || fits(*read);
    });
  }

  /// Whether all subscripts are axes sized by the tensor, or what a sort along such an axis has at a position it has.
  bool fits(const Read& read) const {
    for (std::size_t i = 0; i < read.subscripts.size(); ++i) {
      Expr s = read.subscripts[i];
      const Sort* sort = s->as<Sort>();
      const Axis* at = sort ? sort->position->as<Axis>() : nullptr;
      if (at && sort->axes.size() == 1 && (runs_along(*sort, at->axis) || program_.axes[at->axis].fixed >= 0))
        s = axis(g_, sort->axes[0]);
      if (!is_sized_by(program_, s, read.tensor, i)) return false;
    }
    return true;
  }

  /// Whether an axis has a value for each position of the order.
  bool runs_along(const Sort& sort, AxisId at) const {
    return sort.axes.size() == 1 && axes_.extent_class(at) == axes_.extent_class(sort.axes[0]);
  }

  bool orders_something(Expr e) {
    if (const auto it = orders_something_.find(e); it != orders_something_.end()) return it->second;
    const bool result = e->as<Sort>() || std::ranges::any_of(children(e), [&](Expr c) { return orders_something(c); });
    return orders_something_[e] = result;
  }

  Expr placed_sort(const Sort& sort) {
    const Served served = serve(sort);
    const Tables tables = tables_of(*served.general);
    std::vector<Expr> subscripts = placed_at(outer_axes(*served.general), served.at);
    const Expr position = placed(sort.position);
    return element(*served.general, tables, std::move(subscripts), position);
  }

  /// A key of what stands at some position, read from the table of keys if there is one; else null.
  Expr key_in_table(Expr e) {
    for (const Sort* general : general_) {
      if (e->index() != general->key->index() || is_row(general->key, general->axes)) continue;
      // Where all keys are equal, nothing says which of them it is.
      const auto moves_key = [&](AxisId axis) { return uses_axis(general->key, axis); };
      if (!std::ranges::all_of(general->axes, moves_key)) continue;
      const auto at = instance(axes_, general->key, e, general->key->free);
      if (!at || !are_inside(*at) || filling_.contains(general)) continue;
      const Tables tables = tables_of(*general);
      if (!tables.keys) continue;
      std::vector<AxisId> dimensions = outer_axes(*general);
      dimensions.insert(dimensions.end(), general->axes.begin(), general->axes.end());
      return read(g_, *tables.keys, e->dtype, placed_at(dimensions, *at), Policy::assume_inside);
    }
    return nullptr;
  }

  /// What stands for these axes, placed; an axis that nothing stands for itself.
  std::vector<Expr> placed_at(const std::vector<AxisId>& axes, const Bindings& at) {
    std::vector<Expr> list;
    for (AxisId id : axes) {
      const auto found = at.find(id);
      list.push_back(found == at.end() ? axis(g_, id) : placed(found->second));
    }
    return list;
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
  Expr element(const Sort& sort, const Tables& tables, std::vector<Expr> subscripts, Expr position) {
    const Axis* bare = position->as<Axis>();
    const bool in_table = bare && (uses_.at(order_of(sort)).whole ? runs_along(sort, bare->axis)
                                                                  : program_.axes[bare->axis].fixed >= 0);
    Expr inside = nullptr;
    if (!in_table) {
      const Expr low = apply(g_, Op::greater_equal, {position, constant(g_, std::int64_t{0})});
      inside = apply(g_, Op::logical_and, {low, apply(g_, Op::less, {position, extent(g_, tables.positions)})});
    }
    subscripts.push_back(position);
    return read(g_, tables.order, DType::i64, std::move(subscripts), Policy::assume_inside, inside);
  }

  Tables tables_of(const Sort& sort) {
    if (const auto it = tables_.find(order_of(sort)); it != tables_.end()) return it->second;
    const Use use = uses_.at(order_of(sort));
    Statement s;
    std::unordered_map<AxisId, Expr> renamed;
    for (AxisId outer : outer_axes(sort)) {
      s.domain.push_back(axes_.get(outer, 0, static_cast<int>(s.domain.size())));
      renamed.emplace(outer, axis(g_, s.domain.back()));
    }
    Tables tables{0, 0, {}};
    Expr key = substitute(g_, placed_key(sort), renamed);
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

  Expr placed_key(const Sort& sort) {
    filling_.insert(&sort);
    const Expr key = placed(sort.key);
    filling_.erase(&sort);
    return key;
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
  Sorts which_;
  Memo placed_;  // in the statement at hand
  std::unordered_map<Expr, bool> orders_something_;
  std::vector<const Sort*> general_;  // those that are no instances of others
  std::set<const Sort*> filling_;     // whose tables are being made
  std::map<Order, Use> uses_;
  std::map<Order, Tables> tables_;
};

}  // namespace

void place_sorts(Program& program, CanonicalAxes& axes, Sorts which) {
  SortPlacement(program, axes, which).run();
}

bool is_sort(const Statement& s) {
  return sort_of(s);
}

}  // namespace ricci::jit
