#include "support/random_program.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "ricci/shape.hpp"
#include "support/dice.hpp"

namespace ricci::test {

namespace {

using namespace ir;

constexpr DType dtypes[] = {DType::b1, DType::u8, DType::i32, DType::i64, DType::f32, DType::f64};
constexpr DType numbers[] = {DType::u8, DType::i32, DType::i64, DType::f32, DType::f32, DType::f64};
constexpr std::int64_t hidden = -1;  // the limit of a tensor that expressions must not read

class Generator : Dice {
 public:
  Generator(std::uint64_t seed, const RandomOptions& options) : Dice{std::mt19937_64(seed)}, options_(options) {}

  RandomCase make(std::uint64_t seed) {
    make_axes();
    for (int n = below(4) + 1; n > 0; --n) make_input();
    for (int n = below(2) + 1; n > 0; --n) make_index_tensor();
    for (int n = below(3); n > 0; --n) {
      const DType dtype = one_of(numbers);
      case_.program.params.push_back({"p" + std::to_string(case_.params.size()), dtype});
      case_.params.push_back(number(dtype, false));
    }
    for (int n = chance(30) ? 2 : 1; n > 0; --n) make_statement();
    for (AxisId id = 0; id < extents_.size(); ++id)
      if (p().axes[id].sizes.empty() || chance(10)) p().axes[id].fixed = extents_[id];
    case_.text = "seed " + std::to_string(seed) + "\n" + to_string(p());
    for (TensorId t = 0; t < p().tensors.size(); ++t) {
      const Layout& layout = view(t).layout;
      case_.text += "  " + p().tensors[t].name + " shape " + shape_text(extents_of(layout)) + " strides " +
                    shape_text({layout.strides.data(), static_cast<std::size_t>(layout.rank)}) + "\n";
    }
    return std::move(case_);
  }

 private:
  using Axes = std::vector<AxisId>;

  Program& p() { return case_.program; }
  Graph& g() { return case_.program.graph; }
  const TensorView& view(TensorId t) { return case_.tensors.views[t]; }

  // --- declarations and data ---------------------------------------------------------------------------------------

  std::int64_t random_extent() { return one_of<std::int64_t>({1, 2, 3, 5, 15, 16, 17, 33}); }

  void make_axes() {
    std::int64_t iterations = 1;
    for (int n = chance(90) ? below(3) + 2 : 1; n > 0; --n) {
      std::int64_t extent = random_extent();
      while (extent > 1 && iterations * extent > options_.iterations) extent = random_extent();
      if (chance(3)) extent = 0;
      iterations *= std::max<std::int64_t>(extent, 1);
      p().axes.push_back({std::string(1, "ijkl"[extents_.size()]), {}, -1, false});
      extents_.push_back(extent);
    }
  }

  std::vector<std::int64_t> random_extents(int rank) {
    std::vector<std::int64_t> extents, likely = extents_;
    shuffle(likely);
    std::int64_t size = 1;
    for (int i = 0; i < rank; ++i) {
      std::int64_t extent = chance(85) ? likely[static_cast<std::size_t>(i) % likely.size()] : random_extent();
      if (size * extent > 5000) extent = 1;
      extents.push_back(extent);
      size *= extent;
    }
    return extents;
  }

  /// A new tensor; its values are below `limit` if that is positive (an index tensor), else anything.
  TensorId make_tensor(DType dtype, const std::vector<std::int64_t>& extents, std::int64_t limit, bool target = false) {
    const auto id = static_cast<TensorId>(p().tensors.size());
    const Pattern pattern = chance(50) ? Pattern::contiguous : one_of(all_patterns);
    const bool shared = target && pattern == Pattern::repeated;
    GuardedTensor tensor(dtype, extents, shared ? Pattern::contiguous : pattern,
                         chance(80) ? Flush::end : Flush::start);
    p().tensors.push_back({(target      ? "out"
                            : limit > 0 ? "index"
                                        : "x") +
                               std::to_string(id),
                           dtype,
                           static_cast<int>(extents.size()),
                           {}});
    const bool special = options_.specials && chance(25);
    const std::int64_t size = tensor.view().layout.size();
    for (std::int64_t n = 0; n < size; ++n) {
      const Scalar value = limit > 0 ? integer(dtype, below(static_cast<int>(limit))) : number(dtype, special);
      value.store(element(tensor.view(), n));
    }
    if (limit > 0 && size > 0 && options_.bad_subscripts && chance(10))
      integer(dtype, limit + below(3)).store(element(tensor.view(), below(static_cast<int>(size))));
    limits_.push_back(limit);
    case_.tensors.views.push_back(tensor.view());
    case_.tensors.owned.push_back(std::move(tensor));
    return id;
  }

  // Two dice are never thrown in the arguments of one call: compilers differ in the order.
  void make_input() {
    const DType dtype = one_of(dtypes);
    make_tensor(dtype, random_extents(chance(90) ? below(3) + 1 : 0), 0);
  }

  void make_index_tensor() {
    const std::int64_t limit = std::max<std::int64_t>(one_of(extents_), 1);
    const DType dtype = one_of({DType::u8, DType::i32, DType::i64});
    make_tensor(dtype, random_extents(chance(90) ? below(2) + 1 : 0), limit);
  }

  static Scalar integer(DType dtype, std::int64_t value) {
    return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) { return Scalar::of(static_cast<T>(value)); });
  }

  Scalar number(DType dtype, bool special) {
    if (dtype == DType::b1) return Scalar::of(chance(50));
    if (!is_float(dtype)) return integer(dtype, is_unsigned_integer(dtype) ? below(9) : below(9) - 4);
    double value = below(9) - 4;
    if (chance(20)) value /= 3;
    if (special && chance(10)) value = one_of<double>({NAN, INFINITY, -INFINITY, -0.0, 1e30, 1e-30});
    return dtype == DType::f32 ? Scalar::of(static_cast<float>(value)) : Scalar::of(value);
  }

  // --- expressions -------------------------------------------------------------------------------------------------

  Expr op(Op op, std::vector<Expr> args) { return apply(g(), op, std::move(args)); }
  Expr whole(std::int64_t value) { return constant(g(), value); }

  Axes outside(const Axes& scope) {
    Axes others;
    for (AxisId id = 0; id < extents_.size(); ++id)
      if (std::ranges::find(scope, id) == scope.end()) others.push_back(id);
    return others;
  }

  /// One or two axes that are not in scope; none if all are.
  Axes fold_axes(const Axes& scope) {
    Axes others = outside(scope);
    shuffle(others);
    others.resize(std::min<std::size_t>(others.size(), chance(75) ? 1 : 2));
    return others;
  }

  std::int64_t elements_over(const Axes& axes) {
    std::int64_t n = 1;
    for (AxisId id : axes) n *= extents_[id];
    return n;
  }

  static Axes both(Axes scope, const Axes& more) {
    scope.insert(scope.end(), more.begin(), more.end());
    return scope;
  }

  Expr expression(DType dtype, int depth, const Axes& scope) {
    if (depth <= 0 || chance(5)) return leaf(dtype, scope, depth);
    if (chance(25)) return reduction(dtype, depth, scope);
    if (chance(12))
      return op(Op::select, {expression(DType::b1, depth - 1, scope), expression(dtype, depth - 1, scope),
                             expression(dtype, depth - 1, scope)});
    if (chance(12)) return cast(g(), dtype, expression(one_of(dtypes), depth - 1, scope));
    if (chance(15)) return leaf(dtype, scope, depth);
    if (dtype == DType::b1 && chance(60)) {
      const DType compared = one_of(dtypes);
      const Op comparison =
          one_of({Op::equal, Op::not_equal, Op::less, Op::less_equal, Op::greater, Op::greater_equal});
      return op(comparison, {expression(compared, depth - 1, scope), expression(compared, depth - 1, scope)});
    }
    const Op chosen =
        dtype == DType::b1 ? one_of({Op::logical_and, Op::logical_or, Op::logical_xor, Op::logical_not})
        : !is_float(dtype)
            ? one_of({Op::floor_divide, Op::remainder, Op::add, Op::subtract, Op::add, Op::multiply, Op::minimum,
                      Op::maximum, Op::negate, Op::abs, Op::logical_and, Op::shift_left, Op::shift_right})
        : chance(90) ? one_of({Op::add, Op::subtract, Op::multiply, Op::add, Op::multiply, Op::minimum, Op::maximum,
                               Op::negate, Op::abs, Op::floor, Op::divide})
                     : one_of({Op::sqrt, Op::exp, Op::log, Op::tanh, Op::round, Op::trunc, Op::ceil});
    std::vector<Expr> args;
    for (int i = 0; i < info(chosen).arity; ++i) args.push_back(expression(dtype, depth - 1, scope));
    return op(chosen, std::move(args));
  }

  Expr leaf(DType dtype, const Axes& scope, int depth) {
    if (chance(75))
      if (Expr element = any_read(scope, std::min(depth, 1))) return cast(g(), dtype, element);
    if (!scope.empty() && chance(60)) return cast(g(), dtype, axis(g(), one_of(scope)));
    if (!case_.params.empty() && chance(30)) {
      const auto id = static_cast<ParamId>(below(static_cast<int>(case_.params.size())));
      return cast(g(), dtype, param(g(), id, case_.params[id].dtype));
    }
    if (chance(10)) return cast(g(), dtype, extent(g(), one_of(outside({}))));
    return constant(g(), number(dtype, options_.specials && chance(10)));
  }

  Expr reduction(DType dtype, int depth, const Axes& scope) {
    const Axes axes = fold_axes(scope);
    if (axes.empty()) return leaf(dtype, scope, depth);
    const Axes inside = both(scope, axes);
    if (chance(15)) return cast(g(), dtype, winner(axes, depth, scope, chance(80)));
    if (chance(10)) return cast(g(), dtype, sorted(axes, depth, scope));
    const std::vector<Range> ranges = random_ranges(axes, depth, scope);
    if (dtype == DType::b1) {
      const Reduction r = one_of({Reduction::any, Reduction::all});
      return fold(g(), r, axes, expression(dtype, depth - 1, inside), ranges);
    }
    const bool empty = elements_over(axes) == 0;
    const Reduction r = empty || chance(65) ? (chance(92) ? Reduction::sum : Reduction::prod)
                                            : one_of({Reduction::max, Reduction::min});
    Expr body = expression(dtype, depth - 1, inside);
    if (r == Reduction::sum && chance(40)) {  // a one-hot product
      const AxisId hot = one_of(axes);
      Expr chosen = chance(60) ? subscript(std::max<std::int64_t>(extents_[hot], 1), scope, depth - 1).value
                               : expression(DType::i64, depth - 1, inside);
      body = op(Op::select, {op(Op::equal, {axis(g(), hot), chosen}), body, constant(g(), integer(dtype, 0))});
    }
    return fold(g(), r, axes, body, ranges);
  }

  /// A reduction over what stands before one axis of the scope.
  Expr scan(DType dtype, int depth, const Axes& scope) {
    const AxisId along = one_of(scope);
    Axes others = outside(scope);
    if (others.empty() || chance(70)) {  // an axis of the same extent
      const AxisDecl same = p().axes[along];
      p().axes.push_back(same);
      p().axes.back().name += std::to_string(p().axes.size());
      extents_.push_back(std::int64_t{extents_[along]});
      others = {static_cast<AxisId>(extents_.size() - 1)};
    }
    const AxisId k = one_of(others);
    Axes inside = both(scope, {k});
    std::erase(inside, along);
    const bool backwards = chance(30);
    const Expr moving = op(Op::add, {axis(g(), along), whole(one_of<std::int64_t>({backwards ? 0 : 1, 1, 0, 2, -1}))});
    const Expr fixed = chance(70) ? nullptr : whole(below(6));
    const Range range = backwards ? Range{moving, fixed} : Range{fixed, moving};
    if (dtype == DType::b1) return fold(g(), Reduction::any, {k}, expression(dtype, depth - 1, inside), {range});
    const Reduction r =
        one_of({Reduction::sum, Reduction::prod, Reduction::max, Reduction::min, Reduction::argmax, Reduction::argmin});
    return cast(g(), dtype, fold(g(), r, {k}, expression(one_of(numbers), depth - 1, inside), {range}));
  }

  /// Usually none; else bounds for some of the axes, also such that leave nothing.
  std::vector<Range> random_ranges(const Axes& axes, int depth, const Axes& scope) {
    std::vector<Range> ranges;
    if (!chance(30)) return ranges;
    for (AxisId id : axes) {
      const auto bound = [&]() -> Expr {
        if (chance(30)) return nullptr;
        if (chance(40)) return whole(below(static_cast<int>(extents_[id]) + 3) - 1);
        if (!scope.empty() && chance(50)) return op(Op::add, {axis(g(), one_of(scope)), whole(below(3) - 1)});
        return expression(DType::i64, depth - 2, scope);
      };
      const Expr low = bound();
      ranges.push_back({low, bound()});
    }
    return ranges;
  }

  /// An arg-reduction over `axes`: its index, or its value; a constant where the axes are empty.
  Expr winner(const Axes& axes, int depth, const Axes& scope, bool index) {
    if (elements_over(axes) == 0) return whole(0);
    const Reduction r = one_of({Reduction::argmax, Reduction::argmin});
    const std::vector<Range> ranges = random_ranges(axes, depth, scope);
    Expr found = fold(g(), r, axes, expression(one_of(numbers), depth - 1, both(scope, axes)), ranges);
    return index ? found : project(g(), found->as<Project>()->fold, 0);
  }

  /// The index of what stands somewhere in the order of a key; a constant where the axes are empty.
  Expr sorted(const Axes& axes, int depth, const Axes& scope) {
    const std::int64_t elements = elements_over(axes);
    if (elements == 0) return whole(0);
    Axes fitting;
    std::ranges::copy_if(scope, std::back_inserter(fitting), [&](AxisId id) { return extents_[id] <= elements; });
    const std::int64_t places = elements + (options_.bad_subscripts && chance(10) ? 1 : 0);
    Expr position = !fitting.empty() && chance(70)
                        ? axis(g(), one_of(fitting))
                        : op(Op::remainder, {expression(DType::i64, depth - 1, scope), whole(places)});
    const Expr key = expression(one_of(dtypes), depth - 1, both(scope, axes));
    return sort(g(), axes, key, position, chance(50));
  }

  struct Subscript {
    Expr value;
    bool inside;           // surely
    Expr guard = nullptr;  // without which it may be outside
  };

  /// A subscript for an axis of extent n > 0 that is not a bare index.
  Subscript subscript(std::int64_t n, const Axes& scope, int depth) {
    if (depth < -2) return {whole(below(static_cast<int>(n))), true};
    switch (below(7)) {
      case 0:
      case 1:
        for (TensorId t = 0; t < p().tensors.size(); ++t)
          if (limits_[t] > 0 && limits_[t] <= n)
            if (Expr element = read_of(t, scope, depth - 1)) return {cast(g(), DType::i64, element), false};
        break;
      case 2:
        if (const Axes axes = fold_axes(scope); !axes.empty() && elements_over(axes) <= n)
          return {chance(70) ? winner(axes, depth, scope, true) : sorted(axes, depth, scope), true};
        break;
      case 3:
        return {op(Op::remainder, {expression(DType::i64, depth - 1, scope), whole(n)}), true};
      case 4:
        return {op(Op::minimum, {op(Op::maximum, {expression(DType::i64, depth - 1, scope), whole(0)}), whole(n - 1)}),
                true};
      case 5:
        if (!scope.empty()) {
          const AxisId id = one_of(scope);
          Expr shifted = op(Op::add, {axis(g(), id), whole(below(4) - 1)});
          if (options_.bad_subscripts && chance(8)) return {shifted, false};
          Expr above = op(Op::greater_equal, {shifted, whole(0)});
          return {shifted, true, op(Op::logical_and, {above, op(Op::less, {shifted, whole(n)})})};
        }
        break;
      case 6:
        if (!scope.empty())
          if (const AxisId id = one_of(scope); extents_[id] <= n)
            return {op(Op::subtract, {whole(n - 1), axis(g(), id)}), true};
        break;
    }
    return {whole(below(static_cast<int>(n))), true};
  }

  Expr any_read(const Axes& scope, int depth) {
    return read_of(static_cast<TensorId>(below(static_cast<int>(p().tensors.size()))), scope, depth);
  }

  /// An element of the tensor, or null if it has none or must not be read.
  Expr read_of(TensorId tensor, const Axes& scope, int depth) {
    if (limits_[tensor] == hidden) return nullptr;
    std::vector<Expr> subscripts;
    Expr guard = depth > 0 && chance(5) ? expression(DType::b1, depth - 1, scope) : nullptr;
    bool inside = true;
    for (int k = 0; k < p().tensors[tensor].rank; ++k) {
      const std::int64_t n = view(tensor).layout.extents[k];
      Axes fitting;
      std::ranges::copy_if(scope, std::back_inserter(fitting), [&](AxisId id) { return extents_[id] == n; });
      if (!fitting.empty() && (n == 0 || chance(80))) {
        subscripts.push_back(bare(one_of(fitting), tensor, k));
      } else if (n == 0) {
        return nullptr;
      } else {
        const Subscript s = subscript(n, scope, depth);
        subscripts.push_back(s.value);
        inside &= s.inside;
        if (s.guard) guard = guard ? op(Op::logical_and, {guard, s.guard}) : s.guard;
      }
    }
    const Policy policy = inside && chance(10) ? Policy::assume_inside : Policy::check;
    return read(g(), tensor, p().tensors[tensor].dtype, std::move(subscripts), policy, guard);
  }

  Expr bare(AxisId id, TensorId tensor, int k) {
    const TensorAxis use{tensor, static_cast<std::uint32_t>(k)};
    std::vector<TensorAxis>& sizes = p().axes[id].sizes;
    if (std::ranges::find(sizes, use) == sizes.end()) sizes.push_back(use);
    return axis(g(), id);
  }

  // --- statements --------------------------------------------------------------------------------------------------

  void make_statement() {
    Statement s{};
    s.domain = outside({});
    shuffle(s.domain);
    const int axes = static_cast<int>(s.domain.size());
    s.domain.resize(static_cast<std::size_t>(chance(95) ? below(axes) + 1 : 0));
    const DType dtype = one_of(dtypes);
    if (chance(45))
      s.update = dtype == DType::b1
                     ? one_of({Reduction::any, Reduction::all})
                     : one_of({Reduction::sum, Reduction::sum, Reduction::max, Reduction::min, Reduction::prod});
    Axes bare_axes = s.domain;  // of the target
    if (s.update || chance(20))
      bare_axes.resize(static_cast<std::size_t>(below(static_cast<int>(bare_axes.size()) + 1)));
    shuffle(bare_axes);
    std::vector<std::optional<AxisId>> places(bare_axes.begin(), bare_axes.end());
    if (chance(30)) places.insert(places.begin() + below(static_cast<int>(places.size()) + 1), std::nullopt);

    std::vector<std::int64_t> shape;
    for (const auto& place : places) shape.push_back(place ? extents_[*place] : random_extent());
    s.target = make_tensor(dtype, shape, 0, true);
    limits_[s.target] = hidden;
    for (std::size_t k = 0; k < places.size(); ++k) {
      if (places[k]) {
        s.subscripts.push_back(bare(*places[k], s.target, static_cast<int>(k)));
      } else {
        const Subscript computed = subscript(shape[k], s.domain, options_.depth - 1);
        s.subscripts.push_back(computed.value);
        if (computed.guard) s.guard = computed.guard;
      }
    }
    if (chance(10)) {
      Expr guard = expression(DType::b1, 2, s.domain);
      s.guard = s.guard ? op(Op::logical_and, {s.guard, guard}) : guard;
    }
    if (!s.update && !bare_axes.empty() && chance(30)) s.in_order = one_of(bare_axes);
    const bool scans = !s.domain.empty() && chance(25);
    if (s.in_order || chance(15)) limits_[s.target] = 0;  // most right sides do not read the old values
    s.value = scans ? scan(dtype, options_.depth, s.domain) : expression(dtype, options_.depth, s.domain);
    if (scans && chance(40))
      s.value = op(dtype == DType::b1 ? Op::logical_xor : Op::add, {s.value, expression(dtype, 2, s.domain)});
    if (s.in_order) s.value = recurrence(s, s.value);
    limits_[s.target] = 0;
    p().statements.push_back(std::move(s));
  }

  /// The value with elements that other steps write: those of the step before or after, elsewhere at the element itself
  /// or anywhere.
  Expr recurrence(const Statement& s, Expr value) {
    for (int n = below(2) + 1; n > 0; --n) {
      Expr guard = nullptr;
      std::vector<Expr> subscripts;
      for (std::size_t k = 0; k < s.subscripts.size(); ++k) {
        const std::int64_t size = view(s.target).layout.extents[k];
        const Axis* bare = s.subscripts[k]->as<Axis>();
        if (bare && bare->axis == s.in_order) {
          subscripts.push_back(op(Op::subtract, {s.subscripts[k], whole(one_of<std::int64_t>({1, 1, 1, 2, -1}))}));
        } else if (bare && chance(70)) {
          subscripts.push_back(s.subscripts[k]);
          continue;
        } else {
          subscripts.push_back(op(Op::remainder, {expression(DType::i64, 1, s.domain), whole(std::max<std::int64_t>(size, 1))}));
          continue;
        }
        const Expr inside = op(Op::logical_and, {op(Op::greater_equal, {subscripts.back(), whole(0)}),
                                                 op(Op::less, {subscripts.back(), whole(size)})});
        guard = guard ? op(Op::logical_and, {guard, inside}) : inside;
      }
      const DType dtype = value->dtype;
      const Expr earlier = read(g(), s.target, dtype, std::move(subscripts), Policy::check, guard);
      const Op combine = dtype == DType::b1 ? Op::logical_xor : one_of({Op::add, Op::maximum, Op::subtract});
      value = op(combine, {earlier, value});
    }
    return value;
  }

  const RandomOptions options_;
  RandomCase case_;
  std::vector<std::int64_t> extents_;  // of the axes
  std::vector<std::int64_t> limits_;   // of the tensors: above all values of an index tensor, 0 for the others
};

}  // namespace

bool has_float_sum(const Program& p) {
  const auto inexact = [](Reduction r, DType d) {
    return is_float(d) && (r == Reduction::sum || r == Reduction::prod);
  };
  bool found = false;
  Graph graph = p.graph;
  Memo memo;
  const auto look = [&](Expr original, Expr) {
    const Fold* fold = original->as<Fold>();
    found |= fold && inexact(fold->reduction, original->dtype);
    return original;
  };
  for (const Statement& s : p.statements) {
    found |= s.update && inexact(*s.update, s.value->dtype);
    rewrite(graph, s.value, memo, look);
    if (s.guard) rewrite(graph, s.guard, memo, look);
    for (Expr e : s.subscripts) rewrite(graph, e, memo, look);
  }
  return found;
}

RandomCase random_case(std::uint64_t seed, const RandomOptions& options) {
  RandomCase made = Generator(seed, options).make(seed);
  made.has_float_sum = has_float_sum(made.program);
  return made;
}

}  // namespace ricci::test
