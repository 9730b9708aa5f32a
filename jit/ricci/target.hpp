#pragma once
// The machine that kernels are compiled for, found without LLVM, so that a process whose kernels are all cached
// never loads it.
#include <string>

namespace ricci {

struct Target {
  int vector_bytes = 16;    // width of the vectors that Ricci emits: 64, 32 or 16
  std::string features;     // sorted instruction-set features that the code may use, "avx2,bmi2,..."
  bool operator==(const Target&) const = default;
};

/// Whether it has registers for masks, of lanes of any width: AVX-512 with its instructions for bytes.
bool has_mask_registers(const Target&);

/// The host, restricted by RICCI_VECTOR_BYTES (16, 32 or 64; narrower also drops the wider instruction sets).
const Target& host_target();
/// The host with at most these vectors; for tests and for reduced-feature runs.
Target host_target(int vector_bytes);

}  // namespace ricci
