#pragma once
// Compiled kernels on disk, so that the next process starts without compiling.
//
// One kernel is one immutable file, v1/<2 hex digits>/<62 hex digits>.rko, named by the SHA-256 of its key text. It
// holds the whole key text, which is compared on a load, and a checksum over every byte. Files appear complete or not
// at all; nothing locks. Whoever can write the directory can run code in this process, so a directory or file that
// another user could have written is refused. Results never depend on the disk: whatever goes wrong is a miss, and no
// member throws (but std::bad_alloc).
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ricci {

struct CachedKernel {
  std::string info;               // to_text(KernelInfo)
  std::vector<std::byte> object;  // a relocatable ELF file
  bool operator==(const CachedKernel&) const = default;
};

/// The bytes of an entry's file, and back: nothing unless every byte is as it was written and the key is equal.
std::vector<std::byte> encode_entry(std::string_view key_text, const CachedKernel&);
std::optional<CachedKernel> decode_entry(std::span<const std::byte> file, std::string_view key_text);

/// Soft bounds. When one is passed, the entries used longest ago go, until 70 % of both remain.
struct DiskCacheLimits {
  std::int64_t bytes = std::int64_t{512} << 20;
  std::int64_t files = 65536;
};

struct DiskCacheCounters {
  std::int64_t hits = 0;
  std::int64_t misses = 0;    // loads without a hit, the rejected ones included
  std::int64_t rejected = 0;  // files that were damaged, had another key or could have been written by others
  std::int64_t stored = 0;
  std::int64_t failed = 0;    // stores given up: disk full, not permitted, entry too large, pause after failures
};

/// A cache directory. Thread-safe; any number of processes may share the directory.
class DiskCache {
 public:
  enum class Mode : std::uint8_t { off, read_only, read_write };

  /// Off: every load misses, every store does nothing.
  DiskCache() = default;
  /// Opens `directory` (made with mode 0700 if absent, parents too). If that fails, or it is a symbolic link, or on a
  /// network, or not owned by the effective user, or writable by others: one warning on standard error, and off.
  DiskCache(const std::string& directory, Mode, DiskCacheLimits = {});
  DiskCache(DiskCache&&) = delete;
  ~DiskCache();

  bool off() const { return mode_ == Mode::off; }

  /// The kernel stored under exactly this key. A bad entry is removed, unless read-only.
  std::optional<CachedKernel> load(std::string_view key_text);
  /// Publishes a kernel; does nothing when the key is already there. After three failures in a row stores are
  /// dropped for a minute. Prunes from time to time.
  void store(std::string_view key_text, const CachedKernel&);
  /// Deletes the entries used longest ago, if a limit is passed and no other process is at it. Touches only files
  /// with names that the cache itself gives.
  void prune();

  DiskCacheCounters counters() const;

 private:
  bool publish(const std::string& name, std::span<const std::byte> file);
  bool publish_named(const std::string& name, std::span<const std::byte> file);
  void prune_if_due(std::int64_t written);

  int root_ = -1;  // every access goes through this descriptor, so the directory that was checked is the one used
  Mode mode_ = Mode::off;
  DiskCacheLimits limits_;
  std::atomic<std::int64_t> hits_ = 0, misses_ = 0, rejected_ = 0, stored_ = 0, failed_ = 0;
  std::atomic<std::int64_t> written_ = 0;             // bytes since the last prune
  std::atomic<int> failures_ = 0;                     // in a row
  std::atomic<std::int64_t> paused_until_ = 0;        // seconds of the monotonic clock
};

/// The cache of this process, opened on first use: RICCI_CACHE_DIR, else XDG_CACHE_HOME/ricci, else
/// HOME/.cache/ricci, else off; RICCI_CACHE=off|ro|rw. A set-user-id program ignores all of these and has it off.
DiskCache& process_disk_cache();

/// Digest of the compiler's sources and of LLVM's version: a part of every key text, so that a changed compiler
/// does not meet the kernels of the old one.
std::string_view compiler_digest();

}  // namespace ricci
