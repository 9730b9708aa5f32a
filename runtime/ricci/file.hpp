#pragma once
// Files: whole or not at all.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include "ricci/dtype.hpp"
#include "ricci/function_ref.hpp"

namespace ricci {

/// An open regular file. Every fault is an Error{file} that names it.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::uint64_t bytes() const { return bytes_; }
  /// Fills `target` from the current position. Throws when the file ends before.
  void read(std::span<std::byte> target);

 private:
  const std::string path_;
  int descriptor_;
  std::uint64_t bytes_;
};

/// checked_size for an array that a file describes: its faults become Error{file} and name the file.
std::int64_t checked_file_size(const std::string& path, DType dtype, std::span<const std::int64_t> extents);

/// The contents of a regular file of at most `limit` bytes.
std::string read_text(const std::string& path, std::uint64_t limit = std::uint64_t{1} << 26);

/// Writes a file beside `path` with `write`, then gives it the name `path`: when anything fails (Error{file}, or
/// whatever `write` throws), a file that had the name before is as it was. A symbolic link is followed; a path that
/// exists and is no regular file is refused. Not synchronised to the disk: safe against failures of the process,
/// not of the power.
void replace_file(const std::string& path, FunctionRef<void(std::FILE*)> write);

}  // namespace ricci
