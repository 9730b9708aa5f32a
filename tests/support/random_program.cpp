#include "support/random_program.hpp"

#include <algorithm>

#include "ricci/shape.hpp"
#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

namespace {

bool is_inexact(Reduction r, DType d) {
  return is_float(d) && (r == Reduction::sum || r == Reduction::prod);
}

}  // namespace

RandomCase Generator::make(std::uint64_t seed) {
  make_axes();
  for (int n = below(4) + 1; n > 0; --n) make_input();
  for (int n = below(2) + 1; n > 0; --n) make_index_tensor();
  for (int n = below(3); n > 0; --n) make_param();
  while (is_full() && chance(30)) make_window();
  for (int n = chance(30) ? 2 : 1; n > 0; --n) {
    while (is_full() && choices_.size() < 3 && chance(30)) make_choice();
    make_statement(n == 1 || choices_.empty());
  }
  for (AxisId id = 0; id < extents_.size(); ++id)
    if (AxisDecl& axis = p().axes[id]; axis.counts.empty()) {
      const bool sized = !axis.sizes.empty() || !axis.inside.empty();
      if (!sized || chance(10)) axis.fixed = extents_[id];
    }
  case_.text += "seed " + std::to_string(seed) + "\n" + to_string(p());
  for (TensorId t = 0; t < p().tensors.size(); ++t) {
    const Layout& layout = view(t).layout;
    case_.text += "  " + p().tensors[t].name + " shape " + shape_text(extents_of(layout)) + " strides " +
                  shape_text({layout.strides.data(), static_cast<std::size_t>(layout.rank)}) + "\n";
  }
  return std::move(case_);
}

void Generator::make_statement(bool may_share) {
  Statement s{};
  s.domain = outside({});
  shuffle(s.domain);
  const int axes = static_cast<int>(s.domain.size());
  s.domain.resize(static_cast<std::size_t>(chance(95) ? below(axes) + 1 : 0));
  if (!choices_.empty() && chance(40)) s.domain = {one_of(choices_).along};
  const DType dtype = one_of(stored_);
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
  std::optional<TensorId> sharing;
  if (is_full() && may_share && chance(20)) sharing = sharing_target(dtype, shape);
  s.target = sharing ? *sharing : make_tensor(dtype, shape, 0, true);
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
  const DType made = s.update || scans ? compute_dtype(dtype) : dtype;
  s.value = scans ? scan(made, options_.depth, s.domain) : expression(made, options_.depth, s.domain);
  if (scans && chance(40))
    s.value = op(dtype == DType::b1 ? Op::logical_xor : Op::add, {s.value, expression(made, 2, s.domain)});
  if (is_full() && made != DType::b1 && !is_float16(made) && chance(12))
    if (Expr product = contraction(made, s.domain)) s.value = product;
  if (!s.update) s.value = cast(g(), dtype, s.value);
  if (s.in_order) s.value = recurrence(s, s.value);
  limits_[s.target] = 0;
  p().statements.push_back(std::move(s));
}

Expr Generator::recurrence(const Statement& s, Expr value) {
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
        const Expr anywhere = expression(DType::i64, 1, s.domain);
        subscripts.push_back(op(Op::remainder, {anywhere, whole(std::max<std::int64_t>(size, 1))}));
        continue;
      }
      const Expr inside = op(Op::logical_and, {op(Op::greater_equal, {subscripts.back(), whole(0)}),
                                               op(Op::less, {subscripts.back(), whole(size)})});
      guard = guard ? op(Op::logical_and, {guard, inside}) : inside;
    }
    const DType dtype = value->dtype, computed = compute_dtype(dtype);
    const Expr earlier = read(g(), s.target, dtype, std::move(subscripts), Policy::check, guard);
    const Op combine = dtype == DType::b1 ? Op::logical_xor : one_of({Op::add, Op::maximum, Op::subtract});
    const Expr left = cast(g(), computed, earlier);
    value = cast(g(), dtype, op(combine, {left, cast(g(), computed, value)}));
  }
  return value;
}

bool depends_on_order(const Program& p) {
  return std::ranges::any_of(p.statements, [](const Statement& s) {
    if (s.update && is_inexact(*s.update, s.value->dtype)) return true;
    return std::ranges::any_of(nodes(expressions(s)), [](Expr e) {
      const Fold* fold = e->as<Fold>();
      if (!fold) return false;
      return is_inexact(fold->reduction, e->dtype) ||
             (is_float(e->dtype) && info(fold->reduction).empty == OnEmpty::error);
    });
  });
}

RandomCase random_case(std::uint64_t seed, const RandomOptions& options) {
  RandomCase made = Generator(seed, options).make(seed);
  made.depends_on_order = depends_on_order(made.program);
  return made;
}

}  // namespace ricci::test
