#pragma once
// fmod of vectors, element by element: for the quotients that jit/math leaves to a library.

namespace ricci {

/// The function of one number, or of vectors of 16, 32 or 64 bytes, of f32 (`is_double` false) or f64. It takes and
/// gives them as the machine does; the processor needs to have such vectors.
const void* fmod_function(bool is_double, int bytes);

}  // namespace ricci
