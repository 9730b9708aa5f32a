#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <iterator>

#include "ricci/disk_cache.hpp"
#include "ricci/sha256.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_folder.hpp"

using namespace ricci;
using ricci::test::TemporaryFolder;
using Mode = DiskCache::Mode;
namespace fs = std::filesystem;

namespace {

CachedKernel kernel(int seed, std::size_t size = 100) {
  CachedKernel k{"info " + std::to_string(seed), std::vector<std::byte>(size)};
  for (std::size_t i = 0; i < size; ++i) k.object[i] = static_cast<std::byte>(i * 7 + seed);
  return k;
}

std::string entry_path(const std::string& root, const std::string& key) {
  const std::string digest = sha256_hex(key);
  return root + "/v1/" + digest.substr(0, 2) + "/" + digest.substr(2) + ".rko";
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
  fs::permissions(path, fs::perms(0600));
}

/// What is written to standard error while `body` runs.
template <class F>
std::string standard_error(F&& body) {
  const TemporaryFolder folder;
  const std::string path = folder.write("stderr", "");
  const int saved = dup(2), file = open(path.c_str(), O_WRONLY);
  dup2(file, 2);
  body();
  dup2(saved, 2);
  close(saved);
  close(file);
  return contents(path);
}

/// Whether the cache refuses this directory, with one warning that contains `reason`.
bool refused_for(const std::string& directory, Mode mode, const std::string& reason) {
  bool off = false;
  const std::string warning = standard_error([&] { off = DiskCache(directory, mode).off(); });
  UNSCOPED_INFO(warning);
  return off && warning.find(reason) != warning.npos && std::count(warning.begin(), warning.end(), '\n') == 1;
}

}  // namespace

TEST_CASE("SHA-256 of the standard's example") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("the compiler's digest is a digest") {
  CHECK(compiler_digest().size() == 64);
  CHECK(compiler_digest() == compiler_digest());
}

TEST_CASE("what was stored is loaded, by this cache and by the next") {
  const TemporaryFolder folder;
  const std::string root = folder.path("a/b/cache");
  const CachedKernel empty;
  {
    DiskCache cache(root, Mode::read_write);
    CHECK_FALSE(cache.load("key"));
    cache.store("key", kernel(1));
    cache.store("", empty);
    cache.store("large", kernel(2, 1 << 20));
    CHECK(cache.load("key") == kernel(1));
    CHECK(cache.counters().stored == 3);
    CHECK(cache.counters().misses == 1);
    CHECK(cache.counters().hits == 1);
  }
  DiskCache next(root, Mode::read_only);
  CHECK(next.load("key") == kernel(1));
  CHECK(next.load("") == empty);
  CHECK(next.load("large") == kernel(2, 1 << 20));
  CHECK_FALSE(next.load("other key"));
  CHECK(next.counters().rejected == 0);
}

TEST_CASE("the first entry of a key stays") {
  const TemporaryFolder folder;
  DiskCache cache(folder.path("cache"), Mode::read_write);
  cache.store("key", kernel(1));
  cache.store("key", kernel(2));
  CHECK(cache.load("key") == kernel(1));
  CHECK(cache.counters().failed == 0);
}

TEST_CASE("directories and files are the owner's alone, and tagged as a cache") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write);
  cache.store("key", kernel(1));
  const std::string entry = entry_path(root, "key");
  CHECK(fs::status(root).permissions() == fs::perms(0700));
  CHECK(fs::status(fs::path(entry).parent_path()).permissions() == fs::perms(0700));
  CHECK(fs::status(entry).permissions() == fs::perms(0600));
  CHECK(contents(root + "/CACHEDIR.TAG").starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
}

TEST_CASE("a cache that is off or read-only writes nothing") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache off, also_off(root, Mode::off), absent(root, Mode::read_only);
  for (DiskCache* cache : {&off, &also_off, &absent}) {
    cache->store("key", kernel(1));
    cache->prune();
    CHECK_FALSE(cache->load("key"));
    CHECK(cache->counters().stored == 0);
  }
  CHECK_FALSE(fs::exists(root));
  fs::create_directory(root);
  DiskCache empty(root, Mode::read_only);
  empty.store("key", kernel(1));
  CHECK(fs::is_empty(root));
}

TEST_CASE("an entry with any byte changed is a miss and is removed") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache"), entry = entry_path(root, "key");
  DiskCache cache(root, Mode::read_write);
  cache.store("key", kernel(1));
  const std::string good = contents(entry);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= static_cast<char>(1 << i % 8);
    overwrite(entry, bad);
    if (cache.load("key") || fs::exists(entry)) FAIL("byte " << i);
  }
  CHECK(cache.counters().rejected == static_cast<std::int64_t>(good.size()));
  overwrite(entry, good);
  CHECK(cache.load("key") == kernel(1));
}

TEST_CASE("no byte of an entry has a second value") {
  const std::vector<std::byte> good = encode_entry("key", kernel(1));
  REQUIRE(decode_entry(good, "key") == kernel(1));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int change = 1; change < 256; ++change) {
      std::vector<std::byte> bad = good;
      bad[i] ^= static_cast<std::byte>(change);
      if (decode_entry(bad, "key")) FAIL("byte " << i << " changed by " << change);
    }
}

TEST_CASE("a truncated or extended entry is a miss") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache"), entry = entry_path(root, "key");
  DiskCache cache(root, Mode::read_write);
  cache.store("key", kernel(1));
  const std::string good = contents(entry);
  for (std::size_t n = 0; n < good.size(); ++n) {
    overwrite(entry, good.substr(0, n));
    if (cache.load("key")) FAIL("the first " << n << " bytes were accepted");
  }
  overwrite(entry, good + '\0');
  CHECK_FALSE(cache.load("key"));
}

TEST_CASE("an entry with sizes that overflow is a miss") {
  std::vector<std::byte> file = encode_entry("key", kernel(1));
  for (const std::size_t offset : {16, 24, 32}) {
    const std::uint64_t value = ~std::uint64_t{0} - offset;
    std::vector<std::byte> bad = file;
    std::memcpy(bad.data() + offset, &value, sizeof value);
    CHECK_FALSE(decode_entry(bad, "key"));
  }
}

TEST_CASE("a damaged entry stays where the cache is read-only") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache"), entry = entry_path(root, "key");
  DiskCache(root, Mode::read_write).store("key", kernel(1));
  overwrite(entry, "damaged");
  DiskCache cache(root, Mode::read_only);
  CHECK_FALSE(cache.load("key"));
  CHECK(cache.counters().rejected == 1);
  CHECK(fs::exists(entry));
}

TEST_CASE("an entry under another key's name is a miss: the whole key is compared") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache");
  DiskCache cache(root, Mode::read_write);
  cache.store("one", kernel(1));
  fs::create_directories(fs::path(entry_path(root, "two")).parent_path());
  fs::rename(entry_path(root, "one"), entry_path(root, "two"));
  CHECK_FALSE(cache.load("two"));
  CHECK(cache.counters().rejected == 1);
  cache.store("two", kernel(2));
  CHECK(cache.load("two") == kernel(2));
}

TEST_CASE("a directory that others could have written is refused") {
  const TemporaryFolder folder;
  for (const int mode : {0770, 0707, 0777}) {
    const std::string root = folder.path("open" + std::to_string(mode));
    fs::create_directory(root);
    fs::permissions(root, fs::perms(mode));
    CHECK(refused_for(root, Mode::read_write, "can be written by other users"));
    CHECK(fs::is_empty(root));
  }
  std::string foreign = "/usr";
  if (geteuid() == 0) {
    foreign = folder.path("foreign");
    fs::create_directory(foreign);
    REQUIRE(chown(foreign.c_str(), 1, 1) == 0);
  }
  CHECK(refused_for(foreign, Mode::read_only, "belongs to another user"));
}

TEST_CASE("a symbolic link, a file or nothing in place of the directory is refused") {
  const TemporaryFolder folder;
  fs::create_directory(folder.path("real"));
  fs::permissions(folder.path("real"), fs::perms(0700));
  fs::create_directory_symlink(folder.path("real"), folder.path("link"));
  CHECK(refused_for(folder.path("link"), Mode::read_write, "cannot be opened"));
  CHECK(fs::is_empty(folder.path("real")));
  const std::string file = folder.write("file", "contents");
  CHECK(refused_for(file, Mode::read_write, "cannot be opened"));
  CHECK(refused_for(file + "/below", Mode::read_write, "cannot be opened"));
  CHECK(contents(file) == "contents");
}

TEST_CASE("a link, a FIFO, a directory or a file open to others under an entry's name is refused") {
  const TemporaryFolder folder;
  const std::string root = folder.path("cache"), entry = entry_path(root, "key");
  DiskCache cache(root, Mode::read_write);
  cache.store("key", kernel(1));
  fs::rename(entry, folder.path("good"));

  fs::create_symlink(folder.path("good"), entry);
  CHECK_FALSE(cache.load("key"));
  fs::remove(entry);
  REQUIRE(mkfifo(entry.c_str(), 0600) == 0);
  CHECK_FALSE(cache.load("key"));
  fs::remove(entry);
  fs::create_directory(entry);
  CHECK_FALSE(cache.load("key"));
  fs::remove(entry);
  for (const int mode : {0620, 0602}) {
    fs::copy_file(folder.path("good"), entry);
    fs::permissions(entry, fs::perms(mode));
    CHECK_FALSE(cache.load("key"));
    fs::remove(entry);
  }
  CHECK(cache.counters().rejected == 5);

  fs::copy_file(folder.path("good"), entry);
  CHECK(cache.load("key") == kernel(1));
}

TEST_CASE("print the process's cache", "[.print_process_cache]") {
  DiskCache& cache = process_disk_cache();
  const bool before = cache.load("key").has_value();
  cache.store("key", kernel(1));
  std::printf("<%s %s %lld>\n", cache.off() ? "off" : "on", before ? "hit" : "miss",
              static_cast<long long>(cache.counters().stored));
}

TEST_CASE("the environment chooses place and mode of the process's cache") {
  const TemporaryFolder folder;
  const std::string base = folder.path("");
  const auto answer = [&](const std::string& environment) {
    const std::string output = test::run_hidden_test(
        "env -u RICCI_CACHE -u RICCI_CACHE_DIR -u XDG_CACHE_HOME -u HOME " + environment, "print_process_cache");
    UNSCOPED_INFO(output);
    const auto begin = output.find('<'), end = output.find('>');
    return end == output.npos ? output : output.substr(begin + 1, end - begin - 1);
  };
  CHECK(answer("") == "off miss 0");
  CHECK(answer("HOME=relative") == "off miss 0");
  CHECK(answer("HOME=" + base + "home") == "on miss 1");
  CHECK(fs::exists(entry_path(base + "home/.cache/ricci", "key")));
  CHECK(answer("HOME=" + base + "home XDG_CACHE_HOME=" + base + "xdg") == "on miss 1");
  CHECK(fs::exists(entry_path(base + "xdg/ricci", "key")));
  CHECK(answer("XDG_CACHE_HOME=" + base + "xdg RICCI_CACHE_DIR=" + base + "dir") == "on miss 1");
  CHECK(fs::exists(entry_path(base + "dir", "key")));

  const std::string here = "RICCI_CACHE_DIR=" + base + "dir ";
  CHECK(answer(here + "RICCI_CACHE=rw") == "on hit 1");
  CHECK(answer(here + "RICCI_CACHE=ro") == "on hit 0");
  CHECK(answer(here + "RICCI_CACHE=off") == "off miss 0");
  CHECK(answer(here + "RICCI_CACHE=sometimes") == "off miss 0");
}
