// Elements a few apart, as in a column of short rows: whole vectors, of which some lanes are wanted.
#include "memory.hpp"

namespace ricci::codegen {

using llvm::Value;

std::optional<Progression> progression(const Value* offsets) {
  const auto* numbers = llvm::dyn_cast<llvm::ConstantDataVector>(offsets);
  if (numbers == nullptr) return std::nullopt;
  const auto at = [&](unsigned i) { return numbers->getElementAsAPInt(i).getSExtValue(); };
  const unsigned count = numbers->getNumElements();
  const std::int64_t step = at(1) - at(0);
  for (unsigned i = 2; i < count; ++i)
    if (at(i) - at(i - 1) != step) return std::nullopt;
  return Progression{at(0), step, at(count - 1)};
}

namespace {

/// How many lanes of this type go into one register.
int lanes_of_register(PhaseEmitter& e, loop::Type type) {
  return std::min(type.lanes, e.target.vector_bytes / static_cast<int>(size_of(type.dtype)));
}

}  // namespace

bool are_near(PhaseEmitter& e, loop::Type type, const Progression& offsets) {
  const std::int64_t apart = std::abs(offsets.step);
  return 2 <= apart && apart <= 4 && apart <= lanes_of_register(e, type);
}

Value* load_apart(PhaseEmitter& e, loop::Type type, loop::BufferId buffer, Value* base, const Progression& offsets) {
  Builder& b = e.builder;
  const int lanes = lanes_of_register(e, type);
  const int apart = static_cast<int>(std::abs(offsets.step));
  llvm::SmallVector<Value*, 8> parts;
  for (int part = 0; part < type.lanes; part += lanes) {
    const std::int64_t first = offsets.first + part * offsets.step;
    const std::int64_t low = std::min(first, first + (lanes - 1) * offsets.step);
    // Vector number v begins at v * lanes, but the last one `apart - 1` earlier.
    const auto begin = [&](int v) { return v * lanes - (v == apart - 1 ? apart - 1 : 0); };
    const auto load = [&](int v) {
      Value* address = element_address(e, buffer, base, b.getInt64(low + begin(v)));
      return b.CreateAlignedLoad(memory_type(e, {type.dtype, lanes}), address, alignment(type.dtype));
    };
    Value* wanted = load(0);
    for (int v = 1; v < apart; ++v) {
      llvm::SmallVector<int, 64> from;
      for (int lane = 0; lane < lanes; ++lane) {
        const int place = apart * (offsets.step > 0 ? lane : lanes - 1 - lane);
        int in = 0;
        while (place >= begin(in) + lanes) ++in;
        from.push_back(in < v ? (v == 1 ? place : lane) : in == v ? lanes + place - begin(v) : -1);
      }
      wanted = b.CreateShuffleVector(wanted, load(v), from);
    }
    parts.push_back(wanted);
  }
  return parts.size() == 1 ? parts[0] : llvm::concatenateVectors(b, parts);
}

void store_apart(PhaseEmitter& e, loop::Type type, loop::BufferId buffer, Value* base, Value* value,
                 const Progression& offsets) {
  Builder& b = e.builder;
  const int lanes = lanes_of_register(e, type);
  const int apart = static_cast<int>(std::abs(offsets.step));
  for (int part = 0; part < type.lanes; part += lanes) {
    const std::int64_t first = offsets.first + part * offsets.step;
    const std::int64_t low = std::min(first, first + (lanes - 1) * offsets.step);
    for (int v = 0; v < apart; ++v) {
      llvm::SmallVector<int, 64> from;
      llvm::SmallVector<llvm::Constant*, 64> is_stored;
      for (int place = v * lanes; place < (v + 1) * lanes; ++place) {
        const bool stored = place % apart == 0;
        const int lane = offsets.step > 0 ? place / apart : lanes - 1 - place / apart;
        from.push_back(stored ? part + lane : -1);
        is_stored.push_back(b.getInt1(stored));
      }
      Value* address = element_address(e, buffer, base, b.getInt64(low + v * lanes));
      tag(e, buffer,
          b.CreateMaskedStore(b.CreateShuffleVector(value, from), address, alignment(type.dtype),
                              llvm::ConstantVector::get(is_stored)));
    }
  }
}

}  // namespace ricci::codegen
