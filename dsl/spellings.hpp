#pragma once
// What has a name in NumPy or PyTorch and is spelled with indices here.
#include <span>
#include <string_view>

namespace ricci::text {

struct Spelling {
  std::string_view name;  // there
  std::string_view here;  // over matrices x, y and square, vectors v, w and z, indices `at` and `pair`
};

std::span<const Spelling> spellings();

/// How a function of another library is spelled here; empty when there is no advice.
std::string_view spelling_of(std::string_view name);

}  // namespace ricci::text
