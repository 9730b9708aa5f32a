#include "ricci/statement.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "remembered.hpp"
#include "ricci/error.hpp"
#include "ricci/few.hpp"
#include "ricci/prepared.hpp"

namespace ricci {

namespace {

/// What the last statement of a thread did. A repeated call says so by itself; the report is made when it is asked for.
struct LastRun {
  Report report;
  std::shared_ptr<const Call> repeated;
  Executable::Recounted counted;  // for the repeated call
  Ticks time = 0;
};
thread_local LastRun last_run;

constexpr int max_mentions = 255;  // of tensors in a statement, which are numbered in bytes

/// Which leaves are the same tensor, numbered by first appearance.
struct Pattern {
  static constexpr int told_by_code = 10;  // of so many leaves the code tells all

  std::uint8_t numbers[max_mentions];
  std::uint8_t first_leaf[max_mentions];
  int leaves = 0, distinct = 0;
  std::uint64_t code = 0;

  explicit Pattern(const Operands& operands) : leaves(operands.tensor_count) {
    if (leaves > max_mentions)
      throw Error(Error::Kind::limit, "a statement may mention tensors at most " + std::to_string(max_mentions) +
                                          " times: " + std::to_string(leaves) + "; store parts of it first");
    for (int leaf = 0; leaf < leaves; ++leaf) {
      if (!*operands.tensors[leaf]) throw Error(Error::Kind::name, "a tensor is used before it has been given a value");
      int number = 0;
      while (number < distinct && !(*operands.tensors[first_leaf[number]] == *operands.tensors[leaf])) ++number;
      if (number == distinct) first_leaf[distinct++] = static_cast<std::uint8_t>(leaf);
      numbers[leaf] = static_cast<std::uint8_t>(number);
      code = code * 64 + static_cast<std::uint64_t>(number);  // exact for `told_by_code` leaves
    }
  }
};

using Statements = std::span<const StatementSyntax>;

/// How many new tensors the statements make; they are the first ones of the program.
std::size_t results_of(Statements statements) { return statements[0].target ? 0 : statements.size(); }

std::vector<std::int64_t> normalised_axes(Statements statements, const Operands& operands) {
  std::vector<std::int64_t> axes;
  auto add = [&](const Syntax& leaf) {
    if (leaf.form != Form::reduce_axis) return;
    const int rank = leaf.child[0]->rank;
    const std::int64_t* given = operands.axes + axes.size();
    require(check_axes(given, leaf.over, rank));
    for (int k = 0; k < leaf.over; ++k) axes.push_back(given[k] < 0 ? given[k] + rank : given[k]);
  };
  for (const StatementSyntax& s : statements) {
    if (s.target) for_each_leaf(*s.target, add);
    for_each_leaf(*s.value, add);
  }
  return axes;
}

bool has_pattern(const Variant& v, const Pattern& pattern, const Operands& operands) {
  return v.code == pattern.code &&
         (pattern.leaves <= Pattern::told_by_code || std::equal(v.tensors.begin(), v.tensors.end(), pattern.numbers)) &&
         has_axes(v, operands);
}

/// Variants for the same pattern with other constants: how many, and the newest.
struct Others {
  int count = 0;
  const Variant* newest = nullptr;
};

/// The variant for these operands. Without one, `others` are those that have been seen.
const Variant* find(const Site& site, const Pattern& pattern, const Operands& operands, Others& others) {
  others = {};
  for (const Variant* v = site.variants.load(std::memory_order_acquire); v; v = v->next) {
    if (!has_pattern(*v, pattern, operands)) continue;
    if (has_constants(*v, operands)) return v;
    if (others.count++ == 0) others.newest = v;
  }
  return nullptr;
}

constexpr int most_with_repeats = 4;

/// Variants are only ever added, in front: readers need no lock. The first of a pattern has the whole numbers of
/// integer arithmetic as constants, because strides and proofs follow from them; the second has those that are still
/// the same; the third, and last, has all as params and serves all values, but for those that share a param because
/// they are equal in equal parts, for factors from which extents follow, and for easy exponents: these are constants in
/// all of them, so that powers have the same bits in every call. After a few of these no parts are looked for. Beside a
/// mask on the left a variant always serves only those of which the same are equal.
const Variant& add(Site& site, Statements s, const Pattern& pattern, const Operands& operands) {
  static std::mutex adding;
  const std::lock_guard lock(adding);
  Others others;
  if (const Variant* v = find(site, pattern, operands, others)) return *v;
  const std::vector<std::int64_t> axes = normalised_axes(s, operands);
  Resolved plan = resolve(s, {{pattern.numbers, static_cast<std::size_t>(pattern.leaves)}, axes, operands.names,
                              others.count > 1 ? nullptr : operands.scalars,
                              others.newest ? &others.newest->plan.known : nullptr, operands.scalars,
                              others.count < most_with_repeats});
  auto executable = prepare(std::move(plan.program));
  const auto* made = new Variant{site.variants.load(std::memory_order_relaxed),
                                 {pattern.numbers, pattern.numbers + pattern.leaves},
                                 pattern.code,
                                 {operands.axes, operands.axes + operands.axis_count},
                                 std::move(executable),
                                 std::move(plan)};
  site.variants.store(made, std::memory_order_release);
  return *made;
}

const Variant& find_or_add(Site& site, Statements s, const Pattern& pattern, const Operands& operands) {
  Others others;
  const Variant* v = find(site, pattern, operands, others);
  return v ? *v : add(site, s, pattern, operands);
}

/// The tensors of the program; null are the ones that the statements make, the first.
class Bound {
 public:
  Bound(Statements statements, const Operands& operands, const Pattern& pattern)
      : made_(results_of(statements)), tensors_(made_ + static_cast<std::size_t>(pattern.distinct)) {
    for (std::size_t t = 0; t < tensors_.size(); ++t)
      tensors_[t] = t < made_ ? nullptr : &operands.tensors[pattern.first_leaf[t - made_]]->view();
  }
  std::size_t made() const { return made_; }
  const TensorView*& operator[](std::size_t t) { return tensors_[t]; }
  TensorPointers pointers() { return tensors_.span(); }
  std::vector<TensorView> views() {
    std::vector<TensorView> views;
    for (const TensorView* view : tensors_.span()) views.push_back(view ? *view : TensorView{});
    return views;
  }

 private:
  std::size_t made_;
  Few<const TensorView*, 12> tensors_;
};

/// Allocates new tensors, the first of `views`; `axes` are those behind their dimensions.
void make_results(Executable& executable, std::span<const std::vector<ir::AxisId>> axes, std::span<TensorView> views,
                  std::span<const Scalar> params, const Counts& counts, Array* results) {
  if (axes.empty()) return;
  const std::vector<ir::TensorDecl>& declared = executable.program().tensors;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    views[k] = {{declared[k].dtype, declared[k].rank, {}, {}}, nullptr, true};
    std::fill_n(views[k].layout.extents.begin(), axes[k].size(), -1);  // takes no part in deciding extents
  }
  const std::vector<std::int64_t> extents = executable.extents(views, params, counts);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    std::int64_t shape[max_rank];
    for (std::size_t i = 0; i < axes[k].size(); ++i) shape[i] = extents[axes[k][i]];
    results[k] = Array::uninitialised(declared[k].dtype, {shape, axes[k].size()});
    views[k] = results[k].view();
  }
}

/// Runs a statement whose kernel counts how long its results are; false if that is to be counted first.
bool choose(const Variant& v, Statements statements, Bound& bound, std::span<const Scalar> params, Array* results) {
  const auto make = [&](std::int64_t elements) {
    for (std::size_t t = 0; t < bound.made(); ++t) {
      results[t] = Array::uninitialised(row_major(statements[t].dtype, std::array{elements}));
      bound[t] = &results[t].view();
    }
  };
  if (const std::shared_ptr<const Call>& call = v.executable->known(bound.pointers(), params)) {
    if (const std::optional<Ticks> time = v.executable->repeat_choice(*call, bound.pointers(), params, make)) {
      last_run.time = *time;
      if (last_run.repeated != call) last_run.repeated = call;
      last_run.counted.calls.clear();
      return true;
    }
  } else if (std::optional<Report> report = v.executable->choose(bound.pointers(), bound.made(), params, make)) {
    last_run.report = *std::move(report);
    last_run.repeated = nullptr;
    return true;
  }
  for (std::size_t t = 0; t < bound.made(); ++t) bound[t] = nullptr;
  return false;
}

/// Runs a statement that is not a repetition of a known call. Not in line: a repetition must not make room for it.
[[gnu::noinline]] void run_anew(const Variant& v, Bound& bound, std::span<const Scalar> params,
                                const Executable::Recounted* recounted, Array* results) {
  std::vector<TensorView> views = bound.views();
  const Executable::Counted counted = recounted ? Executable::counted(*recounted) : v.executable->count(views, params);
  make_results(*v.executable, v.plan.result_axes, views, params, counted.counts, results);
  last_run.report = v.executable->run(views, params, counted, default_options(), bound.made());
  last_run.repeated = nullptr;
}

}  // namespace

void execute(Site& site, Statements statements, const Operands& operands, Array* results) {
  static const Counts no_counts;
  static const std::shared_ptr<const Call> no_call;
  if (const Remembered* known = repeat_remembered(site, operands, results, last_run.time)) {
    if (last_run.repeated != known->call) last_run.repeated = known->call;
    last_run.counted.calls.clear();
    return;
  }
  const Pattern pattern(operands);
  const Variant& v = find_or_add(site, statements, pattern, operands);
  Bound bound(statements, operands, pattern);
  Few<Scalar, 8> params(v.plan.scalars.size());
  convert_scalars(v, operands, bound.pointers(), params.data());
  if (v.executable->chooses(bound.made()) && choose(v, statements, bound, params.span(), results)) return;
  // Where a repetition of this thread before the last has allocated: that takes as long as small kernels do.
  thread_local Executable::Recounted recounting;
  const bool counts_extents = v.executable->counts_extents();
  const bool recounted = counts_extents && v.executable->recount(bound.pointers(), params.span(), recounting);
  const Counts& counts = recounted ? recounting.counts : no_counts;
  if (const std::shared_ptr<const Call>& call = counts_extents && !recounted
                                                    ? no_call
                                                    : v.executable->known(bound.pointers(), params.span(), counts)) {
    for (std::size_t t = 0; t < bound.made(); ++t) {
      results[t] = Array::uninitialised(Executable::layout(*call, static_cast<ir::TensorId>(t)));
      bound[t] = &results[t].view();
    }
    last_run.time = v.executable->repeat(*call, bound.pointers(), params.span());
    if (last_run.repeated != call) last_run.repeated = call;  // counting references takes as long as small kernels
    if (recounted)
      std::swap(last_run.counted, recounting);
    else
      last_run.counted.calls.clear();
    if (!counts_extents) remember(site, v, call);
    return;
  }
  run_anew(v, bound, params.span(), recounted ? &recounting : nullptr, results);
}

Array execute(Site& site, const StatementSyntax& statement, const Operands& operands) {
  Array result;
  execute(site, {&statement, 1}, operands, &result);
  return result;
}

Prepared prepare(std::span<const StatementSyntax> statements, const Operands& operands) {
  Site site;
  const Pattern pattern(operands);
  const std::unique_ptr<const Variant> v(&find_or_add(site, statements, pattern, operands));
  Bound bound(statements, operands, pattern);
  Prepared prepared{v->executable, bound.views(), std::vector<Scalar>(v->plan.scalars.size()),
                    std::vector<Array>(bound.made()), v->plan.result_axes};
  convert_scalars(*v, operands, bound.pointers(), prepared.params.data());
  return prepared;
}

Prepared prepare(const StatementSyntax& statement, const Operands& operands) {
  return prepare({&statement, 1}, operands);
}

void make_results(Prepared& p, const Options& options) {
  const Counts counts = p.executable->count(p.tensors, p.params, options).counts;
  make_results(*p.executable, p.result_axes, p.tensors, p.params, counts, p.results.data());
}

Report run(Prepared& p, const Options& options) {
  const std::size_t made = p.results.size();
  if (made == 0 || p.results[0]) return p.executable->run(p.tensors, p.params, options);
  if (p.executable->chooses(made, options)) {
    std::vector<const TensorView*> tensors(made, nullptr);
    for (std::size_t t = made; t < p.tensors.size(); ++t) tensors.push_back(&p.tensors[t]);
    const auto make = [&](std::int64_t elements) {
      for (std::size_t t = 0; t < made; ++t) {
        p.results[t] = Array::uninitialised(p.executable->program().tensors[t].dtype, {&elements, 1});
        p.tensors[t] = p.results[t].view();
        tensors[t] = &p.tensors[t];
      }
    };
    if (std::optional<Report> report = p.executable->choose(tensors, made, p.params, make, options)) return *report;
  }
  const Executable::Counted counted = p.executable->count(p.tensors, p.params, options);
  make_results(*p.executable, p.result_axes, p.tensors, p.params, counted.counts, p.results.data());
  return p.executable->run(p.tensors, p.params, counted, options, made);
}

const Report& last_report() {
  if (last_run.repeated) {
    last_run.report = Executable::report(*last_run.repeated, last_run.counted);
    last_run.report.run_ms += milliseconds(last_run.time);
    last_run.repeated = nullptr;
  }
  return last_run.report;
}

std::string explain() { return explain(last_report()); }

}  // namespace ricci
