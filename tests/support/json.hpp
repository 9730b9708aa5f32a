#pragma once
// A strict reader of JSON (RFC 8259) that only tells whether a text is valid, and finds members of an object.
#include <optional>
#include <string>
#include <string_view>

namespace ricci::test {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  /// Whether the whole text is one value.
  bool valid() {
    at_ = 0;
    return value(0) && (space(), at_ == text_.size());
  }

  /// The text of a member's value in the object at the top; nothing when it is absent or the text is invalid.
  std::optional<std::string> member(std::string_view name) {
    wanted_ = '"' + std::string(name) + '"';
    found_.reset();
    if (!valid()) found_.reset();
    wanted_.clear();
    return found_;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) { return peek() == c && at_ < text_.size() ? (++at_, true) : false; }
  void space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  bool word(std::string_view w) { return text_.substr(at_, w.size()) == w ? (at_ += w.size(), true) : false; }
  bool digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }

  bool value(int depth) {
    space();
    switch (peek()) {
      case '{': return object(depth + 1);
      case '[': return array(depth + 1);
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }
  bool object(int depth) {
    accept('{');
    if (space(), accept('}')) return true;
    do {
      space();
      const std::size_t key = at_;
      if (!string()) return false;
      const std::string_view name = text_.substr(key, at_ - key);
      if (space(), !accept(':')) return false;
      space();
      const std::size_t start = at_;
      if (!value(depth)) return false;
      if (depth == 1 && name == wanted_) found_ = text_.substr(start, at_ - start);
      space();
    } while (accept(','));
    return accept('}');
  }
  bool array(int depth) {
    accept('[');
    if (space(), accept(']')) return true;
    do {
      if (!value(depth)) return false;
      space();
    } while (accept(','));
    return accept(']');
  }
  bool string() {
    if (!accept('"')) return false;
    while (at_ < text_.size() && peek() != '"') {
      const unsigned char c = static_cast<unsigned char>(text_[at_++]);
      if (c < 0x20 || c >= 0x7f) return false;  // stricter than JSON: the driver writes ASCII
      if (c != '\\') continue;
      const char escape = peek();
      ++at_;
      if (escape == 'u') {
        for (int i = 0; i < 4; ++i)
          if (std::string_view("0123456789abcdefABCDEF").find(text_.substr(at_++, 1)) == std::string_view::npos)
            return false;
      } else if (std::string_view("\"\\/bfnrt").find(escape) == std::string_view::npos) {
        return false;
      }
    }
    return accept('"');
  }
  bool number() {
    accept('-');
    if (!accept('0') && !digits()) return false;
    if (accept('.') && !digits()) return false;
    if (accept('e') || accept('E')) {
      if (!accept('+')) accept('-');
      return digits();
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string wanted_;
  std::optional<std::string> found_;
};

}  // namespace ricci::test
