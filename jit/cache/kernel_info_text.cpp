#include "ricci/kernel_info_text.hpp"

#include <charconv>
#include <concepts>
#include <tuple>
#include <type_traits>

namespace ricci {
namespace {

// The one table of what is stored. A structured binding must name every member, so a member added to a struct does
// not compile until it is listed here.
template <class T, class Struct>
concept is = std::same_as<std::remove_const_t<T>, Struct>;

auto fields(is<Symbol> auto& s) {
  auto& [kind, ids] = s;
  return std::tie(kind, ids);
}
auto fields(is<BufferInfo> auto& s) {
  auto& [name, dtype, writable, extents, scratch] = s;
  return std::tie(name, dtype, writable, extents, scratch);
}
auto fields(is<TripFactor> auto& s) {
  auto& [symbol, divisor] = s;
  return std::tie(symbol, divisor);
}
auto fields(is<PhaseInfo> auto& s) {
  auto& [name, trip, work, items, starts, early] = s;
  return std::tie(name, trip, work, items, starts, early);
}
auto fields(is<SliceInfo> auto& s) {
  auto& [first, end, temporaries] = s;
  return std::tie(first, end, temporaries);
}
auto fields(is<KernelInfo> auto& s) {
  auto& [symbols, buffers, phases, slices, checks, proved, loops] = s;
  return std::tie(symbols, buffers, phases, slices, checks, proved, loops);
}

constexpr int enumerators(DType) { return dtype_count; }
constexpr int enumerators(Symbol::Kind) { return static_cast<int>(Symbol::Kind::pitch) + 1; }

struct Writer {
  std::string text;

  void write(std::integral auto number) { text += std::to_string(number); }
  void write(const std::string& s) { text += std::to_string(s.size()) + ':' + s; }
  template <class E>
    requires std::is_enum_v<E>
  void write(E value) { write(static_cast<int>(value)); }

  template <class T>
  void write(const std::vector<T>& list) {
    text += '[';
    for (const T& item : list) {
      write(item);
      text += ' ';
    }
    text += ']';
  }
  template <class T>
    requires std::is_aggregate_v<T>
  void write(const T& s) {
    text += '(';
    std::apply([this](const auto&... field) { ((write(field), text += ' '), ...); }, fields(s));
    text += ')';
  }
};

/// Each read says whether the text went on as expected.
struct Reader {
  std::string_view rest;

  bool skip(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  template <std::integral T>
  bool read(T& number) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc()) return false;
    rest.remove_prefix(end - rest.data());
    return true;
  }
  bool read(bool& flag) {
    flag = rest.starts_with('1');
    return skip(flag ? '1' : '0');
  }
  template <class E>
    requires std::is_enum_v<E>
  bool read(E& value) {
    int number = 0;
    if (!read(number) || number < 0 || number >= enumerators(value)) return false;
    value = static_cast<E>(number);
    return true;
  }
  bool read(std::string& s) {
    std::size_t size = 0;
    if (!read(size) || !skip(':') || size > rest.size()) return false;
    s = rest.substr(0, size);
    rest.remove_prefix(size);
    return true;
  }
  template <class T>
  bool read(std::vector<T>& list) {
    if (!skip('[')) return false;
    while (!skip(']'))
      if (!read(list.emplace_back()) || !skip(' ')) return false;
    return true;
  }
  template <class T>
    requires std::is_aggregate_v<T>
  bool read(T& s) {
    return skip('(') && std::apply([this](auto&... field) { return ((read(field) && skip(' ')) && ...); }, fields(s)) &&
           skip(')');
  }
};

}  // namespace

std::string to_text(const KernelInfo& info) {
  Writer writer;
  writer.write(info);
  return std::move(writer.text);
}

std::optional<KernelInfo> kernel_info_from_text(std::string_view text) {
  Reader reader{text};
  KernelInfo info;
  // Numbers have several spellings ("7", "07"); only the one that to_text writes is accepted.
  if (!reader.read(info) || !reader.rest.empty() || to_text(info) != text) return std::nullopt;
  return info;
}

}  // namespace ricci
