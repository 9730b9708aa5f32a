#pragma once
// The index program of a C++ statement, as text, without running it.
#include <string>

#include "ricci/prepared.hpp"
#include "ricci/ricci.hpp"

namespace ricci::test {

template <class... Parts>
std::string text_of(const StatementSyntax& statement, const Parts&... parts) {
  const Array* tensors[64];
  Scalar scalars[64];
  std::int64_t axes[64];
  Frame frame{tensors, scalars, axes};
  (parts.collect(frame), ...);
  const Prepared prepared = prepare(statement, {tensors, scalars, axes, static_cast<int>(frame.tensors - tensors),
                                                static_cast<int>(frame.scalars - scalars),
                                                static_cast<int>(frame.axes - axes), nullptr});
  return ir::to_string(prepared.executable->program());
}

/// Of `target assign value`.
template <class Target, class Value>
std::string assignment_text(const Target& target, Assign assign, const Value& value) {
  return text_of({&Target::syntax, assign, &Value::syntax, Target::syntax.dtype}, target, value);
}

/// Of a new tensor made of `value`.
template <class Value>
std::string new_tensor_text(const Value& value) {
  return text_of({nullptr, Assign::set, &Value::syntax, Value::syntax.dtype}, value);
}

}  // namespace ricci::test
