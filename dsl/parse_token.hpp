#pragma once
// From text to tokens. Statements end at the end of a line, unless brackets are open, or at `;`; comments start at `#`.
#include <cstdint>
#include <string_view>
#include <vector>

namespace ricci::text {

struct Token {
  enum class Kind : std::uint8_t { name, integer, real, symbol, end };  // `end` of a statement
  Kind kind;
  std::string_view text;  // a piece of the source; empty at the end of the source
  std::uint32_t offset;   // of its first byte

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
};

/// The tokens of the source, of which the last is an `end`. Throws TextError{syntax} for bytes that start no token,
/// malformed numbers and brackets that do not match.
std::vector<Token> tokenise(std::string_view source);

/// Letters, digits and underscores, not starting with a digit.
bool is_name(std::string_view text);

}  // namespace ricci::text
