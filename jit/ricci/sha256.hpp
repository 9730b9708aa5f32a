#pragma once
// A name for content: equal texts have equal digests, and nobody has ever found two different texts that do.
#include <string>
#include <string_view>

namespace ricci {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace ricci
