#include "schedule/periods.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::int64_t vectors_of_period = 2;  // in shorter ones the masked last vector costs more than gathers
constexpr std::size_t most_periods = 8;

class Finder {
 public:
  Finder(Program& program, Nest& nest) : program_(program), g_(program.graph), nest_(nest) {}

  void run(std::unordered_map<Expr, AxisId>& fold_lanes) {
    std::vector<Statement> statements;
    std::vector<Expr> roots;
    for (std::size_t k = 0; k < nest_.statements.size(); ++k) {
      Statement& s = statements.emplace_back(program_.statements[nest_.statements[k]]);
      s.value = nest_.values[k];
      for (Expr e : expressions(s)) roots.push_back(e);
    }
    std::vector<Expr> all = nodes(std::move(roots));
    std::ranges::sort(all, {}, &Node::id);  // in a fixed order
    for (Expr e : all) note(e);
    if (replaced_.empty() || found_.all.size() > most_periods) return;
    Memo memo;
    const Rewrite in_period = [&](Expr original, Expr e) -> Expr {
      if (std::ranges::count(nest_.streams, original) > 0) return original;
      const auto to = replaced_.find(original);
      return to == replaced_.end() ? e : to->second;
    };
    const auto rewritten = [&](Expr e) { return e ? rewrite(g_, e, memo, in_period) : nullptr; };
    for (Statement& s : statements) {
      for (Expr& subscript : s.subscripts) subscript = rewritten(subscript);
      s.value = rewritten(s.value);
      s.guard = rewritten(s.guard);
    }
    for (const auto& [before, after] : memo)
      if (const auto lanes = fold_lanes.find(before); lanes != fold_lanes.end() && after->as<Fold>())
        fold_lanes.emplace(after, lanes->second);
    found_.statements = std::move(statements);
    nest_.periods = std::move(found_);
  }

 private:
  void note(Expr e) {
    const Apply* apply = e->as<Apply>();
    if (!apply || (apply->op != Op::remainder && apply->op != Op::floor_divide) || e->dtype != DType::i64) return;
    if (e->may_fail || !uses_axis(e, *nest_.lane_axis)) return;
    const auto dividend = affine_in(g_, apply->args[0], *nest_.lane_axis);
    const Expr divisor = apply->args[1];
    if (!dividend || std::abs(dividend->coefficient) != 1) return;
    if (!is_known_before(dividend->rest) || !is_known_before(divisor) || !may_be_large(divisor)) return;
    const auto same = [&](const Period& p) {
      return p.sign == dividend->coefficient && p.rest == dividend->rest && p.divisor == divisor;
    };
    auto period = std::ranges::find_if(found_.all, same);
    if (period == found_.all.end()) {
      found_.all.push_back({dividend->coefficient, dividend->rest, divisor, number("quotient"), number("start")});
      period = found_.all.end() - 1;
    }
    const Expr lane = axis(g_, *nest_.lane_axis), start = axis(g_, period->start);
    const Expr remainder =
        period->sign > 0 ? ir::apply(g_, Op::add, {lane, start}) : ir::apply(g_, Op::subtract, {start, lane});
    replaced_.emplace(e, apply->op == Op::remainder ? remainder : axis(g_, period->quotient));
  }

  /// Before the loop of the lanes: it has no other axis of the nest that is inside of it, and none of a reduction.
  bool is_known_before(Expr e) const {
    return std::ranges::all_of(e->free, [&](AxisId a) {
      return a != *nest_.lane_axis &&
             std::ranges::find(nest_.order, a) < std::ranges::find(nest_.order, *nest_.lane_axis);
    });
  }

  bool may_be_large(Expr divisor) {
    const std::int64_t least = vectors_of_period * nest_.lanes;
    if (const Const* c = divisor->as<Const>()) return c->value.as_int() >= least;
    const Expr large = apply(g_, Op::greater_equal, {divisor, constant(g_, least)});
    if (std::ranges::count(conditions_, large) > 0) return true;
    conditions_.push_back(large);
    found_.are_long = found_.are_long ? apply(g_, Op::logical_and, {found_.are_long, large}) : large;
    return true;
  }

  /// A number that is known in a period.
  AxisId number(const std::string& name) {
    program_.axes.push_back({.name = name, .sizes = {}, .fixed = 1});
    return static_cast<AxisId>(program_.axes.size() - 1);
  }

  Program& program_;
  Graph& g_;
  Nest& nest_;
  Periods found_;
  std::vector<Expr> conditions_;
  std::unordered_map<Expr, Expr> replaced_;
};

}  // namespace

void find_periods(Program& program, Nest& nest, std::unordered_map<Expr, AxisId>& fold_lanes) {
  if (nest.serial || nest.tables || nest.folds || nest.appends || nest.in_order || !nest.lane_axis) return;
  if (nest.planes || nest.kept || !nest.interiors.empty() || !nest.short_rows.empty()) return;
  Finder(program, nest).run(fold_lanes);
}

}  // namespace ricci::jit
