#pragma once
// Puts the machine code of a cached kernel into memory without LLVM: a link editor for exactly the ELF files that
// Ricci's code generation writes (x86-64, relocatable, position-independent, no writable data).
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ricci {

/// Loaded code; unmaps it on destruction. Nobody may be running it then.
class LoadedObject {
 public:
  LoadedObject(LoadedObject&& other) noexcept
      : memory_(std::exchange(other.memory_, {})), functions_(std::move(other.functions_)) {}
  LoadedObject& operator=(LoadedObject&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(functions_, other.functions_);
    return *this;
  }
  ~LoadedObject();

  /// The address of an exported function; nullptr if there is none of this name.
  void* symbol(std::string_view name) const;

 private:
  LoadedObject() = default;
  friend std::expected<LoadedObject, std::string> load_object(std::span<const std::byte> file);

  std::span<std::byte> memory_;
  std::vector<std::pair<std::string, void*>> functions_;
};

/// Maps, relocates and then write-protects the object. Any malformed file, and any that asks for more than code and
/// constants (writable or thread-local data, constructors, foreign symbols but memcpy, memmove and memset), gives a
/// sentence that says why. Every field is checked, so arbitrary bytes are safe to load; whether they are safe to
/// run is for the cache's checksum to say.
std::expected<LoadedObject, std::string> load_object(std::span<const std::byte> file);

}  // namespace ricci
