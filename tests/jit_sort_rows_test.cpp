// Sorting of several rows: the helper, wherever they lie, and whole programs that sort columns.
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>

#include "helpers/sort_row.hpp"
#include "helpers/sort_rows.hpp"
#include "ricci/error.hpp"
#include "ricci/memory.hpp"
#include "run/launch.hpp"
#include "support/backends.hpp"
#include "support/guarded.hpp"
#include "support/program_builder.hpp"
#include "support/sort_keys.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// Some rows: element n of row r stands at first() + n * stride + r * step.
struct Placing {
  std::int64_t stride, step, count, rows;

  std::int64_t first() const { return stride < 0 ? -stride * std::max<std::int64_t>(count - 1, 0) : 0; }
  std::size_t size() const {
    return count * rows == 0 ? 0 : static_cast<std::size_t>(std::abs(stride) * (count - 1) + step * (rows - 1) + 1);
  }
};

/// Behind each other; side by side, upwards and downwards; with gaps everywhere.
std::vector<Placing> placings(std::int64_t count, std::int64_t rows) {
  return {{1, count + 1, count, rows},
          {rows + 3, 1, count, rows},
          {-(rows + 1), 1, count, rows},
          {2 * rows + 1, 2, count, rows}};
}

/// Memory that ends with rows in these places, which have the values n of row r; without values it is as it was made.
template <class T>
struct PlacedRows {
  Placing placing;
  GuardedBuffer buffer{placing.size() * sizeof(T)};

  T* first() const { return reinterpret_cast<T*>(buffer.bytes().data()) + placing.first(); }
  template <class Value>
  void fill(const Value& value) {
    for (std::int64_t r = 0; r < placing.rows; ++r)
      for (std::int64_t n = 0; n < placing.count; ++n) first()[n * placing.stride + r * placing.step] = value(n, r);
  }
  bool same_bytes(const PlacedRows& other) const {
    return std::ranges::equal(buffer.accessible(), other.buffer.accessible());
  }
};

template <class T>
void check_rows(std::int64_t count, std::int64_t rows, bool descending) {
  std::vector<std::vector<T>> values;
  std::vector<std::vector<std::int64_t>> orders;
  for (std::int64_t r = 0; r < rows; ++r) {
    values.push_back(keys_of<T>(static_cast<std::size_t>(count), static_cast<unsigned>(r) + 2, r % 2 == 0));
    orders.push_back(expected_order(values.back(), descending));
  }
  const auto value = [&](std::int64_t n, std::int64_t r) -> T {
    return values[static_cast<std::size_t>(r)][static_cast<std::size_t>(n)];
  };
  const auto index = [&](std::int64_t n, std::int64_t r) {
    return n < count ? orders[static_cast<std::size_t>(r)][static_cast<std::size_t>(n)] : 0;
  };
  for (const Placing& from : placings(count, rows)) {
    PlacedRows<T> keys{from};
    keys.fill(value);
    for (std::size_t kind = 0; kind < placings(count, rows).size(); ++kind) {
      INFO(to_string(dtype_of<T>) << ' ' << rows << " rows of " << count << " keys, stride " << from.stride << " step "
                                  << from.step << ", results of kind " << kind << (descending ? " descending" : ""));
      const Placing to = placings(count, rows)[kind];
      PlacedRows<T> sorted{to}, wanted{to};
      wanted.fill([&](std::int64_t n, std::int64_t r) { return value(index(n, r), r); });
      sort_keys_of_rows_function(dtype_of<T>)(keys.first(), from.stride, from.step, count, rows, sorted.first(),
                                              to.stride, to.step, descending, 1);
      CHECK(sorted.same_bytes(wanted));
      for (const std::int64_t limit : {count, count / 9, count + 2}) {
        const Placing places = placings(limit, rows)[kind];
        PlacedRows<std::int64_t> found{places}, expected{places};
        expected.fill(index);
        sort_rows_function(dtype_of<T>)(keys.first(), from.stride, from.step, count, rows, found.first(), places.stride,
                                        places.step, limit, descending, 1);
        INFO("limit " << limit);
        CHECK(found.same_bytes(expected));
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("rows are sorted where they lie or in blocks of neighbours", "", bool, std::uint8_t, std::int16_t,
                   std::int32_t, std::uint64_t, float, double) {
  for (const std::int64_t count : {0, 1, 5, 33, 300})
    for (const std::int64_t rows : {1, 2, 7, 16, 33, 67}) check_rows<TestType>(count, rows, rows % 2 == 0);
}

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("rows are sorted where they lie when there is no memory for a block of them") {
  constexpr std::int64_t count = 300000, rows = 3;
  const std::vector<float> keys = keys_of<float>(count * rows, 6, true);
  std::vector<float> enough(keys.size()), little(keys.size());
  const auto sort = [&](std::vector<float>& to) {
    sort_keys_of_rows_function(DType::f32)(keys.data(), rows, 1, count, rows, to.data(), rows, 1, false, 1);
  };
  sort(enough);
  drop_kept_blocks();
  std::vector<void*> taken;
  taken.reserve(1000);
  rlimit old{}, none{};
  getrlimit(RLIMIT_AS, &old);
  none = old;
  none.rlim_cur = 1;  // no more than there is
  setrlimit(RLIMIT_AS, &none);
  // What is free in the heap is taken first.
  constexpr std::size_t bytes = count * sizeof(float);
  bool all_taken = false;
  try {
    while (taken.size() < taken.capacity()) taken.push_back(allocate_block(bytes));
  } catch (const Error&) {
    all_taken = true;
  }
  sort(little);
  setrlimit(RLIMIT_AS, &old);
  for (void* block : taken) free_block(block, bytes);
  REQUIRE(all_taken);
  CHECK(std::memcmp(enough.data(), little.data(), count * rows * sizeof(float)) == 0);
}
#endif

namespace {

using Shape = std::vector<std::int64_t>;

/// out[i, p, k] = argsort(j, x[i, j, k])[p], or x at that place.
struct Columns {
  ProgramBuilder b;

  Columns(DType dtype, bool indices, bool descending) {
    const ir::TensorId out = b.tensor("out", indices ? DType::i64 : dtype, 3), x = b.tensor("x", dtype, 3);
    const ir::AxisId i = b.axis("i"), j = b.axis("j"), k = b.axis("k"), p = b.axis("p");
    b.at(x, {b.index(i), b.index(p), b.index(k)});  // as long as j
    const ir::Expr key = b.at(x, {b.index(i), b.index(j), b.index(k)});
    const ir::Expr place = ir::sort(b.graph(), {j}, key, b.index(p), descending);
    b.assign(out, {b.index(i), b.index(p), b.index(k)}, indices ? place : b.at(x, {b.index(i), place, b.index(k)}),
             {i, p, k});
  }
};

std::int64_t elements_of(const TensorView& view) {
  return std::accumulate(view.layout.extents.begin(), view.layout.extents.end(), std::int64_t{1}, std::multiplies());
}

void fill(const TensorView& view) {
  visit_dtype(view.layout.dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (!Float16<T>) {
      const std::vector<T> keys = keys_of<T>(static_cast<std::size_t>(elements_of(view)), 4, true);
      for (std::size_t n = 0; n < keys.size(); ++n)
        Scalar::of(keys[n]).store(element(view, static_cast<std::int64_t>(n)));
    }
  });
}

void check_columns(const TensorView& x, const TensorView& out, bool indices, bool descending) {
  const std::int64_t height = x.layout.extents[1], width = x.layout.extents[2];
  for (std::int64_t column = 0; column < x.layout.extents[0] * width; ++column) {
    const std::int64_t first = column / width * height * width + column % width;
    std::vector<Scalar> keys, wanted, found;
    for (std::int64_t n = 0; n < height; ++n) {
      keys.push_back(Scalar::load(x.layout.dtype, element(x, first + n * width)));
      found.push_back(Scalar::load(out.layout.dtype, element(out, first + n * width)));
    }
    for (const std::int64_t place : stable_order(keys, descending))
      wanted.push_back(indices ? Scalar::of(place) : keys[static_cast<std::size_t>(place)]);
    const auto same_bits = [](const Scalar& a, const Scalar& b) { return a.bits == b.bits; };
    REQUIRE(std::ranges::equal(wanted, found, same_bits));
  }
}

}  // namespace

TEST_CASE("columns are sorted in every way to run it, also those of several matrices") {
  for (const DType dtype : {DType::u8, DType::f32, DType::f64})
    for (const bool indices : {false, true})
      for (const Pattern pattern : all_patterns) {
        const bool descending = dtype == DType::f32;
        Columns s(dtype, indices, descending);
        const Pattern stored = pattern == Pattern::repeated ? Pattern::permuted : Pattern::contiguous;
        GuardedTensor x(dtype, Shape{2, 40, 37}, pattern, Flush::end),
            out(indices ? DType::i64 : dtype, Shape{2, 40, 37}, stored, Flush::end);
        fill(x.view());
        const Ran ran = run_everywhere(s.b.program, std::vector{out.view(), x.view()});
        REQUIRE(ran.fault == "");
        CHECK(ran.report.temporary_bytes == 0);
        check_columns(x.view(), out.view(), indices, descending);
      }
}

TEST_CASE("columns are sorted whatever shares of them threads take") {
  for (const bool indices : {false, true}) {
    Columns s(DType::f32, indices, false);
    GuardedTensor x(DType::f32, Shape{3, 1999, 101}), out(indices ? DType::i64 : DType::f32, Shape{3, 1999, 101});
    fill(x.view());
    REQUIRE(run_with_threads(s.b.program, std::vector{out.view(), x.view()}) == "");
    check_columns(x.view(), out.view(), indices, false);
  }
}

TEST_CASE("a long row and a few long rows are sorted by any number of threads to the same bits") {
  for (const bool indices : {false, true})
    for (const std::int64_t columns : {1, 3}) {
      Columns s(DType::f32, indices, columns == 3);
      const Shape shape{1, 70001, columns};
      GuardedTensor x(DType::f32, shape), out(indices ? DType::i64 : DType::f32, shape);
      fill(x.view());
      REQUIRE(run_with_threads(s.b.program, std::vector{out.view(), x.view()}) == "");
      check_columns(x.view(), out.view(), indices, columns == 3);
    }
}

TEST_CASE("what runs on the caller alone may use all threads, chunks share them") {
  jit::LaunchPlan plan;
  plan.phases = {{1, 1}, {5, 5}, {2, 1}, {3, 1}, {40, 1}};
  const std::array<std::int32_t, 5> wanted{8, 8, 4, 2, 1};
  std::array<std::atomic<std::int32_t>, 5> items{};
  const std::int32_t status =
      jit::launch(plan, {}, {}, 8, [&](std::size_t p, const KernelArgs& args, std::int64_t begin, std::int64_t end) {
        if (args.threads == wanted[p]) items[p] += static_cast<std::int32_t>(end - begin);
        return 0;
      });
  CHECK(status == 0);
  for (std::size_t p = 0; p < items.size(); ++p) CHECK(items[p] == plan.phases[p].trip);
}
