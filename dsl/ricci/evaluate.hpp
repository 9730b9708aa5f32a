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

/// New tensors of the values, made by one program.
template <class... Values>
struct NewTensors {
  static constexpr Fault first_fault() {
    Fault first;
    for (const Fault& fault : {check_new_tensor(Values::syntax)...})
      if (!first) first = fault;
    return first;
  }
  static constexpr Fault fault = first_fault();
  static constexpr StatementSyntax syntax[] = {{nullptr, Assign::set, &Values::syntax, Values::syntax.dtype}...};
  static constexpr int tensors = (Values::syntax.tensors + ...), scalars = (Values::syntax.scalars + ...),
                       axes = (Values::syntax.axes + ...);
  static inline constinit Site site{};
};

/// Lays down the leaves of `parts` and calls `f` with them.
template <class Statement, class F, class... Parts>
auto with_operands(F f, const Parts&... parts) {
  const Array* tensors[Statement::tensors + 1];
  Scalar scalars[Statement::scalars + 1];
  std::int64_t axes[Statement::axes + 1];
  Frame frame{tensors, scalars, axes};
  (parts.collect(frame), ...);
  return f(Operands{tensors, scalars, axes, Statement::tensors, Statement::scalars, Statement::axes, nullptr});
}

/// Runs the statement of these parts.
template <class Statement, class... Parts>
Array run(const Parts&... parts) {
  return with_operands<Statement>(
      [](const Operands& operands) { return execute(Statement::site, Statement::syntax, operands); }, parts...);
}

}  // namespace detail
}  // namespace ricci
