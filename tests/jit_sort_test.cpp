// Sorting at the level of the index IR: one program in every way to run it, and the helper against std::stable_sort.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <random>

#include "helpers/sort_lanes.hpp"
#include "helpers/sort_row.hpp"
#include "helpers/sort_rows.hpp"
#include "ricci/helpers.hpp"
#include "ricci/shape.hpp"
#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/program_builder.hpp"
#include "support/sort_keys.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

template <class T>
void check_helper(std::size_t count, std::int64_t stride, bool ties) {
  const std::vector<T> keys = keys_of<T>(count, static_cast<unsigned>(count) + 1, ties);
  const auto length = static_cast<std::int64_t>(count);
  std::vector<unsigned char> memory(count * static_cast<std::size_t>(std::abs(stride)) * sizeof(T) + sizeof(T));
  T* first = reinterpret_cast<T*>(memory.data()) + (stride < 0 && count > 0 ? -stride * (length - 1) : 0);
  for (std::size_t i = 0; i < count; ++i) first[static_cast<std::int64_t>(i) * stride] = keys[i];
  const std::int64_t pitch = stride == 3 ? 2 : 1;
  for (const bool descending : {false, true}) {
    INFO(to_string(dtype_of<T>) << " count " << count << " stride " << stride << (descending ? " descending" : ""));
    const std::vector<std::int64_t> expected = expected_order(keys, descending);
    for (const std::int64_t limit : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}, length, length + 3}) {
      const auto size = static_cast<std::size_t>(limit);
      std::vector<std::int64_t> found(size * static_cast<std::size_t>(pitch) + 1, -7), wanted(found);
      sort_row_function(dtype_of<T>)(first, stride, length, found.data(), pitch, limit, descending, 1);
      for (std::size_t i = 0; i < size; ++i) wanted[i * static_cast<std::size_t>(pitch)] = i < count ? expected[i] : 0;
      INFO("limit " << limit);
      CHECK(found == wanted);
    }
    // The keys with all their bits: zeros keep their signs, and NaNs what they are.
    std::vector<unsigned char> sorted(count * static_cast<std::size_t>(pitch) * sizeof(T) + 1, 77), wanted(sorted);
    for (std::size_t i = 0; i < count; ++i) {
      const T key = keys[static_cast<std::size_t>(expected[i])];
      std::memcpy(&wanted[i * static_cast<std::size_t>(pitch) * sizeof(T)], &key, sizeof key);
    }
    sort_keys_function(dtype_of<T>)(first, stride, length, sorted.data(), pitch, descending, 1);
    CHECK(sorted == wanted);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a row is sorted stably whatever its length, stride and dtype", "", bool, std::int8_t, std::int16_t,
                   std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, float,
                   double) {
  for (const std::size_t count : {0, 1, 2, 16, 63, 64, 65, 257, 299, 300, 1199, 1201, 4801, 20000})
    for (const std::int64_t stride : {1, 3, -2})
      for (const bool ties : {false, true}) check_helper<TestType>(count, stride, ties);
}

namespace {

constexpr int patterns = 8;

/// Any numbers; few different ones; falling, rising, rising and falling ones; all equal; with the ends of the range; a
/// rising row with some that are not.
template <class T>
std::vector<T> numbers_of(int pattern, std::int64_t count, std::mt19937_64& random) {
  using Limits = std::numeric_limits<T>;
  constexpr T most = Limits::has_infinity ? Limits::infinity() : Limits::max(),
              least = Limits::has_infinity ? -most : Limits::min();
  std::vector<T> x;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t bits = random();
    const auto any = static_cast<T>(static_cast<std::int64_t>(bits) >> (64 - 8 * sizeof(T)));
    const auto place = static_cast<T>(i);
    switch (pattern) {
      case 0:
        x.push_back(any);
        break;
      case 1:
        x.push_back(static_cast<T>(bits % 4));
        break;
      case 2:
        x.push_back(static_cast<T>(count - i));
        break;
      case 3:
        x.push_back(place);
        break;
      case 4:
        x.push_back(static_cast<T>(std::min(i, count - i)));
        break;
      case 5:
        x.push_back(T{7});
        break;
      case 6:
        x.push_back(bits % 3 == 0 ? most : bits % 3 == 1 ? least : any);
        break;
      default:
        x.push_back(bits % 100 == 0 ? any : place);
        break;
    }
  }
  return x;
}

/// Numbers in the middle of memory that nobody may touch.
template <class T>
struct Fenced {
  static constexpr std::size_t fence = 64;
  std::vector<T> all;

  explicit Fenced(const std::vector<T>& x) : all(x.size() + 2 * fence, T{99}) {
    std::ranges::copy(x, all.begin() + fence);
  }
  T* first() { return all.data() + fence; }
  bool is(const std::vector<T>& x) const { return all == Fenced(x).all; }
};

std::vector<int> widths() {
  return host_target().vector_bytes == 64 ? std::vector{32, 64} : std::vector{32};
}

}  // namespace

TEMPLATE_TEST_CASE("numbers are sorted by vectors of every width", "", std::int32_t, std::int64_t, float, double) {
  std::mt19937_64 random(5);
  std::vector<std::int64_t> counts;
  for (std::int64_t count = 0; count <= 530; ++count) counts.push_back(count);
  for (const std::int64_t some : {640, 1024, 4096, 10000, 140000})
    for (std::int64_t count = some - 1; count <= some + 1; ++count) counts.push_back(count);
  for (const int vector_bytes : widths())
    for (const std::int64_t count : counts)
      for (int pattern = 0; pattern < patterns; ++pattern) {
        const std::vector<TestType> x = numbers_of<TestType>(pattern, count, random);
        std::vector<TestType> wanted = x;
        std::ranges::sort(wanted);
        Fenced<TestType> sorted(x);
        lane_sort<TestType>(vector_bytes).sort(sorted.first(), count);
        INFO(count << " numbers of pattern " << pattern << ", vectors of " << vector_bytes << " bytes");
        REQUIRE(sorted.is(wanted));
      }
}

TEMPLATE_TEST_CASE("numbers are sorted whatever the pivots", "", std::int32_t, std::int64_t, float, double) {
  std::mt19937_64 random(6);
  for (const int vector_bytes : widths())
    for (const int pivots : {0, 1, 2, 5})
      for (int pattern = 0; pattern < patterns; ++pattern) {
        const std::vector<TestType> x = numbers_of<TestType>(pattern, 9999, random);
        std::vector<TestType> wanted = x;
        std::ranges::sort(wanted);
        Fenced<TestType> sorted(x);
        lane_sort<TestType>(vector_bytes).sort_by(sorted.first(), 9999, pivots);
        INFO(pivots << " pivots, pattern " << pattern << ", vectors of " << vector_bytes << " bytes");
        REQUIRE(sorted.is(wanted));
      }
}

TEMPLATE_TEST_CASE("numbers are parted around pivots", "", std::int32_t, std::int64_t, float, double) {
  std::mt19937_64 random(7);
  for (const int vector_bytes : widths())
    for (const std::int64_t count : {0, 1, 31, 64, 127, 128, 1000, 4099})
      for (const std::size_t number : {1, 2, 7, 31})
        for (int pattern = 0; pattern < patterns; ++pattern) {
          const std::vector<TestType> x = numbers_of<TestType>(pattern, count, random);
          std::vector<TestType> pivots = numbers_of<TestType>(pattern, static_cast<std::int64_t>(number), random),
                                wanted = x;
          std::ranges::sort(pivots);
          std::ranges::sort(wanted);
          Fenced<TestType> parted(x);
          std::vector<std::int64_t> ends(number + 2, -1), expected(ends);
          lane_sort<TestType>(vector_bytes)
              .part(parted.first(), count, pivots.data(), static_cast<std::int64_t>(number), ends.data());
          for (std::size_t i = 0; i < number; ++i)
            expected[i] = std::ranges::lower_bound(wanted, pivots[i]) - wanted.begin();
          expected[number] = count;
          INFO(count << " numbers of pattern " << pattern << ", " << number << " pivots, vectors of " << vector_bytes
                     << " bytes");
          REQUIRE(ends == expected);
          for (std::size_t i = 0, begin = 0; i <= number; begin = static_cast<std::size_t>(ends[i++]))
            std::sort(parted.first() + begin, parted.first() + ends[i]);
          REQUIRE(parted.is(wanted));
        }
}

TEMPLATE_TEST_CASE("a long row is sorted by several threads as by one", "", bool, std::int16_t, std::int32_t,
                   std::int64_t, std::uint32_t, std::uint64_t, float, double) {
  std::mt19937_64 random(9);
  for (const std::int64_t count : {65535, 65536, 100003, 300000})
    for (int pattern = 0; pattern <= patterns; ++pattern) {
      std::vector<TestType> keys;
      if constexpr (std::is_same_v<TestType, bool>) {
        keys = keys_of<bool>(static_cast<std::size_t>(count), static_cast<unsigned>(pattern), true);
      } else {
        // The last one has NaNs and zeros of both signs, too.
        keys = pattern == patterns ? keys_of<TestType>(static_cast<std::size_t>(count), 3, true)
                                   : numbers_of<TestType>(pattern, count, random);
      }
      const auto row = std::make_unique<TestType[]>(static_cast<std::size_t>(2 * count));
      for (std::int64_t i = 0; i < count; ++i) row[static_cast<std::size_t>(2 * i)] = keys[static_cast<std::size_t>(i)];
      for (const bool descending : {false, true}) {
        const std::vector<std::int64_t> order = expected_order(keys, descending);
        for (const int threads : {0, 2, 5}) {
          INFO(to_string(dtype_of<TestType>) << ' ' << count << " of pattern " << pattern << ", " << threads
                                             << " threads" << (descending ? " descending" : ""));
          for (const std::int64_t pitch : {1, 2}) {
            std::vector<std::int64_t> found(static_cast<std::size_t>(pitch * count), -7), wanted(found);
            const auto sorted = std::make_unique<TestType[]>(static_cast<std::size_t>(pitch * count)),
                       expected = std::make_unique<TestType[]>(static_cast<std::size_t>(pitch * count));
            for (std::int64_t i = 0; i < count; ++i) {
              const std::int64_t from = order[static_cast<std::size_t>(i)];
              wanted[static_cast<std::size_t>(i * pitch)] = from;
              expected[static_cast<std::size_t>(i * pitch)] = keys[static_cast<std::size_t>(from)];
            }
            sort_row_function(dtype_of<TestType>)(row.get(), 2, count, found.data(), pitch, count, descending, threads);
            CHECK(found == wanted);
            sort_keys_function(dtype_of<TestType>)(row.get(), 2, count, sorted.get(), pitch, descending, threads);
            CHECK(std::memcmp(sorted.get(), expected.get(),
                              static_cast<std::size_t>(pitch * count) * sizeof(TestType)) == 0);
          }
          std::vector<std::int64_t> some(static_cast<std::size_t>(count / 2));
          sort_row_function(dtype_of<TestType>)(row.get(), 2, count, some.data(), 1, count / 2, descending, threads);
          CHECK(std::equal(some.begin(), some.end(), order.begin()));
        }
      }
    }
}

TEMPLATE_TEST_CASE("keys that differ only in bits that find no place beside the index are in order", "", std::int64_t,
                   std::uint64_t, double) {
  std::mt19937_64 random(8);
  for (const std::size_t count : {2, 3, 40, 129, 1000, 30000})
    for (const bool far : {false, true}) {
      std::vector<TestType> keys;
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t bits = random();
        if constexpr (std::is_same_v<TestType, double>) {
          const double one = std::bit_cast<double>(std::bit_cast<std::uint64_t>(1.0) + bits % 9);
          keys.push_back(far && bits % 5 == 0 ? -1e300 : far && bits % 5 == 1 ? 1e300 * one : one);
        } else {
          keys.push_back(static_cast<TestType>(far ? (bits >> 62 << 62) + bits % 9 : bits % 9));
        }
      }
      for (const bool descending : {false, true})
        for (const std::size_t limit : {count, count / 2 + 1}) {
          std::vector<std::int64_t> found(limit), wanted = expected_order(keys, descending);
          wanted.resize(limit);
          sort_row_function(dtype_of<TestType>)(keys.data(), 1, static_cast<std::int64_t>(count), found.data(), 1,
                                                static_cast<std::int64_t>(limit), descending, 1);
          CHECK(found == wanted);
        }
    }
}

TEST_CASE("sorted rows stay as they are, reversed rows turn round") {
  for (const bool descending : {false, true}) {
    std::vector<float> keys(3000);
    std::iota(keys.begin(), keys.end(), -100.f);
    std::vector<std::int64_t> found(keys.size());
    sort_row_function(DType::f32)(keys.data(), 1, 3000, found.data(), 1, 3000, descending, 1);
    CHECK(found == expected_order(keys, descending));
  }
}

TEST_CASE("every key dtype has a helper of its own") {
  for (int d = 0; d < dtype_count; ++d)
    CHECK(helper_table()[sort_rows_slot(static_cast<DType>(d))] ==
          reinterpret_cast<const void*>(sort_rows_function(static_cast<DType>(d))));
  for (int d = 0; d < dtype_count; ++d)
    CHECK(helper_table()[sort_keys_slot(static_cast<DType>(d))] ==
          reinterpret_cast<const void*>(sort_keys_of_rows_function(static_cast<DType>(d))));
}

namespace {

using Shape = std::vector<std::int64_t>;

/// out[i, p] = argsort(j, key(i, j))[p] at p = the index j, or at an index with 3 elements.
struct Sorted {
  ProgramBuilder b;
  ir::TensorId out, x;
  ir::AxisId i, j, p;

  explicit Sorted(DType dtype, std::int64_t taken = -1) {
    out = b.tensor("out", DType::i64, 2);
    x = b.tensor("x", dtype, 2);
    i = b.axis("i"), j = b.axis("j"), p = b.axis("p", taken);
    if (taken < 0) b.at(x, {b.index(i), b.index(p)});  // as long as j
  }
  ir::Expr key() { return b.at(x, {b.index(i), b.index(j)}); }
};

}  // namespace

TEST_CASE("a sort is the same in every way to run it") {
  for (const DType dtype : {DType::b1, DType::u8, DType::i64, DType::u64, DType::f32, DType::f64})
    for (const bool descending : {false, true})
      for (const std::int64_t taken : {-1, 3}) {
        Sorted s(dtype, taken);
        s.b.assign(s.out, {s.b.index(s.i), s.b.index(s.p)},
                   ir::sort(s.b.graph(), {s.j}, s.key(), s.b.index(s.p), descending), {s.i, s.p});
        for (const Pattern pattern : all_patterns) {
          GuardedTensor x(dtype, Shape{5, 70}, pattern, Flush::end),
              out(DType::i64, Shape{5, taken < 0 ? 70 : taken}, Pattern::contiguous, Flush::end);
          visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
            const std::vector<T> keys = keys_of<T>(350, 3, true);
            for (std::int64_t n = 0; n < 350; ++n)
              Scalar::of(keys[static_cast<std::size_t>(n)]).store(element(x.view(), n));
          });
          const Ran ran = run_everywhere(s.b.program, std::vector{out.view(), x.view()});
          REQUIRE(ran.fault == "");
          CHECK(ran.report.temporary_bytes == 0);
          visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
            for (std::int64_t row = 0; row < 5; ++row) {
              std::vector<T> keys;
              for (std::int64_t n = 0; n < 70; ++n)
                keys.push_back(Scalar::load(dtype, element(x.view(), row * 70 + n)).get<T>());
              const std::vector<std::int64_t> expected = expected_order(keys, descending);
              const std::int64_t width = taken < 0 ? 70 : taken;
              for (std::int64_t n = 0; n < width; ++n)
                REQUIRE(Scalar::load(DType::i64, element(out.view(), row * width + n)).as_int() ==
                        expected[static_cast<std::size_t>(n)]);
            }
          });
        }
      }
}

TEST_CASE("sorted keys are the same in every way to run it, in rows and in columns, without a table") {
  for (const DType dtype : {DType::b1, DType::i8, DType::u32, DType::f16, DType::f32, DType::f64})
    for (const bool descending : {false, true})
      for (const bool turned : {false, true})
        for (const Pattern pattern : all_patterns) {
          Sorted s(dtype);
          const ir::TensorId keys = s.b.tensor("keys", dtype, 2);
          const ir::Expr at = ir::sort(s.b.graph(), {s.j}, s.key(), s.b.index(s.p), descending);
          std::vector<ir::Expr> place{s.b.index(s.i), s.b.index(s.p)};
          if (turned) std::swap(place[0], place[1]);
          s.b.assign(keys, place, s.b.at(s.x, {s.b.index(s.i), at}), {s.i, s.p});
          GuardedTensor x(dtype, Shape{5, 70}, pattern, Flush::end),
              unused(DType::i64, Shape{5, 70}, pattern, Flush::end),
              sorted(dtype, turned ? Shape{70, 5} : Shape{5, 70}, Pattern::contiguous, Flush::end);
          visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
            for (std::int64_t n = 0; n < 350; ++n)
              Scalar::of(static_cast<T>(static_cast<float>(n * 7 % 31 - 9))).store(element(x.view(), n));
          });
          const Ran ran = run_everywhere(s.b.program, std::vector{unused.view(), x.view(), sorted.view()});
          REQUIRE(ran.fault == "");
          CHECK(ran.report.temporary_bytes == 0);
        }
}

TEST_CASE("more elements than there are cannot be taken in order") {
  Sorted s(DType::f32, 3);
  s.b.assign(s.out, {s.b.index(s.i), s.b.index(s.p)}, ir::sort(s.b.graph(), {s.j}, s.key(), s.b.index(s.p), true),
             {s.i, s.p});
  GuardedTensor x(DType::f32, Shape{5, 2}, Pattern::contiguous, Flush::end),
      out(DType::i64, Shape{5, 3}, Pattern::contiguous, Flush::end);
  const Ran ran = run_everywhere(s.b.program, std::vector{out.view(), x.view()});
  CHECK(ran.fault == "");
  CHECK(ran.message == "3 elements are taken in order along j, which has 2");
}
