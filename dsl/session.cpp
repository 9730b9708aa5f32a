#include "ricci/session.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <new>

#include "parse.hpp"
#include "parse_call.hpp"
#include "ricci/prepared.hpp"
#include "ricci/shape.hpp"
#include "ricci/views.hpp"

namespace ricci {
namespace {

using text::Statement;

/// A tensor without elements or extents: the statement decides them.
Array undecided(DType dtype, int rank) {
  TensorView view{{dtype, rank, {}, {}}, nullptr, true};
  std::fill_n(view.layout.extents.begin(), rank, -1);
  return Array::borrow(view);
}

/// Allocates a new tensor whose axes are those of the target's subscripts.
Array make_target(const Prepared& p) {
  const ir::Program& program = p.executable->program();
  const Counts counts = p.executable->count(p.tensors, p.params).counts;
  const std::vector<std::int64_t> extents = p.executable->extents(p.tensors, p.params, counts);
  std::vector<std::int64_t> shape;
  for (ir::Expr subscript : program.statements[0].subscripts) shape.push_back(extents[subscript->as<ir::Axis>()->axis]);
  return Array::uninitialised(program.tensors[0].dtype, shape);
}

Array view_of(const text::TensorLeaf& leaf, const Variables& variables) {
  Array view = variables.find(leaf.name)->second.array;
  for (const text::AxisSlice& s : leaf.slices) view = sliced(view, s.axis, s.start, s.stop, s.step);
  return view;
}

/// The statement with its arguments; Prepared::results are the tensors that it makes or writes, null if they are still
/// to be made.
Prepared bind(const Statement& s, const Variables& variables) {
  const Syntax* target = s.syntax[0].target;
  std::vector<Array> arrays;
  std::vector<std::string_view> names;
  std::vector<Scalar> scalars;
  std::vector<std::int64_t> axes;
  auto add = [&](const Syntax& leaf) {
    switch (leaf.form) {
      case Form::tensor:
      case Form::access: {
        const bool is_made = &leaf == target && s.is_new;
        const text::TensorLeaf& tensor = s.tree.tensors[leaf.leaf];
        names.push_back(tensor.shown);
        arrays.push_back(is_made ? undecided(leaf.dtype, leaf.tensor_rank) : view_of(tensor, variables));
        return;
      }
      case Form::reduce_axis: {
        const auto first = s.tree.axes.begin() + static_cast<std::ptrdiff_t>(leaf.leaf);
        axes.insert(axes.end(), first, first + leaf.over);
        return;
      }
      default: scalars.push_back(s.tree.scalars[leaf.leaf]); return;
    }
  };
  if (target) for_each_leaf(*target, add);
  for (const StatementSyntax& part : s.syntax) for_each_leaf(*part.value, add);
  std::vector<const Array*> pointers;
  for (const Array& array : arrays) pointers.push_back(&array);
  Prepared p = prepare(s.syntax, {pointers.data(), scalars.data(), axes.data(), static_cast<int>(pointers.size()),
                                  static_cast<int>(scalars.size()), static_cast<int>(axes.size()), names.data()});
  if (!target) return p;
  p.results = {s.is_new ? make_target(p) : arrays[0]};
  p.tensors[0] = p.results[0].view();
  return p;
}

/// A copy with the same strides, so that it needs no other kernel.
Array copy_of(const Array& array) {
  const OffsetRange range = offset_range(array.layout());
  const std::int64_t extents[] = {range.high - range.low};
  const auto bytes = static_cast<std::ptrdiff_t>(size_of(array.dtype()));
  const Array block = Array::uninitialised(array.dtype(), extents);
  std::memcpy(block.data(), static_cast<const char*>(array.data()) + range.low * bytes,
              static_cast<std::size_t>(extents[0] * bytes));
  return block.rearranged(array.layout(), static_cast<char*>(block.data()) - range.low * bytes);
}

/// Number `n` of the random ones, from 0 to below 1 with as many bits as T holds: SplitMix64 (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", 2014), whose state is a counter.
template <class T>
T drawn(std::uint64_t n) {
  constexpr DType dtype = dtype_of<T>;
  constexpr int bits = dtype == DType::f64 ? 53 : dtype == DType::f32 ? 24 : dtype == DType::f16 ? 11 : 8;
  std::uint64_t z = (n + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  constexpr double unit = 1.0 / static_cast<double>(std::uint64_t{1} << bits);
  return static_cast<T>(static_cast<double>(z >> (64 - bits)) * unit);
}

/// `first`: how many random numbers were drawn before.
Array construct(const text::Construction& c, std::uint64_t first) {
  using Source = text::Construction::Source;
  const Array made = Array::uninitialised(c.dtype, c.extents);
  visit_dtype(c.dtype, [&]<class T>(std::type_identity<T>) {
    T* elements = static_cast<T*>(made.data());
    const auto fill = [&](auto&& element) {
      for (std::int64_t i = 0; i < made.size(); ++i) elements[i] = element(static_cast<std::size_t>(i));
    };
    if (c.source == Source::counted) fill([](std::size_t i) { return static_cast<T>(i); });
    else if (c.source == Source::drawn) fill([&](std::size_t i) { return drawn<T>(first + i); });
    else if (c.elements.size() == 1) std::fill_n(elements, made.size(), c.elements[0].get<T>());
    else fill([&](std::size_t i) { return c.elements[i].get<T>(); });
  });
  return made;
}

Outcome run_construction(const Statement& s, int repeat, std::uint64_t first) {
  Outcome outcome{s.text, s.name, {}, {}, {}, {}, {}};
  for (int i = 0; i <= repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    outcome.value = construct(*s.construction, first);
    outcome.run_ms.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  outcome.report.run_ms = outcome.run_ms[0];
  return outcome;
}

/// A statement that writes into an existing tensor is repeated on copies of what that was before.
Outcome run_statement(const Statement& s, const Session& session) {
  Prepared p = bind(s, session.variables());
  Outcome outcome{s.text, s.name, {}, {}, {}, {}, {}};
  if (!session.stages.empty() && !p.results[0]) make_results(p, session.options);
  for (Executable::Stage stage : session.stages)
    outcome.dumps.emplace_back(stage, p.executable->dump(stage, p.tensors, p.params, session.options));
  const bool makes = !p.results[0], updates = !s.is_new && session.repeat > 0;
  const Array before = updates ? copy_of(p.results[0]) : Array();
  outcome.report = run(p, session.options);
  outcome.run_ms.push_back(outcome.report.run_ms);
  outcome.value = s.is_new ? p.results[0] : *session.find(s.name);
  for (std::size_t k = 0; k < s.other_names.size(); ++k)
    outcome.others.emplace_back(s.other_names[k], p.results[k + 1]);
  for (int i = 0; i < session.repeat; ++i) {
    const Array scratch = updates ? copy_of(before) : p.results[0];
    p.tensors[0] = scratch.view();
    if (makes && p.executable->counts_extents()) p.results.assign(p.results.size(), Array());  // counted anew
    outcome.run_ms.push_back(run(p, session.options).run_ms);
  }
  return outcome;
}

/// Calls `action`; a fault that has no place in the text gets that of the statement.
template <class F>
decltype(auto) placed(std::string_view source, const Statement& s, F&& action) {
  try {
    return action();
  } catch (const TextError&) {
    throw;
  } catch (const Error& error) {
    throw TextError(error.kind(), error.what(), source, s.offset);
  } catch (const std::bad_alloc&) {
    throw TextError(Error::Kind::limit, "not enough memory", source, s.offset);
  }
}

}  // namespace

void Session::define(std::string_view name, Array array) {
  if (!text::is_name(name) || text::find_constant(name))
    throw Error(Error::Kind::name, "'" + escaped(name) + "' cannot be the name of a variable");
  variables_.insert_or_assign(std::string(name), Variable{std::move(array)});
}

const Array* Session::find(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second.array;
}

void Session::run(std::string_view source, FunctionRef<void(const Outcome&)> report) {
  const std::vector<text::Token> tokens = text::tokenise(source);
  std::span<const text::Token> rest(tokens);
  while (!rest.empty()) {
    if (rest.front().kind == text::Token::Kind::end) {
      rest = rest.subspan(1);
      continue;
    }
    const Statement s = text::parse_statement(source, rest, variables_);
    const Outcome outcome = placed(source, s, [&] {
      return s.construction ? run_construction(s, repeat, drawn_) : run_statement(s, *this);
    });
    if (s.construction && s.construction->source == text::Construction::Source::drawn)
      drawn_ += static_cast<std::uint64_t>(outcome.value.size());
    if (s.is_new && !s.name.empty()) variables_.insert_or_assign(s.name, Variable{outcome.value, s.is_number});
    for (const auto& [name, value] : outcome.others) variables_.insert_or_assign(name, Variable{value});
    report(outcome);
  }
}

std::vector<Outcome> Session::run(std::string_view source) {
  std::vector<Outcome> outcomes;
  run(source, [&](const Outcome& outcome) { outcomes.push_back(outcome); });
  return outcomes;
}

std::string Session::dump(Executable::Stage stage, std::string_view source) const {
  const std::vector<text::Token> tokens = text::tokenise(source);
  std::span<const text::Token> rest(tokens);
  const Statement s = text::parse_statement(source, rest, variables_);
  if (s.construction) return "";
  return placed(source, s, [&] {
    Prepared p = bind(s, variables_);
    if (!p.results[0]) make_results(p, options);
    return p.executable->dump(stage, p.tensors, p.params, options);
  });
}

}  // namespace ricci
