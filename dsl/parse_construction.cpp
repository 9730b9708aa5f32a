#include "parse_construction.hpp"

#include <algorithm>

#include "parse_call.hpp"
#include "ricci/shape.hpp"
#include "ricci/statement.hpp"
#include "spellings.hpp"

namespace ricci::text {
namespace {

using Kind = Token::Kind;

/// The numbers and the dtype in the brackets behind a constructor's name.
struct Arguments {
  std::vector<Scalar> numbers;
  std::optional<DType> dtype;
};

Arguments arguments(Parser& p, const Token& name) {
  const std::string called(name.text);
  Arguments list;
  p.take();  // the bracket
  if (!p.peek().is(")")) {
    do {
      const Token& token = p.peek();
      if (list.dtype) p.fail(token, Error::Kind::syntax, "the dtype is the last argument of " + called);
      if (token.kind == Kind::name && (list.dtype = dtype_from_string(token.text))) p.take();
      else if (const auto number = p.scalar()) list.numbers.push_back(*number);
      else if (const auto dtype = token.kind == Kind::name ? dtype_elsewhere(token.text) : std::nullopt)
        p.fail(token, Error::Kind::syntax, with_spelling("expected a number or a dtype, found '" +
                                                             std::string(token.text) + "'", to_string(*dtype)));
      else p.unexpected("a number or a dtype");
    } while (p.accept(","));
  }
  p.expect(")", "after the arguments of " + called);
  return list;
}

/// `number` as an element of `dtype`, which must not change its kind and must hold it.
Scalar element(const Parser& p, const Token& token, const Scalar& number, DType dtype) {
  p.require(token, detail::check_kind(make_literal(number), dtype));
  try {
    return converted(number, dtype);
  } catch (const Error& error) {
    p.fail(token, error.kind(), error.what());
  }
}

void check_extents(const Parser& p, const Token& token, const Construction& made) {
  try {
    checked_size(made.dtype, made.extents);
  } catch (const Error& error) {
    p.fail(token, error.kind(), error.what());
  }
}

Construction called(Parser& p) {
  const Token& name = p.take();
  auto [numbers, dtype] = arguments(p, name);
  Construction made;
  if (name.text == "iota") made.source = Construction::Source::counted;
  if (name.text == "random") made.source = Construction::Source::drawn;
  Scalar value = Scalar::of(0.0);
  if (name.text == "full") {
    if (numbers.empty()) p.fail(name, Error::Kind::syntax, "full takes extents and a value, as in full(3, 4, 7.5)");
    value = numbers.back();
    numbers.pop_back();
  } else if (name.text == "iota") {
    if (numbers.size() != 1) p.fail(name, Error::Kind::syntax, "iota takes one extent, as in iota(10)");
    value = Scalar::of(std::int64_t{0});
  }
  for (const Scalar& n : numbers) {
    if (n.dtype != DType::i64) p.fail(name, Error::Kind::syntax, "an extent must be an integer");
    made.extents.push_back(n.as_int());
  }
  made.dtype = dtype.value_or(value.dtype == DType::f64 ? DType::f32 : value.dtype);
  if (name.text == "random" && !is_float(made.dtype))
    p.fail(name, Error::Kind::dtype, "random numbers are floats; here: r = random(3); i64(10 * r)");
  check_extents(p, name, made);
  if (name.text == "full") made.elements = {element(p, name, value, made.dtype)};
  else made.elements = {evaluate(Op::cast, made.dtype, {&value, 1})};
  return made;
}

/// Nested lists of numbers in row-major order, each with its token.
struct Listed {
  std::vector<std::int64_t> extents;  // by depth, as the first list there has them
  std::vector<std::pair<const Token*, Scalar>> numbers;
};

/// What stands between two brackets: lists, or at the innermost depth numbers.
void list(Parser& p, Listed& all, std::size_t depth = 0) {
  const Token& open = p.take();
  if (depth == max_rank) p.require(open, {Rule::too_many_axes, {}});
  const bool first = depth == all.extents.size();
  if (first) all.extents.push_back(0);
  std::int64_t length = 0;
  for (; !p.peek().is("]"); ++length) {
    if (length > 0) p.expect(",", "between the elements of a list");
    if (length > 0 && p.peek().is("]")) break;
    const Token& token = p.peek();
    const bool rows = first && length == 0 ? token.is("[") : depth + 1 < all.extents.size();
    if (rows && token.is("[")) list(p, all, depth + 1);
    else if (const auto number = rows ? std::nullopt : p.scalar()) all.numbers.emplace_back(&token, *number);
    else p.unexpected(rows ? "a list" : "a number");
  }
  p.take();  // the bracket
  if (first) all.extents[depth] = length;
  if (length != all.extents[depth])
    p.fail(open, Error::Kind::extent,
           "rows must be equally long: " + std::to_string(all.extents[depth]) + " and " + std::to_string(length));
}

/// [1, 2, 3], or f64([1, 2, 3])
Construction listed(Parser& p) {
  const Token& start = p.peek();
  const bool named = start.kind == Kind::name;
  Construction made;
  if (named) p.take(), p.take();
  Listed all;
  list(p, all);
  if (named) p.expect(")", "after the arguments of " + std::string(start.text));
  made.extents = all.extents;
  const auto has = [&](DType d) {
    return std::ranges::any_of(all.numbers, [=](auto& n) { return n.second.dtype == d; });
  };
  if (named) made.dtype = *dtype_from_string(start.text);
  else if (has(DType::f64) || all.numbers.empty()) made.dtype = DType::f32;
  else made.dtype = has(DType::i64) ? DType::i64 : DType::b1;
  check_extents(p, start, made);
  for (const auto& [token, number] : all.numbers) made.elements.push_back(element(p, *token, number, made.dtype));
  return made;
}

}  // namespace

bool is_construction(const Parser& p) {
  const Token& first = p.peek();
  if (first.is("[")) return true;
  if (first.kind != Kind::name || !p.peek(1).is("(")) return false;
  return is_constructor(first.text) || (dtype_from_string(first.text) && p.peek(2).is("["));
}

Construction parse_construction(Parser& p) { return is_constructor(p.peek().text) ? called(p) : listed(p); }

std::string stands_alone(const Token& start) {
  std::string name(start.text);
  name += start.is("[") ? "...]" : is_constructor(start.text) ? "(...)" : "([...])";
  return name + " makes a whole tensor and stands alone: name = " + name;
}

}  // namespace ricci::text
