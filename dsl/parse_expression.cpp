#include "parse_expression.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "parse_call.hpp"
#include "parse_construction.hpp"

namespace ricci::text {
namespace {

/// C's, with // beside / and %. Zero: no binary operator of the language.
int precedence(Op op) {
  switch (op) {
    case Op::multiply:
    case Op::divide:
    case Op::floor_divide:
    case Op::remainder: return 9;
    case Op::add:
    case Op::subtract: return 8;
    case Op::shift_left:
    case Op::shift_right: return 7;
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return 6;
    case Op::equal:
    case Op::not_equal: return 5;
    case Op::logical_and: return 4;
    case Op::logical_xor: return 3;
    case Op::logical_or: return 2;
    default: return 0;
  }
}

std::optional<Op> binary_operator(const Token& token) {
  for (const OpInfo& op : op_table)
    if (op.arity == 2 && token.kind == Token::Kind::symbol && op.text == token.text)
      return static_cast<Op>(&op - op_table);
  return std::nullopt;
}

Scalar negated(Scalar s) { return s.dtype == DType::b1 ? s : evaluate(Op::negate, s.dtype, {&s, 1}); }

}  // namespace

std::optional<Scalar> value_of(const Token& token) {
  const char *first = token.text.data(), *last = first + token.text.size();
  if (token.kind == Token::Kind::integer) {
    std::int64_t value = 0;
    if (std::from_chars(first, last, value).ec != std::errc()) return std::nullopt;
    return Scalar::of(value);
  }
  double value = 0;
  if (std::from_chars(first, last, value).ec == std::errc::result_out_of_range)
    value = std::strtod(std::string(token.text).c_str(), nullptr);  // 0 or infinity
  return Scalar::of(value);
}

const Node& Parser::number(const Token& token) {
  const std::optional<Scalar> value = value_of(token);
  if (!value) fail(token, Error::Kind::limit, "an integer must fit 64 bits, with sign");
  return scalar_leaf(token, make_number(value->dtype), *value);
}

/// Numbers are leaves, not constants, as in C++: statements that differ in a number share their kernel.
const Node& Parser::scalar_leaf(const Token& token, Syntax leaf, Scalar value) {
  leaf.leaf = static_cast<std::uint32_t>(tree_.scalars.size());
  tree_.scalars.push_back(value);
  return add(token, leaf);
}

std::optional<Scalar> Parser::scalar() {
  const bool negative = peek().is("-");
  const Token& token = peek(negative);
  std::optional<Scalar> value;
  if (token.kind == Token::Kind::integer || token.kind == Token::Kind::real) value = value_of(token);
  if (token.kind == Token::Kind::name) {
    value = find_constant(token.text);
    if (const Variable* v = variable(token.text); v && v->number)
      value = Scalar::load(v->array.dtype(), v->array.data());
  }
  if (!value || (negative && value->dtype == DType::b1)) return std::nullopt;
  at_ += negative ? 2 : 1;
  return negative ? negated(*value) : value;
}

const Node& Parser::apply(const Token& token, Op op, std::initializer_list<const Syntax*> args) {
  return add(token, make_apply(op, args.begin(), static_cast<int>(args.size())));
}

const Node& Parser::binary(int lowest) {
  const Node* left = &unary();
  while (true) {
    const Token& token = peek();
    const std::optional<Op> op = binary_operator(token);
    if (!op || precedence(*op) <= lowest) return *left;
    take();
    const Node& right = binary(precedence(*op));
    left = &apply(token, *op, {left, &right});
  }
}

const Node& Parser::unary() {
  struct Deeper {
    int& depth;
    ~Deeper() { --depth; }
  } const deeper{++depth_};
  if (depth_ > max_depth)
    fail(peek(), Error::Kind::limit, "brackets and prefix operators may be nested at most 256 deep");
  const Token& token = peek();
  if (accept("-")) {
    const bool literal = peek().kind == Token::Kind::integer || peek().kind == Token::Kind::real;
    const Node& value = unary();
    if (!literal || value.form != Form::number) return apply(token, Op::negate, {&value});
    tree_.scalars.back() = negated(tree_.scalars.back());
    return value;
  }
  if (accept(info(Op::logical_not).text) || accept("~")) return apply(token, Op::logical_not, {&unary()});
  const Node& base = postfix();
  const Token& power = peek();
  if (!accept("**")) return base;
  return apply(power, Op::pow, {&base, &unary()});
}

const Node& Parser::postfix() {
  const Node* value = &primary();
  while (peek().is("[")) {
    const Token& token = peek();
    const std::vector<const Syntax*> list = subscripts();
    if (list.size() > max_rank)
      require(token, {Rule::too_many_axes, Detail{} << static_cast<int>(list.size()) << " subscripts"});
    value = &add(token, make_named(*value, list.data(), static_cast<int>(list.size())));
  }
  return *value;
}

const Node& Parser::primary() {
  const Token& token = peek();
  switch (token.kind) {
    case Token::Kind::integer:
    case Token::Kind::real: return number(take());
    case Token::Kind::name: return name();
    case Token::Kind::symbol:
    case Token::Kind::end: break;
  }
  if (token.is("[")) fail(token, Error::Kind::syntax, stands_alone(token));
  if (!accept("(")) unexpected("an expression");
  const Node& inner = expression();
  expect(")", "after the expression in brackets");
  return inner;
}

const Node& Parser::name() {
  const Token& token = take();
  if (peek().is("(") && indices_.contains(token.text)) require(token, {Rule::range_binds_nothing, {}});
  if (peek().is("(")) return call(token);
  if (const auto value = find_constant(token.text)) return scalar_leaf(token, make_number(value->dtype), *value);
  const Variable* v = variable(token.text);
  if (v && peek().is("[")) return access(token, v->array.dtype(), v->array.rank());
  if (v && v->number)
    return scalar_leaf(token, make_number(v->array.dtype()), Scalar::load(v->array.dtype(), v->array.data()));
  if (v) {
    Syntax leaf = make_tensor(v->array.dtype(), v->array.rank());
    leaf.leaf = static_cast<std::uint32_t>(tree_.tensors.size());
    tree_.tensors.push_back({token.text, token.text, {}});
    return add(token, leaf);
  }
  if (peek().is("[") || !indices_.contains(token.text)) unknown_tensor(token);
  return index(token.text);
}

const Node& Parser::add(const Token& token, const Syntax& node) {
  require(token, check(node));
  if (tree_.nodes.size() >= max_nodes)
    fail(token, Error::Kind::limit, "a statement may have at most 100000 operations");
  int height = 0;
  for (int i = 0; i < node.children; ++i)
    height = std::max(height, static_cast<const Node*>(node.child[i])->height + 1);
  if (height > max_height)
    fail(token, Error::Kind::limit, "a chain of operators may be at most 1000 long; split the expression");
  return tree_.nodes.emplace_back(Node{node, height});
}

/// k(low, high)
const Node& Parser::range() {
  const Token& name = take();
  take();  // the bracket
  const Node& low = expression();
  expect(",", "between the bounds of a range");
  const Node& high = expression();
  expect(")", "after the bounds of a range");
  return add(name, make_range(*index_name(name.text), low, high));
}

const Node& Parser::index(std::string_view name) {
  return tree_.nodes.emplace_back(Node{make_index(*index_name(name)), 0});
}

const IndexName* Parser::index_name(std::string_view name) {
  const IndexName*& known = indices_[name];
  if (!known) known = &tree_.names.emplace_back(name);
  return known;
}

}  // namespace ricci::text
