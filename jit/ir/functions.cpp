#include "ir/functions.hpp"

#include <algorithm>

#include "ricci/helpers.hpp"

namespace ricci::jit {

bool is_function(ir::Expr e) {
  const ir::Apply* apply = e->as<ir::Apply>();
  return apply && is_long(apply->op);
}

bool has_function(ir::Expr e) { return std::ranges::any_of(ir::nodes({e}), is_function); }

}  // namespace ricci::jit
