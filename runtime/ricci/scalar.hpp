#pragma once
// One typed value, as bits: a constant of the IR, a run-time scalar argument, an element of a tensor.
#include <cstring>

#include "ricci/dtype.hpp"

namespace ricci {

struct Scalar {
  DType dtype = DType::i64;
  std::uint64_t bits = 0;  // the element's bytes, low end first; unused bytes are zero

  bool operator==(const Scalar&) const = default;

  /// A scalar of exactly the C++ type T.
  template <class T>
  static Scalar of(T value) {
    Scalar s{dtype_of<T>, 0};
    std::memcpy(&s.bits, &value, sizeof(T));
    return s;
  }

  /// Reads the element of type `dtype` at `address`.
  static Scalar load(DType dtype, const void* address) {
    Scalar s{dtype, 0};
    std::memcpy(&s.bits, address, size_of(dtype));
    return s;
  }

  void store(void* address) const { std::memcpy(address, &bits, size_of(dtype)); }

  /// The value, which must have exactly the C++ type T.
  template <class T>
  T get() const {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }

  /// The value converted as static_cast does; for sizes and subscripts, not for language casts (those saturate).
  std::int64_t as_int() const {
    return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) { return static_cast<std::int64_t>(get<T>()); });
  }
  double as_double() const {
    return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) { return static_cast<double>(get<T>()); });
  }
};

}  // namespace ricci
