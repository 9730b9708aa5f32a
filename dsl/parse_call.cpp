#include "parse_call.hpp"

#include <algorithm>
#include <limits>

#include "parse_construction.hpp"
#include "parse_expression.hpp"
#include "spellings.hpp"

namespace ricci::text {
namespace {

constexpr int reducer_count = std::size(reducer_names);
constexpr std::string_view constructors[] = {"zeros", "full", "iota", "random"};

}  // namespace

std::optional<Reducer> find_reducer(std::string_view name) {
  for (int i = 0; i < reducer_count; ++i)
    if (to_string(static_cast<Reducer>(i)) == name) return static_cast<Reducer>(i);
  return std::nullopt;
}

std::optional<Op> find_op(std::string_view name) {
  if (name == "where") return Op::select;
  if (name == "delta" || name == "one_hot") return Op::equal;
  for (const OpInfo& op : op_table)
    if (op.name == name && op.typing != Typing::convert) return static_cast<Op>(&op - op_table);
  return std::nullopt;
}

std::optional<Outside> find_outside(std::string_view name) {
  const auto found = std::ranges::find(outside_names, name);
  if (found == std::end(outside_names) || name == "check") return std::nullopt;
  return static_cast<Outside>(found - outside_names);
}

std::optional<Scalar> find_constant(std::string_view name) {
  if (name == "true" || name == "false") return Scalar::of(name == "true");
  if (name == "nan") return Scalar::of(std::numeric_limits<double>::quiet_NaN());
  if (name == "inf") return Scalar::of(std::numeric_limits<double>::infinity());
  return std::nullopt;
}

bool is_constructor(std::string_view name) {
  return std::ranges::find(constructors, name) != std::end(constructors);
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names{"where", "delta",   "one_hot",     "sq",          "order",
                                      "scan",  "nonzero", "along",       "floor_index", "round_index",
                                      "trunc_index", "isnan", "isinf", "isfinite"};
  names.insert(names.end(), std::begin(constructors), std::end(constructors));
  names.insert(names.end(), std::begin(outside_names) + 1, std::end(outside_names));
  for (int i = 0; i < reducer_count; ++i) names.push_back(to_string(static_cast<Reducer>(i)));
  for (int i = 0; i < dtype_count; ++i) names.push_back(to_string(static_cast<DType>(i)));
  for (const OpInfo& op : op_table)
    if (op.typing != Typing::convert) names.push_back(op.name);
  return names;
}

bool binds_indices(std::string_view name) { return find_reducer(name) || name == "scan" || name == "nonzero"; }

bool is_function(std::string_view name) {
  const std::vector<std::string_view> names = function_names();
  return std::ranges::find(names, name) != names.end();
}

/// The arguments of one call; the parser stands behind the opening bracket.
class Call {
 public:
  Call(Parser& parser, const Token& name) : p_(parser), name_(name) {}

  const Node& parse() {
    if (const auto dtype = dtype_from_string(name_.text)) return p_.add(name_, make_cast(*dtype, *arguments(1)[0]));
    if (name_.text == "sq") return p_.add(name_, make_square(*arguments(1)[0]));
    if (name_.text == "order") return order();
    if (name_.text.ends_with("_index")) return index_of(name_.text.substr(0, name_.text.size() - 6));
    if (name_.text == "isnan" || name_.text == "isinf" || name_.text == "isfinite") return kind_of_float();
    if (name_.text == "clip") return clipped();
    if (name_.text == "scan")
      p_.fail(name_, Error::Kind::syntax, "scan(t, ...) is all of the right-hand side of an assignment with =");
    if (name_.text == "nonzero") return nonzero();
    if (name_.text == "along") return along();
    if (const auto reducer = find_reducer(name_.text)) return reduction(*reducer);
    if (const auto op = find_op(name_.text)) {
      const int arity = info(*op).arity;
      return p_.add(name_, make_apply(*op, arguments(arity).data(), arity));
    }
    unknown();
  }

 private:
  std::string called() const { return std::string(name_.text.substr(0, 64)); }

  std::vector<const Syntax*> arguments(int count) {
    std::vector<const Syntax*> list;
    if (!p_.peek().is(")")) {
      do {
        list.push_back(&p_.expression());
      } while (p_.accept(","));
    }
    close();
    if (static_cast<int>(list.size()) != count)
      p_.fail(name_, Error::Kind::syntax,
              called() + " takes " + std::to_string(count) + " argument" + (count == 1 ? "" : "s") + ", found " +
                  std::to_string(list.size()));
    return list;
  }

  void close() { p_.expect(")", "after the arguments of " + called()); }

  const Node& apply(Op op, std::initializer_list<const Syntax*> args) { return p_.apply(name_, op, args); }
  const Node& literal(Scalar value) { return p_.add(name_, make_literal(value)); }

  /// floor_index(e) and its siblings, as in functions.hpp.
  const Node& index_of(std::string_view rounding) {
    const std::optional<Op> op = find_op(rounding);
    if (!op || info(*op).typing != Typing::floating || info(*op).arity != 1) unknown();
    const Syntax* e = arguments(1)[0];
    const Syntax& number = apply(Op::equal, {e, e});
    const Syntax& index = p_.add(name_, make_cast(DType::i64, apply(*op, {e})));
    const Syntax& outside = literal(Scalar::of(std::numeric_limits<std::int64_t>::min()));
    return apply(Op::select, {&number, &index, &outside});
  }

  /// isnan(e) and its siblings, as in functions.hpp.
  const Node& kind_of_float() {
    const Syntax* e = arguments(1)[0];
    if (name_.text == "isnan") return apply(Op::not_equal, {e, e});
    const Syntax& infinity = literal(Scalar::of(std::numeric_limits<double>::infinity()));
    return apply(name_.text == "isinf" ? Op::equal : Op::less, {&apply(Op::abs, {e}), &infinity});
  }

  /// clip(e, low, high)
  const Node& clipped() {
    const std::vector<const Syntax*> args = arguments(3);
    return apply(Op::minimum, {&apply(Op::maximum, {args[0], args[1]}), args[2]});
  }

  /// order(e, j, i)
  const Node& order() {
    const Node& value = p_.expression();
    IndexSet indices;
    while (p_.accept(",")) {
      const Token& index = p_.peek();
      if (index.kind != Token::Kind::name || !p_.indices_.contains(index.text)) p_.unexpected("an index");
      indices.add(p_.index_name(p_.take().text));
    }
    close();
    return p_.add(name_, make_order(value, indices));
  }

  /// The indices that the function binds: its first arguments, and the ranges among them.
  IndexSet binders(std::vector<const Syntax*>& ranges) {
    IndexSet over;
    while (p_.peek().kind == Token::Kind::name && p_.indices_.contains(p_.peek().text) &&
           (p_.peek(1).is(",") || p_.peek(1).is("("))) {
      const Token& binder = p_.peek();
      const IndexName* index = p_.index_name(binder.text);
      if (over.contains(index)) p_.require(binder, {Rule::index_reduced_twice, Detail{} << binder.text.substr(0, 64)});
      over.add(index);
      if (p_.peek(1).is("("))
        ranges.push_back(&p_.range());
      else
        p_.take();
      if (ranges.empty() && p_.peek(1).kind == Token::Kind::integer && p_.peek(2).is(")")) p_.unknown_tensor(binder);
      p_.expect(",", "and what is reduced");
    }
    return over;
  }

  /// nonzero(i, j, condition), or nonzero(mask) over all axes of an array without subscripts.
  const Node& nonzero() {
    std::vector<const Syntax*> ranges;
    const IndexSet over = binders(ranges);
    const Node& condition = p_.expression();
    close();
    return p_.add(name_, make_nonzero(over, condition, !ranges.empty()));
  }

  /// along(h, argmax(h, w, e))
  const Node& along() {
    const Token& index = p_.peek();
    if (index.kind != Token::Kind::name) p_.unexpected("an index");
    p_.take();
    p_.expect(",", "and what searches over the index");
    const Token& search = p_.peek();
    const Node& given = p_.expression();
    close();
    const Syntax node = make_along(*p_.index_name(index.text), given);
    const Fault fault = check(node);
    p_.require(fault.rule == Rule::along_what_is_no_search ? search : index, fault);
    return p_.add(name_, node);
  }

  /// sum(k, l, e), sum(e, axis), sum(e, (0, 1)), sum(e, axis, keepdims), or sum(e) over all axes of an array without
  /// subscripts, and sort(e) along the only one.
  const Node& reduction(Reducer reducer) {
    std::vector<const Syntax*> ranges;
    IndexSet over = binders(ranges);
    const Node& body = p_.expression();
    const std::int64_t taken = takes(reducer) ? number_taken() : 0;
    if (over.size > 0) {
      const bool turned = is_sort(reducer) && word("descending");
      close();
      return p_.add(name_, ordered(make_reduce(reducer, over, body, ranges.data(), static_cast<int>(ranges.size())),
                                   taken, turned));
    }
    const bool turned = is_sort(reducer) && word("descending");
    if (!turned && p_.accept(",")) return over_axis(reducer, body, taken);
    close();
    p_.require(name_, check_whole(reducer, body.rank));
    if (stays_free(reducer) || takes(reducer))
      return over_axes(ordered(make_reduce_axis(reducer, body), taken, turned), {0});
    for (int i = 0; i < body.rank; ++i) over.add(&p_.tree_.names.emplace_back("_", true));
    return p_.add(name_, make_reduce(reducer, over, body));
  }

  /// A comma and the word, if they come next.
  bool word(std::string_view text) {
    if (!p_.peek().is(",") || p_.peek(1).text != text) return false;
    p_.take();
    p_.take();
    return true;
  }

  /// The K of topk(x, K, axis) and topk(j, e, K).
  std::int64_t number_taken() {
    p_.expect(",", "and how many elements " + called() + " takes");
    const Token& token = p_.peek();
    const std::optional<Scalar> number = p_.scalar();
    if (!number || number->dtype != DType::i64) p_.require(token, {Rule::nothing_taken, Detail{} << called()});
    return number->as_int();
  }

  static Syntax ordered(const Syntax& node, std::int64_t taken, bool turned) {
    return takes(node.reducer) ? taking(node, taken) : turned ? from_largest(node) : node;
  }

  const Node& over_axis(Reducer reducer, const Node& body, std::int64_t taken) {
    if (body.rank == 0 && (reducer == Reducer::max || reducer == Reducer::min))
      p_.fail(name_, Error::Kind::rank,
              called() + " reduces over an axis or an index; the " + (reducer == Reducer::max ? "greater" : "lesser") +
                  " of two values is " + called() + "imum(a, b)");
    const Token& token = p_.peek();
    const std::vector<std::int64_t> axes = axes_of(body);
    const int over = static_cast<int>(std::min<std::size_t>(axes.size(), max_rank + 1));
    const bool turned = is_sort(reducer) && word("descending"), keeps = !turned && p_.accept(",");
    if (keeps && p_.peek().text != "keepdims") p_.unexpected("keepdims");
    if (keeps) p_.take();
    close();
    const Syntax node = ordered(make_reduce_axis(reducer, body, keeps, over), taken, turned);
    p_.require(token, check_axes(axes.data(), over, body.rank));
    return over_axes(node, axes);
  }

  const Node& over_axes(Syntax node, const std::vector<std::int64_t>& axes) {
    node.leaf = static_cast<std::uint32_t>(p_.tree_.axes.size());
    p_.tree_.axes.insert(p_.tree_.axes.end(), axes.begin(), axes.end());
    return p_.add(name_, node);
  }

  /// The axis, or the axes in brackets, after the comma.
  std::vector<std::int64_t> axes_of(const Node& body) {
    std::vector<std::int64_t> axes;
    const bool several = p_.accept("(");
    do {
      const Token& token = p_.peek();
      const std::optional<Scalar> axis = p_.scalar();
      if (!axis || axis->dtype != DType::i64) {
        std::string message = "the second argument of " + called() + " must be an axis, that is an integer";
        if (several)
          message += ", or several as in (0, 1)";
        else if (body.form == Form::tensor || body.form == Form::number)
          message += "; an index cannot have the name of a variable";
        p_.fail(token, Error::Kind::syntax, message);
      }
      axes.push_back(axis->as_int());
    } while (several && p_.accept(","));
    if (several) p_.expect(")", "after the axes");
    return axes;
  }

  [[noreturn]] void unknown() const {
    if (is_constructor(name_.text))
      p_.fail(name_, Error::Kind::syntax, stands_alone(name_));
    if (p_.variable(name_.text))
      p_.fail(name_, Error::Kind::syntax, "'" + called() + "' is a tensor; its subscripts stand in [ ]");
    std::string advice(spelling_of(name_.text));
    if (const auto dtype = dtype_elsewhere(name_.text)) advice = std::string(to_string(*dtype)) + "(x)";
    std::string message = with_spelling("unknown function '" + called() + "'", advice);
    if (const std::string_view similar = nearest(name_.text, function_names()); advice.empty() && !similar.empty())
      message.append("; did you mean '").append(similar).append("'?");
    else if (name_.text.size() == 1)
      message.append("; an index gets a range where it is bound, as in t[i, " + called() + "(0, 9)] = ...");
    p_.fail(name_, Error::Kind::name, message);
  }

  Parser& p_;
  const Token& name_;
};

const Node& Parser::bounded_access(const Token& function, Outside outside, bool writes) {
  take();  // the bracket
  const Token& name = peek();
  if (name.kind != Token::Kind::name || !(peek(1).is(")") || peek(1).is(",")))
    require(name, {Rule::outside_of_an_expression, {}});
  const Variable* v = variable(take().text);
  if (!v) unknown_tensor(name);
  const Syntax* filler = nullptr;
  if (outside == Outside::fill) {
    expect(",", "and the value outside");
    filler = &expression();
  }
  expect(")", "after the arguments of " + std::string(function.text));
  if (!peek().is("[")) unexpected("'[' and subscripts");
  return access(name, v->array.dtype(), v->array.rank(), writes, outside, filler);
}

const Node& Parser::scan() {
  const Token& function = take();
  take();  // the bracket
  if (peek().kind != Token::Kind::name || !indices_.contains(peek().text)) unexpected("an index");
  const IndexName* index = index_name(take().text);
  expect(",", "and the value of a step");
  const Node& value = expression();
  expect(")", "after the arguments of scan");
  return add(function, make_scan(*index, value));
}

/// Whether there are several arguments in the brackets that come next.
bool Parser::has_comma() const {
  int depth = 0;
  for (std::size_t i = 0; peek(i).kind != Token::Kind::end; ++i) {
    if (peek(i).is("(") || peek(i).is("[")) ++depth;
    if ((peek(i).is(")") || peek(i).is("]")) && --depth == 0) return false;
    if (depth == 1 && peek(i).is(",")) return true;
  }
  return false;
}

const Node& Parser::call(const Token& name) {
  const bool of_elements = name.text == "clip" && has_comma();  // clip(e, low, high), not clip(x)[...]
  if (const auto outside = find_outside(name.text); outside && !of_elements) return bounded_access(name, *outside);
  take();  // the bracket
  return Call(*this, name).parse();
}

}  // namespace ricci::text
