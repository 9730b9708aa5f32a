#include "helpers/transpose.hpp"

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

// What is inlined into functions of several instruction sets has none of its own.
#define RICCI_INLINE [[gnu::always_inline]] inline

namespace ricci {
namespace {

/// To the next row, by an addition: compilers would keep all multiples of a stride, which are more than registers.
template <class T>
RICCI_INLINE void step(T*& place, std::int64_t stride) {
  place += stride;
  asm("" : "+r"(place));
}

/// What is wanted next, for each row a place: ahead_apart and ahead_step of TransposeFunction.
template <class T>
struct Ahead {
  const T* start;
  std::int64_t apart, step;  // a step of 0: nothing
  std::int64_t across;       // from one column to the next

  Ahead from(std::int64_t row) const { return {start + row / 4 * step, apart, step, across}; }  // of four, or close
  Ahead beside(std::int64_t column) const { return {start + column * across, apart, step, across}; }
  const T* of(std::int64_t row) const { return start + row % 4 * apart + row / 4 * step; }
};

/// Square blocks of `size` rows, each one vector. Shuffles are cheapest within units of 16 bytes.
template <class T, int vector_bytes>
struct Block {
  static constexpr int size = std::min<int>(16, vector_bytes / sizeof(T));
  static constexpr int unit = 16 / sizeof(T), units = size / unit;
  typedef T Vector __attribute__((vector_size(size * sizeof(T))));  // not `using`: g++ 12 loses the attribute there

  /// As numbers of so many bytes: compilers have an instruction to interleave these, but none for runs of smaller ones.
  template <int bytes>
  struct Numbers {
    using Number = std::conditional_t<
        bytes == 1, std::uint8_t,
        std::conditional_t<bytes == 2, std::uint16_t, std::conditional_t<bytes == 4, std::uint32_t, std::uint64_t>>>;
    typedef Number Vector __attribute__((vector_size(size * sizeof(T))));
    static constexpr int unit = 16 / bytes;
  };
  /// Interleaves runs of `run` elements of the lower (or upper) halves of each unit.
  template <int run, bool upper, int... lane>
  RICCI_INLINE static void interleave(Vector& result, const Vector& a, const Vector& b,
                                      std::integer_sequence<int, lane...>) {
    using Runs = Numbers<run * sizeof(T)>;
    constexpr int unit = Runs::unit, count = sizeof...(lane);
    const auto x = (typename Runs::Vector)a, y = (typename Runs::Vector)b;
    result = (Vector)__builtin_shufflevector(
        x, y, (lane % 2 * count + lane / unit * unit + upper * unit / 2 + lane % unit / 2)...);
  }
  /// The even (or odd) units of both, one behind the other.
  template <bool odd, int... lane>
  RICCI_INLINE static void every_other_unit(Vector& result, const Vector& a, const Vector& b,
                                            std::integer_sequence<int, lane...>) {
    result = __builtin_shufflevector(a, b, ((lane / unit * 2 + odd) * unit + lane % unit)...);
  }
  static constexpr auto lanes = std::make_integer_sequence<int, size>();

  /// Of each unit of `unit` rows, the columns: halves the rows of a group in number, twice, until one is left.
  template <int run>
  RICCI_INLINE static void transpose_units(Vector (&rows)[size]) {
    if constexpr (run < unit) {
      // Groups of unit / run rows become two of half as many: the lower halves, then the upper ones.
      constexpr int group = unit / run;
      constexpr auto runs = std::make_integer_sequence<int, size / run>();
      Vector next[size];
#pragma GCC unroll 16
      for (int first = 0; first < size; first += group)
#pragma GCC unroll 16
        for (int i = 0; i < group / 2; ++i) {
          const Vector &a = rows[first + 2 * i], &b = rows[first + 2 * i + 1];
          interleave<run, false>(next[first + i], a, b, runs);
          interleave<run, true>(next[first + group / 2 + i], a, b, runs);
        }
      std::memcpy(rows, next, sizeof rows);
      transpose_units<2 * run>(rows);
    }
  }
  /// A matrix of units, rows[0], rows[unit], ..., transposed; likewise with rows[1], rows[2], ...
  template <int step>
  RICCI_INLINE static void transpose_matrix(Vector (&rows)[size]) {
    if constexpr (step < units) {
      // Pairs of neighbouring rows: their even units, then their odd ones. The number of a row, in bits, thereby turns:
      // its lowest moves into the vector, and the lowest of the unit's number becomes its highest.
      Vector next[size];
#pragma GCC unroll 16
      for (int i = 0; i < units / 2; ++i)
#pragma GCC unroll 16
        for (int column = 0; column < unit; ++column) {
          const Vector &a = rows[2 * i * unit + column], &b = rows[(2 * i + 1) * unit + column];
          every_other_unit<false>(next[i * unit + column], a, b, lanes);
          every_other_unit<true>(next[(i + units / 2) * unit + column], a, b, lanes);
        }
      std::memcpy(rows, next, sizeof rows);
      transpose_matrix<2 * step>(rows);
    }
  }
  template <int locality>
  RICCI_INLINE static void prefetch(const Ahead<T>& ahead, bool alternate) {
    const T* place = ahead.start;
#pragma GCC unroll 4
    for (int row = 0; row < size; row += 4) {
      __builtin_prefetch(place, 0, locality);
      __builtin_prefetch(place + 2 * ahead.apart, 0, locality);
      if (!alternate) {
        __builtin_prefetch(place + ahead.apart, 0, locality);
        __builtin_prefetch(place + 3 * ahead.apart, 0, locality);
      }
      step(place, ahead.step);
    }
  }
  /// A vector of a unit from here and one from there, for which processors need no shuffle.
  template <int... lane>
  RICCI_INLINE static void join(Vector& result, const T* here, const T* there, std::integer_sequence<int, lane...>) {
    typedef T Unit __attribute__((vector_size(16)));
    Unit a, b;
    std::memcpy(&a, here, sizeof a);
    std::memcpy(&b, there, sizeof b);
    result = __builtin_shufflevector(a, b, lane...);
  }
  /// The columns of a block, and what is wanted next: into the first cache, where it comes from memory (locality 3).
  template <int locality = 2>
  RICCI_INLINE static void read(Vector (&rows)[size], const T* from, std::int64_t stride, const Ahead<T>& ahead,
                                bool alternate) {
    if constexpr (units == 2) {
#pragma GCC unroll 16
      for (int i = 0; i < unit; ++i) {
        join(rows[i], from, from + unit * stride, lanes);
        join(rows[unit + i], from + unit, from + unit * stride + unit, lanes);
        step(from, stride);
      }
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < size; ++i) {
        std::memcpy(&rows[i], from, sizeof(Vector));
        step(from, stride);
      }
    }
    if (ahead.step != 0) prefetch<locality>(ahead, alternate);
    transpose_units<1>(rows);
    if constexpr (units != 2) transpose_matrix<1>(rows);
  }
  RICCI_INLINE static void move(const T* from, std::int64_t stride, T* to, std::int64_t pitch, const Ahead<T>& ahead,
                                bool alternate) {
    Vector rows[size];
    read(rows, from, stride, ahead, alternate);
#pragma GCC unroll 16
    for (int i = 0; i < size; ++i) {
      std::memcpy(to, &rows[i], sizeof(Vector));
      step(to, pitch);
    }
  }
};

/// Rows of a few elements that lie behind each other; compilers know how to shuffle these.
template <int columns, class T>
RICCI_INLINE void take_apart(const T* __restrict x, T* __restrict y, std::int64_t pitch, std::int64_t rows) {
  for (std::int64_t row = 0; row < rows; ++row)
#pragma GCC unroll 4
    for (int column = 0; column < columns; ++column) y[column * pitch + row] = x[row * columns + column];
}

/// The last blocks begin early instead of being cut, so that some elements are moved twice. What has no whole block has
/// blocks of narrower vectors.
template <class T, int vector_bytes>
RICCI_INLINE void transpose(const T* x, std::int64_t stride, T* y, std::int64_t pitch, std::int64_t rows,
                            std::int64_t columns, const Ahead<T>& ahead, bool alternate) {
  using B = Block<T, vector_bytes>;
  if (rows >= B::size && columns >= B::size) {
    for (std::int64_t r = 0; r < rows; r += B::size)
      for (std::int64_t c = 0; c < columns; c += B::size) {
        const std::int64_t row = std::min(r, rows - B::size), column = std::min(c, columns - B::size);
        B::move(x + row * stride + column, stride, y + column * pitch + row, pitch,
                c == 0 ? ahead.from(row) : Ahead<T>{}, alternate);
      }
  } else if (stride == columns && columns == 2) {
    take_apart<2>(x, y, pitch, rows);
  } else if (stride == columns && columns == 3) {
    take_apart<3>(x, y, pitch, rows);
  } else if (stride == columns && columns == 4) {
    take_apart<4>(x, y, pitch, rows);
  } else if constexpr (vector_bytes > 16) {
    transpose<T, vector_bytes / 2>(x, stride, y, pitch, rows, columns, ahead, alternate);
  } else {
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t column = 0; column < columns; ++column) y[column * pitch + row] = x[row * stride + column];
  }
}

/// Whole lines past the caches; what stands before and behind them as usual.
template <class T>
RICCI_INLINE void stream(const T* from, T* to, std::int64_t count) {
  constexpr std::int64_t line = 64 / sizeof(T);
  const auto place = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(to) / sizeof(T));
  const std::int64_t before = std::min(count, -place & (line - 1));
  std::memcpy(to, from, static_cast<std::size_t>(before) * sizeof(T));
  std::int64_t at = before;
  for (; at + line <= count; at += line)
#pragma GCC unroll 4
    for (int part = 0; part < 4; ++part) {
      const T* unit = from + at + part * line / 4;
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + at + part * line / 4),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(unit)));
    }
  std::memcpy(to + at, from + at, static_cast<std::size_t>(count - at) * sizeof(T));
}

/// The columns in runs past the caches, from a tile in the first-level cache. Each second thing that is wanted next is
/// asked for between two of them: what is asked for all at once is dropped.
template <class T, int vector_bytes>
RICCI_INLINE void transpose_in_runs(const T* x, std::int64_t stride, T* y, std::int64_t pitch, std::int64_t rows,
                                    std::int64_t columns, const Ahead<T>& ahead) {
  constexpr std::int64_t width = 64 / sizeof(T), height = 256;
  alignas(64) T tile[width * height];
  for (std::int64_t r = 0; r < rows; r += height)
    for (std::int64_t c = 0; c < columns; c += width) {
      const std::int64_t high = std::min(height, rows - r), wide = std::min(width, columns - c);
      const Ahead<T> next = ahead.beside(c).from(r);
      transpose<T, vector_bytes>(x + r * stride + c, stride, tile, height, high, wide, next, true);
      for (std::int64_t column = 0; column < wide; ++column) {
        for (std::int64_t row = 2 * column + 1; next.step != 0 && row < high; row += 2 * width)
          __builtin_prefetch(next.of(row), 0, 3);
        stream(tile + column * height, y + (c + column) * pitch + r, high);
      }
    }
}

/// Whether the columns consist of lines of `size` rows, and the rows of as many columns.
template <class T>
bool has_whole_lines(const T* y, std::int64_t pitch, std::int64_t rows, std::int64_t columns, int size) {
  const auto place = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(y));
  return place % 64 == 0 && pitch * static_cast<std::int64_t>(sizeof(T)) % 64 == 0 && rows % size == 0 &&
         columns % size == 0;
}

#define RICCI_AVX512 [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]]

[[gnu::target("avx512f")]] inline void stream_line(void* to, const void* line) {
  __m512i v;
  std::memcpy(&v, line, sizeof v);
  _mm512_stream_si512(static_cast<__m512i*>(to), v);
}

/// Blocks of rows of one line, which go past the caches as they are. (In runs, a Cascade Lake took 1.13 times as long
/// for [16,128,128,64] to [16,64,128,128].)
template <class T>
RICCI_AVX512 void transpose_lines(const T* x, std::int64_t stride, T* y, std::int64_t pitch, std::int64_t rows,
                                  std::int64_t columns, const Ahead<T>& ahead) {
  using B = Block<T, 64>;
  for (std::int64_t c = 0; c < columns; c += B::size)
    for (std::int64_t r = 0; r < rows; r += B::size) {
      typename B::Vector lines[B::size];
      B::template read<3>(lines, x + r * stride + c, stride, ahead.beside(c).from(r), false);
      T* to = y + c * pitch + r;
#pragma GCC unroll 16
      for (int i = 0; i < B::size; ++i) {
        stream_line(to, &lines[i]);
        step(to, pitch);
      }
    }
}

/// Blocks of half a line's width, of rows that lie behind each other, in runs of `lines` lines from a tile in the
/// first-level cache, two columns in turn. Lines come in order into the second-level cache, some before each block, and
/// from there into the first one, one for each that is stored.
template <class T, int lines>
[[gnu::target("avx2")]] void transpose_strip(const T* x, T* y, std::int64_t pitch, std::int64_t columns,
                                             const T* ahead) {
  using B = Block<T, 32>;
  constexpr std::int64_t line = 64 / sizeof(T), height = lines * line;
  alignas(64) T tile[line * height];
  for (std::int64_t c = 0; c < columns; c += line) {
    for (std::int64_t row = 0; row < height; row += line) {
#pragma GCC unroll 16
      for (int i = 0; i < line; ++i) __builtin_prefetch(ahead + i * line, 0, 2);
      ahead += line * line;
#pragma GCC unroll 2
      for (std::int64_t r = row; r < row + line; r += B::size)
#pragma GCC unroll 2
        for (std::int64_t column = 0; column < line; column += B::size)
          B::move(x + r * columns + c + column, columns, tile + column * height + r, height, {}, false);
    }
    const T* next = c + line < columns ? x + c + line : x + height * columns;
    for (std::int64_t column = 0; column < line; column += 2)
#pragma GCC unroll 8
      for (int at = 0; at < lines; ++at)
#pragma GCC unroll 2
        for (int other = 0; other < 2; ++other) {
          __builtin_prefetch(next, 0, 3);
          step(next, columns);
          const auto* from = reinterpret_cast<const __m256i*>(tile + (column + other) * height + at * line);
          auto* to = reinterpret_cast<__m256i*>(y + (c + column + other) * pitch + at * line);
          _mm256_stream_si256(to, from[0]);
          _mm256_stream_si256(to + 1, from[1]);
        }
  }
}

/// Strips for AMD's processors: what is fetched into the first cache from memory waits there for stores past it, and
/// runs of lines in two places at a time are what its memory takes best. (A Zen 4 took, as a copy's time for
/// [16,128,128,64] to [16,64,128,128], 1.8 line by line, 1.5 with all fetched into the second-level cache, 1.13 in runs
/// of four lines in one place at a time, 1.12 in two and 1.1 with five lines; 1.1 for such stores of what needs no
/// transposition. Longer runs push what comes next out of the first cache, where rows are a power of two apart.)
template <class T>
void transpose_in_strips(const T* x, T* y, std::int64_t pitch, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t line = 64 / sizeof(T);
  const std::int64_t distance = std::max<std::int64_t>(10 * line * columns, (16 << 10) / sizeof(T));
  const std::int64_t lines = rows % (5 * line) == 0 ? 5 : 4;
  std::int64_t r = 0;
  for (; r + lines * line <= rows; r += lines * line) {
    const auto strip = lines == 5 ? transpose_strip<T, 5> : transpose_strip<T, 4>;
    strip(x + r * columns, y + r, pitch, columns, x + r * columns + distance);
  }
  for (; r < rows; r += line)
    transpose_strip<T, 1>(x + r * columns, y + r, pitch, columns, x + r * columns + distance);
}

#define RICCI_TRANSPOSE(name, vector_bytes, ...)                                                                \
  template <class T>                                                                                            \
  __VA_ARGS__ void name(const void* from, std::int64_t stride, void* to, std::int64_t pitch, std::int64_t rows, \
                        std::int64_t columns, std::int64_t ahead, std::int64_t ahead_apart,                     \
                        std::int64_t ahead_step, std::int32_t alternate, std::int32_t streaming) {              \
    const T* x = static_cast<const T*>(from);                                                                   \
    T* y = static_cast<T*>(to);                                                                                 \
    /* The last column: where a row begins inside a line, that is in the line which is not here yet. */         \
    const std::int64_t last = std::min<std::int64_t>(columns, 64 / sizeof(T)) - 1;                              \
    Ahead<T> next{x + ahead + last, ahead_apart, ahead_step, 1};                                                \
    if (!streaming)                                                                                             \
      return transpose<T, vector_bytes>(x, stride, y, pitch, rows, columns, next, alternate != 0);              \
    if (stride == columns) next.across = ahead_apart / columns;                                                 \
    if constexpr (vector_bytes >= 32 && sizeof(T) >= 4) {                                                       \
      const bool whole = has_whole_lines(y, pitch, rows, columns, 64 / sizeof(T));                              \
      if (whole && stride == columns && __builtin_cpu_is("amd"))                                                \
        return transpose_in_strips(x, y, pitch, rows, columns);                                                 \
      if constexpr (vector_bytes == 64)                                                                         \
        if (whole) return transpose_lines(x, stride, y, pitch, rows, columns, next);                            \
    }                                                                                                           \
    transpose_in_runs<T, vector_bytes>(x, stride, y, pitch, rows, columns, next);                               \
  }                                                                                                             \
  TransposeFunction name##_of(int element_bytes) {                                                              \
    return element_bytes == 1   ? name<std::uint8_t>                                                            \
           : element_bytes == 2 ? name<std::uint16_t>                                                           \
           : element_bytes == 4 ? name<std::uint32_t>                                                           \
                                : name<std::uint64_t>;                                                          \
  }
RICCI_TRANSPOSE(transpose16, 16, )
RICCI_TRANSPOSE(transpose32, 32, [[gnu::target("avx2")]])
RICCI_TRANSPOSE(transpose64, 64, RICCI_AVX512)
#undef RICCI_TRANSPOSE

}  // namespace

TransposeFunction transpose_function(int element_bytes, int vector_bytes) {
  return vector_bytes == 16   ? transpose16_of(element_bytes)
         : vector_bytes == 32 ? transpose32_of(element_bytes)
                              : transpose64_of(element_bytes);
}

}  // namespace ricci
