#pragma once
// Functions of the text language: their names come from the tables of ops, reductions and dtypes.
#include <optional>
#include <string_view>
#include <vector>

#include "ricci/syntax.hpp"

namespace ricci::text {

std::optional<Reducer> find_reducer(std::string_view name);
/// The op that is called by this name; a cast is called by the name of its dtype.
std::optional<Op> find_op(std::string_view name);
/// The policy that is called by this name, as in clip(x)[i + 1].
std::optional<Outside> find_outside(std::string_view name);
/// Whether its first arguments may be indices that it binds: a reduction, nonzero.
bool binds_indices(std::string_view name);
bool is_function(std::string_view name);
std::vector<std::string_view> function_names();

/// Constants of the language: true, false, nan, inf.
std::optional<Scalar> find_constant(std::string_view name);

/// zeros, full, iota and random make whole tensors: they are not part of expressions.
bool is_constructor(std::string_view name);

}  // namespace ricci::text
