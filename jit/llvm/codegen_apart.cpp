// Elements a few apart, as in a column of short rows: whole vectors, of which some lanes are wanted.
#include "llvm/memory.hpp"

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

/// The lanes of one register and the places in memory from the lowest of them to the highest, a vector of them at a
/// time: vector `v` has the places from v * lanes on.
struct Part {
  int first, lanes, apart;
  bool backwards;
  std::int64_t low;  // the offset of the first place

  bool is_wanted(int place) const { return place % apart == 0; }
  int lane(int place) const { return first + (backwards ? lanes - 1 - place / apart : place / apart); }
};

llvm::SmallVector<Part, 8> parts_of(PhaseEmitter& e, loop::Type type, const Progression& offsets) {
  const int lanes = lanes_of_register(e, type);
  llvm::SmallVector<Part, 8> parts;
  for (int part = 0; part < type.lanes; part += lanes) {
    const std::int64_t first = offsets.first + part * offsets.step, last = first + (lanes - 1) * offsets.step;
    const int apart = static_cast<int>(std::abs(offsets.step));
    parts.push_back({part, lanes, apart, offsets.step < 0, std::min(first, last)});
  }
  return parts;
}

/// A mask as an integer, in which lane 0 of a part has the lowest bit of its lanes if these go forwards, else the
/// highest. Null without a mask.
Value* bits_of(PhaseEmitter& e, Value* mask, const Progression& offsets) {
  if (mask == nullptr) return nullptr;
  if (offsets.step < 0) mask = e.builder.CreateVectorReverse(mask);
  return e.builder.CreateZExt(mask_bits(e, mask), e.builder.getInt64Ty());
}

/// Of the places of vector `v`, those of lanes that a mask has, or of all lanes.
Value* places_of(PhaseEmitter& e, loop::Type type, const Part& part, int v, Value* bits) {
  Builder& b = e.builder;
  std::uint64_t wanted = 0;
  for (int k = 0; k < part.lanes; ++k)
    if (part.is_wanted(v * part.lanes + k)) wanted |= std::uint64_t{1} << k;
  Value* places = b.getInt64(wanted);
  if (bits != nullptr) {
    const int before = (v * part.lanes + part.apart - 1) / part.apart;
    const int lowest = part.backwards ? type.lanes - part.first - part.lanes : part.first;
    Value* shifted = b.CreateLShr(bits, static_cast<std::uint64_t>(lowest + before));
    places = b.CreateIntrinsic(llvm::Intrinsic::x86_bmi_pdep_64, {}, {shifted, places});
  }
  const auto width = static_cast<unsigned>(std::max(8, part.lanes));
  Value* mask =
      b.CreateBitCast(b.CreateTrunc(places, b.getIntNTy(width)), llvm::FixedVectorType::get(b.getInt1Ty(), width));
  if (part.lanes >= 8) return mask;
  llvm::SmallVector<int, 8> lowest;
  for (int k = 0; k < part.lanes; ++k) lowest.push_back(k);
  return b.CreateShuffleVector(mask, lowest);
}

}  // namespace

bool are_near(PhaseEmitter& e, loop::Type type, const Progression& offsets, Value* mask) {
  const std::int64_t apart = std::abs(offsets.step);
  const int lanes = lanes_of_register(e, type);
  if (mask != nullptr && (!has_avx512(e.target) || lanes * static_cast<int>(size_of(type.dtype)) < 16)) return false;
  return 2 <= apart && apart <= 4 && apart <= lanes;
}

Value* load_apart(PhaseEmitter& e, loop::Type type, loop::BufferId buffer, Value* base, const Progression& offsets,
                  Value* mask) {
  Builder& b = e.builder;
  Value* bits = bits_of(e, mask, offsets);
  llvm::SmallVector<Value*, 8> parts;
  for (const Part& part : parts_of(e, type, offsets)) {
    const int lanes = part.lanes, last = part.apart - 1;
    llvm::Type* vector = memory_type(e, {type.dtype, lanes});
    // What lies beyond the last lane is left out by a mask, or by a vector that begins earlier.
    const bool masks = has_avx512(e.target) && lanes * static_cast<int>(size_of(type.dtype)) >= 16;
    const auto begin = [&](int v) { return v * lanes - (v == last && !masks ? last : 0); };
    const auto load = [&](int v) -> Value* {
      Value* address = element_address(e, buffer, base, b.getInt64(part.low + begin(v)));
      if (bits == nullptr && (!masks || v < last)) return b.CreateAlignedLoad(vector, address, alignment(type.dtype));
      return b.CreateMaskedLoad(vector, address, alignment(type.dtype), places_of(e, type, part, v, bits),
                                llvm::Constant::getNullValue(vector));
    };
    Value* wanted = load(0);
    for (int v = 1; v < part.apart; ++v) {
      llvm::SmallVector<int, 64> from;
      for (int lane = 0; lane < lanes; ++lane) {
        const int place = part.apart * (part.backwards ? lanes - 1 - lane : lane);
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
                 const Progression& offsets, Value* mask) {
  Builder& b = e.builder;
  Value* bits = bits_of(e, mask, offsets);
  for (const Part& part : parts_of(e, type, offsets))
    for (int v = 0; v < part.apart; ++v) {
      llvm::SmallVector<int, 64> from;
      for (int place = v * part.lanes; place < (v + 1) * part.lanes; ++place)
        from.push_back(part.is_wanted(place) ? part.lane(place) : -1);
      Value* address = element_address(e, buffer, base, b.getInt64(part.low + v * part.lanes));
      tag(e, buffer,
          b.CreateMaskedStore(b.CreateShuffleVector(value, from), address, alignment(type.dtype),
                              places_of(e, type, part, v, bits)));
    }
}

}  // namespace ricci::codegen
