// The forms of a program that kernels are compiled from: for bands of its rows, with its values computed first, without
// axes of one element, with operands put in order, and with reductions in shares.
#include <algorithm>

#include "rewrite/guard.hpp"
#include "ricci/shape.hpp"
#include "run/allocations.hpp"
#include "run/single_kernel.hpp"

namespace ricci::jit {

SingleKernel::Form::Form(ir::Program p)
    : program(std::move(p)), text(to_string(program, false)), contents(jit::contents(program)),
      accumulators(program.tensors.size()) {}

SingleKernel::Form::Form(InShares s) : Form(std::move(s.program)) {
  accumulators -= s.of.size();
  for (std::size_t i = 0; i < s.of.size(); ++i)
    contents[accumulators + i] = "shares of " + ir::to_string(program, s.of[i]);
}

SingleKernel::Forms::Forms(ir::Program p) : at_once(std::move(p)), may_share(jit::may_share(at_once.program)) {}

/// What bands of the outermost rows of a target are compiled from; null where they cannot be.
const SingleKernel::BandForm* SingleKernel::band_form(const TensorView& target) const {
  const std::optional<std::size_t> dimension = outermost(target.layout);
  if (!dimension) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = band_forms_.try_emplace(*dimension);
  if (is_new)
    if (std::optional<BandProgram> band = band_program(whole_.at_once.program, *dimension)) {
      Form form(band->program);
      known->second = {*std::move(band), std::move(form)};
    }
  return known->second ? &*known->second : nullptr;
}

const SingleKernel::Form* SingleKernel::form_of_values_first(std::span<const ir::TensorId> overwritten,
                                                             std::span<const TensorView> tensors,
                                                             std::span<const std::int64_t> extents) const {
  if (overwritten.empty() || chosen_) return nullptr;
  if (!are_values_few(whole_.at_once.program, overwritten, tensors, extents)) return nullptr;
  const std::lock_guard lock(mutex_);
  if (!values_first_) {
    values_first_.emplace();
    if (std::optional<ir::Program> program = values_first(whole_.at_once.program)) {
      Form& form = values_first_->emplace(*std::move(program));
      const ir::Statement& last = whole_.at_once.program.statements.back();
      form.contents.back() = to_string(form.program, last.value) + ", computed before any of it is stored";
    }
  }
  return *values_first_ ? &**values_first_ : nullptr;
}

SingleKernel::Forms& SingleKernel::forms_for(std::span<const std::int64_t> extents) const {
  if (may_drop_.empty() || chosen_) return whole_;
  const std::vector<ir::AxisId> unit = unit_axes(whole_.at_once.program, may_drop_, extents);
  if (unit.empty()) return whole_;
  const std::lock_guard lock(mutex_);
  if (const auto known = without_axes_.find(unit); known != without_axes_.end()) return known->second;
  WithoutAxes without = without_axes(whole_.at_once.program, unit);
  Forms& forms = without_axes_.emplace(unit, std::move(without.program)).first->second;
  forms.lacks = std::move(without.dimensions);
  return forms;
}

SingleKernel::Forms& SingleKernel::forms_in_order(Forms& forms, std::span<const TensorView> tensors,
                                                  std::span<const std::int64_t> extents) const {
  const ir::Program& program = forms.at_once.program;
  const std::vector<Disordered> operands = find_disordered(program, tensors, extents);
  if (operands.empty() || chosen_) return forms;
  const std::lock_guard lock(mutex_);
  const auto key = std::pair(static_cast<const Forms*>(&forms), operands);
  if (const auto known = in_order_.find(key); known != in_order_.end()) return known->second;
  return in_order_.emplace(key, with_operands_in_order(program, operands)).first->second;
}

SingleKernel::Forms& SingleKernel::forms_with_sums_first(Forms& forms, std::span<const TensorView> tensors,
                                                         std::span<const std::int64_t> extents) const {
  const ir::Program& program = forms.at_once.program;
  const std::vector<SumsFirst> statements = find_sums_first(program, tensors, extents);
  if (statements.empty() || chosen_) return forms;
  const std::lock_guard lock(mutex_);
  const auto key = std::pair(static_cast<const Forms*>(&forms), statements);
  if (const auto known = sums_first_.find(key); known != sums_first_.end()) return known->second;
  Forms& made = sums_first_.emplace(key, with_sums_first(program, statements)).first->second;
  for (std::size_t t = program.tensors.size(); t < made.at_once.program.tensors.size(); ++t) {
    const auto filling = std::ranges::find(made.at_once.program.statements, t, &ir::Statement::target);
    made.at_once.contents[t] = to_string(made.at_once.program, filling->value) + ", of which there are functions";
  }
  return made;
}

/// Reads in shares are not checked: where they need it, the reduction is done at once.
const SingleKernel::Form& SingleKernel::form_in_shares(Forms& forms, std::span<const TensorView> tensors,
                                                       std::span<const std::int64_t> extents) const {
  const ir::Program& program = forms.at_once.program;
  const std::vector<Shared> shared = find_shared(program, forms.may_share, tensors, extents, share_sizes_);
  if (shared.empty() || chosen_) return forms.at_once;
  const auto is_checked = [&](ir::Expr e) {
    const ir::Read* read = e->as<ir::Read>();
    return read && read->policy == ir::Policy::check && !always_fits(program, *read);
  };
  std::vector<ir::Expr> folds;
  for (const Shared& s : shared) folds.push_back(s.fold);
  if (std::ranges::any_of(ir::nodes(std::move(folds)), is_checked) &&
      specialise(program, tensors, extents).answers.contains('c'))
    return forms.at_once;
  const std::lock_guard lock(mutex_);
  const auto known = forms.in_shares.find(shared);
  if (known != forms.in_shares.end()) return known->second;
  return forms.in_shares.emplace(shared, in_shares(program, shared)).first->second;
}

}  // namespace ricci::jit
