// Updates that data place, put off until a block of lanes has computed where they go.
#include <algorithm>

#include "lower/nest_lowering.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

// What a block puts off, 1 KiB of places and perhaps values, leaves most of a first-level cache to the tables
// (launch.cpp), and what the next block reads is fetched while it is updated with. On a Zen 4 blocks of 512 took 1.2
// times as long with 16 bins, 1.1 with 1,024 and 1.04 with a million, and blocks of 128 1.2 with 1,024. (Every block
// ends with a branch that is not foreseen. On a Cascade Lake that is some 90 ns late where the tables are in outer
// caches: there blocks of 512 took 0.9 of the time.)
constexpr std::int64_t updates_of_block = 256;

constexpr std::int64_t updates_per_step = 8;

// So far ahead, rows that are gone through in order come in time.
constexpr std::int64_t bytes_ahead = 2 << 10;

}  // namespace

/// What updates read in order, fetched early. Lanes whose updates are put off read a block at once, and nothing while
/// it is updated with: meanwhile the next block comes (otherwise 1.25 times as long). And what is done for a row that
/// is added to a row which data choose leaves few of those behind it in the processor's window, too few to keep the
/// memory busy.
void ExpressionLowering::fetch_for_updates(const Read& read, const Address& at, std::size_t level) {
  if (!nest_.tables || !nest_.lane_axis || nest_.order.back() != *nest_.lane_axis || rows_) return;
  if (lane_->axis != *nest_.lane_axis || level != lane_->level) return;
  Value ahead = loop::none;
  if (!queues_.empty()) {
    if (!lane_->masks.empty()) return;
    ahead = builder_.constant(updates_of_block);
  } else if (!ahead_.empty() && !nest_.ways && nest_.order.size() >= 2) {
    const AxisId row = nest_.order[nest_.order.size() - 2];
    const auto of_row = std::ranges::find(read.subscripts, axis(program_.graph, row));
    if (of_row == read.subscripts.end()) return;
    // Whole rows ahead; long rows only a part of one.
    const Value apart = stride(read.tensor, static_cast<std::size_t>(of_row - read.subscripts.begin()));
    const auto size = static_cast<std::int64_t>(size_of(program_.tensors[read.tensor].dtype));
    const Value distance = builder_.constant(bytes_ahead / size);
    const Value rows = builder_.divide(0, Op::floor_divide, distance, apart);
    const Value is_long = builder_.compute(0, Op::equal, DType::b1, {rows, builder_.constant(0)});
    const Value whole = builder_.multiply(0, rows, apart);
    ahead = builder_.compute(0, Op::select, DType::i64, {is_long, distance, whole});
  } else {
    return;
  }
  fetch_lines(level, read.tensor, builder_.add(level, at.base, ahead), lane_->parts);
}

bool NestLowering::queues_updates(std::size_t lanes_at) const {
  return nest_.ways && lanes_at + 1 == nest_.order.size() && nest_.interiors.empty() && !nest_.abreast &&
         std::ranges::none_of(nest_.statements, [&](std::size_t i) { return program_.statements[i].guard; });
}

void NestLowering::update_in_blocks(Value low, Value end, const Body& body) {
  std::vector<Value> same;  // by statement, what all iterations add, or none
  for (Expr value : nest_.values)
    same.push_back(uses_axis(value, *nest_.lane_axis) ? loop::none : x_.expanded(value, value->dtype)[0]);
  const auto scratch = [&](const std::string& name, DType dtype) {
    info_.buffers.push_back({name, dtype, true, {}, updates_of_block + std::int64_t{nest_.unroll} * x_.lanes()});
    return static_cast<loop::BufferId>(info_.buffers.size() - 1);
  };
  const Value block = b_.constant(updates_of_block), first = x_.open_for(low, end, updates_of_block);
  const Value last = i64(Op::minimum, b_.add(level(), first, block), end);
  for (std::size_t k = 0; k < nest_.statements.size(); ++k) {
    const Statement& s = program_.statements[nest_.statements[k]];
    const auto twin = std::ranges::find_if(nest_.statements, [&](std::size_t i) {
      const Statement& other = program_.statements[i];
      return other.subscripts == s.subscripts &&
             program_.tensors[other.target].table == program_.tensors[s.target].table;
    });
    const bool is_first = *twin == nest_.statements[k];
    const loop::BufferId places =
        is_first ? scratch("places", x_.offset_dtype()) : x_.queue(program_.statements[*twin].target)->offsets;
    Queue queue{places, is_first, {}, first};
    if (same[k] == loop::none) queue.values = scratch("values", nest_.values[k]->dtype);
    x_.put_off(s.target, queue);
  }
  over_lanes(first, last, nest_.unroll, body, is_brief());
  const Value count = i64(Op::subtract, last, first);
  for (std::size_t k = 0; k < nest_.statements.size(); ++k)
    update(program_.statements[nest_.statements[k]], same[k], count);
  x_.take_queues();
  x_.close_for();
}

void NestLowering::update(const Statement& s, Value same, Value count) {
  const Queue& queue = *x_.queue(s.target);
  const DType dtype = program_.tensors[s.target].dtype;
  const auto load = [&](loop::BufferId buffer, DType type, Value at) {
    const Value result = b_.make({type, 1});
    b_.add(level(), loop::Load{result, buffer, at});
    return result;
  };
  const Value whole = i64(Op::logical_and, count, b_.constant(-updates_per_step));
  for (const bool rest : {false, true}) {
    const std::int64_t step = rest ? 1 : updates_per_step;
    const Value at = x_.open_for(rest ? whole : b_.constant(0), rest ? count : whole, step);
    for (std::int64_t k = 0; k < step; ++k) {
      const Value number = b_.add(level(), at, b_.constant(k));
      const Value offset = b_.convert(level(), load(queue.offsets, x_.offset_dtype(), number), DType::i64);
      const Value place = b_.add(level(), queue.base, offset);
      const Value news = queue.values ? load(*queue.values, dtype, number) : same;
      const Value old = load(s.target, dtype, place);
      const Value updated = b_.compute(level(), info(*s.update).step, dtype, {old, news});
      b_.add(level(), loop::Store{s.target, place, updated});
    }
    x_.close_for();
  }
}

}  // namespace ricci::jit
