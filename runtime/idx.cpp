#include "ricci/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <optional>

#include "ricci/error.hpp"
#include "ricci/file.hpp"

namespace ricci {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& fault) {
  throw Error(Error::Kind::file, path + ": " + fault);
}

/// zlib's reader, which passes plain files through and checks the sums of compressed ones at their end.
class GzipFile {
 public:
  explicit GzipFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rbe")) {
    if (!file_) fail(path, "cannot open for reading");
    gzbuffer(file_, 1 << 17);
  }
  ~GzipFile() { gzclose(file_); }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  /// Reads up to target.size() bytes and returns how many there were.
  std::size_t read(std::span<std::byte> target) {
    std::size_t done = 0;
    while (done < target.size()) {
      const auto piece = static_cast<unsigned>(std::min<std::size_t>(target.size() - done, 1 << 30));
      const int count = gzread(file_, target.data() + done, piece);
      int status = Z_OK;
      const char* message = gzerror(file_, &status);
      if (count < 0 || (status != Z_OK && status != Z_STREAM_END))
        fail(path_, std::string("the compressed data is damaged or cut off (") + message + ")");
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  bool compressed() { return !gzdirect(file_); }

 private:
  const std::string path_;
  gzFile file_;
};

std::optional<DType> dtype_of_code(unsigned code) {
  switch (code) {
    case 0x08:
      return DType::u8;
    case 0x09:
      return DType::i8;
    case 0x0b:
      return DType::i16;
    case 0x0c:
      return DType::i32;
    case 0x0d:
      return DType::f32;
    case 0x0e:
      return DType::f64;
    default:
      return std::nullopt;
  }
}

template <class Bits>
void reverse_bytes(void* data, std::int64_t count) {
  auto* element = static_cast<Bits*>(data);
  std::transform(element, element + count, element, [](Bits bits) { return std::byteswap(bits); });
}

void big_to_native(const Array& array) {
  static_assert(std::endian::native == std::endian::little);
  switch (size_of(array.dtype())) {
    case 2:
      return reverse_bytes<std::uint16_t>(array.data(), array.size());
    case 4:
      return reverse_bytes<std::uint32_t>(array.data(), array.size());
    case 8:
      return reverse_bytes<std::uint64_t>(array.data(), array.size());
  }
}

}  // namespace

Array load_idx(const std::string& path) {
  const std::uint64_t file_bytes = InputFile(path).bytes();  // also refuses what is not a regular file
  GzipFile file(path);

  std::array<std::byte, 4> magic{};
  if (file.read(magic) < 4) fail(path, "the file ends within the 4 bytes of its magic number");
  const auto byte = [&](int i) { return std::to_integer<unsigned>(magic[i]); };
  if (byte(0) != 0 || byte(1) != 0)
    fail(path, "the file starts with the bytes " + std::to_string(byte(0)) + " and " + std::to_string(byte(1)) +
                   ", expected an IDX file, which starts with two zeros");
  const std::optional<DType> dtype = dtype_of_code(byte(2));
  if (!dtype) fail(path, "the element type is " + std::to_string(byte(2)) + ", expected 8, 9, 11, 12, 13 or 14");
  const auto rank = static_cast<int>(byte(3));
  if (rank > max_rank)
    fail(path, "the array has " + std::to_string(rank) + " axes, expected at most " + std::to_string(max_rank));

  std::array<std::uint32_t, max_rank> stored{};
  const auto header = std::as_writable_bytes(std::span(stored).first(static_cast<std::size_t>(rank)));
  if (file.read(header) < header.size()) fail(path, "the file ends within its " + std::to_string(rank) + " extents");
  std::array<std::int64_t, max_rank> all_extents{};
  std::ranges::transform(stored, all_extents.begin(), [](std::uint32_t big) { return std::byteswap(big); });
  const std::span extents(all_extents.data(), static_cast<std::size_t>(rank));

  const std::string claim = "shape " + shape_text(extents) + " and dtype " + std::string(to_string(*dtype));
  const auto claimed = static_cast<std::uint64_t>(checked_file_size(path, *dtype, extents)) * size_of(*dtype);
  // The format of gzip cannot shrink data more than 1032 times: a short file that claims more is not believed.
  if (claimed > (file.compressed() ? file_bytes * 1032 : file_bytes)) fail(path, "the file is too short for " + claim);

  const Array array = Array::uninitialised(*dtype, extents);
  const std::span elements(static_cast<std::byte*>(array.data()), claimed);
  if (const std::size_t got = file.read(elements); got < claimed)
    fail(path, "the file has " + std::to_string(got) + " bytes of data, expected " + std::to_string(claimed) + " for " +
                   claim);
  std::byte beyond;
  if (file.read({&beyond, 1}) != 0)
    fail(path, "the file has more than the expected " + std::to_string(claimed) + " bytes of data for " + claim);
  big_to_native(array);
  return array;
}

}  // namespace ricci
