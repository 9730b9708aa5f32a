#include "remainders.hpp"

#include <cmath>

namespace ricci {
namespace {

template <class T>
T fmod_of_one(T x, T y) {
  return std::fmod(x, y);
}

#define RICCI_FMOD(name, Element, bytes, set)                                              \
  using name##_vector [[gnu::vector_size(bytes)]] = Element;                               \
  [[gnu::target(set)]] name##_vector name(name##_vector x, name##_vector y) {              \
    for (unsigned i = 0; i < (bytes) / sizeof(Element); ++i) x[i] = std::fmod(x[i], y[i]); \
    return x;                                                                              \
  }
RICCI_FMOD(fmod_f4, float, 16, "avx2")
RICCI_FMOD(fmod_f8, float, 32, "avx2")
RICCI_FMOD(fmod_f16, float, 64, "avx512f")
RICCI_FMOD(fmod_d2, double, 16, "avx2")
RICCI_FMOD(fmod_d4, double, 32, "avx2")
RICCI_FMOD(fmod_d8, double, 64, "avx512f")
#undef RICCI_FMOD

template <class Function>
const void* address(Function* function) {
  return reinterpret_cast<const void*>(function);
}

}  // namespace

const void* fmod_function(bool is_double, int bytes) {
  switch (bytes) {
    case 16:
      return is_double ? address(fmod_d2) : address(fmod_f4);
    case 32:
      return is_double ? address(fmod_d4) : address(fmod_f8);
    case 64:
      return is_double ? address(fmod_d8) : address(fmod_f16);
    default:
      return is_double ? address(fmod_of_one<double>) : address(fmod_of_one<float>);
  }
}

}  // namespace ricci
