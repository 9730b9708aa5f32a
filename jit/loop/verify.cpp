// The rules of the loop IR, each with the sentence that reports its breach. Every kernel is verified before it is
// compiled, so a sentence is made only where a rule is broken.
#include <algorithm>

#include "loop/text.hpp"

namespace ricci::loop {
namespace {

/// A breach, thrown to leave the walk; `verify` returns it.
struct Fault {
  std::string sentence;
};

/// So many that two registers of any width hold them, and that a lane's number fits every integer.
constexpr int most_lanes = 128;

constexpr Type index{DType::i64, 1};
constexpr Type condition{DType::b1, 1};

std::string text_of(Type t) {
  return std::string(to_string(t.dtype)) + (t.lanes == 1 ? "" : "x" + std::to_string(t.lanes));
}

struct Verifier {
  enum class State : std::uint8_t { undefined, in_scope, left_scope };

  const Kernel& kernel;
  const Phase& phase;
  std::vector<State> states = std::vector<State>(phase.types.size(), State::undefined);
  std::vector<Value> defined{};          // in order, to leave the scopes
  const Statement* statement = nullptr;  // under the magnifier; none: the phase's header

  [[noreturn]] void fail(const std::string& what) const {
    throw Fault{title(kernel, phase) + (statement ? ", " + quote(kernel, phase, *statement) : "") + ": " + what};
  }
  static std::string name(Value v) { return "%" + std::to_string(v); }

  // --- values ---
  Type define(Value v) {
    if (v >= states.size()) fail(name(v) + " has no type in the phase's table");
    if (states[v] != State::undefined) fail(name(v) + " is defined twice");
    const Type t = phase.types[v];
    if (t.lanes < 1 || t.lanes > most_lanes || (t.lanes & (t.lanes - 1)) != 0)
      fail(name(v) + " has " + std::to_string(t.lanes) + " lanes; expected a power of two up to " +
           std::to_string(most_lanes));
    states[v] = State::in_scope;
    defined.push_back(v);
    return t;
  }
  Type use(Value v, const char* role) const {
    const auto the = [&] { return std::string("the ") + role + " " + name(v); };
    if (v >= states.size() || states[v] == State::undefined) fail(the() + " is not defined before this use");
    if (states[v] != State::in_scope) fail(the() + " is used outside the block that defines it");
    return phase.types[v];
  }
  void expect(Value v, const char* role, Type found, Type expected) const {
    if (found != expected)
      fail(std::string("the ") + role + " " + name(v) + " is " + text_of(found) + "; expected " + text_of(expected));
  }
  void define(Value v, const char* role, Type expected) { expect(v, role, define(v), expected); }
  void use(Value v, const char* role, Type expected) const { expect(v, role, use(v, role), expected); }
  void use_mask(Value mask, int lanes) const {
    if (mask != none) use(mask, "mask", {DType::b1, lanes});
  }
  /// Offsets of a gather or a scatter, added to an i64 base; returns their lanes.
  int use_offsets(Value base, Value offsets) const {
    use(base, "base", index);
    const Type t = use(offsets, "offsets");
    if (t.dtype != DType::i32 && t.dtype != DType::i64)
      fail("the offsets " + name(offsets) + " are " + text_of(t) + "; expected i32 or i64 lanes");
    return t.lanes;
  }
  const BufferInfo& buffer(BufferId id) const {
    const std::size_t count = kernel.info.buffers.size();
    if (id >= count) fail("buffer " + std::to_string(id) + " does not exist; the kernel has " + std::to_string(count));
    return kernel.info.buffers[id];
  }
  const BufferInfo& written(BufferId id) const {
    if (!buffer(id).writable) fail("buffer " + std::to_string(id) + " is not writable");
    return buffer(id);
  }

  // --- statements: the definition comes last, so that no statement uses its own result ---
  void check(const Constant& s) {
    const Type t = define(s.result);
    if (t.dtype != s.value.dtype)
      fail("the constant is " + std::string(to_string(s.value.dtype)) + " and its result " +
           std::string(to_string(t.dtype)));
    const std::uint64_t unused = t.dtype == DType::b1    ? ~std::uint64_t{1}
                                 : size_of(t.dtype) == 8 ? 0
                                                         : ~std::uint64_t{0} << 8 * size_of(t.dtype);
    if ((s.value.bits & unused) != 0) fail("the constant has bits that " + std::string(to_string(t.dtype)) + " lacks");
  }
  void check(const Argument& s) {
    const auto& symbols = kernel.info.symbols;
    if (s.symbol >= symbols.size())
      fail("symbol s" + std::to_string(s.symbol) + " does not exist; the kernel has " + std::to_string(symbols.size()));
    const Type t = define(s.result);
    const bool is_param = symbols[s.symbol].kind == Symbol::Kind::param;
    expect(s.result, "result", t, is_param ? Type{t.dtype, 1} : index);
  }
  void check(const Compute& s) {
    const OpInfo& op = info(s.op);
    if (s.args.size() != static_cast<std::size_t>(op.arity))
      fail(std::string(op.name) + " takes " + std::to_string(op.arity) + " arguments, not " +
           std::to_string(s.args.size()));
    const Type operand = use(s.args.back(), "argument");
    if (!accepts(s.op, operand.dtype))
      fail(std::string(op.name) + " does not exist for " + std::string(to_string(operand.dtype)));
    for (std::size_t i = 0; i + 1 < s.args.size(); ++i) {
      const bool chooses = op.typing == Typing::choose && i == 0;
      use(s.args[i], chooses ? "condition" : "argument", chooses ? Type{DType::b1, operand.lanes} : operand);
    }
    const Type t = define(s.result);
    expect(s.result, "result", t,
           {op.typing == Typing::compare   ? DType::b1
            : op.typing == Typing::convert ? t.dtype
                                           : operand.dtype,
            operand.lanes});
  }
  void check(const Splat& s) {
    const Type scalar = use(s.scalar, "scalar");
    expect(s.scalar, "scalar", scalar, {scalar.dtype, 1});
    const Type t = define(s.result);
    expect(s.result, "result", t, {scalar.dtype, t.lanes});
  }
  void check(const Iota& s) {
    const Type t = define(s.result);
    if (!is_integer(t.dtype)) fail("the result " + name(s.result) + " is " + text_of(t) + "; expected integers");
  }
  void check(const LaneMask& s) {
    use(s.count, "count", index);
    const Type t = define(s.result);
    expect(s.result, "result", t, {DType::b1, t.lanes});
  }
  void check(const Half& s) {
    const Type whole = use(s.vector, "vector");
    if (whole.lanes <= 1) fail("the vector " + name(s.vector) + " has one lane and no halves");
    define(s.result, "result", {whole.dtype, whole.lanes / 2});
  }
  void check(const Slide& s) {
    const Type t = use(s.low, "vector");
    use(s.high, "vector", t);
    if (s.from < 0 || s.from > t.lanes) fail("there is no lane " + std::to_string(s.from) + " to begin with");
    define(s.result, "result", t);
  }
  void check(const Pick& s) {
    const Type from = use(s.vector, "vector");
    for (const int lane : s.lanes)
      if (lane < 0 || lane >= from.lanes) fail("there is no lane " + std::to_string(lane) + " to pick");
    define(s.result, "result", {from.dtype, static_cast<int>(s.lanes.size())});
  }
  void check(const AnyLane& s) {
    const Type t = use(s.mask, "mask");
    expect(s.mask, "mask", t, {DType::b1, t.lanes});
    define(s.result, "result", condition);
  }
  void check(const CountLanes& s) {
    const Type t = use(s.mask, "mask");
    expect(s.mask, "mask", t, {DType::b1, t.lanes});
    define(s.result, "result", index);
  }
  void check(const ToLine& s) {
    buffer(s.buffer);
    use(s.offset, "offset", index);
    define(s.result, "result", index);
  }
  void check(const Prefetch& s) {
    buffer(s.buffer);
    use(s.offset, "offset", index);
  }
  void check(const Load& s) {
    const DType dtype = buffer(s.buffer).dtype;
    use(s.offset, "offset", index);
    const Type t = define_after_mask(s.result, s.mask);
    expect(s.result, "result", t, {dtype, t.lanes});
  }
  void check(const Gather& s) {
    const DType dtype = buffer(s.buffer).dtype;
    const int lanes = use_offsets(s.base, s.offsets);
    use_mask(s.mask, lanes);
    define(s.result, "result", {dtype, lanes});
  }
  void check(const Store& s) {
    const DType dtype = written(s.buffer).dtype;
    use(s.offset, "offset", index);
    const Type t = use(s.value, "value");
    expect(s.value, "value", t, {dtype, t.lanes});
    use_mask(s.mask, t.lanes);
    if (s.streaming == none) return;
    if (s.mask != none) fail("what is masked does not go past the caches");
    use(s.streaming, "condition", condition);
  }
  void check(const Scatter& s) {
    const DType dtype = written(s.buffer).dtype;
    const int lanes = use_offsets(s.base, s.offsets);
    use(s.value, "value", {dtype, lanes});
    use_mask(s.mask, lanes);
    if (!s.combine) return;
    const OpInfo& op = info(*s.combine);
    const bool combines = op.arity == 2 && op.typing != Typing::compare && accepts(*s.combine, dtype);
    if (!combines) fail(std::string(op.name) + " does not combine two " + std::string(to_string(dtype)) + " into one");
  }
  void check(const Append& s) {
    const DType dtype = written(s.buffer).dtype;
    use(s.first, "first number", index);
    use(s.stride, "stride", index);
    use(s.end, "end", index);
    const Type t = use(s.value, "value");
    expect(s.value, "value", t, {dtype, t.lanes});
    use(s.mask, "mask", {DType::b1, t.lanes});
  }
  void check(const SortRows& s) {
    const DType wanted = s.limit == none ? buffer(s.keys).dtype : DType::i64, dtype = written(s.to).dtype;
    if (dtype != wanted)
      fail("buffer " + std::to_string(s.to) + " has " + std::string(to_string(dtype)) + " elements; expected " +
           std::string(to_string(wanted)) + (s.limit == none ? " for keys" : " for indices"));
    buffer(s.keys);
    use(s.offset, "offset", index);
    use(s.stride, "step", index);
    use(s.key_step, "step of rows", index);
    use(s.count, "count", index);
    use(s.rows, "number of rows", index);
    use(s.first, "offset", index);
    use(s.pitch, "pitch", index);
    use(s.step, "pitch of rows", index);
    if (s.limit != none) use(s.limit, "limit", index);
  }
  void check(const Transpose& s) {
    const DType from = buffer(s.from).dtype, to = written(s.to).dtype;
    if (from != to)
      fail("it moves " + std::string(to_string(from)) + " elements to a buffer of " + std::string(to_string(to)));
    use(s.first, "first element", index);
    use(s.pitch, "pitch", index);
    use(s.offset, "offset", index);
    use(s.stride, "stride", index);
    use(s.rows, "number of rows", index);
    use(s.columns, "number of columns", index);
    if (s.ahead == none) return;
    use(s.ahead, "distance ahead", index);
    use(s.ahead_apart, "places ahead", index);
    use(s.ahead_step, "step ahead", index);
  }
  void check(const Check& s) {
    const std::size_t count = kernel.info.checks.size();
    if (s.number >= count)
      fail("check " + std::to_string(s.number) + " does not exist; the kernel has " + std::to_string(count));
    const Type t = use(s.ok, "condition");
    expect(s.ok, "condition", t, {DType::b1, t.lanes});
    use_mask(s.mask, t.lanes);
  }
  void check(const For& s) {
    use(s.begin, "first value", index);
    use(s.end, "end", index);
    if (s.step <= 0) fail("the step is " + std::to_string(s.step) + "; expected a positive one");
    for (const Carried& c : s.carried) use(c.initial, "initial value");
    const std::size_t outside = defined.size();
    define(s.variable, "loop variable", index);
    for (const Carried& c : s.carried) define(c.variable, "carried value", phase.types[c.initial]);
    const Statement* loop = statement;
    block(s.body);
    statement = loop;
    for (const Carried& c : s.carried) use(c.next, "next value", phase.types[c.initial]);
    if (s.until != none) use(s.until, "condition", condition);
    leave(outside);
    for (const Carried& c : s.carried) define(c.result, "result", phase.types[c.initial]);
  }
  void check(const If& s) {
    use(s.condition, "condition", condition);
    const std::size_t outside = defined.size();
    block(s.body);
    leave(outside);
  }

  /// The lanes of a load are those of its result, which must be known before its mask is judged.
  Type define_after_mask(Value result, Value mask) {
    if (mask != none) use(mask, "mask");
    const Type t = define(result);
    use_mask(mask, t.lanes);
    return t;
  }
  void leave(std::size_t outside) {
    for (; defined.size() > outside; defined.pop_back()) states[defined.back()] = State::left_scope;
  }
  void block(const Block& statements) {
    for (const Statement& s : statements) {
      statement = &s;
      visit(s, [&](const auto& content) { check(content); });
    }
  }
  void run() {
    define(phase.begin, "first item", index);
    define(phase.end, "end of the items", index);
    block(phase.body);
  }
};

void check_info(const Kernel& kernel) {
  const KernelInfo& info = kernel.info;
  const auto symbol = [&](std::uint32_t id, const auto& where) {
    if (id < info.symbols.size()) return;
    throw Fault{where() + " uses symbol s" + std::to_string(id) + ", which does not exist; the kernel has " +
                std::to_string(info.symbols.size())};
  };
  for (std::size_t i = 0; i < info.symbols.size(); ++i) {
    const auto& [name, wanted] = symbol_kinds[static_cast<int>(info.symbols[i].kind)];
    const std::size_t found = info.symbols[i].ids.size();
    if (wanted >= 0 && found != static_cast<std::size_t>(wanted))
      throw Fault{"symbol s" + std::to_string(i) + ": " + std::string(name) + " takes " + std::to_string(wanted) +
                  " numbers, not " + std::to_string(found)};
  }
  for (const BufferInfo& b : info.buffers)
    for (const std::uint32_t id : b.extents) symbol(id, [&] { return "buffer '" + b.name + "'"; });
  if (info.phases.size() != kernel.phases.size())
    throw Fault{"the kernel describes " + std::to_string(info.phases.size()) + " phases and has " +
                std::to_string(kernel.phases.size())};
  for (std::size_t i = 0; i < info.phases.size(); ++i) {
    const auto where = [&] { return title(kernel, kernel.phases[i]); };
    for (const auto* factors : {&info.phases[i].trip, &info.phases[i].items})
      for (const TripFactor& f : *factors) {
        symbol(f.symbol, where);
        if (f.divisor > 0) continue;
        throw Fault{where() + " divides s" + std::to_string(f.symbol) + " by " + std::to_string(f.divisor) +
                    "; expected a positive divisor"};
      }
    for (const std::uint32_t id : info.phases[i].work) symbol(id, where);
    for (const std::uint32_t id : info.phases[i].starts)
      if (id >= info.buffers.size()) throw Fault{where() + " starts by a table that does not exist"};
  }
}

}  // namespace

std::string verify(const Kernel& kernel) {
  try {
    check_info(kernel);
    for (const Phase& phase : kernel.phases) Verifier{kernel, phase}.run();
    return "";
  } catch (const Fault& fault) {
    return fault.sentence;
  }
}

}  // namespace ricci::loop
