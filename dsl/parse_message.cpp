// What messages about a program text are made of.
#include <algorithm>
#include <numeric>
#include <utility>

#include "ricci/session.hpp"

namespace ricci {
namespace {

constexpr std::size_t excerpt_before = 60, excerpt_after = 40;  // bytes of a long line around the fault

}  // namespace

TextError::TextError(Kind kind, const std::string& message, std::string_view source, std::size_t offset)
    : Error(kind, message) {
  offset = std::min(offset, source.size());
  const std::string_view before = source.substr(0, offset);
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  column = 1 + static_cast<int>(offset - begin);
  const std::size_t end = std::min(source.find('\n', offset), source.size());
  const std::size_t first = offset - begin > excerpt_before ? offset - excerpt_before : begin;
  const std::size_t last = std::min(end, offset + excerpt_after);
  const std::string left = escaped(source.substr(first, offset - first));
  excerpt = "  " + left + escaped(source.substr(offset, last - offset)) + "\n  " + std::string(left.size(), ' ') + "^";
}

std::string escaped(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (unsigned char c : text) {
    if (c == '\t') result += ' ';
    else if (c >= 0x20 && c < 0x7f) result += static_cast<char>(c);
    else result.append("\\x").append(1, digits[c >> 4]).append(1, digits[c & 15]);
  }
  return result;
}

/// By the number of letters inserted, left out or replaced, and of neighbours exchanged (the optimal string alignment
/// distance); a word is similar when a third of its letters at most are wrong.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& words) {
  std::string_view best;
  std::size_t best_distance = text.size() > 64 ? 0 : std::max<std::size_t>(text.size() / 3, 1) + 1;  // not reached
  for (std::string_view word : words) {
    // Row i: the distances of the first i letters of the text to the beginnings of the word.
    std::vector<std::size_t> before, last, row(word.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= text.size() && best_distance > 0; ++i) {
      before = std::exchange(last, row);
      row[0] = i;
      for (std::size_t j = 1; j <= word.size(); ++j) {
        row[j] = std::min({last[j - 1] + (text[i - 1] != word[j - 1]), last[j] + 1, row[j - 1] + 1});
        if (i > 1 && j > 1 && text[i - 1] == word[j - 2] && text[i - 2] == word[j - 1])
          row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    if (row.back() < best_distance && row.back() < std::max(text.size(), word.size())) {
      best_distance = row.back();
      best = word;
    }
  }
  return best;
}

}  // namespace ricci
