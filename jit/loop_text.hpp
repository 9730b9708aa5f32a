#pragma once
// Pieces of the loop IR's text that its printer, checker and interpreter share.
#include "ricci/loop.hpp"

namespace ricci::loop {

/// One statement as `to_string` prints it, without its nested block: what messages quote.
std::string quote(const Kernel&, const Phase&, const Statement&);

/// The name in a message: "phase 1 (fill)".
std::string title(const Kernel&, const Phase&);

}  // namespace ricci::loop
