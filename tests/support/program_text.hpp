#pragma once
// The index program of a C++ statement without running it, with its arguments or as text.
#include <string>

#include "ricci/prepared.hpp"
#include "ricci/ricci.hpp"

namespace ricci::test {

template <class... Parts>
Prepared prepare_parts(const StatementSyntax& statement, const Parts&... parts) {
  const Array* tensors[64];
  Scalar scalars[256];
  std::int64_t axes[64];
  Frame frame{tensors, scalars, axes};
  (parts.collect(frame), ...);
  Prepared p =
      prepare(statement, {tensors, scalars, axes, static_cast<int>(frame.tensors - tensors),
                          static_cast<int>(frame.scalars - scalars), static_cast<int>(frame.axes - axes), nullptr});
  make_results(p);
  return p;
}

/// `target assign value`.
template <class Target, Expression Value>
Prepared prepared(const Target& target, Assign assign, const Value& value) {
  return prepare_parts({&Target::syntax, assign, &Value::syntax, Target::syntax.dtype}, target, value);
}
template <class Target, Arithmetic Value>
Prepared prepared(const Target& target, Assign assign, Value value) {
  return prepared(target, assign, Node<Value>(value));
}
/// A new tensor made of `value`.
template <Expression Value>
Prepared prepared(const Value& value) {
  return prepare_parts({nullptr, Assign::set, &Value::syntax, Value::syntax.dtype}, value);
}

/// The schedule for these arguments, with vectors of so many bytes (0: the widest of the machine).
inline std::string schedule_of(const Prepared& p, int vector_bytes = 0) {
  return p.executable->dump(Executable::Stage::schedule, p.tensors, p.params, {.vector_bytes = vector_bytes});
}
/// The loop kernel for these arguments.
inline std::string loops_of(const Prepared& p, int vector_bytes = 0) {
  return p.executable->dump(Executable::Stage::loops, p.tensors, p.params, {.vector_bytes = vector_bytes});
}
/// The machine code for these arguments.
inline std::string assembly_of(const Prepared& p, int vector_bytes = 0) {
  return p.executable->dump(Executable::Stage::assembly, p.tensors, p.params, {.vector_bytes = vector_bytes});
}

/// How many times `part` stands in `text`.
inline int occurrences(const std::string& text, const std::string& part) {
  int n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

inline std::string text_of(const Prepared& p) { return ir::to_string(p.executable->program()); }

/// Of `target assign value`.
template <class Target, class Value>
std::string assignment_text(const Target& target, Assign assign, const Value& value) {
  return text_of(prepared(target, assign, value));
}

/// Of a new tensor made of `value`.
template <class Value>
std::string new_tensor_text(const Value& value) {
  return text_of(prepared(value));
}

}  // namespace ricci::test
