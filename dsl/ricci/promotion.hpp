#pragma once
// Element types of results: the array API standard within a kind; an integer with a float gives the float; b1 gives
// way to everything; a weak value (a number of the program text) adopts the other's dtype where its kind allows.
#include <optional>

#include "ricci/dtype.hpp"

namespace ricci {

/// The dtype of a value while it is being combined; `weak` values are the numbers that stand in the program text,
/// always b1, i64 or f64.
struct Value {
  DType dtype = DType::f32;
  bool weak = false;
  bool operator==(const Value&) const = default;
};

/// b1 0, integers 1, floats 2.
constexpr int kind_of(DType d) { return is_float(d) ? 2 : is_integer(d) ? 1 : 0; }

/// The common dtype of two tensors' elements; nothing for u64 with a signed integer.
constexpr std::optional<DType> promote(DType a, DType b) {
  if (a == b) return a;
  if (kind_of(a) != kind_of(b)) return kind_of(a) > kind_of(b) ? a : b;
  if (is_float(a)) return a == DType::f64 || b == DType::f64 ? DType::f64 : DType::f32;
  if (is_signed_integer(a) == is_signed_integer(b)) return size_of(a) > size_of(b) ? a : b;
  const DType s = is_signed_integer(a) ? a : b, u = is_signed_integer(a) ? b : a;
  if (u == DType::u64) return std::nullopt;
  if (size_of(s) > size_of(u)) return s;
  return u == DType::u8 ? DType::i16 : u == DType::u16 ? DType::i32 : DType::i64;
}

/// The common value of two operands; nothing for u64 with a signed integer.
constexpr std::optional<Value> promote(Value a, Value b) {
  if (a.weak == b.weak) {
    const auto d = promote(a.dtype, b.dtype);
    return d ? std::optional(Value{*d, a.weak}) : std::nullopt;
  }
  const Value weak = a.weak ? a : b, strong = a.weak ? b : a;
  if (kind_of(weak.dtype) <= kind_of(strong.dtype)) return strong;
  return Value{weak.dtype, false};  // i64 against b1, f64 against b1 and integers
}

/// The dtype in which a floating function computes an argument: floats stay, all else becomes f64.
constexpr DType to_floating(DType d) { return is_float(d) ? d : DType::f64; }

/// NumPy's same-kind rule, for assignment: to the same or a higher kind, but no signed value into unsigned elements.
constexpr bool same_kind_cast(Value from, DType to) {
  if (kind_of(from.dtype) > kind_of(to)) return false;
  if (from.weak) return true;
  return !(is_signed_integer(from.dtype) && is_unsigned_integer(to));
}

}  // namespace ricci
