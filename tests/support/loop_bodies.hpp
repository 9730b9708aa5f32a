#pragma once
// Looking into the text of the loop IR: its innermost loops, and whether they test anything.
#include <algorithm>
#include <string>
#include <vector>

namespace ricci::test {

/// The bodies of the loops that contain no other loop.
inline std::vector<std::string> innermost_bodies(const std::string& loops) {
  std::vector<std::string> bodies;
  std::string body;
  bool open = false;  // whether no other loop has closed since the last one opened
  for (std::size_t at = 0; at < loops.size();) {
    const std::size_t end = std::min(loops.find('\n', at), loops.size());
    const std::string line = loops.substr(at, end - at);
    at = end + 1;
    if (line.find("for %") != std::string::npos) {
      open = true;
      body.clear();
    } else if (line.find('}') != std::string::npos) {
      if (open) bodies.push_back(body);
      open = false;
    } else {
      body += line + '\n';
    }
  }
  return bodies;
}

/// Whether the text compares, or masks an access.
inline bool has_test(const std::string& body) {
  for (const char* sign : {" mask ", " < ", " <= ", " > ", " >= "})
    if (body.find(sign) != std::string::npos) return true;
  return false;
}

}  // namespace ricci::test
