#pragma once
// The interactive prompt.
#include <string>

#include "ricci/session.hpp"

namespace ricci::driver {

/// Reads statements and commands from the terminal until its end or :quit. Errors do not end it.
void interact(Session& session);

}  // namespace ricci::driver
