#pragma once
// Pieces of the loop IR's text that its printer, checker and interpreter share.
#include "ricci/loop.hpp"

namespace ricci::loop {

/// The words for Symbol::Kind, by number, and how many numbers follow each (-1: any).
inline constexpr struct {
  std::string_view name;
  int ids;
} symbol_kinds[] = {{"extent", -1}, {"size", 2}, {"stride", 2}, {"param", 1}, {"tables", 0}, {"shares", 0}, {"ways", 0}, {"pitch", -1}};
static_assert(std::size(symbol_kinds) == static_cast<int>(Symbol::Kind::pitch) + 1);

/// One statement as `to_string` prints it, without its nested block: what messages quote.
std::string quote(const Kernel&, const Phase&, const Statement&);

/// The name in a message: "phase 1 (fill)".
std::string title(const Kernel&, const Phase&);

}  // namespace ricci::loop
