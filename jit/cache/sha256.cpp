#include "ricci/sha256.hpp"

#include <sha2.h>

namespace ricci {

std::string sha256_hex(std::string_view text) {
  SHA2_CTX context;
  SHA256Init(&context);
  SHA256Update(&context, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  char digits[SHA256_DIGEST_STRING_LENGTH];
  return SHA256End(&context, digits);
}

}  // namespace ricci
