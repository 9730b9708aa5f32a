#pragma once
// Named indices. Each name is a type of its own, so that the compiler knows which indices are free.
#include "ricci/frame.hpp"
#include "ricci/syntax.hpp"

namespace ricci {

/// Text as a template argument; the compilers print it in messages.
template <std::size_t N>
struct Text {
  char text[N]{};
  constexpr Text() = default;
  constexpr Text(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

/// The index `Name`. A Tag other than void makes it different from every other index of that name.
template <Text Name, class Tag = void>
struct Index {
  static constexpr IndexName name{Name.view(), !std::is_void_v<Tag>};
  static constexpr Syntax syntax = make_index(name);
  void collect(Frame&) const {}

  /// k(low, high): the values low <= k < high, as far as k has them, where k is bound: sum(k(1, n), x[k] - x[k - 1]),
  /// y[i(0, 3)] = 0. The bounds are integer expressions; they may differ from row to row, as in
  /// sum(j(offset[b], offset[b + 1]), value[j]).
  template <class Low, class High>
  constexpr auto operator()(Low&& low, High&& high) const;
};

template <class>
inline constexpr bool is_index = false;
template <Text Name, class Tag>
inline constexpr bool is_index<Index<Name, Tag>> = true;

/// An index that no user's index equals: for library code. Each use is a new one.
template <Text Name, class Tag = decltype([] {})>
constexpr Index<Name, Tag> fresh() {
  return {};
}

inline namespace literals {
/// "b"_i is the index b.
template <Text Name>
constexpr Index<Name> operator""_i() {
  return {};
}
}  // namespace literals

namespace detail {

constexpr bool separates(char c) { return c == ' ' || c == ','; }

constexpr std::size_t count_names(std::string_view list) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < list.size(); ++i) n += !separates(list[i]) && (i == 0 || separates(list[i - 1]));
  return n;
}

constexpr std::string_view nth_name(std::string_view list, std::size_t n) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (separates(list[i]) || (i > 0 && !separates(list[i - 1]))) continue;
    if (n-- > 0) continue;
    std::size_t end = i;
    while (end < list.size() && !separates(list[end])) ++end;
    return list.substr(i, end - i);
  }
  return {};
}

template <Text List, std::size_t K>
constexpr auto name_of() {
  constexpr std::string_view name = nth_name(List.view(), K);
  Text<name.size() + 1> text;
  for (std::size_t i = 0; i < name.size(); ++i) text.text[i] = name[i];
  return text;
}

}  // namespace detail

template <Text List>
struct IndexPack {
  template <std::size_t K>
  constexpr auto get() const {
    return Index<detail::name_of<List, K>()>{};
  }
};

/// auto [b, c, h, w] = indices<"b c h w">;
template <Text List>
inline constexpr IndexPack<List> indices{};

/// Predeclared one-letter indices: using namespace ricci::names;
namespace names {
inline constexpr Index<"a"> a{};
inline constexpr Index<"b"> b{};
inline constexpr Index<"c"> c{};
inline constexpr Index<"d"> d{};
inline constexpr Index<"e"> e{};
inline constexpr Index<"f"> f{};
inline constexpr Index<"g"> g{};
inline constexpr Index<"h"> h{};
inline constexpr Index<"i"> i{};
inline constexpr Index<"j"> j{};
inline constexpr Index<"k"> k{};
inline constexpr Index<"l"> l{};
inline constexpr Index<"m"> m{};
inline constexpr Index<"n"> n{};
inline constexpr Index<"o"> o{};
inline constexpr Index<"p"> p{};
inline constexpr Index<"q"> q{};
inline constexpr Index<"r"> r{};
inline constexpr Index<"s"> s{};
inline constexpr Index<"t"> t{};
inline constexpr Index<"u"> u{};
inline constexpr Index<"v"> v{};
inline constexpr Index<"w"> w{};
inline constexpr Index<"x"> x{};
inline constexpr Index<"y"> y{};
inline constexpr Index<"z"> z{};
}  // namespace names

}  // namespace ricci

template <ricci::Text List>
struct std::tuple_size<ricci::IndexPack<List>>
    : std::integral_constant<std::size_t, ricci::detail::count_names(List.view())> {};
template <std::size_t K, ricci::Text List>
struct std::tuple_element<K, ricci::IndexPack<List>> {
  using type = ricci::Index<ricci::detail::name_of<List, K>()>;
};
