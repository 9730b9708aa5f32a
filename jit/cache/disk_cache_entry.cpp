// The format of an entry: a header, the key text, the info text, the object; numbers are little-endian.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "ricci/disk_cache.hpp"

namespace ricci {
namespace {

struct Header {
  std::array<char, 8> magic = {'R', 'I', 'C', 'C', 'I', 'K', 'O', 0x1a};
  std::uint32_t version = 1;
  std::uint32_t header_size = sizeof(Header);
  std::uint64_t key_size = 0, info_size = 0, object_size = 0;
  std::array<std::uint64_t, 2> checksum{};  // XXH3-128 of the file with zeros here: finds accidents, not attackers
};
static_assert(sizeof(Header) == 56);

std::array<std::uint64_t, 2> checksum(Header header, std::span<const std::byte> rest) {
  header.checksum = {};
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, &header, sizeof header);
  XXH3_128bits_update(&state, rest.data(), rest.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return {hash.low64, hash.high64};
}

}  // namespace

std::vector<std::byte> encode_entry(std::string_view key_text, const CachedKernel& kernel) {
  Header header;
  header.key_size = key_text.size();
  header.info_size = kernel.info.size();
  header.object_size = kernel.object.size();
  std::vector<std::byte> file(sizeof header + key_text.size() + kernel.info.size() + kernel.object.size());
  auto position = file.begin() + sizeof header;
  for (const std::span<const std::byte> part :
       {std::as_bytes(std::span(key_text)), std::as_bytes(std::span(kernel.info)), std::span(kernel.object)})
    position = std::copy(part.begin(), part.end(), position);
  header.checksum = checksum(header, std::span(file).subspan(sizeof header));
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

std::optional<CachedKernel> decode_entry(std::span<const std::byte> file, std::string_view key_text) {
  Header header;
  if (file.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, file.data(), sizeof header);
  const Header expected;
  if (header.magic != expected.magic || header.version != expected.version || header.header_size != sizeof header)
    return std::nullopt;
  std::span rest = file.subspan(sizeof header);
  // Each size is compared with what is left, so that no sum can wrap.
  if (header.key_size > rest.size() || header.info_size > rest.size() - header.key_size ||
      header.object_size != rest.size() - header.key_size - header.info_size)
    return std::nullopt;
  if (header.checksum != checksum(header, rest)) return std::nullopt;
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  if (text(rest.first(header.key_size)) != key_text) return std::nullopt;
  rest = rest.subspan(header.key_size);
  const std::span object = rest.subspan(header.info_size);
  return CachedKernel{std::string(text(rest.first(header.info_size))), {object.begin(), object.end()}};
}

}  // namespace ricci
