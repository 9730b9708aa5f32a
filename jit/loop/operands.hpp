#pragma once
// What the text of a loop kernel is made of: symbols, values with their types, buffers, places in them, literals.
#include <algorithm>
#include <map>
#include <tuple>

#include "loop/lexer.hpp"
#include "loop/text.hpp"

namespace ricci::loop {

struct Operands : Reader {
  static constexpr Value most_values = 1 << 20;

  std::map<std::string, BufferId, std::less<>> labels{};
  Phase* phase = nullptr;  // at hand, whose values have types

  /// A number with a letter before it: s3.
  bool is_symbol() const {
    return token.kind == Token::Kind::word && token.text.size() > 1 && token.text[0] == 's' &&
           std::ranges::all_of(token.text.substr(1), is_digit);
  }
  std::uint32_t symbol() {
    if (!is_symbol()) fail("a symbol such as s0");
    const auto id = number<std::uint32_t>(token.text.substr(1), "a smaller symbol number");
    take();
    return id;
  }
  Value use() {
    if (token.kind != Token::Kind::value) fail("a value such as %3");
    const Value v = number<Value>(token.text.substr(1), "a smaller value number");
    take();
    return v;
  }
  Type type() {
    if (token.kind != Token::Kind::word) fail("a type such as f32x16");
    const std::size_t x = token.text.find('x');
    const auto dtype = dtype_from_string(token.text.substr(0, x));
    if (!dtype) fail("a type such as f32x16");
    const int lanes = x == std::string_view::npos ? 1 : number<int>(token.text.substr(x + 1), "a number of lanes");
    take();
    return {*dtype, lanes};
  }
  /// %3: f32x16; without a type, it is `implied`.
  Value define(std::optional<Type> implied = std::nullopt) {
    const Token spelled = token;
    const Value v = use();
    if (v >= most_values) {
      token = spelled;
      fail("value numbers below " + std::to_string(most_values));
    }
    if (!implied) expect(":");
    const Type t = !implied || accept(":") ? type() : *implied;
    if (v >= phase->types.size()) phase->types.resize(v + 1);
    phase->types[v] = t;
    return v;
  }
  /// [%3]
  Value subscript() {
    expect("[");
    const Value offset = use();
    expect("]");
    return offset;
  }
  /// [%3 + %4]
  std::pair<Value, Value> subscripts() {
    expect("[");
    const Value base = use();
    expect("+");
    const Value offsets = use();
    expect("]");
    return {base, offsets};
  }
  Value mask() { return accept("mask") ? use() : none; }
  BufferId buffer() {
    if (token.kind != Token::Kind::word) fail("a buffer");
    BufferId id{};
    if (const auto found = labels.find(token.text); found != labels.end())
      id = found->second;
    else if (token.text[0] == 'b')
      id = number<BufferId>(token.text.substr(1), "a buffer of the header");
    else
      fail("a buffer of the header");
    take();
    return id;
  }
  Scalar literal(DType dtype) {
    if (const auto other = dtype_from_string(token.text)) {
      dtype = *other;
      take();
    }
    if (accept("bits")) {
      expect("(");
      if (!token.text.starts_with("0x")) fail("0x and hexadecimal digits");
      const auto bits = number<std::uint64_t>(token.text.substr(2), "0x and hexadecimal digits", 16);
      take();
      expect(")");
      return {dtype, bits};
    }
    if (dtype == DType::b1) {
      const bool value = is("true");
      if (!value && !is("false")) fail("true or false");
      take();
      return Scalar::of(value);
    }
    return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) -> Scalar {
      if constexpr (std::is_same_v<T, bool>)
        fail("true or false");
      else
        return Scalar::of(number<T>("a number of the value's dtype"));
    });
  }
  /// [%1 by %2]
  std::pair<Value, Value> steps() {
    expect("[");
    const Value first = use();
    expect("by");
    const Value step = use();
    expect("]");
    return {first, step};
  }
  /// [%1 by %2 by %3]
  std::tuple<Value, Value, Value> steps_of_rows() {
    expect("[");
    const Value first = use();
    expect("by");
    const Value step = use();
    expect("by");
    const Value row_step = use();
    expect("]");
    return {first, step, row_step};
  }
};

}  // namespace ricci::loop
