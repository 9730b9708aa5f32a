#include "support/assembly.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace ricci::test {

namespace {

/// A basic block: lines of a function, and the blocks that may run next, by number. Blocks are in the order of the
/// text.
struct Block {
  std::string text;
  std::vector<std::size_t> next;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// The blocks of all functions. Nothing leads from one function to another: functions end in a return or a jump.
std::vector<Block> blocks_of(const std::string& assembly) {
  static const std::regex label(R"(^(\.LBB\w+|[A-Za-z_]\w*):)"), jump(R"(^\t(j[a-z]+)\s+(\.L\w+))"), leave(R"(^\tret)");
  std::vector<Block> blocks(1);
  std::map<std::string, std::size_t> at;
  std::vector<std::pair<std::size_t, std::string>> jumps;
  bool falls = false;  // from the last block into the next one
  const auto open = [&] {
    if (!blocks.back().text.empty()) blocks.emplace_back();
    if (falls && blocks.size() > 1) blocks[blocks.size() - 2].next.push_back(blocks.size() - 1);
  };
  bool ended = true;  // whether the next line begins a block
  for (const std::string& line : lines_of(assembly)) {
    if (line.starts_with("\t.")) continue;  // says nothing of what runs
    std::smatch match;
    if (const bool labelled = std::regex_search(line, match, label); labelled || ended) {
      open();
      if (labelled) at[match[1]] = blocks.size() - 1;
      falls = true;
      ended = false;
    }
    blocks.back().text += line + '\n';
    if (std::regex_search(line, match, jump)) {
      jumps.emplace_back(blocks.size() - 1, match[2]);
      falls = match[1] != "jmp";
      ended = true;
    } else if (std::regex_search(line, leave)) {
      falls = false;
      ended = true;
    }
  }
  for (const auto& [from, to] : jumps)
    if (const auto found = at.find(to); found != at.end()) blocks[from].next.push_back(found->second);
  return blocks;
}

using Numbers = std::set<std::size_t>;

/// The blocks from which `to` can be reached without passing `without`, and `to` itself.
Numbers leading_to(const std::vector<std::vector<std::size_t>>& before, std::size_t to, std::size_t without) {
  Numbers seen{without, to};
  for (std::vector<std::size_t> open{to}; !open.empty();) {
    const std::size_t block = open.back();
    open.pop_back();
    if (block == without) continue;
    for (std::size_t b : before[block])
      if (seen.insert(b).second) open.push_back(b);
  }
  return seen;
}

}  // namespace

std::vector<std::string> innermost_loops(const std::string& assembly) {
  const std::vector<Block> blocks = blocks_of(assembly);
  std::vector<std::vector<std::size_t>> before(blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b)
    for (std::size_t n : blocks[b].next) before[n].push_back(b);
  // What leads back to the entry of a loop is reached through that entry only, not from where a function begins, to
  // which nothing leads. A way back into the middle of a loop is no loop.
  std::map<std::size_t, Numbers> loops;
  for (std::size_t b = 0; b < blocks.size(); ++b)
    for (std::size_t entry : blocks[b].next) {
      const Numbers body = leading_to(before, b, entry);
      const auto begins = [&](std::size_t k) { return k != entry && before[k].empty(); };
      if (std::ranges::none_of(body, begins)) loops[entry].insert(body.begin(), body.end());
    }
  std::vector<std::string> bodies;
  for (const auto& [entry, body] : loops) {
    if (std::ranges::any_of(body, [&](std::size_t k) { return k != entry && loops.contains(k); })) continue;
    std::size_t first = entry, last = entry;  // what stands elsewhere hardly ever runs
    while (first > 0 && body.contains(first - 1)) --first;
    while (body.contains(last + 1)) ++last;
    std::string text;
    for (std::size_t k = first; k <= last; ++k) text += blocks[k].text;
    bodies.push_back(text);
  }
  return bodies;
}

bool has(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex(pattern));
}

}  // namespace ricci::test
