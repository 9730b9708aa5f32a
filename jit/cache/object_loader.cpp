// Relocations: System V ABI, AMD64 supplement, section 4.4. Memory is laid out as one block, so that everything is
// within reach of everything else:
//   code sections | a jump per symbol | -- page -- | constant sections | an address per symbol
#include "ricci/object_loader.hpp"

#include <elf.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

namespace ricci {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t largest_object = std::uint64_t{64} << 20;

// What code generation may call on its own account.
struct Foreign {
  std::string_view name;
  void* address;
};
const std::array<Foreign, 3> foreign_functions = {{{"memcpy", reinterpret_cast<void*>(&std::memcpy)},
                                                   {"memmove", reinterpret_cast<void*>(&std::memmove)},
                                                   {"memset", reinterpret_cast<void*>(&std::memset)}}};

struct Malformed {
  std::string reason;
};

[[noreturn]] void refuse(const std::string& reason) { throw Malformed{reason}; }

void require(bool condition, const char* reason) {
  if (!condition) refuse(reason);
}

using Bytes = std::span<const std::byte>;

Bytes part(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
  require(offset <= bytes.size() && size <= bytes.size() - offset, "a part lies outside the file");
  return bytes.subspan(offset, size);
}

template <class T>
std::vector<T> table(Bytes bytes) {
  require(bytes.size() % sizeof(T) == 0, "a table has a broken last row");
  std::vector<T> rows(bytes.size() / sizeof(T));
  if (!rows.empty()) std::memcpy(rows.data(), bytes.data(), bytes.size());
  return rows;
}

std::string_view string_at(Bytes strings, std::uint32_t offset) {
  require(offset < strings.size(), "a name lies outside its table");
  const std::string_view rest(reinterpret_cast<const char*>(strings.data()) + offset, strings.size() - offset);
  require(rest.find('\0') != rest.npos, "a name has no end");
  return rest.substr(0, rest.find('\0'));
}

struct Section {
  Elf64_Shdr header;
  std::string_view name;
  Bytes bytes;
  std::optional<std::uint64_t> place;  // offset in memory, if it is loaded

  bool executable() const { return header.sh_flags & SHF_EXECINSTR; }
};

std::vector<Section> read_sections(Bytes file) {
  const auto header = table<Elf64_Ehdr>(part(file, 0, sizeof(Elf64_Ehdr)))[0];
  require(std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
              header.e_ident[EI_DATA] == ELFDATA2LSB && header.e_ident[EI_VERSION] == EV_CURRENT &&
              header.e_type == ET_REL && header.e_machine == EM_X86_64 && header.e_version == EV_CURRENT,
          "it is not a relocatable ELF file for x86-64");
  require(header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shnum < SHN_LORESERVE &&
              header.e_shstrndx < header.e_shnum,
          "its section table is not well-formed");

  std::vector<Section> sections;
  for (const auto& row : table<Elf64_Shdr>(part(file, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)))) {
    const bool in_file = row.sh_type != SHT_NULL && row.sh_type != SHT_NOBITS;
    sections.push_back({row, {}, in_file ? part(file, row.sh_offset, row.sh_size) : Bytes{}, {}});
  }
  for (Section& section : sections)
    section.name = string_at(sections[header.e_shstrndx].bytes, section.header.sh_name);
  return sections;
}

/// Whether the section belongs in memory. Unwind tables do not: no exception passes through a kernel.
bool wanted(const Section& section) {
  const Elf64_Shdr& header = section.header;
  if (!(header.sh_flags & SHF_ALLOC) || header.sh_size == 0) return false;
  if (section.name == ".eh_frame" || header.sh_type == SHT_NOTE) return false;
  require(header.sh_type == SHT_PROGBITS && !(header.sh_flags & (SHF_TLS | SHF_COMPRESSED)),
          "it has a section that is neither code nor constants");
  for (const auto prefix : {".ctors", ".dtors", ".init", ".fini"})
    require(!section.name.starts_with(prefix), "it has code that would run at load time");
  // Relocated constants are marked writable; they are written here and nowhere else.
  require(!(header.sh_flags & SHF_WRITE) || (section.name.starts_with(".data.rel.ro") && !section.executable()),
          "it has writable data");
  require(header.sh_addralign <= page && (header.sh_addralign == 0 || std::has_single_bit(header.sh_addralign)),
          "it has an impossible alignment");
  return true;
}

constexpr std::uint64_t align(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) & -alignment;
}

struct SymbolAddress {
  std::uint64_t value;   // for data and for jumps from anywhere
  std::uint64_t nearby;  // within reach of a 32-bit displacement
};

/// One object on its way into memory.
struct Loader {
  std::vector<Section> sections;
  Bytes names;                              // of the symbols
  std::vector<Elf64_Sym> symbols;
  std::vector<std::optional<SymbolAddress>> addresses;  // by symbol; none: must not be referred to
  std::uint64_t jumps = 0, constants = 0, slots = 0, size = 0;  // offsets in memory
  std::span<std::byte> memory;

  std::uint64_t base() const { return reinterpret_cast<std::uint64_t>(memory.data()); }

  template <class T>
  void put(std::uint64_t offset, T value) {
    std::memcpy(memory.data() + offset, &value, sizeof value);
  }

  void read_symbols() {
    const Section* found = nullptr;
    for (const Section& section : sections)
      if (section.header.sh_type == SHT_SYMTAB) {
        require(found == nullptr, "it has two symbol tables");
        found = &section;
      }
    require(found != nullptr && found->header.sh_link < sections.size(), "it has no symbol table");
    symbols = table<Elf64_Sym>(found->bytes);
    names = sections[found->header.sh_link].bytes;
  }

  void place_sections() {
    const auto place = [&](bool executable) {
      for (Section& section : sections)
        if (wanted(section) && section.executable() == executable) {
          size = align(size, std::max<std::uint64_t>(section.header.sh_addralign, 1));
          section.place = size;
          size += section.header.sh_size;
          require(size <= largest_object, "it is too large");
        }
    };
    place(true);
    require(size > 0, "it has no code");
    jumps = align(size, 8);
    constants = size = align(jumps + 8 * symbols.size(), page);
    place(false);
    slots = align(size, 8);
    size = align(slots + 8 * symbols.size(), page);
  }

  void copy_sections() {
    for (const Section& section : sections)
      if (section.place) std::memcpy(memory.data() + *section.place, section.bytes.data(), section.bytes.size());
  }

  /// A foreign function may be far away: near it stands a jump through its slot.
  SymbolAddress foreign(std::string_view name, std::uint64_t index) {
    for (const Foreign& function : foreign_functions)
      if (function.name == name) {
        const std::uint64_t jump = jumps + 8 * index, slot = slots + 8 * index;
        constexpr std::uint16_t jmp_indirect = 0x25ff;  // jmp *displacement(%rip), 6 bytes
        put(jump, jmp_indirect);
        put(jump + 2, static_cast<std::int32_t>(slot - (jump + 6)));
        return {reinterpret_cast<std::uint64_t>(function.address), base() + jump};
      }
    refuse("it refers to '" + std::string(name) + "', which kernels may not use");
  }

  std::optional<SymbolAddress> resolve(std::uint64_t index) {
    const Elf64_Sym& symbol = symbols[index];
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    if (index == 0 || type == STT_FILE) return std::nullopt;
    require(type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC || type == STT_SECTION,
            "it has a symbol of a kind that kernels may not use");
    if (symbol.st_shndx == SHN_UNDEF) return foreign(string_at(names, symbol.st_name), index);
    require(symbol.st_shndx < sections.size(), "a symbol has no section");
    const Section& section = sections[symbol.st_shndx];
    require(symbol.st_value <= section.header.sh_size, "a symbol lies outside its section");
    if (!section.place) return std::nullopt;
    const std::uint64_t address = base() + *section.place + symbol.st_value;
    return SymbolAddress{address, address};
  }

  void resolve_symbols() {
    for (std::uint64_t i = 0; i < symbols.size(); ++i) {
      addresses.push_back(resolve(i));
      if (addresses[i]) put(slots + 8 * i, addresses[i]->value);
    }
  }

  template <class T>
  void put_checked(const Section& target, std::uint64_t offset, std::uint64_t value) {
    require(sizeof(T) <= target.header.sh_size && offset <= target.header.sh_size - sizeof(T),
            "a relocation lies outside its section");
    const auto number = static_cast<std::int64_t>(value);
    require(number >= std::numeric_limits<T>::min() && number <= std::numeric_limits<T>::max(),
            "a relocation is out of range");
    put(*target.place + offset, static_cast<T>(number));
  }

  void relocate(const Section& target, const Elf64_Rela& relocation) {
    const std::uint64_t index = ELF64_R_SYM(relocation.r_info);
    require(index < addresses.size() && addresses[index], "a relocation refers to nothing that is loaded");
    const std::uint64_t offset = relocation.r_offset, addend = relocation.r_addend;
    const std::uint64_t here = base() + *target.place + offset;
    const SymbolAddress symbol = *addresses[index];
    switch (ELF64_R_TYPE(relocation.r_info)) {
      case R_X86_64_64: return put_checked<std::int64_t>(target, offset, symbol.value + addend);
      case R_X86_64_32S: return put_checked<std::int32_t>(target, offset, symbol.value + addend);
      case R_X86_64_PC64: return put_checked<std::int64_t>(target, offset, symbol.value + addend - here);
      case R_X86_64_PC32:
      case R_X86_64_PLT32: return put_checked<std::int32_t>(target, offset, symbol.nearby + addend - here);
      case R_X86_64_GOTPCREL:
      case R_X86_64_GOTPCRELX:
      case R_X86_64_REX_GOTPCRELX:
        return put_checked<std::int32_t>(target, offset, base() + slots + 8 * index + addend - here);
      default: refuse("it has a relocation of kind " + std::to_string(ELF64_R_TYPE(relocation.r_info)));
    }
  }

  void relocate_sections() {
    for (const Section& section : sections) {
      if (section.header.sh_type != SHT_RELA && section.header.sh_type != SHT_REL) continue;
      require(section.header.sh_info < sections.size(), "its relocations have no section");
      const Section& target = sections[section.header.sh_info];
      if (!target.place) continue;
      require(section.header.sh_type == SHT_RELA, "it has relocations without addends");
      for (const auto& relocation : table<Elf64_Rela>(section.bytes)) relocate(target, relocation);
    }
  }

  std::vector<std::pair<std::string, void*>> exported_functions() const {
    std::vector<std::pair<std::string, void*>> functions;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const Elf64_Sym& symbol = symbols[i];
      if (!addresses[i] || symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) != STB_GLOBAL ||
          ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || !sections[symbol.st_shndx].executable())
        continue;
      functions.emplace_back(string_at(names, symbol.st_name), reinterpret_cast<void*>(addresses[i]->value));
    }
    return functions;
  }

  /// From here on nothing is both writable and executable, and nothing is writable.
  void protect() const {
    require(mprotect(memory.data(), constants, PROT_READ | PROT_EXEC) == 0 &&
                mprotect(memory.data() + constants, size - constants, PROT_READ) == 0,
            "the system does not allow new code");
  }
};

}  // namespace

std::expected<LoadedObject, std::string> load_object(std::span<const std::byte> file) try {
  Loader loader;
  loader.sections = read_sections(file);
  loader.read_symbols();
  loader.place_sections();
  void* memory = mmap(nullptr, loader.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED, "there is no memory for it");
  LoadedObject object;
  object.memory_ = loader.memory = {static_cast<std::byte*>(memory), loader.size};
  loader.copy_sections();
  loader.resolve_symbols();
  loader.relocate_sections();
  object.functions_ = loader.exported_functions();
  loader.protect();
  return object;
} catch (const Malformed& malformed) {
  return std::unexpected("The object cannot be loaded: " + malformed.reason + ".");
}

LoadedObject::~LoadedObject() {
  if (!memory_.empty()) munmap(memory_.data(), memory_.size());
}

void* LoadedObject::symbol(std::string_view name) const {
  for (const auto& [function, address] : functions_)
    if (function == name) return address;
  return nullptr;
}

}  // namespace ricci
