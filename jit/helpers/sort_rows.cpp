// Rows are sorted one by one, where they lie or in scratch. Where neighbours lie side by side, as the columns of a
// matrix do, every line of memory has elements of several rows: a block of them is transposed into scratch, and what
// comes out is transposed back, so that lines come and go once.
#include "helpers/sort_rows.hpp"

#include <algorithm>
#include <cstddef>

#include "helpers/sort_row.hpp"
#include "helpers/transpose.hpp"
#include "ricci/error.hpp"
#include "ricci/memory.hpp"
#include "ricci/target.hpp"

namespace ricci {

namespace {

/// Rows of a block: those with keys in one line. Two lines, or four, were not faster.
template <class T>
constexpr std::int64_t rows_of_block = block_alignment / sizeof(T);
/// Of fewer rows, vectors do not transpose enough at once.
constexpr std::int64_t fewest_rows = 4;

/// Element n of row r stands at first + n * stride + r * step.
template <class T>
struct Rows {
  T* first;
  std::int64_t stride, step;

  T* row(std::int64_t r) const { return first + r * step; }
  Rows from(std::int64_t r) const { return {row(r), stride, step}; }
  bool are_side_by_side() const { return step == 1 && stride != 1; }
};

/// Memory for a block of rows, if there is so much. From row to row it is an odd number of lines: where their distance
/// is a power of two, rows drive each other out of the caches.
template <class T>
class Scratch {
 public:
  Scratch(std::int64_t rows, std::int64_t count) : pitch_(((count + line - 1) / line | 1) * line), rows_(rows) {
    if (rows == 0) return;
    try {
      block_ = static_cast<T*>(allocate_block(bytes()));
    } catch (const Error&) {  // no memory
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (block_) free_block(block_, bytes());
  }
  bool exists() const { return block_; }
  Rows<T> rows() const { return {block_, 1, pitch_}; }

 private:
  static constexpr auto line = static_cast<std::int64_t>(block_alignment / sizeof(T));
  std::size_t bytes() const { return sizeof(T) * static_cast<std::size_t>(rows_ * pitch_); }

  std::int64_t pitch_, rows_;
  T* block_ = nullptr;
};

/// The number of an element in all memory.
template <class T>
std::int64_t place_of(const T* element) {
  return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(element) / sizeof(T));
}

/// Unless `ahead` is 0, fetches what lies so far behind the rows.
template <class T>
void turn(int vector_bytes, const T* from, std::int64_t stride, T* to, std::int64_t pitch, std::int64_t rows,
          std::int64_t columns, std::int64_t ahead) {
  const TransposeFunction transpose = transpose_function(sizeof(T), vector_bytes);
  transpose(from, stride, to, pitch, rows, columns, ahead, stride, ahead == 0 ? 0 : 4 * stride, false, false);
}

/// Calls sort_row(keys, stride, sorted, pitch) for each row of `count` keys, of which `limit` results come out.
template <class T, class Result, class SortRow>
void sort_all(Rows<const T> keys, std::int64_t count, Rows<Result> sorted, std::int64_t limit, std::int64_t rows,
              const SortRow& sort_row) {
  const auto one_by_one = [&](Rows<const T> from, Rows<Result> to, std::int64_t number) {
    for (std::int64_t r = 0; r < number; ++r) sort_row(from.row(r), from.stride, to.row(r), to.stride);
  };
  const bool collect = keys.are_side_by_side(), spread = sorted.are_side_by_side();
  if (rows < fewest_rows || (!collect && !spread)) return one_by_one(keys, sorted, rows);
  constexpr std::int64_t whole = rows_of_block<T>;
  const Scratch<T> own_keys(collect ? std::min(rows, whole) : 0, count);
  const Scratch<Result> own_sorted(spread ? std::min(rows, whole) : 0, limit);
  if (collect != own_keys.exists() || spread != own_sorted.exists()) return one_by_one(keys, sorted, rows);
  // The widest vectors slow the clock of some processors down for a while, for the sake of a few of them.
  const int vector_bytes = std::min(host_target().vector_bytes, is_selection(count, limit) ? 32 : 64);
  const Rows<T> k = own_keys.rows();
  const Rows<Result> s = own_sorted.rows();
  // The first of several blocks ends with a line, so that others have whole lines where all lines begin alike.
  std::int64_t number = rows;
  if (rows > whole) number = whole - (collect ? place_of(keys.first) : place_of(sorted.first)) % whole;
  for (std::int64_t r = 0; r < rows; r += number, number = whole) {
    number = std::min(number, rows - r);
    const std::int64_t next = std::min(whole, rows - r - number);  // is fetched while these are sorted
    if (collect) turn(vector_bytes, keys.row(r), keys.stride, k.first, k.step, count, number, next);
    one_by_one(collect ? Rows<const T>{k.first, k.stride, k.step} : keys.from(r), spread ? s : sorted.from(r), number);
    if (spread) turn<Result>(vector_bytes, s.first, s.step, sorted.row(r), sorted.stride, number, limit, 0);
  }
}

template <class T>
void sort_rows(const void* keys, std::int64_t stride, std::int64_t key_step, std::int64_t count, std::int64_t rows,
               std::int64_t* indices, std::int64_t pitch, std::int64_t step, std::int64_t limit,
               std::int32_t descending, std::int32_t threads) noexcept {
  static const SortRowFunction sort = sort_row_function(dtype_of<T>);
  sort_all(Rows{static_cast<const T*>(keys), stride, key_step}, count, Rows{indices, pitch, step}, limit, rows,
           [&](const T* row, std::int64_t row_stride, std::int64_t* to, std::int64_t to_pitch) {
             sort(row, row_stride, count, to, to_pitch, limit, descending, threads);
           });
}

template <class T>
void sort_keys_of_rows(const void* keys, std::int64_t stride, std::int64_t key_step, std::int64_t count,
                       std::int64_t rows, void* sorted, std::int64_t pitch, std::int64_t step, std::int32_t descending,
                       std::int32_t threads) noexcept {
  static const SortKeysFunction sort = sort_keys_function(dtype_of<T>);
  sort_all(Rows{static_cast<const T*>(keys), stride, key_step}, count, Rows{static_cast<T*>(sorted), pitch, step},
           count, rows, [&](const T* row, std::int64_t row_stride, T* to, std::int64_t to_pitch) {
             sort(row, row_stride, count, to, to_pitch, descending, threads);
           });
}

}  // namespace

SortRowsFunction sort_rows_function(DType keys) {
  return visit_dtype(keys, []<class T>(std::type_identity<T>) -> SortRowsFunction { return &sort_rows<T>; });
}

SortKeysOfRowsFunction sort_keys_of_rows_function(DType keys) {
  return visit_dtype(keys,
                     []<class T>(std::type_identity<T>) -> SortKeysOfRowsFunction { return &sort_keys_of_rows<T>; });
}

}  // namespace ricci
