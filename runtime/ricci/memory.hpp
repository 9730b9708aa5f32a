#pragma once
// Blocks of memory for arrays, kept for reuse: the first touch of a fresh page costs more than the work of most
// kernels on it.
#include <cstddef>

namespace ricci {

inline constexpr std::size_t block_alignment = 64;

/// Memory of at least `bytes` bytes, uninitialised, aligned to block_alignment. Freed blocks are kept in lists by
/// size class (four per doubling). Thread-safe; a forked child may go on using it. Throws Error{limit} when the
/// system has no more memory.
void* allocate_block(std::size_t bytes);

/// Gives back a block that allocate_block(bytes) returned.
void free_block(void* block, std::size_t bytes) noexcept;

/// Returns all kept blocks to the system, but for a few small ones of other threads.
void drop_kept_blocks() noexcept;

/// Bytes in kept blocks, without a few small ones of other threads; never more than kept_bytes_limit and 100 KiB.
std::size_t kept_bytes() noexcept;
inline constexpr std::size_t kept_bytes_limit = std::size_t{1} << 29;

}  // namespace ricci
