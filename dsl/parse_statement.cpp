// Statements: what stands on the left, and the constructors of new tensors.
#include <algorithm>

#include "parse_call.hpp"
#include "parse_construction.hpp"
#include "parse_expression.hpp"

namespace ricci::text {
namespace {

using Kind = Token::Kind;

/// The statement on one line: comments left out, white space as single blanks.
std::string one_line(std::string_view text) {
  std::string line;
  bool comment = false, blank = false;
  for (char c : text) {
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (comment || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      blank = true;
    } else {
      if (blank && !line.empty()) line += ' ';
      line += c;
      blank = false;
    }
  }
  return line;
}

class StatementParser {
 public:
  StatementParser(std::string_view source, std::span<const Token> tokens, const Variables& variables)
      : tokens_(tokens), out_(), p_(source, tokens, variables, out_.tree) {
    const Token &first = tokens.front(), &end = tokens.back();
    out_.offset = first.offset;
    out_.text = one_line(source.substr(first.offset, end.offset - first.offset));
  }

  Statement parse() {
    const Token& first = p_.peek();
    const std::size_t after = first.kind == Kind::name ? end_of_target() : 0;
    if (after == 1 && tokens_[1].is("=")) definition();
    else if (after == 1 && is_list_of_names()) definitions();
    else if (after >= 1 && assignment_at(after)) element_assignment();
    else value();
    const Token& next = p_.peek();
    if (assignment_at(static_cast<std::size_t>(&next - tokens_.data()))) p_.require(next, {Rule::not_assignable, {}});
    if (next.kind != Kind::end) p_.unexpected("an operator or the end of the statement");
    return std::move(out_);
  }

 private:
  /// The number of tokens of a name with the subscripts behind it, or of a bounded one, as in drop(x)[i + 1].
  std::size_t end_of_target() const {
    const std::size_t open = is_bounded() ? end_of_brackets(1) : 1;
    return tokens_[open].is("[") ? end_of_brackets(open) : 1;
  }

  bool is_bounded() const { return tokens_[1].is("(") && find_outside(tokens_[0].text); }

  /// The token after the bracket that closes the one at `open`.
  std::size_t end_of_brackets(std::size_t open) const {
    int depth = 0;
    for (std::size_t i = open; i < tokens_.size(); ++i) {
      if (tokens_[i].is("[") || tokens_[i].is("(")) ++depth;
      if (tokens_[i].is("]") || tokens_[i].is(")")) --depth;
      if (depth == 0) return i + 1;
    }
    return tokens_.size();
  }

  /// The assignment written at token `i`: one symbol, or `max` or `min` and a `=`.
  std::optional<Assign> assignment_at(std::size_t i) const {
    constexpr std::pair<std::string_view, Assign> symbols[] = {
        {"=", Assign::set},       {"+=", Assign::add},    {"-=", Assign::subtract},
        {"*=", Assign::multiply}, {"|=", Assign::bit_or}, {"&=", Assign::bit_and}};
    const Token& token = tokens_[i];
    for (const auto& [symbol, assign] : symbols)
      if (token.is(symbol)) return assign;
    const bool named = token.kind == Kind::name && i + 1 < tokens_.size() && tokens_[i + 1].is("=");
    if (named && token.text == "max") return Assign::max;
    if (named && token.text == "min") return Assign::min;
    return std::nullopt;
  }

  /// Whether scan(t, ...) starts at token `i`.
  bool is_scan_at(std::size_t i) const { return tokens_[i].text == "scan" && tokens_[i + 1].is("("); }

  void definition() {
    const Token& name = p_.take();
    define(name);
    p_.take();
    value();
  }

  /// Whether the statement starts as m, i = ...
  bool is_list_of_names() const {
    std::size_t i = 0;
    while (tokens_[i].kind == Kind::name && tokens_[i + 1].is(",")) i += 2;
    return i > 0 && tokens_[i].kind == Kind::name && tokens_[i + 1].is("=");
  }

  /// m, i = max(scores, 1), argmax(scores, 1): several new tensors from one program.
  void definitions() {
    const Token& start = p_.peek();
    std::vector<std::string> names;
    do {
      const Token& name = p_.take();
      define(name);
      if (std::ranges::count(names, out_.name) > 0)
        p_.fail(name, Error::Kind::name, "the names on the left must be different");
      names.push_back(out_.name);
    } while (p_.accept(","));
    p_.take();
    do {
      const Token& token = p_.peek();
      const Node& value = p_.expression();
      p_.require(token, check_new_tensor(value));
      out_.syntax.push_back({nullptr, Assign::set, &value, value.dtype});
    } while (p_.accept(","));
    if (names.size() != out_.syntax.size())
      p_.fail(start, Error::Kind::syntax, std::to_string(names.size()) + " names on the left and " +
                                              std::to_string(out_.syntax.size()) + " on the right");
    out_.name = names.front();
    out_.other_names.assign(names.begin() + 1, names.end());
  }

  void define(const Token& name) {
    if (find_constant(name.text))
      p_.fail(name, Error::Kind::name, "'" + std::string(name.text) + "' is a constant; choose another name");
    out_.name = name.text;
  }

  void value() {
    const Token& token = p_.peek();
    if (is_construction(p_)) return construction(token);
    const Node& value = p_.expression();
    p_.require(token, check_new_tensor(value));
    out_.is_number = value.weak && value.rank == 0 && value.free.size == 0;
    if (value.form == Form::number)
      out_.construction = {
          .extents = {}, .dtype = out_.tree.scalars.back().dtype, .elements = {out_.tree.scalars.back()}};
    out_.syntax = {{nullptr, Assign::set, &value, value.dtype}};
  }

  void construction(const Token& start) {
    out_.construction = parse_construction(p_);
    const Token& next = p_.peek();
    if (next.kind != Kind::end && !next.is("="))
      p_.fail(start, Error::Kind::syntax, stands_alone(start));
  }

  void element_assignment() {
    const bool bounded = is_bounded();
    const Token &first = p_.take(), &name = bounded ? tokens_[2] : first;
    const Variable* existing = p_.variable(name.text);
    const std::size_t at = end_of_target();
    const Assign assign = *assignment_at(at);
    if (!existing && is_scan_at(at + 1))
      p_.unknown_tensor(name, "a scan needs a tensor that exists, as made by " + std::string(name.text.substr(0, 64)) +
                                  " = zeros(10)");
    if (!existing && (assign != Assign::set || bounded))
      p_.unknown_tensor(name, "an update needs a tensor that exists, as made by " +
                                  std::string(name.text.substr(0, 64)) + " = zeros(10)");
    if (!existing) return new_tensor(name, tokens_[at]);
    out_.name = name.text;
    out_.is_new = false;
    const Node& target = bounded ? p_.bounded_access(first, *find_outside(first.text), true)
                                 : p_.access(name, existing->array.dtype(), existing->array.rank(), true);
    take_assignment(assign);
    const Node& value = assign == Assign::set && is_scan_at(at + 1) ? p_.scan() : p_.expression();
    p_.require(tokens_[at], check_assignment(target, assign, value));
    out_.syntax = {{&target, assign, &value, target.dtype}};
  }

  void take_assignment(Assign assign) {
    if (assign == Assign::max || assign == Assign::min) p_.take();
    p_.take();
  }

  /// t[h, w, b] = value: the subscripts order the axes of the new tensor, and ranges from 0 give them extents. The
  /// dtype of the target is known only after the value, so its node is made twice: first for the indices alone.
  void new_tensor(const Token& name, const Token& assignment) {
    define(name);
    const Node& shape = p_.access(name, DType::b1, subscript_count());
    IndexSet indices;
    for (int i = 0; i < shape.children; ++i) {
      if (shape.child[i]->form != Form::index && !is_extent(*shape.child[i]))
        p_.unknown_tensor(name, "the subscripts of a new tensor are indices, as in i, or in i(0, 10) with an extent");
      if (indices.contains(shape.child[i]->bound[0]))
        p_.fail(name, Error::Kind::name, "the subscripts of a new tensor must be different indices");
      indices.add(shape.child[i]->bound[0]);
    }
    p_.take();
    const Node& value = p_.expression();
    const Syntax node = make_access(value.dtype, shape.children, shape.child, shape.children);
    const Node& target = p_.add(name, node);
    p_.require(assignment, check_assignment(target, Assign::set, value));
    for (int i = 0; i < indices.size && value.rank == 0; ++i)
      if (!value.is_sized(indices[i]) && shape.child[i]->form == Form::index)
        p_.require(assignment, {Rule::index_has_no_extent, Detail{} << indices[i]->text});
    out_.syntax = {{&target, Assign::set, &value, value.dtype, true}};
  }

  /// Whether a subscript is a range from 0 to a number: the extent of a new axis.
  bool is_extent(const Syntax& subscript) const {
    if (subscript.form != Form::range) return false;
    const Syntax &low = *subscript.child[0], &high = *subscript.child[1];
    return low.form == Form::number && high.form == Form::number && out_.tree.scalars[low.leaf].as_int() == 0 &&
           out_.tree.scalars[high.leaf].as_int() >= 0;
  }

  int subscript_count() const {
    int count = tokens_[2].is("]") ? 0 : 1, depth = 0;
    for (std::size_t i = 1; i < tokens_.size(); ++i) {
      if (tokens_[i].is("[") || tokens_[i].is("(")) ++depth;
      if (tokens_[i].is("]") || tokens_[i].is(")")) --depth;
      if (depth == 0) break;
      if (depth == 1 && tokens_[i].is(",")) ++count;
    }
    return std::min(count, max_rank + 1);
  }

  std::span<const Token> tokens_;
  Statement out_;
  Parser p_;
};

}  // namespace

Statement parse_statement(std::string_view source, std::span<const Token>& tokens, const Variables& variables) {
  const auto end = std::ranges::find(tokens, Kind::end, &Token::kind);
  const std::span<const Token> statement = tokens.first(static_cast<std::size_t>(end - tokens.begin()) + 1);
  tokens = tokens.subspan(statement.size());
  return StatementParser(source, statement, variables).parse();
}

}  // namespace ricci::text
