#include "ricci/target.hpp"

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "ricci/error.hpp"

namespace ricci {
namespace {

enum Register { ebx, ecx };

/// One instruction-set feature by its name in LLVM: the CPUID leaf, register and bit that announce it, and the
/// narrowest vectors with which it may be used.
struct Feature {
  const char* name;
  unsigned leaf;
  Register reg;
  int bit;
  int vector_bytes;
};

// Two levels, x86-64-v3 and x86-64-v4: finer steps would multiply kernels and bugs, and give no speed.
constexpr Feature features[] = {
    {"avx", 1, ecx, 28, 16},      {"avx2", 7, ebx, 5, 16},           {"avx512bw", 7, ebx, 30, 64},
    {"avx512cd", 7, ebx, 28, 64}, {"avx512dq", 7, ebx, 17, 64},      {"avx512f", 7, ebx, 16, 64},
    {"avx512vl", 7, ebx, 31, 64}, {"bmi", 7, ebx, 3, 16},            {"bmi2", 7, ebx, 8, 16},
    {"f16c", 1, ecx, 29, 16},     {"fma", 1, ecx, 12, 16},           {"lzcnt", 0x80000001, ecx, 5, 16},
    {"movbe", 1, ecx, 22, 16},    {"popcnt", 1, ecx, 23, 16},
};

bool cpu_has(const Feature& feature) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(feature.leaf, 0, &a, &b, &c, &d)) return false;
  return (feature.reg == ebx ? b : c) >> feature.bit & 1;
}

/// The register state that the operating system saves at a task switch; without it vectors fault or are lost.
__attribute__((target("xsave"))) std::uint64_t saved_state() {
  constexpr Feature osxsave = {"osxsave", 1, ecx, 27, 0};
  return cpu_has(osxsave) ? _xgetbv(0) : 0;
}

/// Names of the features for vectors of at most `vector_bytes`, with commas; of the missing ones if `missing`.
std::string names(int vector_bytes, bool missing) {
  std::string text;
  for (const Feature& feature : features)
    if (feature.vector_bytes <= vector_bytes && !(missing && cpu_has(feature)))
      text.append(text.empty() ? "" : ",").append(feature.name);
  return text;
}

/// Width of the widest vectors that processor and operating system support: 64 or 32.
int widest_vector() {
  constexpr std::uint64_t ymm = 0x06, zmm = 0xe6;
  const std::uint64_t saved = saved_state();
  if (const std::string missing = names(32, true); !missing.empty() || (saved & ymm) != ymm)
    throw Error(Error::Kind::limit, "Ricci compiles for x86-64-v3 processors (AVX2 and FMA); this machine lacks " +
                                        (missing.empty() ? "the operating system's support for AVX" : missing) + ".");
  return (saved & zmm) == zmm && names(64, true).empty() ? 64 : 32;
}

Target make_target(int vector_bytes) { return {vector_bytes, names(vector_bytes, false)}; }

Target detect() {
  const int widest = widest_vector();
  const char* setting = secure_getenv("RICCI_VECTOR_BYTES");
  if (setting == nullptr) return make_target(widest);
  for (const int bytes : {16, 32, 64})
    if (bytes <= widest && setting == std::to_string(bytes)) return make_target(bytes);
  throw Error(Error::Kind::limit, "RICCI_VECTOR_BYTES is '" + std::string(setting) + "'; this machine can do 16" +
                                      (widest == 64 ? ", 32 or 64." : " or 32."));
}

}  // namespace

const Target& host_target() {
  static const Target target = detect();
  return target;
}

bool has_mask_registers(const Target& target) { return target.features.find("avx512bw") != std::string::npos; }

Target host_target(int vector_bytes) {
  if (vector_bytes != 16 && vector_bytes != 32 && vector_bytes != 64)
    throw Error(Error::Kind::limit, "vectors of " + std::to_string(vector_bytes) + " bytes; expected 16, 32 or 64.");
  return make_target(std::min(vector_bytes, host_target().vector_bytes));
}

}  // namespace ricci
