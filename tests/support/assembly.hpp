#pragma once
// Looking into the text of machine code: its innermost loops, and patterns in it.
#include <string>
#include <vector>

namespace ricci::test {

/// The bodies of innermost loops: what stands together with the place where one is entered. Blocks of a loop that the
/// compiler has put elsewhere, because they hardly ever run, do not count.
std::vector<std::string> innermost_loops(const std::string& assembly);

/// Whether the regular expression `pattern` occurs in the text.
bool has(const std::string& text, const std::string& pattern);

}  // namespace ricci::test
