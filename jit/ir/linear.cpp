#include "ir/linear.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

namespace {

std::int64_t wrapped_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t wrapped_product(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

/// Adds up a form. Expressions are graphs that may be exponentially large as trees: after some hundred steps whatever
/// comes is an atom.
class Sum {
 public:
  void add(Expr e, std::int64_t factor) {
    if (const Const* c = e->as<Const>()) {
      form_.constant = wrapped_sum(form_.constant, wrapped_product(factor, c->value.as_int()));
      return;
    }
    const Apply* apply = e->as<Apply>();
    const Op op = apply && steps_-- > 0 ? apply->op : Op::select;
    if (op == Op::add || op == Op::subtract) {
      add(apply->args[0], factor);
      return add(apply->args[1], op == Op::add ? factor : wrapped_product(factor, -1));
    }
    if (op == Op::negate) return add(apply->args[0], wrapped_product(factor, -1));
    if (op == Op::multiply)
      for (std::size_t i : {0, 1})
        if (const Const* c = apply->args[1 - i]->as<Const>())
          return add(apply->args[i], wrapped_product(factor, c->value.as_int()));
    add_atom(e, factor);
  }

  Linear result() && {
    std::erase_if(form_.terms, [](const auto& term) { return term.second == 0 && !term.first->may_fail; });
    return std::move(form_);
  }

 private:
  void add_atom(Expr atom, std::int64_t factor) {
    const auto known = std::ranges::find(form_.terms, atom, [](const auto& term) { return term.first; });
    if (known == form_.terms.end()) form_.terms.emplace_back(atom, factor);
    else known->second = wrapped_sum(known->second, factor);
  }

  Linear form_;
  int steps_ = 256;
};

}  // namespace

Linear linear(Expr e) {
  Sum sum;
  sum.add(e, 1);
  return std::move(sum).result();
}

Linear difference(Expr a, Expr b) {
  Sum sum;
  sum.add(a, 1);
  sum.add(b, -1);
  return std::move(sum).result();
}

Linear negated(Linear form) {
  for (auto& term : form.terms) term.second = wrapped_product(term.second, -1);
  form.constant = wrapped_product(form.constant, -1);
  return form;
}

Expr expression(Graph& g, const Linear& form) {
  Expr sum = nullptr;
  const auto scaled = [&](Expr atom, std::int64_t by) { return apply(g, Op::multiply, {atom, constant(g, by)}); };
  for (const auto& [atom, coefficient] : form.terms)
    if (coefficient >= 0) sum = sum ? apply(g, Op::add, {sum, scaled(atom, coefficient)}) : scaled(atom, coefficient);
  if (!sum || form.constant > 0)
    sum = sum ? apply(g, Op::add, {sum, constant(g, form.constant)}) : constant(g, form.constant);
  else if (form.constant < 0) sum = apply(g, Op::subtract, {sum, constant(g, wrapped_product(form.constant, -1))});
  for (const auto& [atom, coefficient] : form.terms)
    if (coefficient < 0) sum = apply(g, Op::subtract, {sum, scaled(atom, wrapped_product(coefficient, -1))});
  return sum;
}

}  // namespace ricci::jit
