#pragma once
// The loop IR: how a kernel runs. Structured loops over three-address instructions in SSA form.
//
// A Value is a number, defined once, typed by its phase's table: a dtype and a lane count (1: a scalar).
// Vectors are explicit; there is no divergent control flow, only masks (b1 vectors; for a scalar a b1 scalar).
// Values that a loop changes are its carried values: there are no variables and no phis. Offsets count elements
// from the address of the buffer's element zero. Float arithmetic means exactly what it says: nothing below this
// IR reassociates, contracts or assumes the absence of NaN.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ricci/kernel.hpp"
#include "ricci/op.hpp"

namespace ricci::loop {

using Value = std::uint32_t;
inline constexpr Value none = ~Value{0};  // an absent mask

struct Type {
  DType dtype = DType::i64;
  int lanes = 1;
  bool operator==(const Type&) const = default;
};

using BufferId = std::uint32_t;

struct Constant { Value result; Scalar value; };                    // every lane
struct Argument { Value result; std::uint32_t symbol; };            // a kernel argument; result is i64, or a param's dtype
struct Compute  { Value result; Op op; std::vector<Value> args; };  // lane by lane; arguments have the result's lanes
struct Splat    { Value result; Value scalar; };
struct Iota     { Value result; };                                  // integers 0, 1, 2 ... lanes-1
struct LaneMask { Value result; Value count; bool few = false; };   // lane < count; count is i64, if `few` 0 to 63
struct Half     { Value result; Value vector; bool upper; };        // lanes/2: the lower or the upper half
struct Slide    { Value result; Value low, high; int from; };       // lanes from, from + 1, ... of low and high after it
struct Pick     { Value result; Value vector; std::vector<int> lanes; };     // of the vector, for each lane of the result
struct AnyLane  { Value result; Value mask; };                      // scalar b1: some lane is true
struct ToLine   { Value result; BufferId buffer; Value offset; };  // i64: elements from there to a multiple of 64 bytes
struct CountLanes { Value result; Value mask; };                    // i64: how many lanes are true

// A lane whose mask is false is not touched in memory: a load gives zero there.
struct Load    { Value result; BufferId buffer; Value offset; Value mask = none; };   // lanes consecutive elements
struct Gather  { Value result; BufferId buffer; Value base; Value offsets; Value mask = none; };  // at base + offsets[lane]
/// If there is a `streaming` (scalar b1; then no mask) and it is true, the elements go past the caches, and their address
/// is a multiple of their size, or of 64 bytes.
struct Store   { BufferId buffer; Value offset; Value value; Value mask = none; Value streaming = none; };
/// At base + offsets[lane], lane after lane: later lanes win. With `combine`, element = combine(element, value).
struct Scatter { BufferId buffer; Value base; Value offsets; Value value; Value mask = none; std::optional<Op> combine; };

/// The lanes whose mask is true, in their order, to elements number `first` and following, none of them number `end` or
/// beyond. Number n lies at n * stride.
struct Append  { BufferId buffer; Value first; Value stride; Value end; Value value; Value mask; };
/// Puts in each of some rows the keys at offset + index * stride + row * key_step, 0 <= index < count, in the stable order
/// of sort_row.hpp and stores the indices of the first `limit` of them, or without a limit all the keys themselves;
/// number n at first + n * pitch + row * step. All but the flag and the buffers are scalar i64.
struct SortRows {
  BufferId keys;
  Value offset, stride, key_step, count, rows;
  BufferId to;
  Value first, pitch, step, limit;
  bool descending;
};

/// A matrix of rows x columns elements, from offset + row * stride + column to first + column * pitch + row. With an
/// `ahead`, what begins at offset + ahead + row % 4 * ahead_apart + row / 4 * ahead_step is wanted soon, of all rows or
/// of `alternate` ones.
struct Transpose {
  BufferId to;
  Value first, pitch;
  BufferId from;
  Value offset, stride, rows, columns;
  Value ahead = none, ahead_apart = none, ahead_step = none;
  bool alternate = false;
  bool streaming = false;  // the target's elements go past the caches
};

/// A hint: the line with this element is wanted soon, or `later`, when the first-level cache may have lost it. It may
/// lie outside of the buffer.
struct Prefetch { BufferId buffer; Value offset; bool later = false; };

/// Leaves the phase with status number + 1 unless `ok` is true in every lane whose mask is true.
struct Check   { std::uint32_t number; Value ok; Value mask = none; };

struct Statement;
using Block = std::vector<Statement>;

struct Carried {
  Value initial;   // defined outside
  Value variable;  // its value at the start of an iteration
  Value next;      // defined in the body: the value for the next iteration
  Value result;    // the value after the loop; `initial` if there was no iteration
};

/// for variable = begin, begin + step, ... < end. begin and end are i64, step > 0. With an `until` (scalar b1, known in
/// the body), the iteration in which it is true is the last.
struct For {
  Value variable, begin, end;
  std::int64_t step = 1;
  std::vector<Carried> carried;
  Block body;
  Value until = none;
};

/// Runs `body` when the scalar b1 `condition` is true.
struct If {
  Value condition;
  Block body;
};

using Kind = std::variant<Constant, Argument, Compute, Splat, Iota, LaneMask, Half, Slide, Pick, AnyLane, CountLanes, ToLine,
                          Load, Gather, Store, Scatter, Append, SortRows, Transpose, Prefetch, Check, For, If>;
struct Statement : Kind {
  using Kind::Kind;
  template <class T>
  const T* as() const { return std::get_if<T>(static_cast<const Kind*>(this)); }
};

/// One phase function. `begin` and `end` are the item range it is called with.
struct Phase {
  Value begin = 0, end = 1;
  std::vector<Type> types;  // by Value
  Block body;

  Value make(Type type) {
    types.push_back(type);
    return static_cast<Value>(types.size() - 1);
  }
};

struct Kernel {
  KernelInfo info;
  std::vector<Phase> phases;  // parallel to info.phases
  bool disjoint = true;       // no writable buffer overlaps another buffer: loads and stores may be reordered
};

/// One line per statement, two spaces per level; the format that `parse` reads back.
std::string to_string(const Kernel&);
/// Inverse of to_string. Throws Error{syntax} with line and expectation.
Kernel parse(std::string_view text);

/// Checks single definition, dominance, types, lanes, masks, argument counts, buffer writability and symbol ranges.
/// Returns the first fault as a sentence, or an empty string.
std::string verify(const Kernel&);

/// The elements [low, high) of a buffer, relative to the address of its element zero, that may be touched.
struct Memory {
  void* data;
  std::int64_t low, high;
};

/// Runs items [begin, end) of a phase, one lane at a time, checking every access against `buffers`. Returns the
/// phase's status. An access outside its buffer is a fault of Ricci and ends in internal_error with the statement.
std::int32_t interpret(const Kernel&, std::size_t phase, const std::vector<Memory>& buffers,
                       const std::vector<std::int64_t>& symbols, std::int64_t begin, std::int64_t end);

/// How many statements interpret() has run in this process: what programs cost, told without a clock.
std::int64_t interpreted_statements();

/// Calls one of the lambdas with the statement's content. A forgotten kind is a compile-time error.
template <class... Fs>
decltype(auto) visit(const Statement& s, Fs&&... fs) {
  struct Overloaded : Fs... { using Fs::operator()...; };
  return std::visit(Overloaded{std::forward<Fs>(fs)...}, static_cast<const Kind&>(s));
}

}  // namespace ricci::loop
