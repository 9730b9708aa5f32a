#pragma once
#include "ricci/compile.hpp"
#include "run/masks.hpp"

namespace ricci::jit {

/// What runs before a program can be bound: it finds the extents that data decides.
class Counters {
 public:
  explicit Counters(ir::Program);

  /// The program that is then bound and run: its last tensors are the masks.
  const ir::Program& program() const { return masked_.program; }
  bool empty() const { return counters_.empty(); }
  std::size_t size() const { return counters_.size(); }
  /// Whether every condition may be evaluated as often as one likes.
  bool simple() const { return masks_.empty(); }
  Executable::Counted count(std::span<const TensorView> tensors, std::span<const Scalar> params, const Options&) const;
  /// By calls that are known; false where one is not, or where masks are to be made.
  bool recount(TensorPointers, std::span<const Scalar> params, Executable::Recounted&, const Options&) const;
  /// The counts as those of program().
  Counts counts(const Counts&) const;

 private:
  struct Step {
    std::vector<ir::TensorId> tensors;
    std::shared_ptr<Executable> executable;
  };
  static Step step(Part);
  static std::vector<TensorView> arguments(const Step&, std::span<const TensorView> tensors, const TensorView& result);
  Array mask(std::size_t number, std::span<const TensorView> tensors, std::span<const Scalar> params, const Options&,
             Report&) const;

  MaskedProgram masked_;
  std::vector<Step> masks_, counters_;  // parallel to masked_.masks and masked_.counts
};

}  // namespace ricci::jit
