// Which directory is the cache, and whether it may be trusted.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "cache/descriptor.hpp"
#include "ricci/disk_cache.hpp"

namespace ricci {
namespace {

/// The reason is part of a sentence: "the kernel cache /x is off: it REASON."
void warn(const std::string& directory, const std::string& reason) {
  std::fprintf(stderr, "ricci: the kernel cache '%s' is off: it %s.\n", directory.c_str(), reason.c_str());
}

/// Makes the directory and its parents, as far as they are missing and may be made.
void make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1))
    mkdir(path.substr(0, slash).c_str(), 0700);
  mkdir(path.c_str(), 0700);
}

/// Why code from this open directory must not be run; empty if it may.
std::string reason_to_refuse(int directory) {
  struct stat status{};
  struct statfs system{};
  if (fstat(directory, &status) != 0 || fstatfs(directory, &system) != 0)
    return std::string("cannot be examined (") + std::strerror(errno) + ")";
  if (status.st_uid != geteuid()) return "belongs to another user";
  if (status.st_mode & (S_IWGRP | S_IWOTH)) return "can be written by other users; chmod go-w helps";
  constexpr unsigned long cifs = 0xff534d42, smb2 = 0xfe534d42;  // not in the system's header everywhere
  switch (static_cast<unsigned long>(system.f_type)) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case cifs:
    case smb2:
    case AFS_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC: return "is on a network file system";
  }
  return {};
}

/// Tells backup programs that nothing here is worth keeping (https://bford.info/cachedir).
void tag(int directory) {
  const Descriptor file(openat(directory, "CACHEDIR.TAG", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) return;
  constexpr std::string_view text =
      "Signature: 8a477f597d28d172789f06886806bc55\n# Compiled kernels of Ricci; may be deleted at any time.\n";
  if (::write(file.get(), text.data(), text.size()) < 0) unlinkat(directory, "CACHEDIR.TAG", 0);
}

/// The variable's value; nothing if it is unset or empty, or if the program runs with more rights than its user.
std::optional<std::string> environment(const char* name) {
  const char* value = secure_getenv(name);
  if (value == nullptr || *value == 0) return std::nullopt;
  return value;
}

std::string process_directory() {
  if (const auto directory = environment("RICCI_CACHE_DIR")) return *directory;
  if (const auto caches = environment("XDG_CACHE_HOME"); caches && caches->starts_with('/')) return *caches + "/ricci";
  if (const auto home = environment("HOME"); home && home->starts_with('/')) return *home + "/.cache/ricci";
  return {};
}

DiskCache::Mode process_mode(const std::string& directory) {
  const std::string text = environment("RICCI_CACHE").value_or("rw");
  if (directory.empty() || text == "off") return DiskCache::Mode::off;
  if (text == "ro") return DiskCache::Mode::read_only;
  if (text == "rw") return DiskCache::Mode::read_write;
  warn(directory, "is switched by RICCI_CACHE, which is '" + text + "'; expected off, ro or rw");
  return DiskCache::Mode::off;
}

}  // namespace

DiskCache::DiskCache(const std::string& directory, Mode mode, DiskCacheLimits limits) : limits_(limits) {
  if (mode == Mode::off) return;
  if (mode == Mode::read_write) make_directories(directory);
  Descriptor root(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) {
    // A cache that is only read and not there is an empty one.
    if (mode == Mode::read_only && errno == ENOENT) return;
    warn(directory, std::string("cannot be opened (") + std::strerror(errno) + ")");
    return;
  }
  if (const std::string reason = reason_to_refuse(root.get()); !reason.empty()) {
    warn(directory, reason);
    return;
  }
  if (mode == Mode::read_write) tag(root.get());
  root_ = root.release();
  mode_ = mode;
}

DiskCache::~DiskCache() {
  if (root_ >= 0) close(root_);
}

DiskCache& process_disk_cache() {
  // Never destroyed: another thread may still be storing while the process ends.
  static DiskCache& cache = [] -> DiskCache& {
    const std::string directory = process_directory();
    return *new DiskCache(directory, process_mode(directory));
  }();
  return cache;
}

}  // namespace ricci
