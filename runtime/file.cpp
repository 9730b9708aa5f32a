#include "ricci/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "ricci/error.hpp"
#include "ricci/shape.hpp"

namespace ricci {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& fault) {
  throw Error(Error::Kind::file, path + ": " + fault);
}

[[noreturn]] void fail_system(const std::string& path, const std::string& action) {
  fail(path, "cannot " + action + ": " + std::strerror(errno));
}

struct NewFile {
  std::string path;
  int descriptor;  // negative: errno says why
};

/// Creates a file with a name of its own beside `target`, with the permissions that the process gives new files.
NewFile create_beside(const std::string& target) {
  static std::atomic<unsigned> counter = 0;
  for (;;) {
    NewFile made{target + "." + std::to_string(getpid()) + "." + std::to_string(counter++) + ".tmp", -1};
    made.descriptor = open(made.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made.descriptor >= 0 || errno != EEXIST) return made;
  }
}

}  // namespace

// Without O_NONBLOCK a pipe would block in open, before it can be refused.
InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) fail_system(path, "open for reading");
  struct stat status;
  const bool known = fstat(descriptor_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    close(descriptor_);
    fail(path, "this is not a regular file");
  }
  bytes_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  close(descriptor_);
}

void InputFile::read(std::span<std::byte> target) {
  while (!target.empty()) {
    const ssize_t count = ::read(descriptor_, target.data(), target.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_system(path_, "read");
    if (count == 0) fail(path_, "the file ends " + std::to_string(target.size()) + " bytes too early");
    target = target.subspan(static_cast<std::size_t>(count));
  }
}

std::int64_t checked_file_size(const std::string& path, DType dtype, std::span<const std::int64_t> extents) {
  try {
    return checked_size(dtype, extents);
  } catch (const Error& error) {
    fail(path, error.what());
  }
}

std::string read_text(const std::string& path, std::uint64_t limit) {
  InputFile file(path);
  if (file.bytes() > limit)
    fail(path, "the file has " + std::to_string(file.bytes()) + " bytes, expected at most " + std::to_string(limit));
  std::string text(file.bytes(), '\0');
  file.read(std::as_writable_bytes(std::span(text)));
  return text;
}

void replace_file(const std::string& path, FunctionRef<void(std::FILE*)> write) {
  std::string target = path;
  struct stat status;
  const bool replaces = stat(path.c_str(), &status) == 0;
  if (replaces) {
    if (!S_ISREG(status.st_mode)) fail(path, "cannot be written, this is not a regular file");
    target = std::filesystem::canonical(path).string();
  }

  const auto [temporary, descriptor] = create_beside(target);
  if (descriptor < 0) fail_system(path, "create a file beside it");
  std::FILE* file = fdopen(descriptor, "wb");
  try {
    if (!file) fail_system(path, "write");
    write(file);
    if (std::fflush(file) != 0 || std::ferror(file)) fail_system(path, "write");
    if (replaces && fchmod(descriptor, status.st_mode & 07777) != 0) fail_system(path, "keep the permissions");
    const bool closed = std::fclose(std::exchange(file, nullptr)) == 0;
    if (!closed || std::rename(temporary.c_str(), target.c_str()) != 0) fail_system(path, "write");
  } catch (...) {
    if (file) std::fclose(file);
    unlink(temporary.c_str());
    throw;
  }
}

}  // namespace ricci
