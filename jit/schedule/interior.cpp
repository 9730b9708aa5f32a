#include "schedule/interior.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "ir/interval.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// coefficient * axis + rest >= 0, where `rest` is of extents, params and constants.
struct Bound {
  std::int64_t coefficient;
  Expr rest;
};

/// A comparison that guards reads and what it is there, or a choice in a subscript and the number of the argument that
/// it is there; and what makes it so for every value of the axes of reductions.
struct Test {
  Expr tested;
  bool holds;
  std::size_t argument;
  AxisId axis;
  std::vector<Bound> bounds;
};

class Finder {
 public:
  Finder(Program& program, const Specialisation& s, Nest& nest, std::unordered_map<Expr, AxisId>& fold_lanes)
      : program_(program), g_(program.graph), s_(s), nest_(nest), fold_lanes_(fold_lanes) {}

  void run() {
    std::vector<Statement> now;
    for (std::size_t k = 0; k < nest_.statements.size(); ++k) {
      now.push_back(program_.statements[nest_.statements[k]]);
      now.back().value = nest_.values[k];
    }
    const std::vector<Test> tests = find_tests(now);
    const auto is_of_lanes = [&](const Test& t) { return t.axis == *nest_.lane_axis; };
    const bool lanes_are_cut = std::ranges::any_of(tests, is_of_lanes);
    for (AxisId axis : nest_.order) {
      std::vector<Test> own;
      std::ranges::copy_if(tests, std::back_inserter(own), [&](const Test& t) { return t.axis == axis; });
      if (own.empty()) continue;
      // Once for all lanes of a row, a choice costs less than another body.
      const auto is_of_row = [&](const Test& t) { return is_choice(t.tested) && t.tested->free.size() == 1; };
      if (lanes_are_cut && axis != *nest_.lane_axis && std::ranges::all_of(own, is_of_row)) continue;
      Interior interior{axis, constant(g_, std::int64_t{0}), values_of(axis), inside(now, own)};
      for (const Test& test : own)
        for (const Bound& bound : test.bounds) narrow(interior, bound);
      interior.chooses = std::ranges::any_of(own, [](const Test& t) { return is_choice(t.tested); });
      now = interior.statements;
      nest_.interiors.push_back(std::move(interior));
    }
  }

 private:
  /// How many values an axis has, with the axes that it stands for.
  Expr values_of(AxisId axis) const {
    Expr product = extent(g_, axis);
    for (AxisId other : s_.collapsed[axis])
      if (other != axis) product = apply(g_, Op::multiply, {extent(g_, other), product});
    return product;
  }

  /// The comparisons in guards of reads, unless they are wanted true here and false there.
  std::vector<Test> find_tests(const std::vector<Statement>& statements) {
    std::vector<Expr> roots;
    for (const Statement& s : statements)
      for (Expr e : expressions(s)) roots.push_back(e);
    std::map<std::uint32_t, std::pair<Expr, std::set<bool>>> wanted;  // by node id: in a fixed order
    std::map<std::uint32_t, Expr> choices;  // inner ones first
    for (Expr e : nodes(std::move(roots))) {
      const Read* read = e->as<Read>();
      for (Expr n : read ? nodes(read->subscripts) : std::vector<Expr>{})
        if (is_choice(n)) choices.emplace(n->id, n);
      for (Expr condition : read ? conjuncts(read->guard) : std::vector<Expr>{}) {
        const Apply* negation = condition->as<Apply>();
        const bool negated = negation && negation->op == Op::logical_not;
        const Expr comparison = negated ? negation->args[0] : condition;
        wanted[comparison->id].first = comparison;
        wanted[comparison->id].second.insert(!negated);
      }
    }
    std::vector<Test> tests, of_choices;
    for (const auto& [id, e] : choices)
      if (const auto test = make_test_of_choice(e)) {
        of_choices.push_back(*test);
        chosen_.emplace(e, test->argument);
      }
    for (const auto& [id, found] : wanted)
      if (found.second.size() == 1)
        if (const auto test = make_test(found.first, *found.second.begin())) tests.push_back(*test);
    tests.insert(tests.end(), of_choices.begin(), of_choices.end());
    return tests;
  }

  /// For what wrap(x)[...] and clip(x)[...] are, and what reflects a subscript at an end: the test that it is inside
  /// anyway, or on the side where it rises with the axis.
  std::optional<Test> make_test_of_choice(Expr e) {
    const Apply& apply = *e->as<Apply>();
    if (e->may_fail) return {};
    const Expr zero = constant(g_, std::int64_t{0});
    const bool is_one_of_two = apply.op == Op::minimum || apply.op == Op::maximum;
    for (std::size_t k = 0; k < (is_one_of_two ? 2 : 1); ++k) {
      const Expr chosen = plain(apply.args[k]), other = is_one_of_two ? plain(apply.args[1 - k]) : zero;
      const auto axis = axis_of(chosen);
      const bool rises = axis && coefficient(chosen, *axis) > 0 && coefficient(other, *axis) < 0;
      if (!axis || !(rises || other->free.empty())) continue;
      std::vector<std::optional<Bound>> bounds;
      if (apply.op == Op::minimum) bounds = {at_least(other, chosen, 0, *axis)};
      if (apply.op == Op::maximum) bounds = {at_least(chosen, other, 0, *axis)};
      if (apply.op == Op::abs) bounds = {at_least(chosen, zero, 0, *axis)};
      if (apply.op == Op::remainder)
        bounds = {at_least(chosen, zero, 0, *axis), at_least(apply.args[1], chosen, 1, *axis)};
      if (std::ranges::any_of(bounds, [](const auto& b) { return !b; })) continue;
      Test test{e, true, k, *axis, {}};
      for (const auto& bound : bounds) test.bounds.push_back(*bound);
      return test;
    }
    return {};
  }

  /// An expression where the tests of all choices in it hold that have one.
  Expr plain(Expr e) {
    return replace(g_, e, plain_, [&](Expr n) -> Expr {
      const auto it = chosen_.find(n);
      return it == chosen_.end() ? nullptr : plain(n->as<Apply>()->args[it->second]);
    });
  }

  /// Of the axis in an affine expression; 0 in others.
  std::int64_t coefficient(Expr e, AxisId axis) {
    const auto affine = affine_in(g_, e, axis);
    return affine ? affine->coefficient : 0;
  }

  /// The only axis of the nest that an expression has.
  std::optional<AxisId> axis_of(Expr e) const {
    std::optional<AxisId> axis;
    for (AxisId a : e->free) {
      if (std::ranges::count(nest_.order, a) == 0) continue;
      if (axis) return {};
      axis = a;
    }
    return axis;
  }

  std::optional<Test> make_test(Expr comparison, bool holds) {
    const Apply* apply = comparison->as<Apply>();
    if (!apply || info(apply->op).typing != Typing::compare || apply->args[0]->dtype != DType::i64) return {};
    if (comparison->may_fail) return {};
    const std::optional<AxisId> axis = axis_of(comparison);
    if (!axis) return {};
    const Expr left = apply->args[0], right = apply->args[1];
    std::optional<Bound> bound;
    switch (apply->op) {
      case Op::less:
        bound = holds ? at_least(right, left, 1, *axis) : at_least(left, right, 0, *axis);
        break;
      case Op::less_equal:
        bound = holds ? at_least(right, left, 0, *axis) : at_least(left, right, 1, *axis);
        break;
      case Op::greater:
        bound = holds ? at_least(left, right, 1, *axis) : at_least(right, left, 0, *axis);
        break;
      case Op::greater_equal:
        bound = holds ? at_least(left, right, 0, *axis) : at_least(right, left, 1, *axis);
        break;
      case Op::equal:
        bound = holds ? std::nullopt : after_first(left, right, *axis);
        break;
      case Op::not_equal:
        bound = holds ? after_first(left, right, *axis) : std::nullopt;
        break;
      default:
        break;
    }
    return bound ? std::optional(Test{comparison, holds, 0, *axis, {*bound}}) : std::nullopt;
  }

  /// high - low >= margin, for every value of the axes of reductions.
  std::optional<Bound> at_least(Expr high, Expr low, std::int64_t margin, AxisId axis) {
    const Expr apart = apply(g_, Op::subtract, {plain(high), plain(low)});
    const Expr distance = apply(g_, Op::subtract, {apart, constant(g_, margin)});
    const auto affine = affine_in(g_, distance, axis);
    if (!affine || affine->coefficient == 0) return {};
    Expr least = affine->rest;
    for (AxisId other : std::vector(least->free)) {
      const auto part = affine_in(g_, least, other);
      if (!part) return {};
      const Expr last = apply(g_, Op::subtract, {values_of(other), constant(g_, std::int64_t{1})});
      const Expr at = part->coefficient < 0 ? last : constant(g_, std::int64_t{0});
      least = apply(g_, Op::add, {apply(g_, Op::multiply, {constant(g_, part->coefficient), at}), part->rest});
    }
    return Bound{affine->coefficient, least};
  }

  /// left != right from the second value of the axis on, if they are equal at the first.
  std::optional<Bound> after_first(Expr left, Expr right, AxisId axis) {
    const auto affine = affine_in(g_, apply(g_, Op::subtract, {left, right}), axis);
    const Expr zero = constant(g_, std::int64_t{0});
    if (!affine || affine->coefficient == 0 || affine->rest != zero) return {};
    return Bound{1, constant(g_, std::int64_t{-1})};
  }

  void narrow(Interior& interior, const Bound& b) {
    const std::int64_t factor = b.coefficient > 0 ? b.coefficient : -b.coefficient;
    const Expr steps = apply(g_, Op::floor_divide, {b.rest, constant(g_, factor)});
    if (b.coefficient > 0) {
      interior.low = apply(g_, Op::maximum, {interior.low, apply(g_, Op::negate, {steps})});
    } else {
      const Expr end = apply(g_, Op::add, {steps, constant(g_, std::int64_t{1})});
      interior.high = apply(g_, Op::minimum, {interior.high, end});
    }
  }

  /// The statements where the tests hold. A read that does not move along the axis keeps its guard: it stands before
  /// the loop of the axis, and there may be no interior.
  std::vector<Statement> inside(std::vector<Statement> statements, const std::vector<Test>& tests) {
    Memo memo;
    const AxisId axis = tests.front().axis;
    const Rewrite known = [&](Expr original, Expr e) -> Expr {
      if (std::ranges::count(nest_.streams, original) > 0) return original;
      for (const Test& test : tests) {
        if (original != test.tested) continue;
        if (original->dtype == DType::b1) return constant(g_, Scalar::of(test.holds));
        return e->as<Apply>() && e->as<Apply>()->op == original->as<Apply>()->op ? e->as<Apply>()->args[test.argument]
                                                                                 : e;
      }
      const Read* old = original->as<Read>();
      if (!old || !old->guard || moves_along(*old, axis)) return e;
      const Read* now = e->as<Read>();
      return now ? read(g_, now->tensor, e->dtype, now->subscripts, now->policy, old->guard) : original;
    };
    const auto rewritten = [&](Expr e) { return e ? rewrite(g_, e, memo, known) : nullptr; };
    for (Statement& s : statements) {
      for (Expr& subscript : s.subscripts) subscript = rewritten(subscript);
      s.value = rewritten(s.value);
      s.guard = rewritten(s.guard);
      if (s.guard && s.guard->as<Const>() && s.guard->as<Const>()->value.get<bool>()) s.guard = nullptr;
    }
    for (const auto& [before, after] : memo)
      if (const auto lanes = fold_lanes_.find(before); lanes != fold_lanes_.end() && after->as<Fold>())
        fold_lanes_.emplace(after, lanes->second);
    return statements;
  }

  static bool moves_along(const Read& read, AxisId axis) {
    return std::ranges::any_of(read.subscripts, [&](Expr s) { return uses_axis(s, axis); });
  }

  Program& program_;
  Graph& g_;
  const Specialisation& s_;
  Nest& nest_;
  std::unordered_map<Expr, AxisId>& fold_lanes_;
  std::unordered_map<Expr, std::size_t> chosen_;  // choices with a test, and the number of the argument
  Memo plain_;
};

}  // namespace

bool is_choice(Expr e) {
  const Apply* apply = e->as<Apply>();
  if (!apply || e->dtype != DType::i64) return false;
  if (apply->op == Op::remainder) return apply->args[1]->as<Extent>() != nullptr;
  return apply->op == Op::minimum || apply->op == Op::maximum || apply->op == Op::abs;
}

void find_interiors(Program& program, const Specialisation& s, Nest& nest,
                    std::unordered_map<Expr, AxisId>& fold_lanes) {
  // Without lanes a test costs no more inside the loop than outside.
  if (nest.serial || nest.folds || nest.in_order || !nest.lane_axis) return;
  Finder(program, s, nest, fold_lanes).run();
}

}  // namespace ricci::jit
