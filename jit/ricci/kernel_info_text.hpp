#pragma once
// KernelInfo as one line of text: what a disk cache entry keeps beside the code.
#include <optional>
#include <string>
#include <string_view>

#include "ricci/kernel.hpp"

namespace ricci {

/// Structs in parentheses, lists in brackets, numbers in decimal, names as LENGTH:BYTES. Equal infos give equal text.
std::string to_text(const KernelInfo&);

/// The inverse of to_text; nothing for any text that to_text does not write.
std::optional<KernelInfo> kernel_info_from_text(std::string_view text);

}  // namespace ricci
