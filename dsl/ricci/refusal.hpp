#pragma once
// How a broken rule speaks in C++: one static_assert with one sentence, inside a struct whose name is the rule and
// whose arguments name the indices, ranks and dtypes, because both compilers print those.
#include "ricci/index.hpp"
#include "ricci/rules.hpp"

namespace ricci {

namespace error {
#define RICCI_RULE(name, kind, sentence)               \
  template <Text detail, bool holds>                   \
  struct name {                                        \
    static_assert(holds, "ricci: " sentence);          \
  };
#include "ricci/rules.def"
#undef RICCI_RULE
}  // namespace error

/// What a refused expression is, so that one mistake gives one error: everything made of it is silently accepted.
struct Poison {
  static constexpr Syntax syntax{};
  static constexpr bool poison = true;
  void collect(Frame&) const {}
  template <class... S> Poison operator[](S&&...) const { return {}; }
  template <class... S> Poison operator()(S&&...) const { return {}; }
};

namespace detail {

template <std::size_t N>
constexpr Text<N + 1> cut(const Detail& detail) {
  Text<N + 1> text;
  for (std::size_t i = 0; i < N; ++i) text.text[i] = detail.text[i];
  text.text[N] = '\0';  // clang prints a string only if its end is written, not implied
  return text;
}

template <Rule rule, Text words>
constexpr void raise() {
#define RICCI_RULE(name, kind, sentence) \
  if constexpr (rule == Rule::name) (void)error::name<words, false>{};
#include "ricci/rules.def"
#undef RICCI_RULE
}

}  // namespace detail

/// Stops the compilation with the rule that `Checked::fault` names.
template <class Checked>
constexpr Poison refuse() {
  constexpr Fault fault = Checked::fault;
  detail::raise<fault.rule, detail::cut<fault.detail.size>(fault.detail)>();
  return {};
}

template <class Node>
struct NodeCheck {
  static constexpr Fault fault = check(Node::syntax);
};
template <class... Given>
struct NotASubscript {
  static constexpr Fault fault{Rule::not_a_subscript, {}};
};
template <class... Given>
struct SeveralEllipses {
  static constexpr Fault fault{Rule::several_ellipses, {}};
};
template <class Given>
struct OutsideOfAnExpression {
  static constexpr Fault fault{Rule::outside_of_an_expression, {}};
};
template <class... Given>
struct NotAnOperand {
  static constexpr Fault fault{Rule::not_an_operand, {}};
};

}  // namespace ricci
