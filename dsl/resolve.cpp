#include "ricci/resolve.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "resolver.hpp"
#include "ricci/error.hpp"

namespace ricci {

ir::AxisId Resolver::new_axis(std::string_view name) {
  auto& axes = out_.program.axes;
  std::string unique(name);
  for (int n = 2; std::any_of(axes.begin(), axes.end(), [&](const ir::AxisDecl& a) { return a.name == unique; }); ++n)
    unique = std::string(name) + std::to_string(n);
  axes.push_back({unique, {}, -1, false});
  return static_cast<ir::AxisId>(axes.size() - 1);
}

ir::AxisId Resolver::open(const IndexName* name) {
  const ir::AxisId axis = new_axis(name->text);
  scope_.push_back({name, axis});
  return axis;
}

ir::AxisId Resolver::axis_of(const IndexName* name) const {
  for (auto binding = scope_.rbegin(); binding != scope_.rend(); ++binding)
    if (same(binding->name, name)) return binding->axis;
  internal_error(__FILE__, __LINE__, "index " + std::string(name->text) + " has no scope");
}

Resolver::Axes Resolver::axes_of(const IndexSet& set) const {
  Axes axes;
  for (int i = 0; i < set.size; ++i) axes.push_back(axis_of(set[i]));
  return axes;
}

void Resolver::add_size(ir::AxisId axis, ir::TensorAxis use) {
  auto& sizes = out_.program.axes[axis].sizes;
  if (std::find(sizes.begin(), sizes.end(), use) == sizes.end()) sizes.push_back(use);
}

/// Equal tensors are declared once: the compiler then sees that equal reads are equal.
ir::TensorId Resolver::next_tensor(DType dtype, int rank) {
  const int leaf = tensor_leaf_++;
  const ir::TensorId id = leaves_.tensors[static_cast<std::size_t>(leaf)] + results_;
  auto& tensors = out_.program.tensors;
  RICCI_ASSERT(id <= tensors.size(), "tensors are not numbered by first appearance");
  if (id == tensors.size()) {
    std::string name(leaves_.names ? leaves_.names[leaf] : std::string_view());
    tensors.push_back({name.empty() ? "t" + std::to_string(id) : name, dtype, rank, {}});
  }
  return id;
}

bool is_easy_exponent(const Scalar& number, DType dtype) {
  const double n = evaluate(Op::cast, dtype, {&number, 1}).as_double();
  return is_float(dtype) && (n == -1 || n == 0 || n == 0.5 || n == 1 || n == 2 || n == 3);
}

namespace {

/// What a number of the text is as an element of `dtype`, if the compiler is to know it: a whole number of integer
/// arithmetic that fits, or the identity of some float reduction, by which a body is known to select.
std::optional<Scalar> known_value(const Scalar& given, DType dtype) {
  const Scalar value = evaluate(Op::cast, dtype, {&given, 1});
  if (is_float(dtype)) {
    const double x = value.as_double();
    return x == 0 || x == 1 || std::isinf(x) ? std::optional(value) : std::nullopt;
  }
  const auto negative = [](const Scalar& n) { return is_signed_integer(n.dtype) && n.as_int() < 0; };
  const bool fits = is_integer(dtype) && is_integer(given.dtype) && value.as_int() == given.as_int() &&
                    negative(value) == negative(given);  // else an error when it is called
  return fits ? std::optional(value) : std::nullopt;
}

}  // namespace

ir::Expr Resolver::next_scalar(Form form, DType dtype, std::optional<ir::TensorAxis> subscript) {
  const int leaf = scalar_leaf_++;
  const auto lasts = [&](const KnownScalar& k) { return k.leaf == leaf && k.value == leaves_.scalars[leaf]; };
  if (form == Form::number && leaves_.scalars && (!leaves_.lasting || std::ranges::any_of(*leaves_.lasting, lasts)))
    if (const auto value = known_value(leaves_.scalars[leaf], dtype)) {
      out_.known.push_back({leaf, leaves_.scalars[leaf]});
      return ir::constant(graph(), *value);
    }
  if (shares_numbers_ && leaves_.numbers) {
    out_.shared.push_back({leaf, dtype, subscript, leaf});
    const int first = out_.shared.back().first = first_equal(out_.shared, out_.shared.size() - 1, leaves_.numbers);
    const auto known = std::ranges::find(out_.scalars, first);
    if (known != out_.scalars.end())
      return ir::param(graph(), static_cast<ir::ParamId>(known - out_.scalars.begin()), dtype);
  }
  if (const int first = repeats_[static_cast<std::size_t>(leaf)]; first != leaf) {
    const auto known = std::ranges::find(out_.scalars, first);
    const auto id = static_cast<ir::ParamId>(known - out_.scalars.begin());
    if (known != out_.scalars.end() && out_.program.params[id].dtype == dtype) {
      out_.repeats.emplace_back(leaf, first);
      return ir::param(graph(), id, dtype);
    }
  }
  const auto id = static_cast<ir::ParamId>(out_.program.params.size());
  out_.program.params.push_back({"s" + std::to_string(id), dtype});
  out_.scalars.push_back(leaf);
  return ir::param(graph(), id, dtype);
}

/// Whether the index is a plain subscript somewhere in the tree: then it has its extent from there.
static bool is_plain(const Syntax& node, const IndexName* name) {
  for (int i = 0; i < node.children; ++i) {
    const Syntax& child = *node.child[i];
    const bool is_index = child.form == Form::index || child.form == Form::range;
    if (node.form == Form::access && i < node.subscripts() && is_index && child.bound[0] == name) return true;
    if (is_plain(child, name)) return true;
  }
  return false;
}

/// Whether what a number is multiplied with here has an index that may get its extent from that: the number must be
/// known then.
bool Resolver::sizes(const Syntax& factor) const {
  if (!deciding_ || factor.tensors > 0) return false;
  const auto is_sized = [&](const IndexName* name) {
    return (statement_->target && is_plain(*statement_->target, name)) || is_plain(*statement_->value, name);
  };
  for (int i = 0; i < factor.free.size; ++i)
    if (!is_sized(factor.free[i])) return true;
  return false;
}

/// A number that is a constant in every variant of the statement.
ir::Expr Resolver::factor(DType dtype) {
  const auto value = leaves_.numbers ? known_value(leaves_.numbers[scalar_leaf_], dtype) : std::nullopt;
  if (!value) return next_scalar(Form::number, dtype);
  out_.known.push_back({scalar_leaf_, leaves_.numbers[scalar_leaf_]});
  ++scalar_leaf_;
  return ir::constant(graph(), *value);
}

/// A number as an exponent. Of the first two in a statement those that are easy are constants: each of more could ask
/// for seven variants.
ir::Expr Resolver::exponent(DType dtype) {
  if (!leaves_.numbers || exponents_++ >= 2) return next_scalar(Form::number, dtype);
  const Scalar& number = leaves_.numbers[scalar_leaf_];
  if (!is_easy_exponent(number, dtype)) {
    out_.hard_exponents.push_back({scalar_leaf_, dtype});
    return next_scalar(Form::number, dtype);
  }
  out_.known.push_back({scalar_leaf_++, number});
  return ir::constant(graph(), evaluate(Op::cast, dtype, {&number, 1}));
}

int first_equal(std::span<const SharedScalar> shared, std::size_t k, const Scalar* numbers) {
  const auto is_equal = [&](const SharedScalar& other) {
    return other.dtype == shared[k].dtype && other.subscript == shared[k].subscript &&
           numbers[other.leaf] == numbers[shared[k].leaf];
  };
  return std::ranges::find_if(shared, is_equal)->leaf;
}

ir::Expr Resolver::lower_as(const Syntax& node, DType dtype, const Axes& unnamed) {
  dtype = compute_dtype(dtype);
  if (node.form == Form::number) return next_scalar(node.form, dtype);  // converted once, where the statement is called
  return ir::cast(graph(), dtype, lower(node, unnamed));
}

ir::Expr Resolver::lower_branch(const Syntax& node, DType dtype, const Axes& unnamed) {
  const bool around = std::exchange(conditional_, true);
  const ir::Expr e = lower_as(node, dtype, unnamed);
  conditional_ = around;
  return e;
}

/// `e`, which has the dtype that `dtype` computes in, as an element of `dtype` has it.
ir::Expr Resolver::rounded(DType dtype, ir::Expr e) {
  return ir::cast(graph(), e->dtype, ir::cast(graph(), dtype, e));
}

/// An element of a tensor, in the dtype in which it is computed with.
ir::Expr Resolver::element(ir::Expr read) { return ir::cast(graph(), compute_dtype(read->dtype), read); }

ir::Expr Resolver::lower(const Syntax& node, const Axes& unnamed) {
  switch (node.form) {
    case Form::index: return ir::axis(graph(), axis_of(node.bound[0]));
    case Form::literal: return ir::constant(graph(), node.value);
    case Form::number:
    case Form::integer: return next_scalar(node.form, node.dtype);
    case Form::tensor: return whole(node, unnamed);
    case Form::access: return access(node, unnamed);
    case Form::all:
    case Form::newaxis:
    case Form::range: break;  // only subscripts and binders, see place() and add_ranges()
    case Form::named: return named(node);
    case Form::apply: return apply(node, unnamed);
    case Form::square: {
      const ir::Expr e = lower(*node.child[0], unnamed);
      return ir::apply(graph(), Op::multiply, {e, e});
    }
    case Form::order: return lower(*node.child[0], unnamed);
    case Form::scan: break;  // only whole right-hand sides, see resolve()
    case Form::nonzero: return nonzero(node, unnamed[0]);
    case Form::along: return along(node, unnamed);
    case Form::cast: return rounded(node.dtype, lower_as(*node.child[0], node.dtype, unnamed));
    case Form::reduce:
    case Form::reduce_axis: return reduce(node, unnamed);
  }
  RICCI_ASSERT(false, "unknown form");
  return nullptr;
}

ir::Expr Resolver::whole(const Syntax& node, const Axes& unnamed) {
  const ir::TensorId tensor = next_tensor(node.dtype, node.tensor_rank);
  std::vector<ir::Expr> list;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(node.rank); ++i) {
    add_size(unnamed[i], {tensor, i});
    list.push_back(ir::axis(graph(), unnamed[i]));
  }
  return element(ir::read(graph(), tensor, node.dtype, std::move(list)));
}

Resolver::Axes Resolver::names_of(const Syntax& named) const {
  Axes axes;
  for (int i = 1; i < named.children; ++i) axes.push_back(axis_of(named.child[i]->bound[0]));
  return axes;
}

ir::Expr Resolver::named(const Syntax& node) { return lower(*node.child[0], names_of(node)); }

/// Whether the node is a b1 factor of a product, or has one.
static bool has_condition(const Syntax& node) {
  if (node.form == Form::apply && node.op == Op::multiply)
    return has_condition(*node.child[0]) || has_condition(*node.child[1]);
  if (node.form == Form::apply && node.op == Op::divide) return has_condition(*node.child[0]);
  return node.dtype == DType::b1;
}

/// The b1 factors of a product, also those of its factors and of a numerator, and the product of the others. `chosen`:
/// there are conditions, so that the others are not evaluated everywhere.
Resolver::Product Resolver::factors(const Syntax& node, DType dtype, const Axes& unnamed, bool chosen) {
  const bool divides = node.form == Form::apply && node.op == Op::divide;
  const auto value_of = [&](const Syntax& s, DType d) {
    return chosen ? lower_branch(s, d, unnamed) : lower_as(s, d, unnamed);
  };
  if (!divides && (node.form != Form::apply || node.op != Op::multiply))
    return node.dtype == DType::b1 ? Product{lower(node, unnamed), nullptr} : Product{nullptr, value_of(node, dtype)};
  const Syntax &first = *node.child[0], &second = *node.child[1];
  const auto part = [&](const Syntax& s, const Syntax& other) {
    if (s.form == Form::number && sizes(other)) return Product{nullptr, factor(compute_dtype(node.dtype))};
    return factors(s, node.dtype, unnamed, chosen);
  };
  Product a = part(first, second);
  const Product b = divides ? Product{nullptr, value_of(second, node.dtype)} : part(second, first);
  if (divides && !a.value)
    a.value = ir::cast(graph(), compute_dtype(node.dtype), ir::constant(graph(), Scalar::of(true)));
  const auto both = [&](Op op, ir::Expr x, ir::Expr y) { return x && y ? ir::apply(graph(), op, {x, y}) : x ? x : y; };
  const ir::Expr value = both(node.op, a.value, b.value);
  return {both(Op::logical_and, a.condition, b.condition),
          value ? ir::cast(graph(), compute_dtype(dtype), value) : nullptr};
}

/// b1 * x * y / z selects x * y / z, so that no NaN or infinity among them leaks where b1 is false; b1 * b1 is and.
ir::Expr Resolver::product(const Syntax& node, const Axes& unnamed) {
  const Product p = factors(node, node.dtype, unnamed, has_condition(node));
  if (!p.condition || !p.value) return p.value ? p.value : p.condition;
  return ir::apply(graph(), Op::select,
                   {p.condition, p.value, ir::constant(graph(), Scalar{compute_dtype(node.dtype), 0})});
}

ir::Expr Resolver::apply(const Syntax& node, const Axes& unnamed) {
  if (node.op == Op::multiply || node.op == Op::divide) return product(node, unnamed);
  const bool chooses = node.op == Op::select;
  DType common = node.dtype;
  if (info(node.op).typing == Typing::compare) {
    common = promote(node.child[0]->type(), node.child[1]->type())->dtype;
  }
  std::vector<ir::Expr> args;
  for (int i = 0; i < node.children; ++i) {
    const bool is_exponent = node.op == Op::pow && i == 1 && node.child[i]->form == Form::number;
    if (is_exponent) args.push_back(exponent(compute_dtype(common)));
    else if (chooses && i > 0) args.push_back(lower_branch(*node.child[i], common, unnamed));
    else args.push_back(lower_as(*node.child[i], chooses ? DType::b1 : common, unnamed));
  }
  return ir::apply(graph(), node.op, std::move(args));
}

static std::optional<Reduction> update_of(Assign assign) {
  switch (assign) {
    case Assign::set: return std::nullopt;
    case Assign::add:
    case Assign::subtract: return Reduction::sum;
    case Assign::multiply: return Reduction::prod;
    case Assign::max: return Reduction::max;
    case Assign::min: return Reduction::min;
    case Assign::bit_or: return Reduction::any;
    case Assign::bit_and: return Reduction::all;
  }
  return std::nullopt;
}

void Resolver::declare_result(ir::TensorId id, const StatementSyntax& statement) {
  const int rank = statement.value->rank + statement.value->free.size;
  out_.program.tensors.push_back({id == 0 ? "result" : "result" + std::to_string(id + 1), statement.dtype, rank, {}});
}

void Resolver::resolve(ir::TensorId id, const StatementSyntax& statement) {
  statement_ = &statement;
  const bool in_order = statement.value->form == Form::scan;
  const Syntax& value = in_order ? *statement.value->child[0] : *statement.value;
  const Syntax* target = statement.target;
  const IndexSet& left = target ? target->free : value.free;
  ir::Statement s{id, {}, update_of(statement.assign), nullptr, nullptr, {}, ir::Policy::check};

  Axes unnamed;
  for (int i = 0; left.size == 0 && i < (target ? target->rank : value.rank); ++i) unnamed.push_back(new_axis("_"));
  for (int i = 0; i < left.size; ++i) open(left[i]);
  if (left.size > 0) unnamed = axes_of(left);
  s.domain = unnamed;
  for (int i = 0; i < value.free.size; ++i)
    if (!left.contains(value.free[i])) s.domain.push_back(open(value.free[i]));

  if (target) {
    for (int i = 0; i < target->subscripts(); ++i) shares_numbers_ |= target->child[i]->is_mask();
    next_tensor(target->dtype, target->tensor_rank);
    if (statement.makes_target) made_ = id;
    Place at = place(*target, id, unnamed);
    for (std::uint32_t i = 0; i < at.subscripts.size(); ++i)
      if (const ir::Axis* bare = at.subscripts[i]->as<ir::Axis>())
        out_.program.axes[bare->axis].left.push_back({id, i});
    s.subscripts = std::move(at.subscripts);
    s.policy = at.policy;
    s.guard = at.inside;
    if (in_order) run_in_order(s, axis_of(statement.value->bound[0]));
  } else {
    for (std::uint32_t i = 0; i < s.domain.size(); ++i) {
      add_size(s.domain[i], {id, i});
      out_.program.axes[s.domain[i]].left.push_back({id, i});
      s.subscripts.push_back(ir::axis(graph(), s.domain[i]));
    }
    out_.result_axes.push_back(s.domain);
  }
  const ir::TensorId first_given = results_ + (statement.makes_target ? 1 : 0);
  for (ir::AxisId axis : std::exchange(new_axes_, {})) fix_if_unsized(axis, first_given);
  s.value = lower_as(value, statement.dtype, aligned(unnamed, value.rank));
  check_written(s.value);
  if (!s.update) s.value = ir::cast(graph(), statement.dtype, s.value);
  for (ir::AxisId axis : std::exchange(new_axes_, {})) fix_if_unsized(axis, first_given);
  if (statement.assign == Assign::subtract) s.value = ir::apply(graph(), Op::negate, {s.value});
  scope_.clear();
  out_.program.statements.push_back(std::move(s));
}

/// Makes `s` a recurrence along `axis`.
void Resolver::run_in_order(ir::Statement& s, ir::AxisId axis) {
  s.in_order = axis;
  std::vector<ir::Expr> steering = s.subscripts;
  if (s.guard) steering.push_back(s.guard);
  for (ir::Expr e : ir::nodes(std::move(steering)))
    if (const auto* read = e->as<ir::Read>(); read && read->tensor == s.target)
      require({Rule::scan_target_steered_by_itself, {}});
}

Resolved resolve(std::span<const StatementSyntax> statements, const Leaves& leaves) {
  return Resolver(statements, leaves).result();
}

}  // namespace ricci
