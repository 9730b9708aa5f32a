// Loading and storing. Entries are read, never mapped: a mapped file that shrinks kills the process.
#include "ricci/disk_cache.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <random>

#include "cache/descriptor.hpp"
#include "ricci/sha256.hpp"

namespace ricci {
namespace {

constexpr std::int64_t largest_entry = std::int64_t{64} << 20;
constexpr int failures_before_pause = 3;
constexpr std::int64_t pause_seconds = 60;
constexpr std::time_t refresh_seconds = 3600;

/// "v1/ab/cdef....rko"
std::string entry_name(std::string_view key_text) {
  const std::string digest = sha256_hex(key_text);
  return "v1/" + digest.substr(0, 2) + "/" + digest.substr(2) + ".rko";
}

std::int64_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

/// Reads exactly buffer.size() bytes.
bool read_all(int file, std::span<std::byte> buffer) {
  while (!buffer.empty()) {
    const ssize_t n = ::read(file, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    buffer = buffer.subspan(n);
  }
  return true;
}

bool write_all(int file, std::span<const std::byte> buffer) {
  // Past this limit a write does not fail, it raises SIGXFSZ in the host program.
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || buffer.size() > limit.rlim_cur) return false;
  while (!buffer.empty()) {
    const ssize_t n = ::write(file, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    buffer = buffer.subspan(n);
  }
  return true;
}

}  // namespace

std::optional<CachedKernel> DiskCache::load(std::string_view key_text) {
  if (off()) return std::nullopt;
  const std::string name = entry_name(key_text);
  // O_NONBLOCK: opening a FIFO would wait for its writer.
  const Descriptor file(openat(root_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    ++misses_;
    if (errno == ELOOP) ++rejected_;
    return std::nullopt;
  }
  struct stat status{};
  const bool known = fstat(file.get(), &status) == 0;
  if (!known || !S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) ||
      status.st_size > largest_entry) {
    ++misses_;
    ++rejected_;
    return std::nullopt;
  }
  std::vector<std::byte> bytes(status.st_size);
  if (!read_all(file.get(), bytes)) {
    ++misses_;
    return std::nullopt;
  }
  std::optional<CachedKernel> kernel = decode_entry(bytes, key_text);
  if (!kernel) {
    ++misses_;
    ++rejected_;
    // A good entry that took the place meanwhile goes too; that costs one more miss.
    if (mode_ == Mode::read_write) unlinkat(root_, name.c_str(), 0);
    return std::nullopt;
  }
  ++hits_;
  // The time of the last change stands for the last use; few file systems keep the time of the last access.
  if (mode_ == Mode::read_write && std::time(nullptr) - status.st_mtim.tv_sec > refresh_seconds)
    futimens(file.get(), nullptr);
  return kernel;
}

void DiskCache::store(std::string_view key_text, const CachedKernel& kernel) {
  if (mode_ != Mode::read_write) return;
  const std::vector<std::byte> file = encode_entry(key_text, kernel);
  const auto size = static_cast<std::int64_t>(file.size());
  if (size > largest_entry || size > limits_.bytes / 8 || monotonic_seconds() < paused_until_) {
    ++failed_;
    return;
  }
  if (publish(entry_name(key_text), file)) {
    failures_ = 0;
    ++stored_;
    prune_if_due(size);
  } else {
    ++failed_;
    if (++failures_ < failures_before_pause) return;
    failures_ = 0;
    paused_until_ = monotonic_seconds() + pause_seconds;
  }
}

/// Writes a file without a name and gives it one when it is complete: a killed writer leaves nothing behind, a reader
/// never sees a part, and an entry that exists is never touched. No fsync: after a power loss the checksum decides.
bool DiskCache::publish(const std::string& name, std::span<const std::byte> file) {
  mkdirat(root_, "v1", 0700);
  mkdirat(root_, name.substr(0, 5).c_str(), 0700);
  Descriptor unnamed(openat(root_, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!unnamed) return publish_named(name, file);
  if (!write_all(unnamed.get(), file)) return false;
  const std::string self = "/proc/self/fd/" + std::to_string(unnamed.get());
  if (linkat(AT_FDCWD, self.c_str(), root_, name.c_str(), AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST)
    return unnamed.close();
  return publish_named(name, file);
}

/// The same where files cannot be without a name (some file systems, no /proc): a killed writer leaves its file to
/// prune.
bool DiskCache::publish_named(const std::string& name, std::span<const std::byte> file) {
  std::random_device random;
  const std::string temporary =
      name.substr(0, 6) + ".tmp-" + sha256_hex(std::to_string(random()) + " " + std::to_string(random())).substr(0, 16);
  Descriptor named(openat(root_, temporary.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600));
  if (!named) return false;
  const bool written = write_all(named.get(), file);
  const bool complete = named.close() && written;
  const bool linked = complete && (linkat(root_, temporary.c_str(), root_, name.c_str(), 0) == 0 || errno == EEXIST);
  unlinkat(root_, temporary.c_str(), 0);
  return linked;
}

DiskCacheCounters DiskCache::counters() const { return {hits_, misses_, rejected_, stored_, failed_}; }

}  // namespace ricci
