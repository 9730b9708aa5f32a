#include "ricci/helpers.hpp"

#include "helpers/remainders.hpp"
#include "helpers/sort_rows.hpp"
#include "helpers/transpose.hpp"

// Only addresses are taken here, so the functions need no prototypes, and this file no vector instruction sets.
// The order of these rows is that of helper_ops, of which fmod is the last.
#define RICCI_HELPERS(X) X(log) X(sin) X(cos) X(tan) X(log2) X(log10) X(log1p) X(erf) X(pow)

extern "C" {
#define X(op)                              \
  void Sleef_finz_##op##f1_u10purecfma();  \
  void Sleef_finz_##op##f4_u10avx2128();   \
  void Sleef_finz_##op##f8_u10avx2();      \
  void Sleef_finz_##op##f16_u10avx512f();  \
  void Sleef_finz_##op##d1_u10purecfma();  \
  void Sleef_finz_##op##d2_u10avx2128();   \
  void Sleef_finz_##op##d4_u10avx2();      \
  void Sleef_finz_##op##d8_u10avx512f();
RICCI_HELPERS(X)
#undef X
}

namespace ricci {

const std::array<const void*, helper_count>& helper_table() {
  static const std::array<const void*, helper_count> table = {
#define X(op)                                                         \
  reinterpret_cast<const void*>(&Sleef_finz_##op##f1_u10purecfma),    \
  reinterpret_cast<const void*>(&Sleef_finz_##op##f4_u10avx2128),     \
  reinterpret_cast<const void*>(&Sleef_finz_##op##f8_u10avx2),        \
  reinterpret_cast<const void*>(&Sleef_finz_##op##f16_u10avx512f),    \
  reinterpret_cast<const void*>(&Sleef_finz_##op##d1_u10purecfma),    \
  reinterpret_cast<const void*>(&Sleef_finz_##op##d2_u10avx2128),     \
  reinterpret_cast<const void*>(&Sleef_finz_##op##d4_u10avx2),        \
  reinterpret_cast<const void*>(&Sleef_finz_##op##d8_u10avx512f),
      RICCI_HELPERS(X)
#undef X
      fmod_function(false, 0), fmod_function(false, 16), fmod_function(false, 32), fmod_function(false, 64),
      fmod_function(true, 0), fmod_function(true, 16), fmod_function(true, 32), fmod_function(true, 64),
#define X(name, type, npy) reinterpret_cast<const void*>(sort_rows_function(DType::name)),
      RICCI_DTYPES(X)
#undef X
#define X(name, type, npy) reinterpret_cast<const void*>(sort_keys_of_rows_function(DType::name)),
      RICCI_DTYPES(X)
#undef X
#define X(element_bytes)                                                \
  reinterpret_cast<const void*>(transpose_function(element_bytes, 16)), \
  reinterpret_cast<const void*>(transpose_function(element_bytes, 32)), \
  reinterpret_cast<const void*>(transpose_function(element_bytes, 64)),
      X(1) X(2) X(4) X(8)
#undef X
  };
  return table;
}

}  // namespace ricci
