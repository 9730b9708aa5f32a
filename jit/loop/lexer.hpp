#pragma once
// The words of the loop IR's text, with one token of lookahead and errors that name the line.
#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "ricci/error.hpp"
#include "ricci/float16.hpp"

namespace ricci::loop {

struct Token {
  enum class Kind { end, value, word, number, string, mark } kind = Kind::end;
  std::string_view text;
  int line = 1;
};

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct Lexer {
  std::string_view rest;
  int line = 1;

  Token next() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r' || rest[0] == '\n')) {
      line += rest[0] == '\n';
      rest.remove_prefix(1);
    }
    const auto [kind, length] = measure();
    const Token token{kind, rest.substr(0, length), line};
    rest.remove_prefix(length);
    return token;
  }

 private:
  char at(std::size_t i) const { return i < rest.size() ? rest[i] : '\0'; }

  std::pair<Token::Kind, std::size_t> measure() const {
    using enum Token::Kind;
    if (rest.empty()) return {end, 0};
    std::size_t i = 1;
    if (rest[0] == '%' && is_digit(at(1))) {
      while (is_digit(at(i))) ++i;
      return {value, i};
    }
    if (is_letter(rest[0])) {
      while (is_letter(at(i)) || is_digit(at(i))) ++i;
      return {word, i};
    }
    if (is_digit(rest[0]) || (rest[0] == '-' && (is_digit(at(1)) || at(1) == 'i'))) {  // also -inf
      const auto exponent_sign = [&] { return (at(i) == '-' || at(i) == '+') && at(i - 1) == 'e'; };
      while (is_letter(at(i)) || is_digit(at(i)) || at(i) == '.' || exponent_sign()) ++i;
      return {number, i};
    }
    if (rest[0] == '"') {
      while (i < rest.size() && rest[i] != '"' && rest[i] != '\n') i += rest[i] == '\\' ? 2 : 1;
      return at(i) == '"' ? std::pair{string, i + 1} : std::pair{mark, std::size_t{1}};
    }
    for (const std::string_view two : {"//", "==", "!=", "<=", ">=", "<<", ">>"})
      if (rest.starts_with(two)) return {mark, 2};
    return {mark, 1};
  }
};

/// What a recursive descent asks of its text. Everything that does not fit throws Error{syntax}.
struct Reader {
  Lexer lexer;
  Token token = lexer.next();

  [[noreturn]] void fail(const std::string& expected) const {
    std::string found = token.kind == Token::Kind::end ? "the end" : "'" + std::string(token.text.substr(0, 40)) + "'";
    std::ranges::replace_if(found, [](char c) { return c >= 0 && c < ' '; }, '?');
    throw Error(Error::Kind::syntax,
                "loop text, line " + std::to_string(token.line) + ": expected " + expected + ", found " + found);
  }
  std::string_view take() {
    const std::string_view text = token.text;
    token = lexer.next();
    return text;
  }
  bool is(std::string_view text) const { return token.kind != Token::Kind::string && token.text == text; }
  bool accept(std::string_view text) {
    const bool found = token.kind != Token::Kind::end && is(text);
    if (found) take();
    return found;
  }
  void expect(std::string_view text) {
    if (!accept(text)) fail("'" + std::string(text) + "'");
  }
  /// The digits of `text` as a T, all of them.
  template <class T>
  T number(std::string_view text, const char* expected, int base = 10) const {
    std::conditional_t<Float16<T>, float, T> x{};
    std::from_chars_result result{};
    if constexpr (std::is_floating_point_v<decltype(x)>)
      result = std::from_chars(text.data(), text.data() + text.size(), x);
    else
      result = std::from_chars(text.data(), text.data() + text.size(), x, base);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) fail(expected);
    return x;
  }
  template <class T>
  T number(const char* expected) {
    const T x = number<T>(token.text, expected);
    take();
    return x;
  }
  std::string string() {
    if (token.kind != Token::Kind::string) fail("a text in quotation marks");
    const std::string_view body = token.text.substr(1, token.text.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (body[i] != '\\') {
        out += body[i];
      } else if (body.substr(++i).starts_with('x')) {
        out += static_cast<char>(number<std::uint8_t>(body.substr(i + 1, 2), "\\x and two hexadecimal digits", 16));
        i += 2;
      } else {
        out += body[i];
      }
    }
    take();
    return out;
  }
  std::string name() {
    if (token.kind == Token::Kind::word) return std::string(take());
    return string();
  }
  template <class F>
  void list(std::string_view separator, F item) {
    do item();
    while (accept(separator));
  }
};

}  // namespace ricci::loop
