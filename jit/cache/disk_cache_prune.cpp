// Keeping the cache within its bounds.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "cache/descriptor.hpp"
#include "ricci/disk_cache.hpp"

namespace ricci {
namespace {

constexpr const char* lock_name = ".prune";  // locked while pruning; its time is that of the last prune
constexpr std::time_t minute = 60, hour = 3600, day = 86400;

struct File {
  std::string name;  // below the root
  std::time_t used;
  std::int64_t size;
};

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == text.npos; }
bool is_entry(std::string_view name) {
  return name.size() == 66 && name.ends_with(".rko") && is_hex(name.substr(0, 62));
}
bool is_temporary(std::string_view name) {
  return name.size() == 21 && name.starts_with(".tmp-") && is_hex(name.substr(5));
}

/// Calls `visit(name)` for every name in the directory `path`, if it is one.
template <class F>
void for_each_name(int root, const std::string& path, F&& visit) {
  Descriptor folder(openat(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(folder.get()), closedir);
  if (!stream) return;
  folder.release();
  while (const dirent* item = readdir(stream.get())) visit(std::string(item->d_name));
}

/// All entries, and temporary files that are surely abandoned.
std::vector<File> list(int root, std::time_t now) {
  std::vector<File> files;
  for_each_name(root, "v1", [&](const std::string& folder) {
    if (folder.size() != 2 || !is_hex(folder)) return;
    for_each_name(root, "v1/" + folder, [&](const std::string& name) {
      const std::string path = "v1/" + folder + "/" + name;
      struct stat status{};
      if (!(is_entry(name) || is_temporary(name)) || fstatat(root, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
          !S_ISREG(status.st_mode))
        return;
      const std::time_t age = now - status.st_mtim.tv_sec;
      if (is_temporary(name) && age < hour) return;
      // A time far ahead comes from a wrong clock and would otherwise keep its file for ever.
      const bool oldest = is_temporary(name) || age < -day;
      files.push_back({path, oldest ? 0 : status.st_mtim.tv_sec, status.st_size});
    });
  });
  return files;
}

}  // namespace

void DiskCache::prune() {
  if (mode_ != Mode::read_write) return;
  const Descriptor lock(openat(root_, lock_name, O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!lock || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;
  futimens(lock.get(), nullptr);
  written_ = 0;

  std::vector<File> files = list(root_, std::time(nullptr));
  auto count = static_cast<std::int64_t>(files.size());
  std::int64_t bytes = 0;
  for (const File& file : files) bytes += file.size;
  if (bytes <= limits_.bytes && count <= limits_.files) return;
  std::ranges::sort(files, {}, &File::used);
  for (const File& file : files) {
    if (bytes <= limits_.bytes / 10 * 7 && count <= limits_.files * 7 / 10) return;
    unlinkat(root_, file.name.c_str(), 0);
    bytes -= file.size;
    --count;
  }
}

/// After a store: at most once a minute among all processes, when much was written or an hour has passed.
void DiskCache::prune_if_due(std::int64_t written) {
  const bool much = (written_ += written) > limits_.bytes / 16;
  struct stat status{};
  const bool pruned_before = fstatat(root_, lock_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  const std::time_t age = std::time(nullptr) - status.st_mtim.tv_sec;
  if (!pruned_before || age < -day || age > hour || (much && age > minute)) prune();
}

}  // namespace ricci
