#include "ir/specialisation.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

std::optional<std::int64_t> known_stride(StrideClass c) {
  switch (c) {
    case StrideClass::zero: return 0;
    case StrideClass::one: return 1;
    case StrideClass::minus_one: return -1;
    case StrideClass::two: return 2;
    case StrideClass::three: return 3;
    case StrideClass::four: return 4;
    case StrideClass::any: break;
  }
  return std::nullopt;
}

bool is_swallowed(const Specialisation& s, AxisId axis) {
  return std::ranges::any_of(s.collapsed, [&](const std::vector<AxisId>& group) {
    return !group.empty() && std::find(group.begin(), group.end() - 1, axis) != group.end() - 1;
  });
}

std::string to_string(const Specialisation& s) {
  std::string text = "strides";
  for (const auto& tensor : s.strides) {
    text += ' ';
    for (StrideClass c : tensor) text += "01-s234"[static_cast<std::size_t>(c)];
  }
  text += "\ncollapsed";
  for (std::size_t a = 0; a < s.collapsed.size(); ++a)
    if (!s.collapsed[a].empty()) {
      text += ' ' + std::to_string(a) + '=';
      for (AxisId axis : s.collapsed[a]) text += (text.back() == '=' ? "" : "*") + std::to_string(axis);
    }
  const auto list = [&](const char* name, const auto& items) {
    text += name;
    for (const auto item : items) text += ' ' + std::to_string(item);
  };
  list("\nflattened", s.flattened);
  text += "\npacked";
  for (const PackedRows& rows : s.packed) text += ' ' + std::to_string(rows.axis) + '/' + std::to_string(rows.elements);
  list("\nlarge", s.large);
  list("\nbrief", s.brief);
  list("\nslim", s.slim);
  list("\nfar", s.far);
  list("\nfarther", s.farther);
  list("\nmany", s.many);
  list("\nshallow", s.shallow);
  list("\nlow", s.low);
  list("\nwide", s.wide);
  list("\nnarrow", s.narrow);
  text += "\nslender";
  for (const Slender& few : s.slender)
    text += ' ' + std::to_string(few.matrix) + '.' + std::to_string(few.columns) + '/' + std::to_string(few.wide) +
            (few.dense ? " dense" : "");
  list("\njoined", s.joined);
  list("\nfew", s.few);
  list("\nabreast", s.abreast);
  text += "\nanswers " + s.answers;
  text += s.short_offsets ? "\noffsets 32" : "\noffsets 64";
  text += s.disjoint ? "\ndisjoint\n" : "\noverlapping\n";
  return text;
}

}  // namespace ricci::jit
