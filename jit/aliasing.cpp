#include "aliasing.hpp"

#include <algorithm>
#include <cstring>

#include "ricci/error.hpp"
#include "ricci/overlap.hpp"
#include "ricci/runs.hpp"
#include "tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// All reads of the statement.
std::vector<const Read*> reads_of(const Statement& s) {
  std::vector<const Read*> reads;
  for (Expr e : nodes(expressions(s)))
    if (const Read* read = e->as<Read>()) reads.push_back(read);
  return reads;
}

void check_target(const TensorDecl& decl, const TensorView& view) {
  if (!view.writable) throw Error(Error::Kind::limit, decl.name + " is read-only and cannot be written");
  for (int i = 0; i < view.layout.rank; ++i)
    if (view.layout.strides[i] == 0 && view.layout.extents[i] > 1)
      throw Error(Error::Kind::limit, decl.name + " repeats one element along axis " + std::to_string(i) +
                                          " (stride 0) and cannot be written");
}

Array copy_of(const TensorView& view) {
  const auto extents = std::span(view.layout.extents).first(static_cast<std::size_t>(view.layout.rank));
  Array copy = Array::uninitialised(view.layout.dtype, extents);
  auto* to = static_cast<std::byte*>(copy.data());
  for_each_run(view, [&](std::span<const std::byte> run) {
    std::memcpy(to, run.data(), run.size());
    to += run.size();
  });
  return copy;
}

}  // namespace

Copies copy_overlapping(const Program& program, std::span<TensorView> tensors) {
  Copies copies;
  for (const Statement& s : program.statements) {
    if (!program.tensors[s.target].table.empty()) continue;
    check_target(program.tensors[s.target], tensors[s.target]);
    const bool injective = is_injective(s);
    for (const Read* read : reads_of(s)) {
      TensorView& view = tensors[read->tensor];
      if (read->tensor == s.target || !program.tensors[read->tensor].table.empty()) continue;
      if (!may_overlap(view, tensors[s.target])) continue;
      if (injective && same_elements(view, tensors[s.target]) && read->subscripts == s.subscripts) continue;
      copies.emplace_back(read->tensor, copy_of(view));
      view = copies.back().second.view();
    }
  }
  return copies;
}

std::vector<TensorId> steering_tensors(const Program& program) {
  std::vector<Expr> deciding;
  for (const Statement& s : program.statements) {
    deciding.insert(deciding.end(), s.subscripts.begin(), s.subscripts.end());
    if (s.guard) deciding.push_back(s.guard);
    for (Expr e : nodes(expressions(s))) {
      if (const Read* read = e->as<Read>()) {
        deciding.insert(deciding.end(), read->subscripts.begin(), read->subscripts.end());
        if (read->guard) deciding.push_back(read->guard);
      } else if (const Apply* apply = e->as<Apply>(); apply && apply->op == Op::select) {
        deciding.push_back(apply->args[0]);
      }
    }
  }
  std::vector<TensorId> tensors;
  for (Expr e : nodes(std::move(deciding)))
    if (const Read* read = e->as<Read>(); read && std::ranges::count(tensors, read->tensor) == 0)
      tensors.push_back(read->tensor);
  return tensors;
}

Copies copy_steering(std::span<const TensorView> tensors, std::span<const TensorId> targets,
                     std::span<const TensorId> steering) {
  const auto is_written = [&](TensorId t) {
    return std::ranges::any_of(targets, [&](TensorId w) { return w == t || may_overlap(tensors[w], tensors[t]); });
  };
  Copies old;
  if (std::ranges::any_of(steering, is_written))
    for (TensorId t = 0; t < tensors.size(); ++t)
      if (is_written(t)) old.emplace_back(t, copy_of(tensors[t]));
  return old;
}

}  // namespace ricci::jit
