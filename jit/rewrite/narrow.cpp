#include "rewrite/narrow.hpp"

#include <algorithm>
#include <limits>

#include "ir/affine.hpp"
#include "ir/interval.hpp"
#include "rewrite/scan.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// The narrowest type of less than 64 bits that holds all of these numbers.
std::optional<DType> type_for(Interval numbers) {
  for (DType dtype : {DType::u8, DType::u16, DType::u32, DType::i8, DType::i16, DType::i32}) {
    const Interval all = visit_dtype(dtype, []<class T>(std::type_identity<T>) -> Interval {
      using Limits = std::numeric_limits<T>;
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 4) return {Limits::min(), Limits::max()};
      return {0, 0};
    });
    if (numbers.within(all)) return dtype;
  }
  return std::nullopt;
}

bool is_wide(Expr e) { return e->dtype == DType::i64 || e->dtype == DType::u64; }

std::vector<std::int64_t> most_values(const Program& program) {
  std::vector<std::int64_t> extents;
  for (AxisId axis = 0; axis < program.axes.size(); ++axis)
    extents.push_back(known_extent(program, axis).value_or(std::numeric_limits<std::int64_t>::max()));
  return extents;
}

class Narrowing {
 public:
  explicit Narrowing(Program& program) : g_(program.graph), extents_(most_values(program)), bounds_(extents_) {}

  Expr narrowed(Expr e) {
    return rewrite(g_, e, memo_, [&](Expr, Expr e) {
      if (const Fold* fold = e->as<Fold>()) return narrow_sum(e, *fold);
      const Apply* apply = e->as<Apply>();
      return apply && std::ranges::any_of(apply->args, [&](Expr arg) { return is_wide(arg) && has_sum(arg); })
                 ? narrow_apply(e, *apply)
                 : e;
    });
  }

 private:
  Expr narrow_sum(Expr e, const Fold& fold) {
    if (fold.reduction != Reduction::sum || !is_wide(e) || e->free.empty() || scan_of(fold)) return e;
    const auto dtype = type_for(bounds_.of(e));
    const Expr body = dtype ? truncated(fold.body, *dtype) : nullptr;
    if (!body) return e;
    const Expr sum = ir::fold(g_, Reduction::sum, fold.axes, body, fold.ranges);
    has_sum_.emplace(sum, true);
    return cast(g_, e->dtype, sum);
  }

  /// What takes wide numbers made of such a sum: the same of narrow ones, if it gives the same value.
  Expr narrow_apply(Expr e, const Apply& apply) {
    if (apply.op == Op::cast && is_integer(e->dtype)) {
      const Expr number = is_wide(e) ? nullptr : truncated(apply.args[0], e->dtype);
      return number ? number : e;
    }
    constexpr Op exact[] = {Op::floor_divide, Op::remainder, Op::minimum, Op::maximum, Op::abs};
    const bool is_exact = std::ranges::count(exact, apply.op) > 0;
    if (!is_exact && apply.op != Op::cast && info(apply.op).typing != Typing::compare) return e;
    const bool compares_equal = apply.op == Op::equal || apply.op == Op::not_equal;
    Interval numbers{0, 0};
    const auto include = [&](Interval x) { numbers = {std::min(numbers.low, x.low), std::max(numbers.high, x.high)}; };
    for (Expr arg : apply.args) include(compares_equal ? unwrapped(arg) : bounds_.of(arg));
    if (is_exact) include(bounds_.of(e));
    const auto dtype = type_for(numbers);
    std::vector<Expr> args;
    for (Expr arg : apply.args) {
      args.push_back(dtype ? truncated(arg, *dtype) : nullptr);
      if (!args.back()) return e;
    }
    if (apply.op == Op::cast) return cast(g_, e->dtype, args[0]);
    const Expr result = ir::apply(g_, apply.op, std::move(args));
    return is_exact ? cast(g_, e->dtype, result) : result;
  }

  /// Of sums and differences before they wrap around. Numbers so near are equal if they are equal modulo 2^64.
  Interval unwrapped(Expr e) {
    constexpr std::int64_t limit = std::int64_t{1} << 61;
    const Apply* apply = e->as<Apply>();
    if (!apply || (apply->op != Op::add && apply->op != Op::subtract)) return bounds_.of(e);
    const Interval a = unwrapped(apply->args[0]), b = unwrapped(apply->args[1]);
    if (!a.within({-limit, limit}) || !b.within({-limit, limit})) return bounds_.of(e);
    return apply->op == Op::add ? Interval{a.low + b.low, a.high + b.high} : Interval{a.low - b.high, a.high - b.low};
  }

  /// The lower bits of an integer, without a wide one; null if it takes one.
  Expr truncated(Expr e, DType dtype) {
    const Apply* apply = e->as<Apply>();
    constexpr Op modular[] = {Op::add,         Op::subtract,   Op::multiply,    Op::negate,
                              Op::logical_and, Op::logical_or, Op::logical_xor, Op::select};
    if (e->as<Const>() || size_of(e->dtype) <= size_of(dtype)) return cast(g_, dtype, e);
    if (apply && apply->op == Op::cast) {
      const Expr x = apply->args[0];
      return x->dtype == DType::b1 ? cast(g_, dtype, x) : is_integer(x->dtype) ? truncated(x, dtype) : nullptr;
    }
    if (!apply || std::ranges::count(modular, apply->op) == 0) return is_wide(e) ? nullptr : cast(g_, dtype, e);
    std::vector<Expr> args;
    for (std::size_t i = 0; i < apply->args.size(); ++i) {
      const bool is_condition = apply->op == Op::select && i == 0;
      args.push_back(is_condition ? apply->args[i] : truncated(apply->args[i], dtype));
      if (!args.back()) return nullptr;
    }
    return ir::apply(g_, apply->op, std::move(args));
  }

  bool has_sum(Expr e) {
    if (const auto it = has_sum_.find(e); it != has_sum_.end()) return it->second;
    const bool result = e->as<Apply>() && std::ranges::any_of(children(e), [&](Expr c) { return has_sum(c); });
    has_sum_.emplace(e, result);
    return result;
  }

  Graph& g_;
  std::vector<std::int64_t> extents_;
  Bounds bounds_;
  Memo memo_;
  std::unordered_map<Expr, bool> has_sum_;  // one that was narrowed
};

}  // namespace

void narrow_sums(Program& program) {
  Narrowing narrowing(program);
  for (Statement& s : program.statements) replace_expressions(s, [&](Expr e) { return narrowing.narrowed(e); });
}

}  // namespace ricci::jit
