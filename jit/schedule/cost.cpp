#include "schedule/cost.hpp"

#include <algorithm>
#include <limits>

#include "ir/affine.hpp"
#include "ricci/helpers.hpp"
#include "schedule/abreast.hpp"
#include "schedule/steps.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr double typical_extent = 32;
constexpr double few_iterations = 5;     // of reductions over short rows
constexpr double rows_at_once = 4;       // of a tile in registers, for which a value is loaded once
constexpr double gather_cost = 0.8;      // per lane, hardware gather from cache
constexpr double transposed_cost = 3;    // per vector: its share of the shuffles, to scratch and back
constexpr double reversed_cost = 2;      // per vector, with a shuffle
constexpr double spread_cost = 1.6;      // the same from lines far apart, of which data choose others each time
constexpr double scatter_cost = 2.2;     // per lane
constexpr double lane_stores_cost = 3.2; // the same where no instruction scatters: what a vector loads is taken apart
constexpr double apart_cost = 2;         // per vector from the first to the last of elements a few apart
constexpr double bytes_apart_cost = 4;   // the same of bytes, for which no instruction takes any from two registers
constexpr double collision_cost = 2.0;   // per lane, when lanes may meet and go one after another
constexpr double function_cost = 20;     // a transcendental: scalar, or one vector of them
constexpr double merge_cost = 2;         // per halving of a vector at the end of a reduction along its lanes

}  // namespace

void CostModel::start(std::optional<AxisId> lane, std::optional<AxisId> inner) {
  lane_ = lane;
  seen_.clear();
  path_.clear();
  fold_lanes.clear();
  if (inner) path_.push_back(*inner);
}

double CostModel::nest(const Nest& nest, std::optional<AxisId> lane, std::optional<AxisId> inner) {
  start(lane, inner);
  double total = 0;
  for (std::size_t i : nest.statements) {
    const Statement& s = program_.statements[i];
    for (Expr e : s.subscripts) total += expression(e);
    if (s.guard) total += expression(s.guard);
    total += expression(s.value) + store(s);
  }
  // Vectors along short rows are mostly empty.
  if (short_result && lane == short_result->along)
    total *= typical_extent / static_cast<double>(short_result->elements);
  return total;
}

void CostModel::reductions(const std::vector<Expr>& values) {
  start(std::nullopt, std::nullopt);
  for (Expr e : values) expression(e);
}

/// How often a node runs: once per iteration of the innermost loop it depends on.
double CostModel::runs(Expr e) const {
  double count = 1, all = 1;
  for (AxisId axis : path_) {
    all *= trips(axis);
    if (uses_axis(e, axis)) count = all;
  }
  return count;
}

/// How many iterations a loop has; those of the lanes make whole vectors.
double CostModel::trips(AxisId axis) const {
  const bool few = std::ranges::count(s_.few, axis) > 0;
  const auto known = known_extent(program_, axis);
  const double trips = few ? few_iterations : !known ? typical_extent : std::max(1.0, static_cast<double>(*known));
  return lane_ == axis ? std::max(trips, lanes_) : trips;
}

/// What other iterations leave of the cost of an operation that they share.
double CostModel::share(Expr e) const {
  return abreast && in_lanes(e) && !uses_axis(e, *abreast) ? 1.0 / rows_abreast : 1;
}

double CostModel::gather(const Read& read) const {
  const bool chosen = std::ranges::any_of(read.subscripts, [&](Expr s) {
    return !uses_axis(s, *lane_) && std::ranges::any_of(nodes({s}), [](Expr n) { return n->as<Read>() != nullptr; });
  });
  return chosen ? spread_cost : gather_cost;
}

/// A scalar inside a loop over vectors runs once for a whole vector.
double CostModel::per_lane(double vector, double scalar, Expr e) const {
  if (in_lanes(e)) return vector;
  return lane_ && runs(e) > 1 ? scalar / lanes_ : scalar;
}

double CostModel::expression(Expr e) {
  if (!seen_.emplace(e, in_lanes(e) ? lane_ : std::nullopt).second) return 0;
  if (std::ranges::count(staged, e) == 0) return operation(e);
  return operation(e) / typical_extent + runs(e) / lanes_ / rows_at_once;
}

double CostModel::operation(Expr e) {
  return visit(
      e,
      [&](const Apply& apply) {
        double total = 0;
        for (Expr arg : apply.args) total += expression(arg);
        const double unit = is_long(apply.op) ? function_cost : 1;
        return total + runs(e) * share(e) * per_lane(unit / lanes_, unit, e);
      },
      [&](const Read& read) {
        double total = 0;
        for (Expr child : children(e)) total += expression(child);
        double unit = 1.0 / lanes_;
        if (in_lanes(e)) {
          const Motion m = motion(program_, s_, read.tensor, read.subscripts, *lane_);
          if (std::ranges::count(transposed, e) > 0)
            unit = transposed_cost / lanes_;
          else if (m == Motion::reversed)
            unit = reversed_cost / lanes_;
          else if (const auto near = vectors_apart(read.tensor, read.subscripts, read.guard))
            unit = *near;
          else if (m == Motion::strided || m == Motion::irregular)
            unit = gather(read);
        }
        return total + runs(e) * share(e) * per_lane(unit, 1, e);
      },
      [&](const Fold& fold) {
        if (std::ranges::count(scans, e) > 0) return expression(at_step(program_, fold.body, scans));
        return in_lanes(e) ? loops(e, fold) : own_lanes(e, fold);
      },
      [&](const Project& project) { return expression(project.fold); }, [](const auto&) { return 0.0; });
}

double CostModel::loops(Expr e, const Fold& fold) {
  // All lanes run over one range.
  for (const auto& [low, high] : fold.ranges)
    if ((low && in_lanes(low)) || (high && in_lanes(high))) return std::numeric_limits<double>::infinity();
  // Beside a tile in registers the lanes are many: what does not depend on them is reduced once for all. (Elsewhere
  // they may be a short row, and what is reduced for it takes longer than the row itself.)
  std::vector<AxisId> around = path_;
  while (!staged.empty() && !path_.empty() && !uses_axis(e, path_.back())) path_.pop_back();
  path_.insert(path_.end(), fold.axes.begin(), fold.axes.end());
  const double total = expression(fold.body) + runs(fold.body) * per_lane(1.0 / lanes_, 1, fold.body);
  path_ = std::move(around);
  return total;
}

/// A reduction outside the lanes: scalar, or with lanes along the cheapest of its own axes.
double CostModel::own_lanes(Expr e, const Fold& fold) {
  const auto outer_lane = lane_;
  const auto outer_seen = seen_;
  double best = std::numeric_limits<double>::infinity();
  std::optional<AxisId> choice;
  std::vector<std::optional<AxisId>> candidates{std::nullopt};
  candidates.insert(candidates.end(), fold.axes.begin(), fold.axes.end());
  std::unordered_map<Expr, AxisId> best_inner;
  auto best_seen = seen_;
  const auto inner_before = fold_lanes;
  for (const auto& candidate : candidates) {
    seen_ = outer_seen;
    fold_lanes = inner_before;
    lane_ = candidate;
    double cost = loops(e, fold);
    if (candidate) cost += runs(e) * merge_cost * 4;
    if (cost < best) {
      best = cost;
      choice = candidate;
      best_inner = fold_lanes;
      best_seen = seen_;
    }
  }
  fold_lanes = best_inner;
  seen_ = best_seen;
  lane_ = outer_lane;
  if (choice) fold_lanes[e] = *choice;
  return best;
}

/// Per lane, where lanes are a few elements apart and their vectors are accessed as a whole.
std::optional<double> CostModel::vectors_apart(TensorId tensor, const std::vector<Expr>& subscripts, bool masked) {
  const auto step = known_step(program_, s_, tensor, subscripts, *lane_);
  const double bytes = static_cast<double>(size_of(program_.tensors[tensor].dtype));
  const double of_register = std::min(lanes_, target_.vector_bytes / bytes);
  if (!is_near(step) || std::abs(*step) > of_register || (masked && !has_mask_registers(target_))) return std::nullopt;
  return (bytes == 1 ? bytes_apart_cost : apart_cost) * static_cast<double>(std::abs(*step)) / of_register;
}

double CostModel::store(const Statement& s) {
  if (!lane_) return s.update ? 2 * typical_extent : typical_extent;
  const Motion m = motion(program_, s_, s.target, s.subscripts, *lane_);
  if (short_result && lane_ == short_result->down)
    return apart_cost * static_cast<double>(short_result->elements) / lanes_ * typical_extent;
  if (m == Motion::contiguous) return typical_extent / lanes_;
  if (m == Motion::reversed && !s.update) return reversed_cost / lanes_ * typical_extent;
  const bool apart = m == Motion::strided && has_mask_registers(target_);
  if (const auto near = apart ? vectors_apart(s.target, s.subscripts, true) : std::nullopt)
    return *near * typical_extent * (s.update ? 2 : 1);
  const bool meets = m != Motion::strided && m != Motion::reversed && s.update;
  const bool scatters = has_mask_registers(target_) && size_of(program_.tensors[s.target].dtype) >= 4;
  const bool in_turn = m == Motion::strided && !scatters;  // where data choose the places, vectors save the checks
  return typical_extent * (meets ? collision_cost : in_turn ? lane_stores_cost : scatter_cost);
}

}  // namespace ricci::jit
