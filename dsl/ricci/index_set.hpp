#pragma once
// Names of indices and ordered sets of them: values that the C++ front end computes at compile time and the text
// front end at run time, with the same functions.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ricci {

/// One name. The same spelling is the same index, except that a `unique` name equals only itself.
struct IndexName {
  std::string_view text;
  std::uint64_t hash = 0;
  bool unique = false;

  constexpr explicit IndexName(std::string_view name, bool is_unique = false)
      : text(name), hash(0xcbf29ce484222325ull), unique(is_unique) {
    for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;  // FNV-1a
  }
};

/// Hashes come first: comparing addresses of different objects is not a constant expression in GCC under UBSan.
constexpr bool same(const IndexName* a, const IndexName* b) {
  if (a->hash != b->hash || a->unique != b->unique) return false;
  return a->unique ? a == b : a->text == b->text;
}

/// Distinct index names in order of first appearance. Adding to a full set marks it as overflowing.
struct IndexSet {
  static constexpr int capacity = 16;
  const IndexName* names[capacity]{};
  int size = 0;
  bool overflow = false;

  constexpr const IndexName* operator[](int i) const { return names[i]; }
  constexpr int find(const IndexName* name) const {
    for (int i = 0; i < size; ++i)
      if (same(names[i], name)) return i;
    return -1;
  }
  constexpr bool contains(const IndexName* name) const { return find(name) >= 0; }
  constexpr void add(const IndexName* name) {
    if (contains(name)) return;
    if (size == capacity) overflow = true;
    else names[size++] = name;
  }
  constexpr void add(const IndexSet& other) {
    for (int i = 0; i < other.size; ++i) add(other.names[i]);
    overflow = overflow || other.overflow;
  }
  constexpr IndexSet without(const IndexSet& other) const {
    IndexSet rest;
    for (int i = 0; i < size; ++i)
      if (!other.contains(names[i])) rest.add(names[i]);
    rest.overflow = overflow;
    return rest;
  }
  constexpr bool subset_of(const IndexSet& other) const {
    for (int i = 0; i < size; ++i)
      if (!other.contains(names[i])) return false;
    return true;
  }
};

}  // namespace ricci
