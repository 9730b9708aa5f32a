#include "ricci/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace ricci {

void internal_error(const char* file, int line, const std::string& message) {
  std::fprintf(stderr, "%s:%d: internal error in Ricci: %s\n", file, line, message.c_str());
  std::abort();
}

}  // namespace ricci
