#include "parse_token.hpp"

#include <algorithm>

#include "parse_call.hpp"
#include "ricci/op.hpp"
#include "ricci/session.hpp"
#include "spellings.hpp"

namespace ricci::text {
namespace {

constexpr std::string_view other_symbols[] = {"(", ")", "[", "]", ",", "=", "+=", "-=", "*=",
                                            "|=", "&=", "**", ":", "...", "~"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) next();
    if (!open_.empty()) fail(open_.back(), "this bracket is not closed");
    end_statement(0);
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(std::size_t offset, const std::string& message) const {
    throw TextError(Error::Kind::syntax, message, source_, offset);
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  void add(Token::Kind kind, std::size_t length) {
    tokens_.push_back({kind, source_.substr(at_, length), static_cast<std::uint32_t>(at_)});
    at_ += length;
  }
  void end_statement(std::size_t length) {
    const bool empty = tokens_.empty() || tokens_.back().kind == Token::Kind::end;
    if (empty && length > 0) at_ += length;
    else add(Token::Kind::end, length);
  }

  void next() {
    const char c = peek();
    if (c == '#') at_ = std::min(source_.find('\n', at_), source_.size());
    else if (c == '\n' && open_.empty()) end_statement(1);
    else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') ++at_;
    else if (c == ';') separator();
    else if (is_letter(c)) name();
    else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) number();
    else symbol();
  }

  void separator() {
    if (!open_.empty()) fail(open_.back(), "this bracket is not closed");
    end_statement(1);
  }

  void name() {
    std::size_t length = 1;
    while (is_letter(peek(length)) || is_digit(peek(length))) ++length;
    add(Token::Kind::name, length);
  }

  void number() {
    std::size_t length = 0;
    auto digits = [&] {
      while (is_digit(peek(length))) ++length;
    };
    bool real = false;
    digits();
    if (peek(length) == '.') real = true, ++length, digits();
    if (peek(length) == 'e' || peek(length) == 'E') {
      real = true;
      ++length;
      if (peek(length) == '+' || peek(length) == '-') ++length;
      if (!is_digit(peek(length))) fail(at_, "a malformed number: its exponent has no digits");
      digits();
    }
    if (is_letter(peek(length)) || peek(length) == '.') fail(at_ + length, "a malformed number");
    add(real ? Token::Kind::real : Token::Kind::integer, length);
  }

  void symbol() {
    std::size_t length = 0;
    auto consider = [&](std::string_view text) {
      if (text.size() > length && source_.substr(at_, text.size()) == text) length = text.size();
    };
    for (const OpInfo& op : op_table) consider(op.text);
    for (std::string_view text : other_symbols) consider(text);
    if (const std::string_view foreign = foreign_symbol(source_.substr(at_)); foreign.size() > length)
      unexpected(foreign, spelling_of(foreign));
    if (length == 0) unexpected(source_.substr(at_, 1), spelling_of_member());
    bracket(source_[at_]);
    add(Token::Kind::symbol, length);
  }

  [[noreturn]] void unexpected(std::string_view what, std::string_view here) const {
    fail(at_, with_spelling("unexpected '" + escaped(what) + "'", here));
  }
  /// Of x.T or np.einsum, at the dot.
  std::string_view spelling_of_member() const {
    std::size_t length = 1;
    while (is_letter(peek(length)) || is_digit(peek(length))) ++length;
    const std::string_view name = source_.substr(at_ + 1, length - 1);
    if (peek() != '.') return {};
    return is_function(name) ? "functions stand before their arguments, as in sum(x)" : spelling_of(name);
  }

  void bracket(char c) {
    if (c == '(' || c == '[') open_.push_back(at_);
    if (c != ')' && c != ']') return;
    if (open_.empty()) fail(at_, "this bracket closes none");
    if (source_[open_.back()] != (c == ')' ? '(' : '['))
      fail(at_, "this bracket is not of the kind of the one it closes");
    open_.pop_back();
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;  // offsets of brackets
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenise(std::string_view source) { return Lexer(source).run(); }

bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace ricci::text

namespace ricci {

bool is_incomplete(std::string_view text) {
  int open = 0;
  bool comment = false;
  for (char c : text) {
    if (c == '\n') comment = false;
    else if (c == '#') comment = true;
    if (comment) continue;
    if (c == '(' || c == '[') ++open;
    if (c == ')' || c == ']') --open;
  }
  return open > 0;
}

}  // namespace ricci
