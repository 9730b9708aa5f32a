// What stands inside the loops: values, and how they are stored.
#include <algorithm>

#include "lower/nest.hpp"
#include "rewrite/sorted_rows.hpp"
#include "rewrite/tables.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

class StatementLowering {
 public:
  StatementLowering(ExpressionLowering& x, const Program& program, const Statement& s)
      : x_(x), b_(x.builder()), program_(program), s_(s) {}

  void lower(Expr value) {
    if (Queue* queue = x_.queue(s_.target)) return put_off(*queue, value);
    const bool vector = x_.lane_loop().has_value();
    const DType dtype = value->dtype, stored_dtype = program_.tensors[s_.target].dtype;
    const std::vector<Value> values = x_.expanded(value, dtype);
    if (s_.policy == Policy::check) x_.check(s_.target, s_.subscripts, s_.guard, target_text());
    x_.fetch_ahead(s_.target, s_.subscripts, level());
    const Address at = x_.address(s_.target, s_.subscripts, level());
    if (!s_.update) x_.fetch_apart(s_.target, s_.subscripts, at, level());
    const std::optional<Op> combine = s_.update ? std::optional(ricci::info(*s_.update).step) : std::nullopt;
    std::vector<loop::Store> stores;  // those that go past the caches stand together
    for (std::size_t part = 0; part < values.size(); ++part) {
      const Value mask = x_.mask(s_.guard, vector, part, level());
      if (combine && vector && !lanes_are_apart()) {
        scatter(at, part, values[part], mask, combine);
        continue;
      }
      Value stored = values[part];
      if (combine) {
        const Value old = x_.load(level(), s_.target, at, part, vector, mask);
        stored = b_.compute(level(), *combine, dtype, {b_.convert(level(), old, dtype), stored});
        stored = b_.convert(level(), stored, stored_dtype);
      }
      // Where all lanes meet in one element, as by a place read along an axis of stride zero, the last one stays.
      if (at.motion == Motion::contiguous || (at.motion == Motion::still && !vector)) {
        const Value offset = vector ? b_.add(level(), at.base, x_.distance(part)) : at.base;
        const Value streaming = x_.streaming(s_.target);
        if (streaming == loop::none)
          b_.add(level(), loop::Store{s_.target, offset, stored, mask});
        else
          stores.push_back({s_.target, offset, stored, mask, streaming});
      } else {
        scatter(at, part, stored, mask, std::nullopt);
      }
    }
    for (const loop::Store& store : stores) b_.add(level(), store);
  }

 private:
  std::size_t level() const { return b_.level(); }

  /// Where the lanes go, from the base of the address on.
  Value offsets_of(const Address& at, std::size_t part) {
    // A target that the lane axis does not move: every lane at offset zero.
    const DType dtype = at.offsets.empty() ? DType::i32 : b_.type(at.offsets[part]).dtype;
    const Value offsets = !at.offsets.empty()          ? at.offsets[part]
                          : at.motion == Motion::still ? b_.constant(Scalar{dtype, 0}, x_.lanes())
                                                       : b_.iota(dtype, x_.lanes());
    const Value ways = x_.way_offsets(s_.target, dtype);
    return ways == loop::none ? offsets : b_.compute(level(), Op::add, dtype, {offsets, ways});
  }

  void put_off(Queue& queue, Expr value) {
    if (s_.policy == Policy::check) x_.check(s_.target, s_.subscripts, s_.guard, target_text());
    const Address at = x_.address(s_.target, s_.subscripts, level());
    queue.base = at.base;
    const LaneLoop& lanes = *x_.lane_loop();
    const auto parts = static_cast<std::size_t>(lanes.parts);
    const std::vector<Value> values = queue.values ? x_.expanded(value, value->dtype) : std::vector<Value>{};
    const Value number = b_.compute(level(), Op::subtract, DType::i64, {lanes.base, queue.first});
    for (std::size_t part = 0; part < parts; ++part) {
      const Value first = b_.constant(static_cast<std::int64_t>(part) * x_.lanes());
      const Value to = b_.add(level(), number, first);
      if (queue.values) b_.add(level(), loop::Store{*queue.values, to, values[part]});
      if (!queue.stores_offsets) continue;
      const bool moves = at.motion == Motion::contiguous;
      const Value within = b_.add(level(), at.within, moves ? first : b_.constant(0));
      const DType dtype = x_.offset_dtype();
      Value offsets = b_.convert(level(), offsets_of(at, part), dtype);
      if (within != b_.constant(0)) {
        const Value everywhere = b_.splat(level(), b_.convert(level(), within, dtype), x_.lanes());
        offsets = b_.compute(level(), Op::add, dtype, {offsets, everywhere});
      }
      b_.add(level(), loop::Store{queue.offsets, to, offsets});
    }
  }

  void scatter(const Address& at, std::size_t part, Value value, Value mask, std::optional<Op> combine) {
    const Value offsets = offsets_of(at, part);
    const bool moves = at.motion == Motion::contiguous;
    const Value first = b_.constant(moves ? static_cast<std::int64_t>(part) * x_.lanes() : 0);
    b_.add(level(), loop::Scatter{s_.target, b_.add(level(), at.base, first), offsets, value, mask, combine});
  }

  /// Whether no two lanes write the same element.
  bool lanes_are_apart() const {
    const AxisId lane = x_.lane_loop()->axis;
    return std::ranges::any_of(s_.subscripts, [&](Expr e) { return tells(e, lane, {lane}); });
  }

  std::string target_text() const {
    std::string text = program_.tensors[s_.target].name + '[';
    for (Expr e : s_.subscripts) {
      const Axis* bare = e->as<Axis>();
      if (bare && program_.axes[bare->axis].tables) continue;
      text += (text.back() == '[' ? "" : ", ") + to_string(program_, e);
    }
    return text + ']';
  }

  ExpressionLowering& x_;
  PhaseBuilder& b_;
  const Program& program_;
  const Statement& s_;
};

}  // namespace

void lower_statement(ExpressionLowering& x, const Program& program, const Statement& s, Expr value) {
  StatementLowering(x, program, s).lower(value);
}

void lower_sort_rows(ExpressionLowering& x, Program& program, const Statement& s, Value rows) {
  PhaseBuilder& b = x.builder();
  const Sort& sort = *sort_of(s);
  const Read& keys = *sort.key->as<Read>();
  const AxisId positions = sort.position->as<Axis>()->axis;
  // The sorted axes and the axis of positions start at 0; the row does the rest.
  std::unordered_map<AxisId, Expr> start{{positions, constant(program.graph, std::int64_t{0})}};
  Value count = b.constant(1);
  for (AxisId axis : sort.axes) {
    start.emplace(axis, start.at(positions));
    count = b.multiply(0, count, x.extent_of(axis));
  }
  const auto base = [&](TensorId tensor, std::vector<Expr> subscripts) {
    for (Expr& e : subscripts) e = substitute(program.graph, e, start);
    return x.address(tensor, subscripts, b.level()).base;
  };
  const auto step = [&](TensorId tensor, const std::vector<Expr>& subscripts, AxisId along) {
    Value sum = b.constant(0);
    for (std::size_t i = 0; i < subscripts.size(); ++i)
      if (subscripts[i] == axis(program.graph, along)) sum = b.add(0, sum, x.stride(tensor, i));
    return sum;
  };
  const Value stride = step(keys.tensor, keys.subscripts, sort.axes.back());
  const Value offset = base(keys.tensor, keys.subscripts), first = base(s.target, s.subscripts);
  const Value pitch = step(s.target, s.subscripts, positions);
  const auto to_next_row = [&](TensorId tensor, const std::vector<Expr>& subscripts) {
    return s.domain.size() == 1 ? b.constant(0) : step(tensor, subscripts, s.domain[s.domain.size() - 2]);
  };
  const Value key_step = to_next_row(keys.tensor, keys.subscripts), row_step = to_next_row(s.target, s.subscripts);
  const Value limit = s.value->as<Sort>() ? x.extent_of(positions) : loop::none;
  b.add(b.level(), loop::SortRows{keys.tensor, offset, stride, key_step, count, rows, s.target, first, pitch, row_step,
                                  limit, sort.descending});
}

}  // namespace ricci::jit
