#include "ricci/npy.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "ricci/error.hpp"
#include "ricci/file.hpp"
#include "ricci/runs.hpp"

namespace ricci {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are stored as they are in memory");

std::string_view npy_type(DType dtype) {
  constexpr std::string_view types[] = {
#define X(name, type, npy) npy,
      RICCI_DTYPES(X)
#undef X
  };
  return types[static_cast<int>(dtype)];
}

/// Magic, version, length and dictionary, padded so that the data starts at a multiple of 64 bytes.
std::string front_of(const Layout& layout) {
  std::string dictionary = "{'descr': '" + std::string(npy_type(layout.dtype)) +
                           "', 'fortran_order': False, 'shape': " + shape_text(extents_of(layout)) + ", }";
  constexpr std::size_t prefix = 10;
  dictionary.append(63 - (prefix + dictionary.size()) % 64, ' ');
  dictionary += '\n';
  const std::size_t length = dictionary.size();
  std::string front = "\x93NUMPY\x01";
  front += {'\0', static_cast<char>(length & 255), static_cast<char>(length >> 8)};
  return front + dictionary;
}

}  // namespace

Array load_npy(const std::string& path) {
  InputFile file(path);
  std::vector<std::byte> front(std::min<std::uint64_t>(file.bytes(), npy_front_limit));
  file.read(front);
  const NpyHeader header = parse_npy_header(front, file.bytes(), path);

  const Array stored = Array::uninitialised(header.layout.dtype, extents_of(header.layout));
  const std::span elements(static_cast<std::byte*>(stored.data()),
                           static_cast<std::size_t>(stored.size()) * size_of(stored.dtype()));
  const std::span<const std::byte> early = std::span(front).subspan(header.data_begin);
  std::ranges::copy(early, elements.begin());
  file.read(elements.subspan(early.size()));

  if (stored.dtype() == DType::b1) {
    const auto bad = std::ranges::find_if(elements, [](std::byte b) { return b > std::byte{1}; });
    if (bad != elements.end())
      throw Error(Error::Kind::file, path + ": element " + std::to_string(bad - elements.begin()) +
                                         " of this b1 array is the byte " + std::to_string(std::to_integer<int>(*bad)) +
                                         ", expected 0 or 1");
  }
  return header.layout == stored.layout() ? stored : stored.rearranged(header.layout, stored.data());
}

void save_npy(const std::string& path, const TensorView& view) {
  replace_file(path, [&](std::FILE* file) {
    const std::string front = front_of(view.layout);
    std::fwrite(front.data(), 1, front.size(), file);  // replace_file looks at the stream's error flag
    for_each_run(view, [&](std::span<const std::byte> run) { std::fwrite(run.data(), 1, run.size(), file); });
  });
}

}  // namespace ricci
