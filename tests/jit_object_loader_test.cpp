#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>

#include "ricci/object_loader.hpp"

using ricci::LoadedObject;
using ricci::load_object;

namespace {

/// tests/data/loader_sample.c, compiled.
std::vector<std::byte> sample() {
  std::ifstream file(RICCI_TEST_DATA "/loader_sample.o", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(text.size() > 1000);
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

template <class F>
F* function(const LoadedObject& object, std::string_view name) {
  void* address = object.symbol(name);
  REQUIRE(address != nullptr);
  return reinterpret_cast<F*>(address);
}

/// How /proc/self/maps describes the rights on the page of this address: "r-xp".
std::string rights(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char text[8] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, text) != 3) continue;
    const auto value = reinterpret_cast<unsigned long>(address);
    if (value >= begin && value < end) return text;
  }
  return "";
}

Elf64_Shdr& section_header(std::vector<std::byte>& object, int index) {
  Elf64_Ehdr header;
  std::memcpy(&header, object.data(), sizeof header);
  return *reinterpret_cast<Elf64_Shdr*>(object.data() + header.e_shoff + index * sizeof(Elf64_Shdr));
}

/// The first section with this type and these flags.
Elf64_Shdr& find_section(std::vector<std::byte>& object, std::uint32_t type, std::uint64_t flags) {
  for (int i = 0;; ++i)
    if (auto& header = section_header(object, i); header.sh_type == type && header.sh_flags == flags) return header;
}

/// Replaces the first occurrence of `from` by `to`, which is as long.
std::vector<std::byte> renamed(std::vector<std::byte> object, std::string_view from, std::string_view to) {
  std::string_view text(reinterpret_cast<const char*>(object.data()), object.size());
  std::memcpy(object.data() + text.find(from), to.data(), to.size());
  return object;
}

bool refused_for(const std::vector<std::byte>& object, const std::string& reason) {
  const auto loaded = load_object(object);
  if (!loaded) UNSCOPED_INFO(loaded.error());
  return !loaded && loaded.error().find(reason) != std::string::npos;
}

}  // namespace

TEST_CASE("a loaded object computes: constants, calls, foreign functions, tables of addresses") {
  const auto object = load_object(sample());
  REQUIRE(object);
  CHECK(function<double(int)>(*object, "weight")(3) == 3.5);

  char bytes[] = "abcdef";
  function<void(void*, std::size_t)>(*object, "clear")(bytes, 3);
  CHECK(std::string_view(bytes, 6) == std::string_view("\0\0\0def", 6));

  char copy[4] = {};
  using Memcpy = void*(void*, const void*, std::size_t);
  reinterpret_cast<Memcpy*>(function<void*()>(*object, "address_of_memcpy")())(copy, "xyz", 4);
  CHECK(std::string(copy) == "xyz");

  using Function = double(int);
  CHECK(function<Function*(int)>(*object, "function")(0)(1) == 1.5);
  CHECK(function<Function*(int)>(*object, "function")(1)(1) == 3.0);
}

TEST_CASE("only exported functions have an address") {
  const auto object = load_object(sample());
  REQUIRE(object);
  for (const char* name : {"twice", "memset", "weight.weights", "", "no_such_name"})
    CHECK(object->symbol(name) == nullptr);
}

TEST_CASE("loaded code is executable and not writable") {
  const auto object = load_object(sample());
  REQUIRE(object);
  CHECK(rights(object->symbol("weight")) == "r-xp");
  CHECK(rights(static_cast<char*>(object->symbol("weight")) + 4096) == "r--p");
}

TEST_CASE("an object unmaps its code once, wherever it was moved") {
  void* address = nullptr;
  {
    auto first = load_object(sample());
    REQUIRE(first);
    address = first->symbol("weight");
    LoadedObject second = std::move(*first);
    CHECK(second.symbol("weight") == address);
    auto third = load_object(sample());
    *third = std::move(second);
    CHECK(third->symbol("weight") == address);
    CHECK(function<double(int)>(*third, "weight")(0) == 0.5);
  }
  CHECK(rights(address) != "r-xp");
}

TEST_CASE("what kernels do not contain is refused") {
  auto object = sample();
  CHECK(refused_for(renamed(object, "memset", "remove"), "'remove'"));

  find_section(object, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE).sh_flags |= SHF_EXECINSTR;
  CHECK(refused_for(object, "writable"));

  object = renamed(sample(), ".data.rel.ro", ".data.number");
  CHECK(refused_for(object, "writable"));

  object = sample();
  find_section(object, SHT_PROGBITS, SHF_ALLOC).sh_type = SHT_INIT_ARRAY;
  CHECK(refused_for(object, "neither code nor constants"));

  object = sample();
  find_section(object, SHT_PROGBITS, SHF_ALLOC).sh_flags |= SHF_TLS;
  CHECK(refused_for(object, "neither code nor constants"));

  CHECK(refused_for(renamed(sample(), ".rodata", ".ctors\0"), "at load time"));

  object = sample();
  reinterpret_cast<Elf64_Ehdr*>(object.data())->e_machine = EM_AARCH64;
  CHECK(refused_for(object, "x86-64"));
}

TEST_CASE("numbers that lead out of the file are refused") {
  constexpr std::uint64_t all = ~std::uint64_t{0};
  for (const std::uint64_t value : {all, all - 63, all / 2, std::uint64_t{1} << 32, std::uint64_t{1481}}) {
    auto object = sample();
    find_section(object, SHT_PROGBITS, SHF_ALLOC).sh_offset = value;
    CHECK(refused_for(object, "outside the file"));
    object = sample();
    find_section(object, SHT_PROGBITS, SHF_ALLOC).sh_size = value;
    CHECK(refused_for(object, "outside the file"));
    object = sample();
    reinterpret_cast<Elf64_Ehdr*>(object.data())->e_shoff = value;
    CHECK(refused_for(object, "outside the file"));
    object = sample();
    const std::uint64_t relocations = find_section(object, SHT_RELA, SHF_INFO_LINK).sh_offset;
    auto* relocation = reinterpret_cast<Elf64_Rela*>(object.data() + relocations);
    relocation->r_offset = value;
    CHECK(refused_for(object, "outside its section"));
    relocation->r_offset = 6;
    relocation->r_addend = static_cast<std::int64_t>(value);
    if (value > 1481 && value < all - 63) CHECK(refused_for(object, "out of range"));
  }
}

TEST_CASE("a damaged object is loaded or refused, and nothing else happens") {
  const auto good = sample();
  int loaded = 0, refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const int change : {0x01, 0x04, 0x10, 0x80, 0xff}) {
      auto object = good;
      object[i] ^= static_cast<std::byte>(change);
      ++(load_object(object) ? loaded : refused);
    }
  CHECK(loaded > 0);
  CHECK(refused > 1000);
}

TEST_CASE("a truncated object is refused") {
  const auto good = sample();
  for (std::size_t n = 0; n < good.size(); ++n) {
    const std::vector<std::byte> object(good.begin(), good.begin() + n);
    if (load_object(object)) FAIL("the first " << n << " bytes were accepted");
  }
}
