#pragma once
// What makes a random case: declarations and data (random_data.cpp), expressions (random_expression.cpp), reductions
// (random_reduction.cpp), products (random_contraction.cpp), reads and subscripts (random_read.cpp), what conditions
// choose (random_choice.cpp), what arithmetic restricts (random_window.cpp), statements (random_program.cpp).
//
// Two dice are never thrown in the arguments of one call: compilers differ in the order.
#include <optional>
#include <span>

#include "support/dice.hpp"
#include "support/random_program.hpp"

namespace ricci::test {

class Generator : Dice {
 public:
  Generator(std::uint64_t seed, const RandomOptions&);
  RandomCase make(std::uint64_t seed);

 private:
  using Expr = ir::Expr;
  using AxisId = ir::AxisId;
  using TensorId = ir::TensorId;
  using Axes = std::vector<AxisId>;

  static constexpr std::int64_t hidden = -1;  // the limit of a tensor that expressions must not read

  ir::Program& p() { return case_.program; }
  ir::Graph& g() { return case_.program.graph; }
  const TensorView& view(TensorId t) { return case_.tensors.views[t]; }
  bool is_full() const { return options_.profile == Profile::full; }

  // Declarations and data.

  std::int64_t random_extent();
  void make_axes();
  std::vector<std::int64_t> random_extents(int rank);
  /// A new tensor; its values are below `limit` if that is positive (an index tensor), else anything.
  TensorId make_tensor(DType, const std::vector<std::int64_t>& extents, std::int64_t limit, bool target = false);
  /// A target within the memory of an input of this dtype; nothing if none is dense and large enough.
  std::optional<TensorId> sharing_target(DType, const std::vector<std::int64_t>& extents);
  void make_input();
  void make_index_tensor();
  void make_param();
  static Scalar integer(DType, std::int64_t value);
  Scalar number(DType, bool special);

  // Expressions.

  Expr op(Op op, std::vector<Expr> args) { return ir::apply(g(), op, std::move(args)); }
  Expr whole(std::int64_t value) { return ir::constant(g(), value); }
  Expr expression(DType, int depth, const Axes& scope);
  /// What is only stored, selected and cast.
  Expr float16_expression(DType, int depth, const Axes& scope);
  Expr leaf(DType, const Axes& scope, int depth);

  // Reductions.

  Axes outside(const Axes& scope);
  /// One or two axes that are not in scope; none if all are.
  Axes fold_axes(const Axes& scope);
  std::int64_t elements_over(const Axes&);
  Expr reduction(DType, int depth, const Axes& scope);
  /// A reduction over what stands before one axis of the scope.
  Expr scan(DType, int depth, const Axes& scope);
  /// Usually none; else bounds for some of the axes, also such that leave nothing.
  std::vector<ir::Range> random_ranges(const Axes&, int depth, const Axes& scope);
  /// An arg-reduction over `axes`: its index, or its value; a constant where the axes are empty.
  Expr winner(const Axes&, int depth, const Axes& scope, bool index);
  /// The index of what stands somewhere in the order of a key; a constant where the axes are empty.
  Expr sorted(const Axes&, int depth, const Axes& scope);

  // Contractions (random_contraction.cpp).

  /// A reduction of a product of two new tensors that each lack some axes of the scope; null where there are too few.
  Expr contraction(DType, const Axes& scope);
  /// An element at `own` and at axes of the reduction, which may stand beside an axis of its own.
  Expr factor(DType, const Axes& own, const Axes& reduced);

  // Reads and subscripts.

  struct Subscript {
    Expr value;
    bool inside;           // surely
    Expr guard = nullptr;  // without which it may be outside
  };
  /// A subscript for an axis of extent n > 0 that is not a bare index.
  Subscript subscript(std::int64_t n, const Axes& scope, int depth);
  Expr any_read(const Axes& scope, int depth);
  /// An element of the tensor, or null if it has none or must not be read.
  Expr read_of(TensorId, const Axes& scope, int depth);
  Expr bare(AxisId, TensorId, int k);

  // What conditions choose.

  struct Choice {
    Axes axes;
    Expr condition;
    AxisId along;  // with as many elements as the condition holds at
  };
  /// A new choice with an axis whose extent the data decides; none where it might not be the same in every way to run.
  void make_choice();
  /// The value of the count after the statements so far; nothing if the order of a sum decides it.
  std::optional<std::int64_t> counted(Expr count);
  /// A coordinate of some chosen iteration; null if there is none.
  Expr chosen(const Axes& scope, int depth);

  // What arithmetic of subscripts restricts (random_window.cpp).

  /// An element that is inside for all values of the axes of its subscript: one of them has as many as that allows.
  struct Window {
    TensorId tensor;
    Expr subscript;
  };
  void make_window();
  /// An element of some window whose axes are all in scope; null if there is none.
  Expr window_read(const Axes& scope);

  // Statements.

  /// `may_share`: the target may lie in the memory of an input. What has been counted is then counted no more.
  void make_statement(bool may_share);
  /// The value with elements that other steps write: those of the step before or after, elsewhere at the element itself
  /// or anywhere.
  Expr recurrence(const ir::Statement&, Expr value);

  RandomOptions options_;
  std::span<const DType> stored_;    // the dtypes of tensors
  std::span<const DType> computed_;  // of expressions
  std::span<const DType> numbers_;   // those of `computed_` that are no b1
  RandomCase case_;
  std::vector<Choice> choices_;
  std::vector<Window> windows_;
  std::vector<std::int64_t> extents_;  // of the axes
  std::vector<std::int64_t> limits_;   // of the tensors: above all values of an index tensor, 0 for the others
};

}  // namespace ricci::test
