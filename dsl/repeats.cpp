#include "repeats.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace ricci {

namespace {

class Repeats {
 public:
  Repeats(const Leaves& leaves, int scalars) : leaves_(leaves), first_(static_cast<std::size_t>(scalars)) {
    std::iota(first_.begin(), first_.end(), 0);
  }

  void add(const Syntax& tree) {
    const Part whole = number(tree);
    share(tree, whole);
  }

  std::vector<int> first() && { return std::move(first_); }

 private:
  /// A node with its leaves from these on; nodes of the same kind are equal but for their numbers.
  struct Part {
    int kind, scalar;
    std::vector<Part> children;
  };

  Part number(const Syntax& node) {
    Part part{0, scalar_leaf_, {}};
    const bool tensor = node.form == Form::tensor || node.form == Form::access;
    std::vector<std::uint64_t> key{static_cast<std::uint64_t>(node.form), static_cast<std::uint64_t>(node.dtype),
                                   static_cast<std::uint64_t>(node.op), static_cast<std::uint64_t>(node.reducer),
                                   static_cast<std::uint64_t>(node.outside), node.value.bits,
                                   tensor ? leaves_.tensors[tensor_leaf_++] : 0u};
    for (int i = 0; i < node.bound.size; ++i) key.push_back(node.bound[i]->hash);
    if (node.form == Form::number || node.form == Form::integer) ++scalar_leaf_;
    for (int i = 0; i < node.children; ++i) {
      part.children.push_back(number(*node.child[i]));
      key.push_back(static_cast<std::uint64_t>(part.children.back().kind));
    }
    part.kind = kinds_.try_emplace(std::move(key), static_cast<int>(kinds_.size())).first->second;
    return part;
  }

  void share(const Syntax& node, const Part& part) {
    if (node.scalars == 0 || node.tensors == 0) return;
    std::vector<int>& seen = seen_[part.kind];
    const Scalar* own = leaves_.numbers + part.scalar;
    const auto is_equal = [&](int leaf) { return std::equal(own, own + node.scalars, leaves_.numbers + leaf); };
    if (const auto earlier = std::ranges::find_if(seen, is_equal); earlier != seen.end()) {
      std::copy_n(first_.begin() + *earlier, node.scalars, first_.begin() + part.scalar);
      return;
    }
    seen.push_back(part.scalar);
    for (int i = 0; i < node.children; ++i) share(*node.child[i], part.children[static_cast<std::size_t>(i)]);
  }

  const Leaves& leaves_;
  std::vector<int> first_;
  std::map<std::vector<std::uint64_t>, int> kinds_;
  std::map<int, std::vector<int>> seen_;  // by kind: the first scalar leaf of each part with other numbers
  int tensor_leaf_ = 0, scalar_leaf_ = 0;
};

}  // namespace

std::vector<int> find_repeats(std::span<const StatementSyntax> statements, const Leaves& leaves) {
  int scalars = 0;
  for (const StatementSyntax& s : statements) scalars += (s.target ? s.target->scalars : 0) + s.value->scalars;
  Repeats repeats(leaves, scalars);
  if (!leaves.numbers || !leaves.repeats) return std::move(repeats).first();
  for (const StatementSyntax& s : statements) {
    if (s.target) repeats.add(*s.target);
    repeats.add(*s.value);
  }
  return std::move(repeats).first();
}

}  // namespace ricci
