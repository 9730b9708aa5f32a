#pragma once
// fmod, element by element: for the quotients that jit/math leaves to a library.

namespace ricci {

/// T (T x, T y) of one number where `bytes` is 0, of f32 (`is_double` false) or f64. Of vectors of 16, 32 or 64 bytes
/// void (T* x, const T* y), which leaves the results in x: compilers differ in how they pass vectors that not every
/// processor has.
const void* fmod_function(bool is_double, int bytes);

}  // namespace ricci
