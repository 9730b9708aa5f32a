#pragma once
// What makes a whole tensor without a kernel: zeros(3, 4, f32), full(3, 4, 7.5, f64), iota(10, i32), random(3, 4), and
// the elements themselves, [[1, 2], [3, 4]] or f64([0.1, 0.2]). Integers give i64 and other numbers f32 where no dtype
// is named.
#include <string>

#include "parse_expression.hpp"

namespace ricci::text {

/// Whether the next token starts one.
bool is_construction(const Parser&);

/// Takes it. Throws TextError.
Construction parse_construction(Parser&);

/// What is said where the construction that starts with this token stands within an expression.
std::string stands_alone(const Token& start);

}  // namespace ricci::text
