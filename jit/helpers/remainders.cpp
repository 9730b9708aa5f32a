#include "helpers/remainders.hpp"

#include <cmath>

namespace ricci {
namespace {

template <class T>
T fmod_of_one(T x, T y) {
  return std::fmod(x, y);
}

template <class T, int bytes>
void fmod_of_vector(T* x, const T* y) {
  for (unsigned i = 0; i < bytes / sizeof(T); ++i) x[i] = std::fmod(x[i], y[i]);
}

template <class Function>
const void* address(Function* function) {
  return reinterpret_cast<const void*>(function);
}

template <class T>
const void* function(int bytes) {
  switch (bytes) {
    case 16: return address(fmod_of_vector<T, 16>);
    case 32: return address(fmod_of_vector<T, 32>);
    case 64: return address(fmod_of_vector<T, 64>);
    default: return address(fmod_of_one<T>);
  }
}

}  // namespace

const void* fmod_function(bool is_double, int bytes) {
  return is_double ? function<double>(bytes) : function<float>(bytes);
}

}  // namespace ricci
