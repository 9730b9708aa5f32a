#pragma once
// A program that runs as one kernel: bound to arguments, specialised, compiled or found, launched.
#include <map>
#include <mutex>
#include <optional>

#include "pipeline.hpp"
#include "run/aliasing.hpp"
#include "run/bands.hpp"
#include "run/calls.hpp"
#include "specialise/operands.hpp"
#include "specialise/shares.hpp"
#include "specialise/sums_first.hpp"
#include "specialise/unit_axes.hpp"
#include "specialise/values_first.hpp"

namespace ricci::jit {

/// A table, which has memory of its own.
inline constexpr std::uint32_t no_source = ~std::uint32_t{0};

/// What these point to; all of them exist.
std::vector<TensorView> views_of(TensorPointers);

/// Thread-safe. Natively, or by the loop interpreter.
class SingleKernel {
 public:
  SingleKernel(ir::Program, Shares);

  /// Nothing, and nothing is done, where some statements have no iterations and others have: those are to run apart.
  std::optional<Report> run(std::span<const TensorView> tensors, std::size_t made, std::span<const Scalar> params,
                            const Counts&, const Options&);
  /// The call that fits, if there is one and it may be repeated for these tensors; valid until this thread asks again.
  const std::shared_ptr<const Call>& known_call(TensorPointers, std::size_t made, std::span<const Scalar> params,
                                                const Counts&, const Options&) const;
  /// Runs a call that fits these tensors, all of which exist now.
  Ticks repeat(const Call&, TensorPointers, std::span<const Scalar> params, const Options&) const;
  /// Whether the first `made` tensors are its only targets, and their extent a count that the kernel finds by itself.
  bool chooses(std::size_t made) const { return chosen_ && made == targets_.size(); }
  /// Runs such a program for these tensors, of which those to be made are null until `make` has been called. Nothing
  /// where something fails, or is not simple: then the count is to be found first.
  std::optional<Report> choose(TensorPointers, std::size_t made, std::span<const Scalar> params,
                               Executable::MakeChosen, const Options&);
  /// The same for a call that fits.
  std::optional<Ticks> repeat_choice(const Call&, TensorPointers, std::span<const Scalar> params,
                                     Executable::MakeChosen, const Options&) const;
  std::string dump(Executable::Stage, std::span<const TensorView> tensors, std::span<const Scalar> params,
                   const Counts&, const Options&);
  /// Whether nothing that is written overlaps anything. A tensor that is null is still to be made.
  bool is_apart(TensorPointers) const;

 private:
  SingleKernel(ir::Program, Normalised, Shares);

  /// A normalised program that kernels are compiled from.
  struct Form {
    explicit Form(ir::Program);
    explicit Form(InShares);
    ir::Program program;
    std::string text;                   // without names
    std::vector<std::string> contents;  // by tensor
    std::size_t accumulators;           // the tensors from this one on hold reductions in shares
  };
  struct BandForm {
    BandProgram band;
    Form form;
  };
  /// A normalised program, and what becomes of it where some of its reductions are done in shares.
  struct Forms {
    explicit Forms(ir::Program);
    Form at_once;
    const std::vector<ir::Expr> may_share;
    std::map<std::vector<Shared>, Form> in_shares;
    Dimensions lacks;  // dimensions that its tensors do not have
  };

  /// The program bound to arguments: what a first call with new layouts computes.
  struct Binding {
    const Form* form = nullptr;
    std::vector<TensorView> tensors;  // by tensor of the normalised program, tables left out
    std::optional<Bands> bands;       // then tensors and extents are those of a band
    Copies copies;
    Ticks copying = 0;
    std::vector<std::int64_t> extents;
    Specialisation facts, assumed;  // of the arguments, and by the kernel
    bool for_now = false;           // for other params a band would be bound
  };

  /// A `trial` decides nothing about later calls.
  enum class Trial : bool { no, yes };
  enum class OldValues : bool { at_once, in_bands };
  Binding bind(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counts&, const Options&,
               OldValues, Trial = Trial::no) const;
  /// The facts that a kernel may assume about arguments with these.
  Specialisation assume(const Form&, const Specialisation& facts, const Options&, Trial) const;
  const BandForm* band_form(const TensorView& target) const;
  /// The form that computes its values before it stores any; null where that is no gain over copies of these tensors.
  const Form* form_of_values_first(std::span<const ir::TensorId> overwritten, std::span<const TensorView> tensors,
                                   std::span<const std::int64_t> extents) const;
  /// The forms of the program without axes of one element, as far as they are of no use.
  Forms& forms_for(std::span<const std::int64_t> extents) const;
  /// The forms with those operands put in order for which arguments like these make it worth it.
  Forms& forms_in_order(Forms&, std::span<const TensorView> tensors, std::span<const std::int64_t> extents) const;
  /// The forms with the results of those reductions stored first for which arguments like these make it worth it.
  Forms& forms_with_sums_first(Forms&, std::span<const TensorView> tensors,
                               std::span<const std::int64_t> extents) const;
  /// The form with those reductions in shares for which arguments with these extents make it worth it.
  const Form& form_in_shares(Forms&, std::span<const TensorView> tensors, std::span<const std::int64_t> extents) const;
  /// The binding of a band, if one kernel without checks is right for all bands.
  std::optional<Binding> bind_band(Binding& whole, std::span<const ir::TensorId> overwritten,
                                   std::span<const Scalar> params, const Options&, Trial) const;
  Found find(const Binding&, const Options&);
  /// By the plain meaning: where there is nothing to do, or next to nothing and a check that stands outside of the loop
  /// that has no iterations; and where no schedule is right.
  Report run_plainly(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counts&) const;
  Report report_of(const KernelInfo&, const Binding&, const LaunchPlan&) const;
  Copies old_values(std::span<const TensorView> tensors, Report&) const;
  [[noreturn]] void raise_error(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counts&,
                                const Copies& old, const std::string& check) const;
  Ticks run_kernel(const Call&, std::span<void* const> places, TensorPointers, std::span<const Scalar> params,
                   const Copies& old, const Options&) const;
  /// How one thread runs the kernel for a band of so many rows.
  static LaunchPlan plan_of_rows(const ReadyKernel&, const Call::InBands&, std::span<const TensorView> tensors,
                                 std::int64_t rows);
  Ticks run_bands(const Call&, TensorPointers, std::span<const Scalar> params, const Options&) const;
  void set_places(TensorPointers, std::span<void*> places) const;
  Call call_of(std::span<const TensorView> tensors, std::size_t made, std::span<const Scalar> params, const Counts&,
               const Options&) const;
  Repetition repetition_of(const Call&) const;
  Report run_native(std::span<const TensorView> tensors, TensorPointers, std::size_t made,
                    std::span<const Scalar> params, const Counts&, const Options&);
  Report run_interpreted(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counts&,
                         const Options&);

  const ir::Program program_;
  const bool plain_;  // no schedule is right
  mutable Forms whole_;
  std::vector<ir::TensorId> origin_;    // as in Normalised
  std::vector<std::uint32_t> sources_;  // by tensor of the normalised program: whose memory it has, or no_source
  std::vector<ir::TensorId> targets_;   // user tensors that are written
  ir::Expr chosen_ = nullptr;           // the count that all of these depend on alone (chosen.hpp), or null
  std::vector<ir::TensorId> steering_;  // user tensors whose elements decide which elements are touched
  mutable std::mutex mutex_;            // over the program's graph and what follows
  mutable std::map<std::size_t, std::optional<BandForm>> band_forms_;  // by dimension of the target
  const ShareSizes& share_sizes_;
  const std::vector<ir::AxisId> may_drop_;                             // axes of the whole program (unit_axes.hpp)
  mutable std::map<std::vector<ir::AxisId>, Forms> without_axes_;
  mutable std::map<std::pair<const Forms*, std::vector<Disordered>>, Forms> in_order_;
  mutable std::map<std::pair<const Forms*, std::vector<SumsFirst>>, Forms> sums_first_;
  mutable std::optional<std::optional<Form>> values_first_;  // once somebody has asked
  Calls calls_;
};

}  // namespace ricci::jit
