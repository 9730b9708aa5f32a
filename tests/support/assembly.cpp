#include "support/assembly.hpp"

#include <algorithm>
#include <map>
#include <regex>

namespace ricci::test {

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

std::vector<std::string> innermost_loops(const std::string& assembly) {
  const std::vector<std::string> lines = lines_of(assembly);
  std::map<std::string, std::size_t> labels;
  std::vector<std::string> bodies;
  std::size_t last_begin = 0;
  bool any = false;
  for (std::size_t end = 0; end < lines.size(); ++end) {
    std::smatch match;
    if (std::regex_search(lines[end], match, std::regex(R"(^(\.L\w+):)"))) labels[match[1]] = end;
    if (!std::regex_search(lines[end], match, std::regex(R"(\tj[a-z]+\s+(\.L\w+))"))) continue;
    const auto label = labels.find(match[1]);
    if (label == labels.end()) continue;  // forwards
    const std::size_t begin = label->second;
    const bool contains_another = any && begin <= last_begin;
    last_begin = any ? std::max(begin, last_begin) : begin;
    any = true;
    if (contains_another) continue;
    std::string body;
    for (std::size_t k = begin; k <= end; ++k) body += lines[k] + '\n';
    bodies.push_back(body);
  }
  return bodies;
}

bool has(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex(pattern));
}

}  // namespace ricci::test
