#pragma once
// Statements of the text language, run natively and by the reference, which must agree.
#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "ricci/session.hpp"

namespace ricci::test {

using Bindings = std::vector<std::pair<std::string, Array>>;

inline Session session_of(const Bindings& bindings, Backend backend) {
  Session s;
  s.options.backend = backend;
  for (const auto& [name, array] : bindings) s.define(name, array);
  return s;
}

/// The outcomes of `text`, run natively; those of the reference evaluator must be equal, bit for bit.
inline std::vector<Outcome> text_outcomes(const std::string& text, const Bindings& bindings) {
  Session native = session_of(bindings, Backend::native), reference = session_of(bindings, Backend::reference);
  std::vector<Outcome> outcomes = native.run(text);
  const std::vector<Outcome> expected = reference.run(text);
  REQUIRE(outcomes.size() == expected.size());
  for (std::size_t k = 0; k < outcomes.size(); ++k) {
    const Array &a = outcomes[k].value, &b = expected[k].value;
    REQUIRE(std::ranges::equal(a.extents(), b.extents()));
    for (std::int64_t n = 0; n < a.size(); ++n) {
      const auto bytes = static_cast<std::int64_t>(size_of(a.dtype()));
      const Scalar left = Scalar::load(a.dtype(), static_cast<const char*>(a.data()) + n * bytes);
      const Scalar right = Scalar::load(b.dtype(), static_cast<const char*>(b.data()) + n * bytes);
      REQUIRE(left == right);
    }
  }
  return outcomes;
}

/// The elements of the last statement's value; its dtype must be T's.
template <class T>
std::vector<T> text_values(const std::string& text, const Bindings& bindings) {
  const std::vector<Outcome> outcomes = text_outcomes(text, bindings);
  REQUIRE_FALSE(outcomes.empty());
  const Array& value = outcomes.back().value;
  REQUIRE(value.dtype() == dtype_of<T>);
  const T* data = static_cast<const T*>(value.data());
  return std::vector<T>(data, data + value.size());
}

/// The shape of the last statement's value.
inline std::vector<std::int64_t> text_shape(const std::string& text, const Bindings& bindings) {
  const std::vector<Outcome> outcomes = text_outcomes(text, bindings);
  REQUIRE_FALSE(outcomes.empty());
  const auto extents = outcomes.back().value.extents();
  return {extents.begin(), extents.end()};
}

/// What is wrong with `text`; "none" if nothing is.
inline std::string text_fault(const std::string& text, const Bindings& bindings) {
  try {
    session_of(bindings, Backend::native).run(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace ricci::test
