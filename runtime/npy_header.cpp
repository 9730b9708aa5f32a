#include <algorithm>
#include <optional>
#include <string_view>

#include "ricci/error.hpp"
#include "ricci/file.hpp"
#include "ricci/npy.hpp"

namespace ricci {
namespace {

constexpr std::int64_t extent_limit = std::int64_t{1} << 62;

/// Text of the file for a message: short, and printable whatever it contains.
std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string out = "\"";
  for (const char c : text.substr(0, longest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > longest ? "...\"" : "\"");
}

struct Fault {
  const std::string& name;
  [[noreturn]] void operator()(const std::string& found, const std::string& expected) const {
    throw Error(Error::Kind::file, name + ": " + found + ", expected " + expected);
  }
};

std::string known_dtypes() {
  std::string names;
  for (int i = 0; i < dtype_count; ++i) names += (i ? " " : "") + std::string(to_string(static_cast<DType>(i)));
  return names;
}

/// Byte order, kind and size, as in "<f4".
DType dtype_of_descr(std::string_view descr, const Fault& fail) {
  constexpr std::string_view known[] = {
#define X(name, type, npy) npy,
      RICCI_DTYPES(X)
#undef X
  };
  const std::string found = "the dtype " + quoted(descr);
  if (descr.size() == 3 && std::string_view("<>=|").contains(descr[0])) {
    for (int i = 0; i < dtype_count; ++i) {
      if (descr.substr(1) != known[i].substr(1)) continue;
      const auto dtype = static_cast<DType>(i);
      if (size_of(dtype) == 1) return dtype;  // one byte has no order
      if (descr[0] == '>') fail(found + " is big-endian", "little-endian, \"" + std::string(known[i]) + "\"");
      if (descr[0] != '|' || descr[1] == 'V') return dtype;  // raw bytes have none either
    }
  }
  if (descr.contains('O')) fail(found + " is one of Python objects, which are never loaded", "numbers");
  fail(found + " is not one of Ricci's", "one of " + known_dtypes() + ", little-endian");
}

/// The header's grammar:
///   header := '{' [entry (',' entry)* [',']] '}' space* '\n'    with spaces allowed between tokens
///   entry  := key ':' (string | True | False | shape)
///   shape  := '(' ')' | '(' number ',' ')' | '(' number (',' number)+ [','] ')'
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const Fault& fail) : text_(text), fail_(fail) {}

  Layout parse() {
    expect('{', "the dictionary to start with '{'");
    while (!accept('}')) {
      entry();
      if (accept(',')) continue;
      expect('}', "',' or '}' after an entry");
      break;
    }
    const std::string_view rest = text_.substr(at_);
    if (rest.empty() || rest.back() != '\n' || rest.find_first_not_of(' ') != rest.size() - 1)
      fail_("the header ends with " + quoted(rest), "spaces and one newline after '}'");
    if (!dtype_) fail_missing("descr");
    if (!fortran_order_) fail_missing("fortran_order");
    if (!shape_) fail_missing("shape");
    return layout();
  }

 private:
  struct Shape {
    int rank = 0;
    std::array<std::int64_t, max_rank> extents{};
  };

  void entry() {
    const std::string_view key = string("a quoted key");
    expect(':', "':' after the key " + quoted(key));
    if (key == "descr") {
      once(dtype_, key);
      if (peek() == '[' || peek() == '(') fail_("the dtype is a structure or a sub-array", "one of " + known_dtypes());
      dtype_ = dtype_of_descr(string("a dtype in quotes"), fail_);
    } else if (key == "fortran_order") {
      once(fortran_order_, key);
      fortran_order_ = boolean();
    } else if (key == "shape") {
      once(shape_, key);
      shape_ = shape();
    } else {
      fail_("the header has the key " + quoted(key), "only descr, fortran_order and shape");
    }
  }

  template <class T>
  void once(const std::optional<T>& value, std::string_view key) {
    if (value) fail_("the header has the key " + quoted(key) + " twice", "it once");
  }

  [[noreturn]] void fail_missing(const char* key) {
    fail_(std::string("the header has no key \"") + key + "\"", "the keys descr, fortran_order and shape");
  }

  bool boolean() {
    peek();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail_here("True or False as fortran_order");
  }

  Shape shape() {
    Shape shape;
    expect('(', "a tuple of numbers as the shape");
    bool comma = true;
    while (!accept(')')) {
      if (!comma) fail_here("',' or ')' in the shape");
      if (shape.rank == max_rank)
        fail_("the shape has more than " + std::to_string(max_rank) + " extents", "at most that many");
      shape.extents[shape.rank++] = extent();
      comma = accept(',');
    }
    if (shape.rank == 1 && !comma) fail_("the shape is a number in parentheses", "a tuple such as (3,)");
    return shape;
  }

  std::int64_t extent() {
    const char first = peek();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (digits.empty() || (first == '0' && digits.size() > 1)) {
      at_ = begin;
      fail_here("an extent of 0 or more in decimal digits");
    }
    std::int64_t value = 0;
    for (const char digit : digits)
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit - '0', &value) ||
          value > extent_limit)
        fail_("the extent " + quoted(digits) + " is too large", "at most 2^62");
    return value;
  }

  /// The text between quotes; escapes are not part of the grammar.
  std::string_view string(const std::string& expected) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail_here(expected);
    const std::size_t begin = at_ + 1, end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail_here("a closing quote");
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }

  /// The next character that is not a space, '\0' at the end.
  char peek() {
    at_ = std::min(text_.find_first_not_of(' ', at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char c) {
    const bool found = peek() == c && at_ < text_.size();
    at_ += found;
    return found;
  }

  void expect(char c, const std::string& expected) {
    if (!accept(c)) fail_here(expected);
  }

  [[noreturn]] void fail_here(const std::string& expected) {
    fail_("the header has " + (at_ < text_.size() ? quoted(text_.substr(at_, 20)) : "its end") + " at character " +
              std::to_string(at_),
          expected);
  }

  Layout layout() const {
    const std::span extents(shape_->extents.data(), static_cast<std::size_t>(shape_->rank));
    checked_file_size(fail_.name, *dtype_, extents);
    Layout layout = row_major(*dtype_, extents);
    if (*fortran_order_) {
      std::int64_t stride = 1;
      for (int i = 0; i < layout.rank; ++i) {
        layout.strides[i] = stride;
        stride *= std::max<std::int64_t>(layout.extents[i], 1);
      }
    }
    return layout;
  }

  const std::string_view text_;
  const Fault& fail_;
  std::size_t at_ = 0;
  std::optional<DType> dtype_;
  std::optional<bool> fortran_order_;
  std::optional<Shape> shape_;
};

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> front, std::uint64_t file_bytes, const std::string& name) {
  const Fault fail{name};
  const std::string_view text(reinterpret_cast<const char*>(front.data()), front.size());
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(front[i]); };
  if (!text.starts_with("\x93NUMPY"))
    fail(text.empty() ? "the file is empty" : "the file starts with " + quoted(text.substr(0, 6)),
         "a .npy file, which starts with \"\\x93NUMPY\"");
  if (text.size() < 10) fail("the file ends within its first 10 bytes", "version and header length");
  const std::uint32_t major = byte(6), minor = byte(7);
  if (major < 1 || major > 3 || minor != 0)
    fail("the format version is " + std::to_string(major) + "." + std::to_string(minor), "1.0, 2.0 or 3.0");
  const std::size_t begin = major == 1 ? 10 : 12;
  if (text.size() < begin) fail("the file ends within its first 12 bytes", "version and header length");

  std::uint64_t length = byte(8) | byte(9) << 8;
  if (major > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > 65536) fail("the header has " + std::to_string(length) + " bytes", "at most 65536");
  if (begin + length > text.size())
    fail("the header has " + std::to_string(length) + " bytes but the file only " + std::to_string(file_bytes),
         "a file that contains its header");

  const NpyHeader header{HeaderParser(text.substr(begin, length), fail).parse(), begin + length};
  const auto data_bytes = static_cast<std::uint64_t>(header.layout.size()) * size_of(header.layout.dtype);
  if (file_bytes - header.data_begin != data_bytes)
    fail("the file has " + std::to_string(file_bytes - header.data_begin) + " bytes of data",
         std::to_string(data_bytes) + " for shape " + shape_text(extents_of(header.layout)) + " and dtype " +
             std::string(to_string(header.layout.dtype)));
  return header;
}

}  // namespace ricci
