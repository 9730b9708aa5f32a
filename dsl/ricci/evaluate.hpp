#pragma once
// From an expression type to its place of execution: one Site per statement type, found without a search.
#include "ricci/expression.hpp"
#include "ricci/statement.hpp"

namespace ricci {

namespace detail {

template <DType>
struct Element;
#define X(name, type, npy)             \
  template <>                          \
  struct Element<DType::name> {        \
    using Type = type;                 \
  };
RICCI_DTYPES(X)
#undef X

/// `Target assign Value`.
template <class Target, Assign assign, class Value>
struct Assignment {
  static constexpr Fault fault = check_assignment(Target::syntax, assign, Value::syntax);
  static constexpr StatementSyntax syntax{&Target::syntax, assign, &Value::syntax, Target::syntax.dtype};
  static constexpr int tensors = Target::syntax.tensors + Value::syntax.tensors;
  static constexpr int scalars = Target::syntax.scalars + Value::syntax.scalars;
  static constexpr int axes = Target::syntax.axes + Value::syntax.axes;
  static inline constinit Site site{};
};

/// A new tensor of the value.
template <class Value, int rank, DType dtype>
struct NewTensor {
  static constexpr Fault fault = check_new_tensor(Value::syntax, rank, dtype);
  static constexpr StatementSyntax syntax{nullptr, Assign::set, &Value::syntax, dtype};
  static constexpr int tensors = Value::syntax.tensors, scalars = Value::syntax.scalars, axes = Value::syntax.axes;
  static inline constinit Site site{};
};

/// Lays down the leaves of `parts` and runs the statement on them.
template <class Statement, class... Parts>
Array run(const Parts&... parts) {
  const Array* tensors[Statement::tensors + 1];
  Scalar scalars[Statement::scalars + 1];
  std::int64_t axes[Statement::axes + 1];
  Frame frame{tensors, scalars, axes};
  (parts.collect(frame), ...);
  return execute(Statement::site, Statement::syntax,
                 {tensors, scalars, axes, Statement::tensors, Statement::scalars, Statement::axes, nullptr});
}

}  // namespace detail
}  // namespace ricci
