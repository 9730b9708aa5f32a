// Runs a phase as it is written, one statement at a time over packed lanes. It shares the scalar semantics with the
// rest of the compiler (scalar_op.hpp) and nothing with the code generator, which must give the same bits.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "helpers/sort_row.hpp"
#include "ir/scalar_op.hpp"
#include "loop/text.hpp"
#include "ricci/error.hpp"

namespace ricci::loop {
namespace {

std::atomic<std::int64_t> statements_run = 0;

struct Machine {
  const Kernel& kernel;
  const Phase& phase;
  const std::vector<Memory>& buffers;
  const std::vector<std::int64_t>& symbols;
  std::vector<std::size_t> places;       // of each value in `values`
  std::vector<std::byte> values;         // the lanes of a value are packed; a b1 lane is a byte 0 or 1
  const Statement* statement = nullptr;  // the one that runs
  std::int64_t count = 0;                // of statements that have run
  std::int32_t status = 0;

  Machine(const Kernel& kernel, const Phase& phase, const std::vector<Memory>& buffers,
          const std::vector<std::int64_t>& symbols)
      : kernel(kernel), phase(phase), buffers(buffers), symbols(symbols) {
    std::size_t bytes = 0;
    for (const Type t : phase.types) {
      places.push_back(bytes);
      bytes += (size_of(t.dtype) * t.lanes + 7) / 8 * 8;
    }
    values.resize(bytes);
  }

  // --- values ---
  std::byte* at(Value v) { return &values[places[v]]; }
  std::byte* at(Value v, int lane) { return at(v) + lane * size_of(phase.types[v].dtype); }
  int lanes(Value v) const { return phase.types[v].lanes; }
  std::size_t bytes(Value v) const { return lanes(v) * size_of(phase.types[v].dtype); }
  template <class T>
  T get(Value v, int lane = 0) {
    T x;
    std::memcpy(&x, at(v) + lane * sizeof x, sizeof x);
    return x;
  }
  template <class T>
  void set(Value v, T x, int lane = 0) {
    std::memcpy(at(v) + lane * sizeof x, &x, sizeof x);
  }
  void splat(Value result, const void* element) {
    for (int i = 0; i < lanes(result); ++i) std::memcpy(at(result, i), element, size_of(phase.types[result].dtype));
  }
  bool active(Value mask, int lane) { return mask == none || get<bool>(mask, lane); }
  /// base + offsets[lane]
  std::int64_t sum(Value base, Value offsets, int lane) {
    const std::int64_t offset =
        phase.types[offsets].dtype == DType::i32 ? get<std::int32_t>(offsets, lane) : get<std::int64_t>(offsets, lane);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(get<std::int64_t>(base)) + offset);
  }

  // --- memory ---
  std::byte* address(BufferId id, std::int64_t index) {
    return static_cast<std::byte*>(buffers[id].data) + index * static_cast<std::int64_t>(size_of(dtype_of_buffer(id)));
  }
  std::byte* element(BufferId id, std::int64_t index) {
    const Memory& memory = buffers[id];
    RICCI_ASSERT(memory.low <= index && index < memory.high,
                 title(kernel, phase) + ", " + quote(kernel, phase, *statement) + " touches element " +
                     std::to_string(index) + " outside [" + std::to_string(memory.low) + ", " +
                     std::to_string(memory.high) + ")");
    return address(id, index);
  }
  DType dtype_of_buffer(BufferId id) const { return kernel.info.buffers[id].dtype; }
  void load(Value result, int lane, const std::byte* from) {
    const DType dtype = phase.types[result].dtype;
    if (dtype == DType::b1)
      set(result, *from != std::byte{0}, lane);
    else
      std::memcpy(at(result, lane), from, size_of(dtype));
  }

  // --- statements; false: the phase is left ---
  bool run(const Constant& s) {
    splat(s.result, &s.value.bits);
    return true;
  }
  bool run(const Argument& s) {
    load(s.result, 0, reinterpret_cast<const std::byte*>(&symbols[s.symbol]));
    return true;
  }
  bool run(const Compute& s) {
    const void* args[3];
    for (std::size_t i = 0; i < s.args.size(); ++i) args[i] = at(s.args[i]);
    evaluate_lanes(s.op, phase.types[s.result].dtype, phase.types[s.args.back()].dtype, lanes(s.result), at(s.result),
                   std::span(args, s.args.size()));
    return true;
  }
  bool run(const Splat& s) {
    splat(s.result, at(s.scalar));
    return true;
  }
  bool run(const Iota& s) {
    visit_dtype(phase.types[s.result].dtype, [&]<class T>(std::type_identity<T>) {
      for (int i = 0; i < lanes(s.result); ++i) set(s.result, static_cast<T>(i), i);
    });
    return true;
  }
  bool run(const LaneMask& s) {
    const auto count = get<std::int64_t>(s.count);
    RICCI_ASSERT(!s.few || (count >= 0 && count < 64),
                 title(kernel, phase) + ", " + quote(kernel, phase, s) + " is not few");
    for (int i = 0; i < lanes(s.result); ++i) set(s.result, i < count, i);
    return true;
  }
  bool run(const Half& s) {
    std::memcpy(at(s.result), at(s.vector, s.upper ? lanes(s.result) : 0), bytes(s.result));
    return true;
  }
  bool run(const Slide& s) {
    const std::size_t first = bytes(s.low) / static_cast<std::size_t>(lanes(s.low)) * static_cast<std::size_t>(s.from);
    std::memcpy(at(s.result), at(s.low) + first, bytes(s.low) - first);
    std::memcpy(at(s.result) + (bytes(s.low) - first), at(s.high), first);
    return true;
  }
  bool run(const Pick& s) {
    const std::size_t size = size_of(phase.types[s.result].dtype);
    for (int i = 0; i < lanes(s.result); ++i)
      std::memcpy(at(s.result, i), at(s.vector, s.lanes[static_cast<std::size_t>(i)]), size);
    return true;
  }
  bool run(const AnyLane& s) {
    bool any = false;
    for (int i = 0; i < lanes(s.mask); ++i) any |= get<bool>(s.mask, i);
    set(s.result, any);
    return true;
  }
  bool run(const CountLanes& s) {
    std::int64_t count = 0;
    for (int i = 0; i < lanes(s.mask); ++i) count += get<bool>(s.mask, i);
    set(s.result, count);
    return true;
  }
  static bool is_aligned(const std::byte* address, std::size_t bytes) {
    return reinterpret_cast<std::uintptr_t>(address) % bytes == 0;
  }
  bool run(const ToLine& s) {
    const auto behind = reinterpret_cast<std::uintptr_t>(address(s.buffer, get<std::int64_t>(s.offset))) % 64;
    set(s.result, static_cast<std::int64_t>((64 - behind) % 64 / size_of(dtype_of_buffer(s.buffer))));
    return true;
  }
  static bool run(const Prefetch&) { return true; }
  bool run(const Load& s) {
    const auto offset = get<std::int64_t>(s.offset);
    std::memset(at(s.result), 0, bytes(s.result));
    for (int i = 0; i < lanes(s.result); ++i)
      if (active(s.mask, i)) load(s.result, i, element(s.buffer, offset + i));
    return true;
  }
  bool run(const Gather& s) {
    std::memset(at(s.result), 0, bytes(s.result));
    for (int i = 0; i < lanes(s.result); ++i)
      if (active(s.mask, i)) load(s.result, i, element(s.buffer, sum(s.base, s.offsets, i)));
    return true;
  }
  bool run(const Store& s) {
    const auto offset = get<std::int64_t>(s.offset);
    const bool streams = s.streaming != none && get<bool>(s.streaming);
    RICCI_ASSERT(!streams || is_aligned(address(s.buffer, offset), std::min<std::size_t>(64, bytes(s.value))),
                 title(kernel, phase) + ", " + quote(kernel, phase, s) + " is not aligned");
    for (int i = 0; i < lanes(s.value); ++i)
      if (active(s.mask, i))
        std::memcpy(element(s.buffer, offset + i), at(s.value, i), size_of(dtype_of_buffer(s.buffer)));
    return true;
  }
  bool run(const Scatter& s) {
    const DType dtype = dtype_of_buffer(s.buffer);
    for (int i = 0; i < lanes(s.value); ++i) {
      if (!active(s.mask, i)) continue;
      std::byte* to = element(s.buffer, sum(s.base, s.offsets, i));
      const void* args[] = {to, at(s.value, i)};
      if (s.combine)
        evaluate_lanes(*s.combine, dtype, dtype, 1, to, args);
      else
        std::memcpy(to, args[1], size_of(dtype));
    }
    return true;
  }
  bool run(const Append& s) {
    auto number = get<std::int64_t>(s.first);
    const auto stride = get<std::int64_t>(s.stride), end = get<std::int64_t>(s.end);
    for (int i = 0; i < lanes(s.value) && number < end; ++i)
      if (get<bool>(s.mask, i))
        std::memcpy(element(s.buffer, number++ * stride), at(s.value, i), size_of(dtype_of_buffer(s.buffer)));
    return true;
  }
  bool run(const SortRows& s) {
    for (std::int64_t row = 0; row < get<std::int64_t>(s.rows); ++row)
      sort_row(s, get<std::int64_t>(s.offset) + row * get<std::int64_t>(s.key_step),
               get<std::int64_t>(s.first) + row * get<std::int64_t>(s.step));
    return true;
  }
  void sort_row(const SortRows& s, std::int64_t offset, std::int64_t first) {
    const DType dtype = dtype_of_buffer(s.keys);
    const auto count = get<std::int64_t>(s.count), limit = s.limit == none ? count : get<std::int64_t>(s.limit);
    std::vector<Scalar> keys;
    for (std::int64_t i = 0; i < count; ++i)
      keys.push_back(Scalar::load(dtype, element(s.keys, offset + i * get<std::int64_t>(s.stride))));
    const std::vector<std::int64_t> order = stable_order(keys, s.descending);
    for (std::int64_t i = 0; i < limit; ++i) {
      const std::int64_t at = i < count ? order[static_cast<std::size_t>(i)] : 0;
      std::byte* const to = element(s.to, first + i * get<std::int64_t>(s.pitch));
      if (s.limit == none)
        keys[static_cast<std::size_t>(at)].store(to);
      else
        std::memcpy(to, &at, sizeof at);
    }
  }
  bool run(const Transpose& s) {
    const std::size_t bytes = size_of(dtype_of_buffer(s.to));
    const auto first = get<std::int64_t>(s.first), pitch = get<std::int64_t>(s.pitch);
    const auto offset = get<std::int64_t>(s.offset), stride = get<std::int64_t>(s.stride);
    for (std::int64_t row = 0; row < get<std::int64_t>(s.rows); ++row)
      for (std::int64_t column = 0; column < get<std::int64_t>(s.columns); ++column)
        std::memcpy(element(s.to, first + column * pitch + row), element(s.from, offset + row * stride + column),
                    bytes);
    return true;
  }
  bool run(const Check& s) {
    for (int i = 0; i < lanes(s.ok); ++i)
      if (active(s.mask, i) && !get<bool>(s.ok, i)) {
        status = static_cast<std::int32_t>(s.number) + 1;
        return false;
      }
    return true;
  }
  bool run(const For& s) {
    for (const Carried& c : s.carried) std::memcpy(at(c.variable), at(c.initial), bytes(c.variable));
    const auto end = get<std::int64_t>(s.end);
    for (auto i = get<std::int64_t>(s.begin); i < end;) {
      set(s.variable, i);
      if (!run(s.body)) return false;
      advance(s);
      if (s.until != none && get<bool>(s.until)) break;
      if (__builtin_add_overflow(i, s.step, &i)) break;
    }
    for (const Carried& c : s.carried) std::memcpy(at(c.result), at(c.variable), bytes(c.variable));
    return true;
  }
  /// All carried values take their next one at once: one may be the variable of another. The results, which have
  /// no value yet, hold them meanwhile.
  void advance(const For& s) {
    for (const Carried& c : s.carried) std::memcpy(at(c.result), at(c.next), bytes(c.result));
    for (const Carried& c : s.carried) std::memcpy(at(c.variable), at(c.result), bytes(c.variable));
  }
  bool run(const If& s) { return !get<bool>(s.condition) || run(s.body); }

  bool run(const Block& block) {
    for (const Statement& next : block) {
      statement = &next;
      ++count;
      if (!visit(next, [&](const auto& s) { return run(s); })) return false;
    }
    return true;
  }
};

}  // namespace

std::int32_t interpret(const Kernel& kernel, std::size_t phase, const std::vector<Memory>& buffers,
                       const std::vector<std::int64_t>& symbols, std::int64_t begin, std::int64_t end) {
  const Phase& code = kernel.phases[phase];
  std::vector<Memory> all = buffers;
  std::vector<std::vector<std::byte>> scratch;
  for (std::size_t i = 0; i < kernel.info.buffers.size(); ++i) {
    const BufferInfo& buffer = kernel.info.buffers[i];
    if (buffer.scratch == 0) continue;
    // What was not stored is anything but zero.
    scratch.emplace_back(static_cast<std::size_t>(buffer.scratch) * size_of(buffer.dtype), std::byte{0xa5});
    all.resize(kernel.info.buffers.size());
    all[i] = {scratch.back().data(), 0, buffer.scratch};
  }
  Machine machine(kernel, code, all, symbols);
  machine.set(code.begin, begin);
  machine.set(code.end, end);
  machine.run(code.body);
  statements_run += machine.count;
  return machine.status;
}

std::int64_t interpreted_statements() { return statements_run; }

}  // namespace ricci::loop
