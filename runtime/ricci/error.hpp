#pragma once
// Two kinds of fault. Error: the user's text or data is wrong; it says what, where and what was expected.
// RICCI_ASSERT: Ricci itself is wrong; it ends the process with the place.
#include <stdexcept>
#include <string>

namespace ricci {

/// The user's fault. The kind tells a program what the sentence tells a person.
class Error : public std::runtime_error {
 public:
  enum class Kind {
    syntax,   // text that is not the language
    name,     // an unknown tensor, function or option
    rank,     // a wrong number of subscripts, axes or indices
    dtype,    // an operation that this element type does not have
    extent,   // two extents that must agree and do not, or an empty arg-reduction
    bounds,   // a computed subscript outside its axis
    file,     // a missing, malformed or unreadable file
    limit,    // larger than Ricci handles
  };
  Error(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// A sentence `message` about a fault in Ricci itself; used through RICCI_ASSERT.
[[noreturn]] void internal_error(const char* file, int line, const std::string& message);

}  // namespace ricci

#define RICCI_ASSERT(condition, message)                                     \
  do {                                                                       \
    if (!(condition)) ::ricci::internal_error(__FILE__, __LINE__, message);  \
  } while (false)
