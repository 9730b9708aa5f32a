// The disk cache among many processes, with writers that are killed, on systems that fail, and when it is full.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <random>

#include "ricci/disk_cache.hpp"
#include "ricci/sha256.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_folder.hpp"

using namespace ricci;
using ricci::test::end_of_child;
using ricci::test::start_child;
using ricci::test::TemporaryFolder;
using Mode = DiskCache::Mode;
namespace fs = std::filesystem;

namespace {

std::string key(int i) { return "key text number " + std::to_string(i); }

/// The one right kernel of key(i).
CachedKernel kernel(int i) {
  CachedKernel k{"info " + std::to_string(i), std::vector<std::byte>(500 + 37 * (i % 100))};
  for (std::size_t n = 0; n < k.object.size(); ++n) k.object[n] = static_cast<std::byte>(n * 7 + i);
  return k;
}

std::string entry_path(const std::string& root, int i) {
  const std::string digest = sha256_hex(key(i));
  return root + "/v1/" + digest.substr(0, 2) + "/" + digest.substr(2) + ".rko";
}

/// Regular files below `root` that are neither entries nor the cache's two own ones.
int left_over_files(const std::string& root) {
  int count = 0;
  for (const auto& item : fs::recursive_directory_iterator(root))
    count += item.is_regular_file() && item.path().extension() != ".rko" && item.path().filename() != ".prune" &&
             item.path().filename() != "CACHEDIR.TAG";
  return count;
}

int entries(const std::string& root) {
  int count = 0;
  for (const auto& item : fs::recursive_directory_iterator(root)) count += item.path().extension() == ".rko";
  return count;
}

void set_age(const std::string& path, std::time_t seconds) {
  const timespec times[2] = {{std::time(nullptr) - seconds, 0}, {std::time(nullptr) - seconds, 0}};
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

std::time_t age(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return std::time(nullptr) - status.st_mtim.tv_sec;
}

/// From now on, in this process, the system call `number` fails with `error`; if `bits` are given, only when its
/// argument 2 has all of them. (The operating system's own filter, so the code under test needs no hooks.)
bool make_fail(int number, int error, unsigned bits = 0) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {std::size(program), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

TEST_CASE("eight processes that store and load the same fifty kernels never see a wrong one") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  std::vector<pid_t> children;
  for (int process = 0; process < 8; ++process)
    children.push_back(start_child([&] {
      DiskCache cache(root, Mode::read_write);
      std::mt19937 random(process);
      for (int step = 0; step < 400; ++step) {
        const int i = static_cast<int>(random() % 50);
        if (const auto found = cache.load(key(i))) {
          if (*found != kernel(i)) return 1;
          if (process < 2 && random() % 4 == 0) fs::remove(entry_path(root, i));
        } else {
          cache.store(key(i), kernel(i));
        }
      }
      const DiskCacheCounters counters = cache.counters();
      return counters.rejected == 0 && counters.failed == 0 && counters.hits > 0 ? 0 : 2;
    }));
  for (const pid_t child : children) CHECK(end_of_child(child) == 0);
  CHECK(left_over_files(root) == 0);
}

TEST_CASE("a writer killed at any moment leaves only whole entries") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  std::mt19937 random(1);
  int stored = 0;
  int rounds = 0;
  // On a busy machine a writer may be killed before its first entry, again and again: then there are more, that live
  // longer.
  for (; rounds < 50 || (rounds < 500 && (!fs::exists(root) || entries(root) == 0)); ++rounds) {
    const int round = rounds;
    const pid_t child = start_child([&]() -> int {
      DiskCache cache(root, Mode::read_write);
      for (int i = round * 1000;; ++i) cache.store(key(i), kernel(i));
    });
    usleep(random() % 3000 * static_cast<unsigned>(1 + rounds / 50));
    kill(child, SIGKILL);
    CHECK(end_of_child(child) == -SIGKILL);
  }
  DiskCache cache(root, Mode::read_only);
  for (int round = 0; round < rounds; ++round)
    for (int i = round * 1000; fs::exists(entry_path(root, i)); ++i) {
      ++stored;
      if (cache.load(key(i)) != kernel(i)) FAIL("entry " << i << " is wrong");
    }
  CHECK(stored > 0);
  CHECK(stored == entries(root));
  CHECK(cache.counters().rejected == 0);
  CHECK(left_over_files(root) == 0);
}

TEST_CASE("a process whose files may not grow loses the store and nothing else") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache(root, Mode::read_write).store(key(1), kernel(1));
  const pid_t child = start_child([&] {
    DiskCache cache(root, Mode::read_write);
    const rlimit small = {100, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 2; i < 5; ++i) cache.store(key(i), kernel(i));
    setrlimit(RLIMIT_FSIZE, &none);
    cache.store(key(5), kernel(5));  // possible again, but the cache pauses after three failures
    return cache.load(key(1)) == kernel(1) && !cache.load(key(2)) && !cache.load(key(5)) &&
                   cache.counters().failed == 4 && cache.counters().stored == 0
               ? 0
               : 1;
  });
  CHECK(end_of_child(child) == 0);
  CHECK(left_over_files(root) == 0);
}

TEST_CASE("a success between failures keeps the cache writing") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  const pid_t child = start_child([&] {
    DiskCache cache(root, Mode::read_write);
    const rlimit small = {100, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
    for (int i = 0; i < 9; ++i) {
      setrlimit(RLIMIT_FSIZE, i % 3 == 2 ? &none : &small);
      cache.store(key(i), kernel(i));
    }
    return static_cast<int>(cache.counters().stored);
  });
  CHECK(end_of_child(child) == 3);
}

TEST_CASE("a file where a directory should be makes stores fail and loads miss") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write);
  folder.write("cache/v1", "in the way");
  cache.store(key(1), kernel(1));
  CHECK_FALSE(cache.load(key(1)));
  CHECK(cache.counters().failed == 1);
}

TEST_CASE("every failing system call is a store that failed or a load that missed") {
  struct Fault {
    int call, error;
  };
  for (const Fault fault : std::vector<Fault>{{SYS_write, ENOSPC},
                                              {SYS_write, EIO},
                                              {SYS_write, EDQUOT},
                                              {SYS_linkat, EROFS},
                                              {SYS_openat, EMFILE},
                                              {SYS_openat, EACCES},
                                              {SYS_close, EIO},
                                              {SYS_read, EIO},
                                              {SYS_newfstatat, EIO},
                                              {SYS_mkdirat, ENOSPC},
                                              {SYS_flock, ENOLCK},
                                              {SYS_utimensat, EPERM}}) {
    CAPTURE(fault.call, fault.error);
    const TemporaryFolder folder;
    const std::string root = folder.path("cache");
    DiskCache(root, Mode::read_write).store(key(1), kernel(1));
    const pid_t child = start_child([&] {
      DiskCache cache(root, Mode::read_write);
      if (!make_fail(fault.call, fault.error)) return 2;
      cache.store(key(2), kernel(2));
      for (int i = 1; i <= 2; ++i)
        if (const auto found = cache.load(key(i)); found && *found != kernel(i)) return 1;
      const DiskCacheCounters counters = cache.counters();
      return counters.hits + counters.misses == 2 && counters.stored + counters.failed == 1 ? 0 : 3;
    });
    CHECK(end_of_child(child) == 0);
    DiskCache after(root, Mode::read_only);
    CHECK(after.load(key(1)) == kernel(1));
    if (const auto second = after.load(key(2))) CHECK(*second == kernel(2));
    CHECK(after.counters().rejected == 0);
    CHECK(left_over_files(root) == 0);
  }
}

TEST_CASE("where files cannot be without a name, entries are published under a temporary one") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  const pid_t child = start_child([&] {
    DiskCache cache(root, Mode::read_write);
    if (!make_fail(SYS_openat, EOPNOTSUPP, O_TMPFILE)) return 2;
    for (int i = 0; i < 10; ++i) cache.store(key(i % 5), kernel(i % 5));
    return cache.counters().stored == 10 ? 0 : 1;
  });
  CHECK(end_of_child(child) == 0);
  DiskCache cache(root, Mode::read_only);
  for (int i = 0; i < 5; ++i) CHECK(cache.load(key(i)) == kernel(i));
  CHECK(entries(root) == 5);
  CHECK(left_over_files(root) == 0);
}

TEST_CASE("pruning keeps the entries used last, within 70 % of the limits") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  const bool by_count = GENERATE(true, false);
  DiskCacheLimits limits;
  if (by_count) limits.files = 10;
  else limits.bytes = 10 * 1200;
  DiskCache cache(root, Mode::read_write, limits);
  const CachedKernel same_size{"", std::vector<std::byte>(1000)};
  for (int i = 100; i < 120; ++i) {
    cache.store(key(i), same_size);
    set_age(entry_path(root, i), 10 * (i - 100));
  }
  REQUIRE(entries(root) == 20);
  cache.prune();
  CHECK(entries(root) == 7);
  for (int i = 100; i < 107; ++i) CHECK(cache.load(key(i)));
}

TEST_CASE("within its limits a cache is not pruned") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write, {.files = 10});
  for (int i = 0; i < 10; ++i) cache.store(key(i), kernel(i));
  cache.prune();
  CHECK(entries(root) == 10);
}

TEST_CASE("a store prunes when the last pruning was long ago") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write, {.files = 10});
  for (int i = 0; i < 20; ++i) cache.store(key(i), kernel(i));
  CHECK(entries(root) == 20);
  set_age(root + "/.prune", 2 * 3600);
  cache.store(key(20), kernel(20));
  CHECK(entries(root) == 7);
  CHECK(age(root + "/.prune") < 3600);
}

TEST_CASE("pruning deletes no file that the cache did not name, and only old temporary ones") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write, {.bytes = 8 * 5000, .files = 0});
  cache.store(key(1), kernel(1));
  const std::string place = "cache/v1/" + sha256_hex(key(1)).substr(0, 2) + "/";
  const std::string a62(62, 'a'), g62(62, 'g');
  std::vector<std::string> foreign = {"cache/letter.txt",  "cache/v1/letter.txt",      place + "letter.txt",
                                      place + g62 + ".rko", place + a62 + ".o",        place + a62 + "-copy.rko",
                                      place + ".tmp-0123456789abcdef"};
  fs::create_directory(folder.path("cache/v1/other"));
  foreign.push_back("cache/v1/other/" + a62 + ".rko");
  for (const std::string& name : foreign) folder.write(name, "mine");
  const std::string abandoned = folder.write(place + ".tmp-fedcba9876543210", "half");
  set_age(abandoned, 2 * 3600);
  cache.prune();
  for (const std::string& name : foreign) CHECK(fs::exists(folder.path(name)));
  CHECK_FALSE(fs::exists(abandoned));
  CHECK_FALSE(fs::exists(entry_path(root, 1)));
}

TEST_CASE("an entry from the far future goes first") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write, {.files = 3});
  for (int i = 0; i < 4; ++i) {
    cache.store(key(i), kernel(i));
    set_age(entry_path(root, i), 1000 * i);
  }
  set_age(entry_path(root, 0), -10 * 365 * 86400);
  cache.prune();
  CHECK_FALSE(fs::exists(entry_path(root, 0)));
  CHECK(fs::exists(entry_path(root, 1)));
}

TEST_CASE("while another process prunes, nobody waits") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write, {.files = 1});
  for (int i = 0; i < 4; ++i) cache.store(key(i), kernel(i));
  const int other = open((root + "/.prune").c_str(), O_RDWR);
  REQUIRE(flock(other, LOCK_EX) == 0);
  cache.prune();
  CHECK(entries(root) == 4);
  close(other);
  cache.prune();
  CHECK(entries(root) == 0);
}

TEST_CASE("a hit refreshes an old entry, unless the cache is read-only") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write), reader(root, Mode::read_only);
  cache.store(key(1), kernel(1));
  set_age(entry_path(root, 1), 2 * 3600);
  CHECK(reader.load(key(1)));
  CHECK(age(entry_path(root, 1)) >= 2 * 3600);
  CHECK(cache.load(key(1)));
  CHECK(age(entry_path(root, 1)) < 3600);
  set_age(entry_path(root, 1), 1800);
  CHECK(cache.load(key(1)));
  CHECK(age(entry_path(root, 1)) >= 1800);
}

TEST_CASE("an entry larger than an eighth of the limit is not stored") {
  const TemporaryFolder folder;
  DiskCache cache(folder.path("cache"), Mode::read_write, {.bytes = 4000});
  cache.store(key(1), kernel(1));
  CHECK_FALSE(cache.load(key(1)));
  CHECK(cache.counters().failed == 1);
}
