#pragma once
// Texts that are refused, and with what.
#include <string>

#include "ricci/session.hpp"
#include "support/tensors.hpp"

namespace ricci::test {

struct FaultyText {
  const char* text;
  const char* answer;  // line:column: sentence
};

/// With variables of every kind of dtype and of several ranks.
inline Session session_of_faults(Backend backend) {
  Session s;
  s.options.backend = backend;
  s.define("m", Tensor<std::int32_t, 2>{{1, 5, 3}, {9, 2, 4}}.array());
  s.define("x", Tensor<float, 1>{0.5f, 1, 2}.array());
  s.define("at", Tensor<std::int64_t, 1>{2, 0, 2, 1}.array());
  s.define("u", Tensor<std::uint64_t, 1>{1, 2, 3}.array());
  s.define("bytes", Tensor<std::uint8_t, 1>{1, 2, 200}.array());
  s.define("yes", Tensor<bool, 1>{true, false, true}.array());
  s.define("none", Tensor<float, 2>(0, 3).array());
  s.define("t8", Tensor<float, 8>(1, 1, 1, 1, 1, 1, 1, 1).array());
  return s;
}

/// "line:column: sentence" of the fault in `text`.
inline std::string fault(Session s, const std::string& text) {
  try {
    s.run(text);
  } catch (const TextError& error) {
    return std::to_string(error.line) + ":" + std::to_string(error.column) + ": " + error.what();
  }
  return "none";
}

inline std::string fault(const std::string& text, Backend backend = Backend::reference) {
  return fault(session_of_faults(backend), text);
}

}  // namespace ricci::test
