#include "lower/nest.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

class AppendLowering {
 public:
  AppendLowering(Program& program, const Specialisation& s, const Schedule& schedule, const Nest& nest,
                 KernelInfo& info)
      : program_(program), nest_(nest), info_(info), x_(program, s, schedule, nest, info), b_(x_.builder()) {}

  /// Shares are cut as those of a nest over private tables with the same items are, which counted the values.
  loop::Phase lower(std::string name) {
    const AxisId outer = nest_.order[0];
    const std::uint32_t tables = b_.symbol_id({Symbol::Kind::tables, {}});
    info_.phases.push_back({.name = std::move(name),
                            .trip = {{tables, 1}},
                            .work = work_of(x_, program_, nest_),
                            .items = {{b_.symbol_id(x_.extent_symbol(outer)), nest_.tile}},
                            .starts = {program_.statements[nest_.statements[0]].starts}});
    const Value extent = x_.extent_of(outer), tile = b_.constant(nest_.tile);
    const Value rounded = b_.add(0, extent, b_.constant(nest_.tile - 1));
    const Value items = b_.divide(0, Op::floor_divide, rounded, tile);
    const Value share = x_.open_for(b_.begin(), b_.end(), 1);
    const auto start_of = [&](Value number) {
      const Value part = b_.multiply(level(), number, items), shares = b_.symbol({Symbol::Kind::tables, {}});
      const Value item = b_.divide(level(), Op::floor_divide, part, shares);
      return i64(Op::minimum, b_.multiply(level(), item, tile), extent);
    };
    const Value low = start_of(share), high = start_of(b_.add(level(), share, b_.constant(1)));
    loops(0, low, high, values_before(share));
    x_.close_for();
    return b_.finish();
  }

 private:
  std::size_t level() const { return b_.level(); }
  Value i64(Op op, Value a, Value b) { return b_.compute(level(), op, DType::i64, {a, b}); }

  Value values_before(Value share) {
    const loop::Carried sum = b_.carry(b_.constant(0));
    const Value before = x_.open_for(b_.constant(0), share, 1, {sum});
    const Value values = b_.make({DType::i64, 1});
    b_.add(level(), loop::Load{values, program_.statements[nest_.statements[0]].starts, before});
    return x_.close_for({b_.add(level(), sum.variable, values)})[0];
  }

  /// The loops from order[k] on, the first of them over [low, high). Returns where the cursor is after them.
  Value loops(std::size_t k, Value low, Value high, Value cursor) {
    const AxisId axis = nest_.order[k];
    if (k + 1 == nest_.order.size())
      return nest_.lane_axis ? over_lanes(axis, low, high, cursor) : one_by_one(axis, low, high, cursor);
    const loop::Carried moving = b_.carry(cursor);
    x_.bind_loop(axis, low, high, 1, {moving});
    const Value zero = b_.constant(0), extent = x_.extent_of(nest_.order[k + 1]);
    return x_.close_for({loops(k + 1, zero, extent, moving.variable)})[0];
  }

  /// Whole vectors, then one that is masked.
  Value over_lanes(AxisId axis, Value low, Value high, Value cursor) {
    const Value span = i64(Op::subtract, high, low), whole = i64(Op::logical_and, span, b_.constant(-x_.lanes()));
    const Value middle = b_.add(level(), low, whole);
    ++info_.loops;
    for (const bool masked : {false, true}) {
      const Value to = masked ? high : middle;
      const loop::Carried moving = b_.carry(cursor);
      const Value base = x_.open_for(masked ? middle : low, to, x_.lanes(), {moving});
      std::optional<Value> remaining;
      if (masked) remaining = i64(Op::subtract, to, base);
      x_.enter_lanes(axis, base, 1, remaining, true, x_.lanes());
      const Value next = append(moving.variable);
      x_.leave_lanes();
      cursor = x_.close_for({next})[0];
    }
    return cursor;
  }

  /// Where reductions run over ranges that differ from lane to lane.
  Value one_by_one(AxisId axis, Value low, Value high, Value cursor) {
    const loop::Carried moving = b_.carry(cursor);
    x_.bind_loop(axis, low, high, 1, {moving});
    const Expr guard = program_.statements[nest_.statements[0]].guard;
    const Value chosen = guard ? x_.scalar(guard) : b_.constant(Scalar::of(true));
    for (std::size_t i : nest_.statements) {
      const Statement& s = program_.statements[i];
      const Value has_room = b_.compute(level(), Op::less, DType::b1, {moving.variable, x_.size(s.target, 0)});
      const Value stored = b_.compute(level(), Op::logical_and, DType::b1, {chosen, has_room});
      x_.where(stored, axis, [&] {
        const Value value = x_.expanded(s.value, program_.tensors[s.target].dtype)[0];
        const Value offset = b_.multiply(level(), moving.variable, x_.stride(s.target, 0));
        b_.add(level(), loop::Store{s.target, offset, value, loop::none});
      });
    }
    return x_.close_for({b_.add(level(), moving.variable, b_.convert(level(), chosen, DType::i64))})[0];
  }

  Value append(Value cursor) {
    Value chosen = x_.mask(program_.statements[nest_.statements[0]].guard, true, 0, level());
    if (chosen == loop::none) chosen = b_.constant(Scalar::of(true), x_.lanes());
    for (std::size_t i : nest_.statements) {
      const Statement& s = program_.statements[i];
      const Value value = x_.expanded(s.value, program_.tensors[s.target].dtype)[0];
      b_.add(level(), loop::Append{s.target, cursor, x_.stride(s.target, 0), x_.size(s.target, 0), value, chosen});
    }
    const Value count = b_.make({DType::i64, 1});
    b_.add(level(), loop::CountLanes{count, chosen});
    return b_.add(level(), cursor, count);
  }

  Program& program_;
  const Nest& nest_;
  KernelInfo& info_;
  ExpressionLowering x_;
  PhaseBuilder& b_;
};

}  // namespace

loop::Phase lower_append(Program& program, const Specialisation& s, const Schedule& schedule, const Nest& nest,
                         KernelInfo& info, std::string name) {
  return AppendLowering(program, s, schedule, nest, info).lower(std::move(name));
}

}  // namespace ricci::jit
