// The table that makes every node of a program once.
#include "ricci/ir.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ricci::ir {

namespace {

/// Whether `a op b` and `b op a` are the same bits. Floats are left out: of two NaNs the first argument's payload
/// may survive.
bool commutes(const Node& n) {
  const Apply* apply = n.as<Apply>();
  return apply && apply->args.size() == 2 && info(apply->op).laws == Laws::commutative && !is_float(n.dtype);
}

/// A variable-length hash in the manner of Boost's hash_combine, widened to 64 bits.
struct Hash {
  std::uint64_t state = 0;
  void add(std::uint64_t word) {
    state = (state ^ word) * 0x9e3779b97f4a7c15u;
    state ^= state >> 32;
  }
  void add(Expr e) { add(reinterpret_cast<std::uintptr_t>(e)); }
  template <class T>
  void add(const std::vector<T>& items) {
    add(items.size());
    for (const T& item : items) add(item);
  }
};

struct NodeHash {
  std::size_t operator()(Expr e) const {
    Hash h;
    h.add(e->index() << 8 | static_cast<unsigned>(e->dtype));
    visit(
        e, [&](const Const& n) { h.add(n.value.bits); }, [&](const Axis& n) { h.add(n.axis); },
        [&](const Extent& n) { h.add(n.axis); }, [&](const Param& n) { h.add(n.param); },
        [&](const Apply& n) {
          h.add(static_cast<std::uint64_t>(n.op));
          if (commutes(*e)) {
            Hash first, second;
            first.add(n.args[0]);
            second.add(n.args[1]);
            h.add(first.state + second.state);
          } else {
            h.add(n.args);
          }
        },
        [&](const Read& n) {
          h.add(n.tensor);
          h.add(static_cast<std::uint64_t>(n.policy));
          h.add(n.guard);
          h.add(n.subscripts);
        },
        [&](const Fold& n) {
          h.add(static_cast<std::uint64_t>(n.reduction));
          h.add(n.axes);
          h.add(n.body);
          for (const Range& range : n.ranges) {
            h.add(range.low);
            h.add(range.high);
          }
        },
        [&](const Project& n) {
          h.add(n.result);
          h.add(n.fold);
        },
        [&](const Nonzero& n) {
          h.add(n.axes);
          h.add(n.condition);
          h.add(n.position);
          h.add(n.which);
          h.add(n.along);
        },
        [&](const Sort& n) {
          h.add(n.axes);
          h.add(n.key);
          h.add(n.position);
          h.add(n.descending);
        });
    return h.state;
  }
};

struct NodeEqual {
  bool operator()(Expr a, Expr b) const {
    if (a->dtype != b->dtype || a->index() != b->index()) return false;
    if (static_cast<const Node::Kind&>(*a) == static_cast<const Node::Kind&>(*b)) return true;
    if (!commutes(*a) || !commutes(*b)) return false;
    const Apply &x = *a->as<Apply>(), &y = *b->as<Apply>();
    return x.op == y.op && x.args[0] == y.args[1] && x.args[1] == y.args[0];
  }
};

std::vector<AxisId> free_axes(const Node& n) {
  if (const Axis* axis = n.as<Axis>()) return {axis->axis};
  const std::vector<AxisId>* bound = bound_axes(&n);
  std::vector<AxisId> free;
  for (Expr child : children(&n)) {
    std::vector<AxisId> more = child->free, both;
    if (const auto* own = std::exchange(bound, nullptr))  // they end in the first child
      std::erase_if(more, [&](AxisId axis) { return std::ranges::count(*own, axis) > 0; });
    std::ranges::set_union(free, more, std::back_inserter(both));
    free = std::move(both);
  }
  return free;
}

bool may_fail(const Node& n) {
  const Read* read = n.as<Read>();
  return (read && read->policy == Policy::check &&
          !std::ranges::all_of(read->subscripts, [](Expr s) { return s->as<Axis>(); })) ||
         std::ranges::any_of(children(&n), &Node::may_fail);
}

}  // namespace

struct Graph::Table {
  std::deque<Node> nodes;  // a deque: the address of a node never changes
  std::unordered_set<Expr, NodeHash, NodeEqual> unique;
};

Graph::Graph() : table_(std::make_shared<Table>()) {}

Expr Graph::intern(Node::Kind kind, DType dtype) {
  Node node{std::move(kind), dtype, static_cast<std::uint32_t>(table_->nodes.size()), {}, false};
  if (auto found = table_->unique.find(&node); found != table_->unique.end()) return *found;
  node.free = free_axes(node);
  node.may_fail = may_fail(node);
  Expr made = &table_->nodes.emplace_back(std::move(node));
  table_->unique.insert(made);
  return made;
}

}  // namespace ricci::ir
