#pragma once
// What has a name in NumPy, PyTorch or Python and is spelled otherwise here.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ricci/dtype.hpp"

namespace ricci::text {

struct Spelling {
  std::string_view name;  // there
  std::string_view here;  // over matrices x, y and square, vectors v, w and z, indices `at` and `pair`
};

std::span<const Spelling> spellings();

/// How a function, a word or a symbol of another language is spelled here; empty when there is no advice.
std::string_view spelling_of(std::string_view name);

/// The dtype that NumPy, PyTorch, Python or C calls so, where that name is none here. `float` is that of PyTorch and C.
std::optional<DType> dtype_elsewhere(std::string_view name);

/// The message, and what is written here instead if there is advice.
std::string with_spelling(std::string message, std::string_view here);

/// The longest symbol of the table with which `text` starts; empty when there is none.
std::string_view foreign_symbol(std::string_view text);

/// Whether Python keeps this word for itself. No index has such a name: x[None] would be all of x.
bool is_word_of_python(std::string_view name);

}  // namespace ricci::text
