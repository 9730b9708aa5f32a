#pragma once
// Running statements. This is all that expression templates and the text front end see of the compiler.
#include <atomic>
#include <cstddef>
#include <span>
#include <string>

#include "ricci/array.hpp"
#include "ricci/rules.hpp"

namespace ricci {

struct Report;   // compile.hpp
struct Options;  // compile.hpp
class Executable;

/// `target assign value`, or without a target a new tensor with the elements of `value`, converted to `dtype`.
struct StatementSyntax {
  const Syntax* target = nullptr;
  Assign assign = Assign::set;
  const Syntax* value = nullptr;
  DType dtype = DType::f32;  // of a new tensor; of the target otherwise
  bool makes_target = false;  // the target is being made: it gives no index its extent
};

/// The leaves of a statement in the order of its tree: the target first, then the value, parents before children,
/// children from left to right. Tensors are the leaves `tensor` and `access`, scalars `number` and `integer`, and
/// `reduce_axis` has one axis or more (negative: from the end; in range, see check_axes).
struct Operands {
  const Array* const* tensors = nullptr;
  const Scalar* scalars = nullptr;
  const std::int64_t* axes = nullptr;
  int tensor_count = 0, scalar_count = 0, axis_count = 0;
  const std::string_view* names = nullptr;  // of the tensors, for messages; null or parallel to `tensors`
};

/// Calls `f(node)` for each leaf, in order; `reduce_axis` nodes come before the leaves of their child.
template <class F>
void for_each_leaf(const Syntax& node, F&& f) {
  const bool leaf = node.form == Form::tensor || node.form == Form::access || node.form == Form::number ||
                    node.form == Form::integer || node.form == Form::reduce_axis;
  if (leaf) f(node);
  for (int i = 0; i < node.children; ++i) for_each_leaf(*node.child[i], f);
}

/// A number of the program text as an element of `dtype`. Throws Error{dtype} for an integer that does not fit.
Scalar converted(const Scalar& number, DType dtype);

/// One compiled form of a statement: for one set of positional axes and one pattern of equal tensors.
struct Variant;

/// The place of one statement in the program text; starts empty, and its variants live as long as the process.
struct Site {
  std::atomic<const Variant*> variants{nullptr};
};

/// Runs the statement, compiling it when this site has not seen its variant. Returns the new tensor if the statement
/// makes one. Throws Error for extents that clash, subscripts out of range and numbers that do not fit.
Array execute(Site&, const StatementSyntax&, const Operands&);
/// Runs statements that all make new tensors as one program: `results` receives them. The operands are the leaves of
/// all values, one after another.
void execute(Site&, std::span<const StatementSyntax>, const Operands&, Array* results);

/// What the last statement of this thread did; include <ricci/compile.hpp> to look into it.
const Report& last_report();
/// The same for people; see explain(const Report&).
std::string explain();

}  // namespace ricci
