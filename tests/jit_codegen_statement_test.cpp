#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>

#include "support/guarded.hpp"
#include "support/loop_builder.hpp"

using namespace ricci;
using namespace ricci::test;
using loop::Value;
using Values = std::vector<Value>;

namespace {

/// Runs the kernel in every code generation mode and in the interpreter, each time on a fresh copy of `data`, and gives
/// the buffers and the status to `inspect`.
template <class T>
void in_all_modes(const loop::Kernel& kernel, const std::vector<std::vector<T>>& data,
                  const std::vector<std::int64_t>& symbols, std::int64_t begin, std::int64_t end,
                  const std::function<void(const std::vector<std::vector<T>>&, std::int32_t)>& inspect) {
  for (const CodegenOptions& options : all_codegen_options()) {
    INFO("vectors of " << options.target.vector_bytes << " bytes, optimise " << options.optimise);
    std::vector<std::vector<T>> copy = data;
    std::vector<void*> buffers;
    for (auto& buffer : copy) buffers.push_back(buffer.data());
    const Compiled compiled = generate_code(kernel, options);
    inspect(copy, call(compiled.code.phase(0), buffers, symbols, begin, end));
  }
  INFO("interpreter");
  CHECK(loop::verify(kernel) == "");
  std::vector<std::vector<T>> copy = data;
  std::vector<loop::Memory> memory;
  for (std::size_t i = 0; i < copy.size(); ++i) {
    const std::size_t bytes = copy[i].size() * sizeof(T);
    memory.push_back({copy[i].data(), 0, static_cast<std::int64_t>(bytes / size_of(kernel.info.buffers[i].dtype))});
  }
  inspect(copy, loop::interpret(kernel, 0, memory, symbols, begin, end));
}

template <class T>
std::vector<T> iota(std::size_t n, T first = 0) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), first);
  return values;
}

constexpr DType memory_dtypes[] = {DType::b1, DType::i8, DType::u16, DType::i32, DType::f32, DType::i64, DType::f64};

/// out[i] = in[i] for i in [begin, end), all of it masked.
loop::Kernel masked_copy(DType dtype, int lanes) {
  LoopBuilder b;
  const loop::BufferId in = b.buffer(dtype), out = b.buffer(dtype, true);
  b.loop(b.begin, b.end, lanes, {}, [&](Value i, Values) {
    const Value mask = b.lane_mask(b.compute(Op::subtract, DType::i64, {b.end, i}), lanes);
    b.store(out, i, b.load(in, i, lanes, mask), mask);
    return Values{};
  });
  return b.kernel;
}

/// out[i] = in[2 * i], gathered and scattered, all of it masked.
loop::Kernel masked_gather(DType dtype, DType offset, int lanes) {
  LoopBuilder b;
  const loop::BufferId in = b.buffer(dtype), out = b.buffer(dtype, true);
  const Value numbers = b.iota(offset, lanes), twice = b.compute(Op::add, offset, {numbers, numbers});
  b.loop(b.begin, b.end, lanes, {}, [&](Value i, Values) {
    const Value mask = b.lane_mask(b.compute(Op::subtract, DType::i64, {b.end, i}), lanes);
    b.scatter(out, i, numbers, b.gather(in, b.compute(Op::add, DType::i64, {i, i}), twice, mask), mask);
    return Values{};
  });
  return b.kernel;
}

void fill(std::span<std::byte> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i % 2 ? 0 : 1);  // valid for b1 too
}

}  // namespace

TEST_CASE("masked loads and stores touch no byte beyond the masked-in lanes") {
  for (const CodegenOptions& options : all_codegen_options())
    for (const DType dtype : memory_dtypes)
      for (const int lanes : {1, 4, 16}) {
        const Compiled compiled = generate_code(masked_copy(dtype, lanes), options);
        for (const std::size_t n : {0, 1, 3, 16, 21}) {
          GuardedBuffer in(n * size_of(dtype)), out(n * size_of(dtype));
          fill(in.bytes());
          void* const buffers[] = {in.bytes().data(), out.bytes().data()};
          REQUIRE(call(compiled.code.phase(0), buffers, {}, 0, static_cast<std::int64_t>(n)) == 0);
          INFO(to_string(dtype) << ", " << lanes << " lanes, " << n << " elements");
          CHECK(std::ranges::equal(in.bytes(), out.bytes()));
        }
      }
}

TEST_CASE("masked gathers and scatters touch no byte of masked-off lanes") {
  for (const CodegenOptions& options : all_codegen_options())
    for (const DType dtype : memory_dtypes)
      for (const DType offset : {DType::i32, DType::i64})
        for (const int lanes : {1, 4, 16}) {
          const Compiled compiled = generate_code(masked_gather(dtype, offset, lanes), options);
          for (const std::size_t n : {0, 1, 5, 16, 21}) {
            const std::size_t size = size_of(dtype);
            GuardedBuffer in(n == 0 ? 0 : (2 * n - 1) * size), out(n * size);
            for (std::size_t i = 0; i < in.bytes().size(); ++i) in.bytes()[i] = std::byte((i / size / 2) % 3 % 2);
            void* const buffers[] = {in.bytes().data(), out.bytes().data()};
            REQUIRE(call(compiled.code.phase(0), buffers, {}, 0, static_cast<std::int64_t>(n)) == 0);
            INFO(to_string(dtype) << ", " << lanes << " lanes, " << n << " elements");
            bool equal = true;
            for (std::size_t i = 0; i < n; ++i)
              equal &= std::memcmp(&in.bytes()[2 * i * size], &out.bytes()[i * size], size) == 0;
            CHECK(equal);
          }
        }
}

TEST_CASE("lanes a few elements apart touch no byte before the first and beyond the last") {
  for (const CodegenOptions& options : all_codegen_options())
    for (const DType dtype : {DType::b1, DType::u8, DType::i16, DType::f32, DType::f64})
      for (const int lanes : {2, 4, 16, 32, 64})
        for (const std::int64_t step : {-6, -5, -4, -3, -2, 2, 3, 4, 5}) {
          LoopBuilder b;
          const loop::BufferId in = b.buffer(dtype), out = b.buffer(dtype, true);
          const Value apart = b.constant(step, lanes), zero = b.constant(std::int64_t{0});
          const Value offsets = b.compute(Op::multiply, DType::i64, {b.iota(DType::i64, lanes), apart});
          b.store(out, zero, b.gather(in, b.argument(0), offsets));
          const Compiled compiled = generate_code(b.kernel, options);
          const std::size_t size = size_of(dtype);
          const auto span = static_cast<std::size_t>(std::abs(step) * (lanes - 1) + 1);
          GuardedBuffer from(span * size), to(static_cast<std::size_t>(lanes) * size);
          for (std::size_t i = 0; i < span * size; ++i)
            from.bytes()[i] = std::byte(dtype == DType::b1 ? i % 3 % 2 : i * 7 + i / 256);
          void* const buffers[] = {from.bytes().data(), to.bytes().data()};
          const std::int64_t first[] = {step < 0 ? static_cast<std::int64_t>(span) - 1 : 0};
          REQUIRE(call(compiled.code.phase(0), buffers, first, 0, 1) == 0);
          INFO(to_string(dtype) << ", " << lanes << " lanes, " << step << " apart");
          bool equal = true;
          for (std::int64_t i = 0; i < lanes; ++i)
            equal &= std::memcmp(&from.bytes()[static_cast<std::size_t>(first[0] + i * step) * size],
                                 &to.bytes()[static_cast<std::size_t>(i) * size], size) == 0;
          CHECK(equal);
        }
}

TEST_CASE("masked-off lanes load zero") {
  for (const DType dtype : memory_dtypes)
    for (const int lanes : {1, 16}) {
      LoopBuilder b;
      const loop::BufferId in = b.buffer(dtype), out = b.buffer(dtype, true);
      const Value mask = b.lane_mask(b.argument(0), lanes), zero = b.constant(std::int64_t{0});
      b.store(out, zero, b.load(in, zero, lanes, mask));
      b.store(out, b.constant(std::int64_t{lanes}), b.gather(in, zero, b.iota(DType::i32, lanes), mask));
      const std::int64_t present = lanes / 2;
      const std::size_t bytes = lanes * size_of(dtype);
      in_all_modes<std::uint8_t>(b.kernel,
                                 {std::vector<std::uint8_t>(bytes, 1), std::vector<std::uint8_t>(2 * bytes, 9)},
                                 {present}, 0, 1, [&](const auto& result, std::int32_t) {
                                   INFO(to_string(dtype));
                                   for (std::size_t i = 0; i < 2 * bytes; ++i)
                                     REQUIRE(int{result[1][i]} == (i % bytes < present * size_of(dtype) ? 1 : 0));
                                 });
    }
}

TEST_CASE("a lane mask has as many lanes as its count says, none when negative, all when larger") {
  for (const int lanes : {1, 2, 4, 8, 16, 32, 64}) {
    LoopBuilder b;
    const loop::BufferId out = b.buffer(DType::b1, true);
    b.store(out, b.constant(std::int64_t{0}), b.lane_mask(b.argument(0), lanes));
    for (const std::int64_t count :
         {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{lanes - 1}, std::int64_t{lanes},
          std::int64_t{lanes + 1}, std::int64_t{1} << 32, INT64_MAX}) {
      INFO(lanes << " lanes, count " << count);
      in_all_modes<std::uint8_t>(b.kernel, {std::vector<std::uint8_t>(lanes, 7)}, {count}, 0, 1,
                                 [&](const auto& data, std::int32_t) {
                                   for (int i = 0; i < lanes; ++i) REQUIRE(int{data[0][i]} == (i < count));
                                 });
    }
  }
}

TEST_CASE("a mask of few lanes takes every count from 0 to 63") {
  for (const int lanes : {1, 2, 4, 8, 16, 32, 64}) {
    LoopBuilder b;
    const loop::BufferId out = b.buffer(DType::b1, true);
    b.store(out, b.constant(std::int64_t{0}), b.lane_mask(b.argument(0), lanes, true));
    for (std::int64_t count = 0; count < 64; count += count < 17 ? 1 : 15) {
      INFO(lanes << " lanes, count " << count);
      in_all_modes<std::uint8_t>(b.kernel, {std::vector<std::uint8_t>(lanes, 7)}, {count}, 0, 1,
                                 [&](const auto& data, std::int32_t) {
                                   for (int i = 0; i < lanes; ++i) REQUIRE(int{data[0][i]} == (i < count));
                                 });
    }
  }
}

TEST_CASE("loops carry values, and give the initial ones when they run not at all") {
  LoopBuilder b;
  const loop::BufferId out = b.buffer(DType::i64, true);
  const Value zero = b.constant(std::int64_t{0}), one = b.constant(std::int64_t{1});
  // Fibonacci: both carried values change at once.
  const Values result = b.loop(b.begin, b.end, 2, {zero, one}, [&](Value, Values state) {
    return Values{state[1], b.compute(Op::add, DType::i64, {state[0], state[1]})};
  });
  b.store(out, zero, result[0]);
  b.store(out, one, result[1]);
  in_all_modes<std::int64_t>(b.kernel, {{-1, -1}}, {}, 0, 19, [](const auto& data, std::int32_t) {
    CHECK(data[0] == std::vector<std::int64_t>{55, 89});  // ten iterations
  });
  in_all_modes<std::int64_t>(b.kernel, {{-1, -1}}, {}, 5, 5,
                             [](const auto& data, std::int32_t) { CHECK(data[0] == std::vector<std::int64_t>{0, 1}); });
  in_all_modes<std::int64_t>(b.kernel, {{-1, -1}}, {}, 5, -5,
                             [](const auto& data, std::int32_t) { CHECK(data[0] == std::vector<std::int64_t>{0, 1}); });
}

TEST_CASE("a loop ends after the iteration in which its condition is true") {
  LoopBuilder b;
  const loop::BufferId in = b.buffer(DType::i64), out = b.buffer(DType::i64, true);
  const Value zero = b.constant(std::int64_t{0}), one = b.constant(std::int64_t{1});
  Value last = loop::none;
  const Values result = b.loop(b.begin, b.end, 1, {zero}, [&](Value row, Values sums) {
    Value ends = loop::none;
    const Values of_row = b.loop(zero, b.constant(std::int64_t{4}), 1, sums, [&](Value column, Values sum) {
      const Value four = b.constant(std::int64_t{4}), first = b.compute(Op::multiply, DType::i64, {row, four});
      const Value x = b.load(in, b.compute(Op::add, DType::i64, {first, column}));
      ends = b.compute(Op::less, DType::b1, {x, zero});
      return Values{b.compute(Op::add, DType::i64, {sum[0], x})};
    }, &ends);
    b.store(out, b.compute(Op::add, DType::i64, {row, one}), of_row[0]);
    last = b.compute(Op::equal, DType::b1, {of_row[0], b.constant(std::int64_t{7})});
    return of_row;
  }, &last);
  b.store(out, zero, result[0]);
  const std::vector<std::int64_t> rows{1, 2, 3, 4, 5, -1, 9, 9, -7, 9, 9, 9, 1, 1, 1, -2};
  in_all_modes<std::int64_t>(b.kernel, {rows, {0, 0, 0, 0, 0}}, {}, 0, 4, [](const auto& data, std::int32_t) {
    CHECK(data[1] == std::vector<std::int64_t>{7, 10, 14, 7, 0});
  });
  in_all_modes<std::int64_t>(b.kernel, {rows, {7, 7}}, {}, 3, 3, [](const auto& data, std::int32_t) {
    CHECK(data[1] == std::vector<std::int64_t>{0, 7});
  });
}

TEST_CASE("nested loops and conditions") {
  LoopBuilder b;
  const loop::BufferId out = b.buffer(DType::i64, true);
  const Value zero = b.constant(std::int64_t{0}), three = b.constant(std::int64_t{3});
  b.loop(b.begin, b.end, 1, {}, [&](Value i, Values) {
    const Values sum = b.loop(zero, i, 1, {zero},
                              [&](Value k, Values s) { return Values{b.compute(Op::add, DType::i64, {s[0], k})}; });
    const Value odd = b.compute(Op::equal, DType::b1, {b.compute(Op::remainder, DType::i64, {i, three}), zero});
    b.when(odd, [&] { b.store(out, i, sum[0]); });
    return Values{};
  });
  in_all_modes<std::int64_t>(b.kernel, {std::vector<std::int64_t>(8, -1)}, {}, 0, 8,
                             [](const auto& data, std::int32_t) {
                               CHECK(data[0] == std::vector<std::int64_t>{0, -1, -1, 3, -1, -1, 15, -1});
                             });
}

TEST_CASE("a vector slides into the next one by any number of lanes") {
  for (const int lanes : {1, 4, 8, 16})
    for (const int from : {0, 1, lanes / 2, lanes}) {
      if (from > lanes) continue;
      LoopBuilder b;
      const loop::BufferId in = b.buffer(DType::f32), out = b.buffer(DType::f32, true);
      const Value low = b.load(in, b.begin, lanes), high = b.load(in, b.constant(std::int64_t{lanes}), lanes);
      b.store(out, b.begin, b.slide(low, high, from));
      const auto size = static_cast<std::size_t>(lanes);
      in_all_modes<float>(b.kernel, {iota<float>(2 * size), std::vector<float>(size)}, {}, 0, 1,
                          [&](const auto& data, std::int32_t) {
                            INFO(lanes << " lanes from " << from);
                            CHECK(data[1] == iota<float>(size, static_cast<float>(from)));
                          });
    }
}

TEST_CASE("lanes of a vector are picked in any order, and as often as wanted") {
  const std::vector<int> pair{1, 0}, copies{2, 2, 0, 1, 2, 2, 0, 1}, one{3};
  for (const std::vector<int>& lanes : {pair, copies, one}) {
    LoopBuilder b;
    const loop::BufferId in = b.buffer(DType::f32), out = b.buffer(DType::f32, true);
    b.store(out, b.begin, b.pick(b.load(in, b.begin, 4), lanes));
    b.store(out, b.constant(std::int64_t{8}), b.pick(b.load(in, b.begin), {0, 0}));  // of a scalar
    std::vector<float> expected(10);
    for (std::size_t i = 0; i < lanes.size(); ++i) expected[i] = static_cast<float>(lanes[i]);
    in_all_modes<float>(b.kernel, {iota<float>(4), std::vector<float>(10)}, {}, 0, 1,
                        [&](const auto& data, std::int32_t) { CHECK(data[1] == expected); });
  }
}

TEST_CASE("halves of a vector, down to one lane") {
  LoopBuilder b;
  const loop::BufferId in = b.buffer(DType::f32), out = b.buffer(DType::f32, true);
  const Value eight = b.load(in, b.begin, 8), four = b.half(eight, true), two = b.half(four, false);
  b.store(out, b.constant(std::int64_t{0}), two);
  b.store(out, b.constant(std::int64_t{2}), b.half(two, true));
  b.store(out, b.constant(std::int64_t{3}), b.half(two, false));
  in_all_modes<float>(b.kernel, {iota<float>(8), std::vector<float>(4)}, {}, 0, 1,
                      [](const auto& data, std::int32_t) { CHECK(data[1] == std::vector<float>{4, 5, 5, 4}); });
}

TEST_CASE("arguments are read in their dtype, and iota counts in its own") {
  LoopBuilder b;
  const loop::BufferId out = b.buffer(DType::f64, true);
  auto store = [&, next = std::int64_t{0}](Value v) mutable {
    b.store(out, b.constant(next), b.compute(Op::cast, DType::f64, {v}));
    next += b.type(v).lanes;
  };
  store(b.argument(0));
  store(b.argument(1, DType::f32));
  store(b.argument(2, DType::i8));
  store(b.argument(3, DType::b1));
  store(b.iota(DType::u8, 4));
  store(b.splat(b.argument(0), 2));
  const std::vector<std::int64_t> symbols = {-7, static_cast<std::int64_t>(Scalar::of(1.5f).bits), 0xfe, 1};
  in_all_modes<double>(b.kernel, {std::vector<double>(10)}, symbols, 0, 1, [](const auto& data, std::int32_t) {
    CHECK(data[0] == std::vector<double>{-7, 1.5, -2, 1, 0, 1, 2, 3, -7, -7});
  });
}

TEST_CASE("a failed check ends the phase with its number plus one") {
  LoopBuilder b;
  const loop::BufferId in = b.buffer(DType::i32), out = b.buffer(DType::i32, true);
  b.kernel.info.checks = {"zeroth", "first"};
  const Value zero = b.constant(std::int32_t{0}, 4);
  b.loop(b.begin, b.end, 4, {}, [&](Value i, Values) {
    const Value mask = b.lane_mask(b.compute(Op::subtract, DType::i64, {b.end, i}), 4);
    const Value x = b.load(in, i, 4, mask);
    b.check(1, b.compute(Op::greater, DType::b1, {x, zero}), mask);
    b.check(0, b.compute(Op::not_equal, DType::b1, {x, b.constant(std::int32_t{5}, 4)}));
    b.store(out, i, x, mask);
    return Values{};
  });
  const auto status = [&](std::vector<std::int32_t> data, std::int64_t n, std::int32_t expected, std::int32_t written) {
    in_all_modes<std::int32_t>(
        b.kernel, {data, std::vector<std::int32_t>(8, -1)}, {}, 0, n, [&](const auto& buffers, std::int32_t actual) {
          CHECK(actual == expected);
          CHECK(std::ranges::count_if(buffers[1], [](std::int32_t v) { return v != -1; }) == written);
        });
  };
  status({1, 2, 3, 4, 6, 7, 8, 9}, 8, 0, 8);
  status({1, 2, 3, 4, 6, 7, 0, 9}, 8, 2, 4);
  status({1, 2, 3, 5, 0, 7, 8, 9}, 8, 1, 0);
  status({1, 2, 3, 4, 6, 7, 0, 0}, 6, 0, 6);  // the lanes from 6 on would fail, but are masked off
}

TEST_CASE("any lane, also of one") {
  for (const int lanes : {1, 16}) {
    LoopBuilder b;
    const loop::BufferId in = b.buffer(DType::b1), out = b.buffer(DType::b1, true);
    b.store(out, b.begin, b.any_lane(b.load(in, b.begin, lanes)));
    std::vector<std::uint8_t> none(lanes), last(lanes);
    last.back() = 1;
    in_all_modes<std::uint8_t>(b.kernel, {none, {7}}, {}, 0, 1,
                               [](const auto& d, std::int32_t) { CHECK(d[1][0] == 0); });
    in_all_modes<std::uint8_t>(b.kernel, {last, {7}}, {}, 0, 1,
                               [](const auto& d, std::int32_t) { CHECK(d[1][0] == 1); });
  }
}

TEST_CASE("the last of a scatter's duplicates stays") {
  for (const bool masked : {false, true}) {
    LoopBuilder b;
    const loop::BufferId where = b.buffer(DType::i32), out = b.buffer(DType::i32, true);
    const Value offsets = b.load(where, b.begin, 8), values = b.iota(DType::i32, 8);
    b.scatter(out, b.constant(std::int64_t{1}), offsets, values,
              masked ? b.lane_mask(b.constant(std::int64_t{6}), 8) : loop::none);
    const std::vector<std::int32_t> expected =
        masked ? std::vector<std::int32_t>{3, 5, -1, 4, -1} : std::vector<std::int32_t>{3, 6, -1, 7, -1};
    in_all_modes<std::int32_t>(b.kernel, {{0, 0, -1, -1, 2, 0, 0, 2}, std::vector<std::int32_t>(5, -1)}, {}, 0, 1,
                               [&](const auto& data, std::int32_t) { CHECK(data[1] == expected); });
  }
}

TEST_CASE("a combining scatter accumulates every duplicate") {
  for (const bool masked : {false, true})
    for (const Op combine : {Op::add, Op::maximum, Op::multiply}) {
      LoopBuilder b;
      const loop::BufferId where = b.buffer(DType::i64), what = b.buffer(DType::i64), out = b.buffer(DType::i64, true);
      const Value offsets = b.load(where, b.begin, 8), values = b.load(what, b.begin, 8);
      b.scatter(out, b.begin, offsets, values, masked ? b.lane_mask(b.constant(std::int64_t{6}), 8) : loop::none,
                combine);
      const std::vector<std::int64_t> places = {3, 0, 3, 3, 1, 0, 1, 3};
      std::vector<std::int64_t> expected = {2, 2, 2, 2};
      for (int i = 0; i < (masked ? 6 : 8); ++i) {
        std::int64_t& e = expected[places[i]];
        e = combine == Op::add ? e + i : combine == Op::maximum ? std::max<std::int64_t>(e, i) : e * i;
      }
      in_all_modes<std::int64_t>(b.kernel, {places, iota<std::int64_t>(8), {2, 2, 2, 2}}, {}, 0, 1,
                                 [&](const auto& data, std::int32_t) { CHECK(data[2] == expected); });
    }
}

TEST_CASE("a combining scatter of one value for all lanes, and into booleans") {
  LoopBuilder b;
  const loop::BufferId where = b.buffer(DType::u8), counts = b.buffer(DType::u8, true),
                       seen = b.buffer(DType::b1, true);
  const Value offsets = b.compute(Op::cast, DType::i32, {b.load(where, b.begin, 16)});
  b.scatter(counts, b.begin, offsets, b.constant(std::uint8_t{1}, 16), loop::none, Op::add);
  b.scatter(seen, b.begin, offsets, b.constant(true, 16), loop::none, Op::logical_or);
  in_all_modes<std::uint8_t>(
      b.kernel, {{0, 1, 2, 2, 2, 2, 2, 2, 5, 5, 5, 5, 5, 5, 5, 1}, {0, 0, 250, 0, 0, 0}, {0, 0, 0, 0, 1, 0}}, {}, 0, 1,
      [](const auto& data, std::int32_t) {
        CHECK(data[1] == std::vector<std::uint8_t>{1, 2, 0, 0, 0, 7});
        CHECK(data[2] == std::vector<std::uint8_t>{1, 1, 1, 0, 1, 1});
      });
}

TEST_CASE("a kernel whose buffers may overlap reads what it wrote") {
  LoopBuilder b;
  const loop::BufferId in = b.buffer(DType::i32), out = b.buffer(DType::i32, true);
  b.kernel.disjoint = false;
  const Value zero = b.constant(std::int64_t{0}), one = b.constant(std::int64_t{1});
  const Value before = b.load(in, zero);
  b.store(out, zero, b.compute(Op::add, DType::i32, {before, before}));
  b.store(out, one, b.load(in, zero));
  for (const CodegenOptions& options : all_codegen_options()) {
    std::int32_t data[] = {21, 0};
    void* const buffers[] = {data, data};
    call(generate_code(b.kernel, options).code.phase(0), buffers, {}, 0, 1);
    CHECK(data[1] == 42);
  }
}
