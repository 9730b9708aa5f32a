#pragma once
// Element types: one table, from which the enum, the names, the sizes and the C++ types all come.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ricci/float16.hpp"

namespace ricci {

// name, C++ type, NumPy type string of the .npy format (little-endian). NumPy has no bf16: its files hold raw elements of
// two bytes, as the package ml_dtypes writes them; there they are seen by array.view(ml_dtypes.bfloat16).
#define RICCI_DTYPES(X)                   \
  X(b1, bool, "|b1")                      \
  X(i8, std::int8_t, "|i1")               \
  X(i16, std::int16_t, "<i2")             \
  X(i32, std::int32_t, "<i4")             \
  X(i64, std::int64_t, "<i8")             \
  X(u8, std::uint8_t, "|u1")              \
  X(u16, std::uint16_t, "<u2")            \
  X(u32, std::uint32_t, "<u4")            \
  X(u64, std::uint64_t, "<u8")            \
  X(f16, float16, "<f2")                  \
  X(bf16, bfloat16, "<V2")                \
  X(f32, float, "<f4")                    \
  X(f64, double, "<f8")

enum class DType : std::uint8_t {
#define X(name, type, npy) name,
  RICCI_DTYPES(X)
#undef X
};

#define X(name, type, npy) +1
inline constexpr int dtype_count = 0 RICCI_DTYPES(X);
#undef X

/// The short name used in dumps, messages and JSON: "f32".
constexpr std::string_view to_string(DType dtype) {
  constexpr std::string_view names[] = {
#define X(name, type, npy) #name,
      RICCI_DTYPES(X)
#undef X
  };
  return names[static_cast<int>(dtype)];
}

/// The inverse of to_string; nothing when the name is unknown.
constexpr std::optional<DType> dtype_from_string(std::string_view text) {
  for (int i = 0; i < dtype_count; ++i)
    if (to_string(static_cast<DType>(i)) == text) return static_cast<DType>(i);
  return std::nullopt;
}

namespace detail {
// Not inside the function, where g++ makes it anew in each call.
inline constexpr std::size_t element_sizes[] = {
#define X(name, type, npy) sizeof(type),
    RICCI_DTYPES(X)
#undef X
};
}  // namespace detail

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) {
  return detail::element_sizes[static_cast<int>(dtype)];
}

constexpr bool is_float(DType d) { return d >= DType::f16 && d <= DType::f64; }
/// f16 and bf16: elements may be stored in them, but are computed in f32.
constexpr bool is_float16(DType d) { return d == DType::f16 || d == DType::bf16; }
/// The dtype in which elements of this dtype are computed and accumulated: f32 for f16 and bf16, else their own.
constexpr DType compute_dtype(DType d) { return is_float16(d) ? DType::f32 : d; }
constexpr bool is_signed_integer(DType d) { return d >= DType::i8 && d <= DType::i64; }
constexpr bool is_unsigned_integer(DType d) { return d >= DType::u8 && d <= DType::u64; }
/// Signed or unsigned; b1 is not an integer.
constexpr bool is_integer(DType d) { return is_signed_integer(d) || is_unsigned_integer(d); }

template <class T>
struct dtype_of_type;
#define X(name, type, npy) \
  template <>              \
  struct dtype_of_type<type> : std::integral_constant<DType, DType::name> {};
RICCI_DTYPES(X)
#undef X

/// The dtype of a C++ element type; `long long` and `long` both name i64.
template <class T>
inline constexpr DType dtype_of = [] {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    constexpr DType of_size[2][4] = {{DType::u8, DType::u16, DType::u32, DType::u64},
                                     {DType::i8, DType::i16, DType::i32, DType::i64}};
    return of_size[std::is_signed_v<T>][sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3];
  } else {
    return dtype_of_type<T>::value;
  }
}();

/// Calls `f(std::type_identity<T>{})` with the C++ type of `dtype` and returns its result.
template <class F>
constexpr decltype(auto) visit_dtype(DType dtype, F&& f) {
  switch (dtype) {
#define X(name, type, npy) \
  case DType::name: return std::forward<F>(f)(std::type_identity<type>{});
    RICCI_DTYPES(X)
#undef X
  }
  __builtin_unreachable();
}

}  // namespace ricci
