#include "lane_width.hpp"

#include <algorithm>

#include "place_sorts.hpp"
#include "ricci/helpers.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

// Integers of 8 bytes count as 4: most of them are subscripts, which fit that.
constexpr int word = 4;

bool is_affine(Expr subscript) {
  bool affine = true;
  walk({subscript}, [&](Expr e) {
    if (e->free.empty() || e->as<Axis>()) return false;
    constexpr Op keep[] = {Op::add, Op::subtract, Op::multiply, Op::negate};
    affine &= e->as<Apply>() && std::ranges::count(keep, e->as<Apply>()->op) > 0;
    return true;
  });
  return affine;
}

int of_element(DType dtype) { return std::min(static_cast<int>(size_of(dtype)), word); }

/// Of a place in memory. What is checked, or found by other data, has lanes of subscripts.
int of_place(const std::vector<Expr>& subscripts, Policy policy, DType dtype) {
  const auto is_plain = [&](Expr e) { return e->as<Axis>() || (policy != Policy::check && is_affine(e)); };
  return std::ranges::all_of(subscripts, is_plain) ? of_element(dtype) : word;
}

/// Of the widest value in an expression, a part of which may stand in it many times.
class Widths {
 public:
  int of(Expr e) {
    if (const auto known = known_.find(e); known != known_.end()) return known->second;
    const int width = computed(e);
    known_.emplace(e, width);
    return width;
  }
  /// Of a statement that stores this value.
  int of_statement(const Statement& s, Expr value, bool in_lanes) {
    if (s.in_order || s.appends || is_sort(s)) return word;
    const int place = in_lanes ? of_place(s.subscripts, s.policy, value->dtype) : 1;
    return std::max({place, of(value), s.guard ? of(s.guard) : 1});
  }

 private:
  int computed(Expr e) {
    const int own = of_element(e->dtype);
    return visit(
        e, [](const Const&) { return 1; }, [](const Param&) { return 1; }, [](const Extent&) { return 1; },
        [&](const Apply& apply) {
          int widest = own;
          for (Expr arg : apply.args) widest = std::max(widest, of(arg));
          return widest;
        },
        [&](const Read& read) {
          return std::max(of_place(read.subscripts, read.policy, e->dtype), read.guard ? of(read.guard) : 1);
        },
        [&](const Fold& fold) {
          if (!fold.ranges.empty() || info(fold.reduction).results == Results::index) return word;
          if (Expr condition = counted_condition(fold)) return of(condition);
          return std::max(own, of(fold.body));
        },
        [](const auto&) { return word; });
  }

  std::unordered_map<Expr, int> known_;
};

bool computes_doubles(const Statement& s) {
  return std::ranges::any_of(nodes(expressions(s)), [](Expr e) { return e->dtype == DType::f64; });
}

/// Whether roots and divisions of floats take most of the time of an iteration, and not of one of its outer loops.
/// Registers of 64 bytes halve neither: the divider takes twice as long for them, and a Cascade Lake's clock falls by a
/// seventh.
bool waits_for_divider(const Statement& s, Expr value) {
  int divisions = 0, others = 0;
  for (Expr e : nodes({value})) {
    if (e->as<Fold>()) return false;
    const Apply* apply = e->as<Apply>();
    if (!apply || std::ranges::any_of(s.domain, [&](AxisId axis) { return !uses_axis(e, axis); })) continue;
    if (is_long(apply->op)) return false;
    const bool divides = apply->op == Op::sqrt || apply->op == Op::divide;
    (divides && is_float(e->dtype) ? divisions : others) += 1;
  }
  return !s.update && !s.guard && !s.in_order && !s.appends && divisions > 0 && others <= 2 * divisions;
}

}  // namespace

Expr counted_condition(const Fold& f) {
  const Apply* body = f.body->as<Apply>();
  const bool counts = f.reduction == Reduction::sum && body && body->op == Op::cast && is_integer(f.body->dtype) &&
                      body->args[0]->dtype == DType::b1;
  return counts ? body->args[0] : nullptr;
}

int lane_bytes(const Program& program, const Nest& nest, const Target& target) {
  // Without registers for masks, bytes go one by one at the end of a row: it must not be long.
  int widest = target.features.find("avx512bw") != std::string::npos ? 1 : 2;
  Widths widths;
  for (std::size_t k = 0; k < nest.statements.size(); ++k) {
    const Statement& s = program.statements[nest.statements[k]];
    const int own = computes_doubles(s) ? 8 : widths.of_statement(s, nest.values[k], !nest.folds);
    const bool halves = target.vector_bytes == 64 && waits_for_divider(s, nest.values[k]);
    widest = std::max(widest, halves ? 2 * own : own);
  }
  return widest;
}

}  // namespace ricci::jit
