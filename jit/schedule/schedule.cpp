#include "schedule/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "ir/affine.hpp"
#include "ir/functions.hpp"
#include "rewrite/in_order.hpp"
#include "rewrite/place.hpp"
#include "rewrite/place_sorts.hpp"
#include "rewrite/scan.hpp"
#include "rewrite/tables.hpp"
#include "schedule/abreast.hpp"
#include "schedule/ahead.hpp"
#include "schedule/cost.hpp"
#include "schedule/interior.hpp"
#include "schedule/kept.hpp"
#include "schedule/lane_width.hpp"
#include "schedule/packed_rows.hpp"
#include "schedule/periods.hpp"
#include "schedule/planes.hpp"
#include "schedule/register_tile.hpp"
#include "schedule/short_results.hpp"
#include "schedule/short_rows.hpp"
#include "schedule/slender.hpp"
#include "schedule/steps.hpp"
#include "schedule/streaming.hpp"
#include "schedule/symmetric.hpp"
#include "schedule/transposition.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Statements share a nest when they have the same domain and none needs the finished result of another.
bool may_join(const Program& program, const Specialisation& specialisation, const Nest& nest, std::size_t candidate) {
  const Statement& s = program.statements[candidate];
  const Statement& first = program.statements[nest.statements.front()];
  if (s.domain != first.domain || nest.serial || !specialisation.disjoint || s.in_order || nest.in_order) return false;
  if (s.appends != first.appends || (s.appends && s.starts != first.starts)) return false;
  if (nest.sorts || is_sort(s)) return false;
  if (is_private(program, s.target) != nest.tables) return false;
  if (folds_whole_domain(program, s) != folds_whole_domain(program, first)) return false;
  if (!nest.tables && !nest.appends && !is_injective(s)) return false;
  bool independent = true;
  for (std::size_t i : nest.statements) {
    const Statement& earlier = program.statements[i];
    for (Expr e : nodes(expressions(s))) independent &= !e->as<Read>() || e->as<Read>()->tensor != earlier.target;
    for (Expr e : nodes(expressions(earlier))) independent &= !e->as<Read>() || e->as<Read>()->tensor != s.target;
    independent &= earlier.target != s.target;
  }
  return independent;
}

/// Whether the loop before the lanes chooses a row of a table that the lanes then accumulate into. Such rows are short
/// as a rule: an item is some of them, and a step of the lanes is one vector.
bool scatters_rows(const Program& program, const Nest& nest) {
  if (!nest.tables || !nest.lane_axis || nest.order.size() < 2 || nest.order.back() != *nest.lane_axis) return false;
  return std::ranges::all_of(nest.statements, [&](std::size_t i) {
    const std::vector<Expr>& subscripts = program.statements[i].subscripts;
    const Axis* last = subscripts.back()->as<Axis>();
    if (!last || last->axis != *nest.lane_axis) return false;
    const auto is_still = [&](Expr e) { return !uses_axis(e, *nest.lane_axis); };
    return std::all_of(subscripts.begin(), subscripts.end() - 1, is_still);
  });
}

/// Whether lanes may accumulate into one element of a private table.
bool lanes_may_meet(const Program& program, const Nest& nest) {
  const auto is_lane = [&](Expr e) { return tells(e, *nest.lane_axis, {*nest.lane_axis}); };
  return nest.tables && nest.lane_axis && std::ranges::any_of(nest.statements, [&](std::size_t i) {
           return std::ranges::none_of(program.statements[i].subscripts, is_lane);
         });
}

/// Loop order and tiles. The lane axis is the innermost of its kind; loops that reductions do not need are inside all
/// that they need, and belong to one item.
void order_loops(const Program& program, Nest& nest) {
  const Statement& first = program.statements[nest.statements.front()];
  if (nest.in_order) return order_steps(first, nest);
  nest.order = loop_order(first);
  if (nest.serial) return;
  std::set<AxisId> of_folds;
  for (std::size_t i : nest.statements)
    for (Expr e : nodes(expressions(program.statements[i])))
      if (e->as<Fold>()) of_folds.insert(e->free.begin(), e->free.end());
  const auto needed = [&](AxisId axis) { return of_folds.contains(axis); };
  const auto inner = std::ranges::find_if_not(nest.order, needed);
  const auto move_lane_last = [&](auto begin, auto end) {
    const auto lane = std::find(begin, end, nest.lane_axis.value_or(~0u));
    if (lane != end) std::rotate(lane, lane + 1, end);
  };
  move_lane_last(nest.order.begin(), inner);
  move_lane_last(inner, nest.order.end());
  const auto outside = inner - nest.order.begin();
  const auto lane = std::ranges::find(nest.order, nest.lane_axis.value_or(~0u)) - nest.order.begin();
  const std::ptrdiff_t inside = std::min<std::ptrdiff_t>(lane, std::ssize(nest.order) - 1);
  nest.split = static_cast<std::size_t>(outside > 0 ? outside - 1 : inside);
  const bool on_lanes = !nest.order.empty() && nest.lane_axis == nest.order[nest.split];
  if (scatters_rows(program, nest)) {
    nest.split = nest.order.size() - 2;
    nest.tile = 16;
    return;
  }
  nest.tile = on_lanes ? (outside > 0 ? 2048 : 4096) : outside > 0 ? 16 : 256;
}

/// Lanes that threads share at least: lines enough for the processor to fetch ahead.
constexpr std::int64_t least_item = 256;

/// An item is a run of the outermost axis with everything inside. Nests over the same domain have the same items.
void take_runs_as_items(const Program& program, Nest& nest) {
  nest.order = program.statements[nest.statements.front()].domain;
  nest.split = 0;
  nest.tile = nest.order.size() == 1 ? 16384 : 16;
}

/// A full reduction.
void reduce_items(Program& program, Nest& nest) {
  take_runs_as_items(program, nest);
  nest.folds = true;
  for (std::size_t k = 0; k < nest.statements.size(); ++k) {
    const Statement& s = program.statements[nest.statements[k]];
    nest.values[k] = fold(program.graph, *s.update, nest.order, s.value);
  }
}

/// Whether lanes along `axis` store different elements, or accumulate.
bool lanes_can_store(Program& program, const Specialisation& s, const Nest& nest, AxisId axis) {
  const Statement& first = program.statements[nest.statements.front()];
  if (first.in_order == axis)
    return lanes_fit_scans(program, first, nest.scans) &&
           motion(program, s, first.target, first.subscripts, axis) == Motion::contiguous;
  if (first.in_order && !lanes_fit_steps(first, axis)) return false;
  // Down many rows at once, a few cache sets would have to hold them all.
  const bool runs_rows = first.in_order && std::ranges::count(independent_axes(first), axis) > 0;
  if (runs_rows && motion(program, s, first.target, first.subscripts, axis) != Motion::contiguous) return false;
  return std::ranges::all_of(nest.statements, [&](std::size_t i) {
    const Statement& statement = program.statements[i];
    return statement.update || motion(program, s, statement.target, statement.subscripts, axis) != Motion::still;
  });
}

std::size_t count_nodes(const Program& program, const Nest& nest) {
  std::size_t count = 0;
  for (std::size_t i : nest.statements)
    for (Expr e : nodes(expressions(program.statements[i]))) {
      count += e->as<Apply>() || e->as<Read>() || e->as<Fold>();
      // A function is a long chain, and the processor overlaps those of following steps.
      if (is_function(e)) count += 32;
    }
  return count;
}

bool merges_tables(const Program& program, const Nest& nest) {
  return std::ranges::any_of(nest.statements, [&](std::size_t i) {
    const auto is_of_table = [&](Expr e) { return e->as<Read>() && is_private(program, e->as<Read>()->tensor); };
    return std::ranges::any_of(nodes(expressions(program.statements[i])), is_of_table);
  });
}

}  // namespace

bool has_ways(const Schedule& schedule, const Program& program, TensorId tensor) {
  return std::ranges::any_of(schedule.nests, [&](const Nest& nest) {
    const auto targets = [&](std::size_t i) { return program.statements[i].target == tensor; };
    return nest.ways && std::ranges::any_of(nest.statements, targets);
  });
}

Schedule make_schedule(Program& program, const Specialisation& s, const Target& target) {
  Schedule schedule;
  schedule.mask_registers = has_mask_registers(target);
  for (std::size_t i = 0; i < program.statements.size(); ++i) {
    const Statement& statement = program.statements[i];
    if (!schedule.nests.empty() && may_join(program, s, schedule.nests.back(), i)) {
      schedule.nests.back().statements.push_back(i);
      schedule.nests.back().values.push_back(statement.value);
      continue;
    }
    const bool tables = is_private(program, statement.target);
    Nest& nest = schedule.nests.emplace_back();
    nest.statements = {i};
    nest.values = {statement.value};
    nest.tables = tables;
    nest.appends = statement.appends;
    nest.serial = !tables && !nest.appends && !statement.in_order && !is_injective(statement);
    nest.in_order = statement.in_order;
    nest.scans = running_folds(statement);
    nest.sorts = is_sort(statement);
  }
  for (Nest& nest : schedule.nests) {
    const Statement& first = program.statements[nest.statements.front()];
    const std::vector<AxisId>& domain = first.domain;
    if (folds_whole_domain(program, first)) reduce_items(program, nest);
    const int bytes = lane_bytes(program, s, nest, target);
    nest.lanes = target.vector_bytes / bytes;
    nest.accumulators = 256 / bytes;
    CostModel model(program, s, target, nest.lanes);
    if (nest.sorts) {
      nest.order.assign(domain.begin(), domain.end() - 1);
      nest.split = nest.order.empty() ? 0 : nest.order.size() - 1;
      continue;
    }
    if (nest.folds) {
      model.reductions(nest.values);
      schedule.fold_lanes.insert(model.fold_lanes.begin(), model.fold_lanes.end());
      continue;
    }
    if (nest.appends) {  // in the order of the domain: lanes run along its last axis, if it can have any
      take_runs_as_items(program, nest);
      if (!std::isinf(model.nest(nest, domain.back(), domain.back())))
        nest.lane_axis = domain.back();
      else
        model.nest(nest, std::nullopt, domain.back());
      schedule.fold_lanes.insert(model.fold_lanes.begin(), model.fold_lanes.end());
      continue;
    }
    if (const auto slender = find_slender(program, s, target, nest)) {
      order_slender(program, slender->first, slender->second, nest);
      continue;
    }
    std::optional<AxisId> inner;
    if (!domain.empty()) inner = domain.back();
    std::vector<RegisterTile> registers;
    std::optional<Transposition> transposed;
    std::optional<AxisId> abreast;
    std::vector<Expr> short_rows, spread;
    std::optional<ShortResult> product;
    if (schedule.mask_registers) {
      model.short_result = find_short_result(program, s, nest);
      product = find_short_product(program, s, nest);
      if (product && !find_register_tiles(program, s, target, nest, product->down, nest.lanes, product).empty())
        model.short_result = product;
      else
        product.reset();
    }
    const auto cost_of = [&](std::optional<AxisId> lane) {
      registers.clear();
      const bool down = model.short_result && lane == model.short_result->down;  // few rows, of few iterations each
      if (lane && (!down || product))
        registers = find_register_tiles(program, s, target, nest, *lane, nest.lanes, product);
      model.staged.clear();
      for (const RegisterTile& tile : registers)
        for (const std::vector<Expr>* parts : {&tile.staged, &tile.direct})
          model.staged.insert(model.staged.end(), parts->begin(), parts->end());
      transposed = lane && registers.empty() ? find_transposition(program, s, nest, *lane) : std::nullopt;
      abreast = lane && registers.empty() && !transposed ? find_abreast(program, s, nest, *lane) : std::nullopt;
      short_rows = lane && registers.empty() && !transposed && !abreast ? find_short_rows(program, s, nest, *lane)
                                                                        : std::vector<Expr>{};
      spread = lane && registers.empty() && !transposed && !abreast ? find_spread(program, s, nest, *lane)
                                                                    : std::vector<Expr>{};
      model.abreast = abreast;
      model.transposed = !spread.empty() ? spread : transposed ? transposed->reads : short_rows;
      model.scans = lane && lane == nest.in_order ? nest.scans : std::vector<Expr>{};
      const double cost = model.nest(nest, lane, lane ? lane : inner);  // and the lanes of reductions
      return nest.scans.empty() || std::isinf(cost) ? cost : cost_of_scans(program, s, nest, lane, nest.lanes);
    };
    double best = cost_of(std::nullopt);
    auto fold_lanes = model.fold_lanes;
    // Rows abreast have their neighbours along the last axis.
    const bool by_rows = nest.statements.size() == 1 && rows_of_sums(program, first);
    for (std::size_t d = domain.size(); d-- > 0;) {
      if (by_rows && d + 1 != domain.size()) break;
      if (nest.serial && d + 1 != domain.size()) break;  // lanes would change which duplicate is last
      if (!lanes_can_store(program, s, nest, domain[d])) continue;
      const double cost = cost_of(domain[d]);
      if (cost >= best) continue;
      best = cost;
      nest.lane_axis = domain[d];
      nest.registers = registers;
      nest.transposed = transposed;
      nest.abreast = abreast;
      nest.short_rows = short_rows;
      nest.spreads = !spread.empty();
      fold_lanes = model.fold_lanes;
    }
    for (Expr e : nest.scans) fold_lanes.erase(e);
    schedule.fold_lanes.insert(fold_lanes.begin(), fold_lanes.end());
    order_loops(program, nest);
    if (schedule.mask_registers)  // and with them come 32 registers
      for (Expr body : find_folds_abreast(nest, schedule.fold_lanes)) schedule.folds_abreast.insert(body);
    if (schedule.mask_registers && !nest.abreast)
      if ((nest.abreast = find_rows_abreast(program, s, nest, schedule.fold_lanes))) continue;
    if (nest.abreast) {
      order_abreast(program, s, nest);
      continue;
    }
    if (!nest.registers.empty()) {
      const auto is_as_large = [&](const Nest& other) {
        return &other != &nest && program.statements[other.statements.front()].domain.size() >= domain.size();
      };
      order_for_registers(program, s, target, nest, std::ranges::none_of(schedule.nests, is_as_large));
      nest.symmetric = is_symmetric(program, s, nest);
      continue;
    }
    if (nest.transposed) {
      order_for_transposition(nest);
    } else {
      nest.streams = find_streams(program, s, nest);
      find_interiors(program, s, nest, schedule.fold_lanes);
      nest.planes = runs_in_planes(nest);
      const bool in_tiles = nest.lane_axis && nest.order[nest.split] == *nest.lane_axis && !nest.planes;
      if (!in_tiles || !nest.interiors.empty()) nest.short_rows.clear();
      if (!nest.short_rows.empty()) nest.tile = tile_of_short_rows(nest.short_rows);
      if (model.short_result) order_short_result(*model.short_result, nest);
      keep_values(program, s, schedule.fold_lanes, nest);
      const auto is_of_lanes = [&](const Interior& i) { return i.axis == nest.lane_axis; };
      if (std::ranges::any_of(nest.interiors, is_of_lanes)) nest.spreads = false;
      if (!nest.spreads) find_periods(program, nest, schedule.fold_lanes);
    }
    if (!nest.kept || nest.kept->in_scratch) nest.streaming = find_streaming(program, s, nest);
    nest.ahead = find_ahead(program, s, nest);
    nest.ways = lanes_may_meet(program, nest);
    const std::size_t nodes = count_nodes(program, nest);
    // Reductions over streams have planes to overlap, and merges of tables are short.
    const bool short_step = !nest.streams.empty() || merges_tables(program, nest) || scatters_rows(program, nest);
    nest.unroll = !nest.lane_axis || short_step ? 1 : nodes <= 12 ? 4 : nodes <= 32 ? 2 : 1;
    if (nest.kept && nest.kept->planes) nest.unroll = planes_step;
    // A block of scans, the same for every vector width, so that the order of a float sum is the same too.
    if (nest.lane_axis && nest.lane_axis == nest.in_order)
      nest.unroll = std::max(1, nest.accumulators / 4 / nest.lanes);
    if (nest.in_order && !nest.streaming.empty()) nest.tile = tile_in_order;
    take_places(program, s, nest);
    // Where nothing but the lanes of planes can be shared out, a tile is several items.
    const bool runs_across_planes = !nest.streams.empty() || (nest.kept && nest.kept->planes);
    if (runs_across_planes && nest.split == 0 && !nest.tables && nest.tile > least_item)
      nest.items_of_tile = nest.tile / least_item;
    nest.next = find_next(program, s, nest);
  }
  return schedule;
}

}  // namespace ricci::jit
