// Which names a statement uses as what, and the messages about those it cannot use.
#include <algorithm>

#include "parse_call.hpp"
#include "parse_expression.hpp"
#include "spellings.hpp"

namespace ricci::text {
namespace {

/// The sentences of the rules speak C++; casts are all that differs.
std::string in_this_language(std::string sentence) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"cast<std::int64_t>(...)", "i64(...)"}, {"cast<...>(...)", "a cast, as in i64(...)"}};
  for (const auto& [cpp, text] : words)
    if (const std::size_t at = sentence.find(cpp); at != std::string::npos) sentence.replace(at, cpp.size(), text);
  return sentence;
}

}  // namespace

Parser::Parser(std::string_view source, std::span<const Token> tokens, const Variables& variables, Tree& tree)
    : source_(source), tokens_(tokens), variables_(variables), tree_(tree) {
  find_indices();
}

/// An index is an unbound name within the subscripts of any tensor of the statement, or bound by a reduction; with a
/// bracket behind it, it is a range.
void Parser::find_indices() {
  std::vector<bool> subscripts;  // of the open brackets: whether inside [ ]
  std::vector<bool> binders;     // of the open brackets: whether names and commas are all so far, in a reduction
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const Token &token = tokens_[i], &next = tokens_[std::min(i + 1, tokens_.size() - 1)];
    if (token.is("(") || token.is("[")) {
      subscripts.push_back(token.is("[") || (!subscripts.empty() && subscripts.back()));
      binders.push_back(token.is("(") && i > 0 && binds_indices(tokens_[i - 1].text));
    } else if (token.is(")") || token.is("]")) {
      subscripts.pop_back();
      binders.pop_back();
    } else if (token.kind == Token::Kind::name && !subscripts.empty()) {
      const bool plain = !next.is("[") && (!next.is("(") || looks_like_range(i)) && !variable(token.text) &&
                         !is_word_of_python(token.text);
      const bool binder = binders.back() && (next.is(",") || (plain && next.is("(")));
      if (plain && (subscripts.back() || binder)) indices_.emplace(token.text, nullptr);
      if (!binder) binders.back() = false;
    } else if (!binders.empty() && !token.is(",")) {
      binders.back() = false;
    }
  }
}

/// Whether the name at token `i` and its bracket can be meant as a range: k(low, high) and then a comma or the end of
/// the subscripts, where k is not the name of a function, nor nearly so.
bool Parser::looks_like_range(std::size_t i) const {
  const std::string_view name = tokens_[i].text;
  if (is_function(name) || (name.size() > 2 && !nearest(name, function_names()).empty())) return false;
  int depth = 0, commas = 0;
  for (++i; i < tokens_.size(); ++i) {
    if (tokens_[i].is("(") || tokens_[i].is("[")) ++depth;
    if (tokens_[i].is(")") || tokens_[i].is("]")) --depth;
    if (depth == 0) break;
    commas += depth == 1 && tokens_[i].is(",");
  }
  return commas == 1 && i + 1 < tokens_.size() && (tokens_[i + 1].is(",") || tokens_[i + 1].is("]"));
}

bool Parser::accept(std::string_view symbol) {
  if (!peek().is(symbol)) return false;
  take();
  return true;
}

void Parser::expect(std::string_view symbol, std::string_view where) {
  if (!accept(symbol)) unexpected("'" + std::string(symbol) + "' " + std::string(where));
}

void Parser::fail(const Token& token, Error::Kind kind, const std::string& message) const {
  throw TextError(kind, message, source_, token.offset);
}

void Parser::unexpected(std::string_view wanted) const {
  const Token& token = peek();
  const std::string found = token.kind == Token::Kind::end ? "the end of the statement"
                                                           : "'" + std::string(token.text.substr(0, 40)) + "'";
  const std::string_view here = token.kind == Token::Kind::name ? spelling_of(token.text) : std::string_view();
  fail(token, Error::Kind::syntax, with_spelling("expected " + std::string(wanted) + ", found " + found, here));
}

void Parser::require(const Token& token, const Fault& fault) const {
  if (!fault) return;
  try {
    throw_fault(fault);
  } catch (const Error& error) {
    fail(token, error.kind(), in_this_language(error.what()));
  }
}

const Variable* Parser::variable(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second;
}

void Parser::unknown_tensor(const Token& token, std::string_view advice) const {
  const std::string name(token.text.substr(0, 64));
  if (is_function(token.text))
    fail(token, Error::Kind::name, "'" + name + "' is a function; its arguments follow in brackets: " + name + "(...)");
  std::vector<std::string_view> words;
  for (const auto& [word, unused] : variables_) words.push_back(word);
  const std::string_view similar = nearest(token.text, words);
  std::string message = "unknown name '" + name + "'";
  if (!similar.empty()) message.append("; did you mean '").append(similar.substr(0, 64)).append("'?");
  else if (!advice.empty()) message.append("; ").append(advice);
  else message = with_spelling(message, spelling_of(token.text));
  fail(token, Error::Kind::name, message);
}

}  // namespace ricci::text
