// Transposition: square blocks in registers, by shuffles that each take one instruction.
//
// The last blocks of the rows and of the columns begin early instead of being cut, so that elements of theirs are moved
// twice; a matrix that is smaller than a block goes element by element.
#include "emit.hpp"

namespace ricci::codegen {
namespace {

using llvm::Value;
using Rows = llvm::SmallVector<Value*, 16>;

constexpr int unit_bytes = 16;  // within which shuffles are cheapest

/// Interleaves runs of `run` elements of the lower (or upper) halves of each unit of two vectors.
Value* interleave(Builder& b, Value* first, Value* second, int unit, int run, bool upper) {
  const auto lanes = static_cast<int>(llvm::cast<llvm::FixedVectorType>(first->getType())->getNumElements());
  llvm::SmallVector<int, 64> mask;
  for (int lane = 0; lane < lanes; ++lane) {
    const int in_unit = lane % unit, number = in_unit / run;
    const int from = lane - in_unit + (upper ? unit / 2 : 0) + number / 2 * run + in_unit % run;
    mask.push_back(number % 2 == 0 ? from : lanes + from);
  }
  return b.CreateShuffleVector(first, second, mask);
}

/// The even (or odd) units of two vectors one behind the other.
Value* every_other_unit(Builder& b, Value* first, Value* second, int unit, bool odd) {
  const auto lanes = static_cast<int>(llvm::cast<llvm::FixedVectorType>(first->getType())->getNumElements());
  llvm::SmallVector<int, 64> mask;
  for (int lane = 0; lane < lanes; ++lane) mask.push_back((lane / unit * 2 + odd) * unit + lane % unit);
  return b.CreateShuffleVector(first, second, mask);
}

/// Halves a list of vectors: pairs of neighbours become one each.
template <class Pair>
Rows pairs(const Rows& rows, Pair pair) {
  Rows result;
  for (std::size_t i = 0; i < rows.size(); i += 2) result.push_back(pair(rows[i], rows[i + 1]));
  return result;
}

/// The same bits, where LLVM looks at nothing before: it takes long to see that several shuffles in a row, which are
/// one instruction each, cannot be fewer.
Value* fence(Builder& b, Value* vector) {
  llvm::Type* type = vector->getType();
  auto* floats = llvm::FixedVectorType::get(b.getFloatTy(), static_cast<unsigned>(type->getPrimitiveSizeInBits() / 32));
  Value* same = b.CreateIntrinsic(llvm::Intrinsic::arithmetic_fence, {floats}, {b.CreateBitCast(vector, floats)});
  return b.CreateBitCast(same, type);
}

/// As many rows as a unit has elements: of each unit, the columns.
Rows transpose_units(Builder& b, const Rows& rows, int unit, int run = 1) {
  if (rows.size() == 1) return rows;
  Rows columns;
  for (const bool upper : {false, true}) {
    const Rows half = pairs(rows, [&](Value* x, Value* y) {
      Value* both = interleave(b, x, y, unit, run, upper);
      return run == 2 ? fence(b, both) : both;
    });
    columns.append(transpose_units(b, half, unit, 2 * run));
  }
  return columns;
}

/// As many rows as they have units: a matrix of units, whose columns are put to columns[0], columns[step], ...
void transpose_matrix_of_units(Builder& b, const Rows& rows, int unit, Value** columns, int step) {
  if (rows.size() == 1) {
    *columns = rows[0];
    return;
  }
  for (const bool odd : {false, true}) {
    const Rows half = pairs(rows, [&](Value* x, Value* y) { return every_other_unit(b, x, y, unit, odd); });
    transpose_matrix_of_units(b, half, unit, columns + (odd ? step : 0), 2 * step);
  }
}

Rows transpose_block(Builder& b, const Rows& rows, int unit) {
  const auto size = static_cast<int>(rows.size()), units = size / unit;
  std::vector<Rows> by_unit_row;
  for (int first = 0; first < size; first += unit)
    by_unit_row.push_back(transpose_units(b, Rows(rows.begin() + first, rows.begin() + first + unit), unit));
  Rows columns(rows.size());
  for (int column = 0; column < unit; ++column) {
    Rows matrix;
    for (const Rows& unit_row : by_unit_row) matrix.push_back(unit_row[static_cast<std::size_t>(column)]);
    Rows result(matrix.size());
    transpose_matrix_of_units(b, matrix, unit, result.data(), 1);
    for (int u = 0; u < units; ++u)
      columns[static_cast<std::size_t>(u * unit + column)] = result[static_cast<std::size_t>(u)];
  }
  return columns;
}

/// for i = 0, step, ... < end
void loop_to(PhaseEmitter& e, Value* end, int step, llvm::function_ref<void(Value*)> body) {
  Builder& b = e.builder;
  llvm::BasicBlock* before = b.GetInsertBlock();
  auto* inside = llvm::BasicBlock::Create(b.getContext(), "transpose", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "transpose.end", e.function);
  b.CreateCondBr(b.CreateICmpSGT(end, b.getInt64(0)), inside, after);
  b.SetInsertPoint(inside);
  auto* at = b.CreatePHI(b.getInt64Ty(), 2);
  at->addIncoming(b.getInt64(0), before);
  body(at);
  Value* next = b.CreateNSWAdd(at, b.getInt64(step));
  at->addIncoming(next, b.GetInsertBlock());
  b.CreateCondBr(b.CreateICmpSLT(next, end), inside, after);
  b.SetInsertPoint(after);
}

struct Transposition {
  PhaseEmitter& e;
  const loop::Transpose& s;
  Builder& b = e.builder;
  Value *rows = e[s.rows], *columns = e[s.columns], *stride = e[s.stride], *pitch = e[s.pitch];

  Value* from(Value* row, Value* column) {
    return element_address(e, s.from, b.CreateAdd(e[s.offset], b.CreateAdd(b.CreateMul(row, stride), column)));
  }
  Value* to(Value* row, Value* column) {
    return element_address(e, s.to, b.CreateAdd(e[s.first], b.CreateAdd(b.CreateMul(column, pitch), row)));
  }

  void block(Value* row, Value* column, int size, int bytes) {
    Rows elements;
    Value* first = from(row, column);
    const auto address_after = [&](Value* base, Value* step, int count) {
      return b.CreateGEP(b.getInt8Ty(), base, b.CreateMul(step, b.getInt64(std::int64_t{count} * bytes)));
    };
    for (int i = 0; i < size; ++i) {
      if (i > 0 && i % 4 == 0) first = address_after(first, stride, 4);  // so that few multiples of the stride are live
      Value* address = i % 4 == 0 ? first : address_after(first, stride, i % 4);
      elements.push_back(load_elements(e, s.from, address, size));
      if (s.ahead == 0) continue;
      Value* soon = b.CreateGEP(b.getInt8Ty(), address, b.getInt64(s.ahead * bytes));
      b.CreateIntrinsic(llvm::Intrinsic::prefetch, {soon->getType()},
                        {soon, b.getInt32(0), b.getInt32(2), b.getInt32(1)});
    }
    elements = transpose_block(b, elements, unit_bytes / bytes);
    Value* target = to(row, column);
    for (int i = 0; i < size; ++i)
      store_elements(e, s.to, address_after(target, pitch, i), elements[static_cast<std::size_t>(i)]);
  }

  void emit() {
    const auto bytes = static_cast<int>(size_of(e.kernel.info.buffers[s.from].dtype));
    const int size = std::min(16, e.target.vector_bytes / bytes);
    Value* last_row = b.CreateSub(rows, b.getInt64(size));
    Value* last_column = b.CreateSub(columns, b.getInt64(size));
    const auto at_most = [&](Value* at, Value* last) {
      return b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, at, last);
    };
    Value* small = b.CreateICmpSLT(at_most(last_row, last_column), b.getInt64(0));
    emit_if(e, b.CreateNot(small), [&] {
      loop_to(e, rows, size, [&](Value* row) {
        loop_to(e, columns, size,
                [&](Value* column) { block(at_most(row, last_row), at_most(column, last_column), size, bytes); });
      });
    });
    emit_if(e, small, [&] {
      loop_to(e, rows, 1, [&](Value* row) {
        loop_to(e, columns, 1, [&](Value* column) {
          store_elements(e, s.to, to(row, column), load_elements(e, s.from, from(row, column), 1));
        });
      });
    });
  }
};

}  // namespace

void emit_transpose(PhaseEmitter& e, const loop::Transpose& s) {
  Transposition{e, s}.emit();
}

}  // namespace ricci::codegen
