// Statements of the loop IR for whole pieces of memory: transposition, lines, and stores past the caches.
#include <catch2/catch.hpp>
#include <cstring>

#include "support/guarded.hpp"
#include "support/loop_builder.hpp"

using namespace ricci;
using namespace ricci::test;
using loop::Value;
using Values = std::vector<Value>;

namespace {

constexpr DType memory_dtypes[] = {DType::b1, DType::i8, DType::u16, DType::i32, DType::f32, DType::i64, DType::f64};

struct WayOfRows {
  DType dtype;
  bool streaming;
  Flush flush;
};

std::vector<WayOfRows> ways_of_rows() {
  std::vector<WayOfRows> ways;
  for (const DType dtype : memory_dtypes)
    for (const bool streaming : {false, true})
      for (const Flush flush : {Flush::end, Flush::start})  // lines begin where pages do
        ways.push_back({dtype, streaming, flush});
  return ways;
}

}  // namespace

TEST_CASE("a matrix of any size and stride is transposed, and no byte beside it is touched") {
  constexpr std::int64_t most = 40;  // rows, and columns
  for (const DType dtype : memory_dtypes) {
    const std::int64_t bytes = static_cast<std::int64_t>(size_of(dtype));
    LoopBuilder b;
    const loop::BufferId in = b.buffer(dtype), out = b.buffer(dtype, true), tile = b.scratch(dtype, most * most);
    const Value offset = b.argument(0), stride = b.argument(1), rows = b.argument(2), columns = b.argument(3);
    const Value zero = b.constant(std::int64_t{0}), pitch = b.constant(most);
    loop::Transpose matrix{tile, zero, pitch, in, offset, stride, rows, columns};
    if (dtype == DType::f32) {
      matrix.ahead = columns;
      matrix.ahead_apart = stride;
      matrix.ahead_step = b.compute(Op::multiply, DType::i64, {stride, b.constant(std::int64_t{4})});
    }
    b.transpose(matrix);
    b.loop(zero, columns, 1, {}, [&](Value column, Values) {
      b.loop(zero, rows, 1, {}, [&](Value row, Values) {
        const Value start = b.compute(Op::multiply, DType::i64, {column, pitch});
        const Value from = b.compute(Op::add, DType::i64, {start, row});
        const Value width = b.compute(Op::multiply, DType::i64, {column, rows});
        b.store(out, b.compute(Op::add, DType::i64, {width, row}), b.load(tile, from));
        return Values{};
      });
      return Values{};
    });
    for (Symbol& symbol : b.kernel.info.symbols) symbol = {Symbol::Kind::size, {0, 0}};
    REQUIRE(loop::verify(b.kernel) == "");
    bool interpret = true;
    for (const CodegenOptions& options : all_codegen_options()) {
      const Compiled compiled = generate_code(b.kernel, options);
      for (const std::int64_t r : {0, 1, 3, 7, 8, 15, 16, 17, 33, 40})
        for (const std::int64_t c : {0, 1, 2, 4, 8, 9, 16, 31, 40})
          for (const Flush flush : {Flush::end, Flush::start})
            for (const std::int64_t gap : {std::int64_t{0}, std::int64_t{3}, -2 * c}) {  // the last: rows upwards
              const std::int64_t step = c + gap, used = r > 0 && c > 0 ? (r - 1) * std::abs(step) + c : 0;
              const std::int64_t first = step < 0 && used > 0 ? (r - 1) * -step : 0;
              GuardedBuffer from(static_cast<std::size_t>(used * bytes), flush);
              GuardedBuffer to(static_cast<std::size_t>(r * c * bytes), flush);
              for (std::size_t i = 0; i < from.bytes().size(); ++i)
                from.bytes()[i] = static_cast<std::byte>(dtype == DType::b1 ? i * 7 % 3 == 0 : i * 37 % 251);
              std::vector<void*> buffers{from.bytes().data(), to.bytes().data(), nullptr};
              REQUIRE(call(compiled.code.phase(0), buffers, std::vector{first, step, r, c}, 0, 1) == 0);
              std::vector<std::byte> expected(to.bytes().size());
              for (std::int64_t row = 0; row < r; ++row)
                for (std::int64_t column = 0; column < c; ++column)
                  std::memcpy(&expected[static_cast<std::size_t>((column * r + row) * bytes)],
                              &from.bytes()[static_cast<std::size_t>((first + row * step + column) * bytes)],
                              static_cast<std::size_t>(bytes));
              INFO(to_string(dtype) << ' ' << r << " x " << c << " by " << step << ", vectors of "
                                    << options.target.vector_bytes);
              REQUIRE(std::equal(expected.begin(), expected.end(), to.bytes().begin()));
              if (!interpret) continue;
              std::vector<std::byte> interpreted(expected.size());
              const std::vector<loop::Memory> memory{{from.bytes().data(), 0, used}, {interpreted.data(), 0, r * c}};
              REQUIRE(loop::interpret(b.kernel, 0, memory, {first, step, r, c}, 0, 1) == 0);
              REQUIRE(interpreted == expected);
            }
      interpret = false;
    }
  }
}

TEST_CASE("a matrix is transposed into rows that are apart, past the caches too, and no byte between is touched") {
  for (const auto& [dtype, streaming, flush] : ways_of_rows()) {
    const std::int64_t bytes = static_cast<std::int64_t>(size_of(dtype));
    LoopBuilder b;
    const loop::BufferId in = b.buffer(dtype), out = b.buffer(dtype, true);
    const Value first = b.argument(0), pitch = b.argument(1), rows = b.argument(2), columns = b.argument(3);
    loop::Transpose matrix{out, first, pitch, in, b.constant(std::int64_t{0}), columns, rows, columns};
    matrix.ahead = rows;
    matrix.ahead_apart = columns;
    matrix.ahead_step = rows;
    matrix.alternate = true;
    matrix.streaming = streaming;
    b.transpose(matrix);
    for (Symbol& symbol : b.kernel.info.symbols) symbol = {Symbol::Kind::size, {0, 0}};
    REQUIRE(loop::verify(b.kernel) == "");
    for (const CodegenOptions& options : all_codegen_options()) {
      const Compiled compiled = generate_code(b.kernel, options);
      for (const std::int64_t r : {0, 1, 4, 15, 16, 64, 70, 272})
        for (const std::int64_t c : {1, 2, 3, 4, 5, 16, 33})
          for (const std::int64_t gap : {0, 1, 64})
            for (const std::int64_t begin : {0, 1, 64}) {
              const std::int64_t step = r + gap, used = begin + (c - 1) * step + r;
              std::vector<std::byte> from(static_cast<std::size_t>(r * c * bytes));
              for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i * 37 % 251);
              GuardedBuffer to(static_cast<std::size_t>(used * bytes), flush);
              std::ranges::fill(to.bytes(), std::byte{255});
              std::vector<std::byte> expected(to.bytes().begin(), to.bytes().end());
              for (std::int64_t row = 0; row < r; ++row)
                for (std::int64_t column = 0; column < c; ++column)
                  std::memcpy(&expected[static_cast<std::size_t>((begin + column * step + row) * bytes)],
                              &from[static_cast<std::size_t>((row * c + column) * bytes)],
                              static_cast<std::size_t>(bytes));
              std::vector<void*> buffers{from.data(), to.bytes().data()};
              REQUIRE(call(compiled.code.phase(0), buffers, std::vector{begin, step, r, c}, 0, 1) == 0);
              INFO(to_string(dtype) << ' ' << r << " x " << c << " by " << step << " from " << begin << ", vectors of "
                                    << options.target.vector_bytes << (streaming ? ", streaming" : ""));
              REQUIRE(std::ranges::equal(expected, to.bytes()));
            }
    }
  }
}

TEST_CASE("the elements to the next line are counted from any element") {
  for (const DType dtype : memory_dtypes) {
    LoopBuilder b;
    const loop::BufferId out = b.buffer(DType::i64, true), at = b.buffer(dtype);
    b.store(out, b.constant(std::int64_t{0}), b.to_line(at, b.begin));
    GuardedBuffer memory(256, Flush::start);
    const auto elements = static_cast<std::int64_t>(64 / size_of(dtype));
    for (std::int64_t first = 0; first < 2 * elements; ++first) {
      const std::int64_t expected = (elements - first % elements) % elements;
      for (const CodegenOptions& options : all_codegen_options()) {
        std::int64_t found = -1;
        std::vector<void*> buffers{&found, memory.bytes().data()};
        REQUIRE(call(generate_code(b.kernel, options).code.phase(0), buffers, {}, first, first + 1) == 0);
        CHECK(found == expected);
      }
      std::int64_t found = -1;
      const std::vector<loop::Memory> all{{&found, 0, 1}, {memory.bytes().data(), 0, 2 * elements}};
      REQUIRE(loop::interpret(b.kernel, 0, all, {}, first, first + 1) == 0);
      CHECK(found == expected);
    }
  }
}

TEST_CASE("stores past the caches store the same, where the address is aligned and where it is not") {
  for (const DType dtype : memory_dtypes)
    for (const int lanes : {2, 8, 16}) {
      const std::int64_t bytes = static_cast<std::int64_t>(size_of(dtype));
      LoopBuilder b;
      const loop::BufferId in = b.buffer(dtype), out = b.buffer(dtype, true);
      const Value zero = b.constant(std::int64_t{0});
      const Value aligned = b.compute(Op::equal, DType::b1, {b.to_line(out, b.begin), zero});
      b.loop(b.begin, b.end, 2 * lanes, {}, [&](Value i, Values) {
        const Value second = b.compute(Op::add, DType::i64, {i, b.constant(std::int64_t{lanes})});
        const Value first_part = b.load(in, i, lanes), second_part = b.load(in, second, lanes);
        b.store(out, i, first_part, loop::none, aligned);
        b.store(out, second, second_part, loop::none, aligned);
        return Values{};
      });
      REQUIRE(loop::verify(b.kernel) == "");
      for (const std::int64_t gap : {0, 1, 4}) {  // elements before the first one
        const std::int64_t count = 8 * lanes;
        GuardedBuffer from(static_cast<std::size_t>((gap + count) * bytes));
        for (std::size_t i = 0; i < from.bytes().size(); ++i)
          from.bytes()[i] = static_cast<std::byte>(dtype == DType::b1 ? i % 3 == 0 : i * 37 % 251);
        const auto check = [&](auto run) {
          GuardedBuffer to(static_cast<std::size_t>((gap + count) * bytes), Flush::start);
          const std::vector<std::byte> before(to.bytes().begin(), to.bytes().end());
          REQUIRE(reinterpret_cast<std::uintptr_t>(to.bytes().data()) % 64 == 0);
          REQUIRE(run(to.bytes().data()) == 0);
          const auto moved = [&](const auto& buffer) { return buffer.begin() + gap * bytes; };
          CHECK(std::equal(moved(to.bytes()), to.bytes().end(), moved(from.bytes())));
          CHECK(std::equal(before.begin(), moved(before), to.bytes().begin()));
        };
        for (const CodegenOptions& options : all_codegen_options()) {
          const Compiled compiled = generate_code(b.kernel, options);
          check([&](void* to) {
            std::vector<void*> buffers{from.bytes().data(), to};
            return call(compiled.code.phase(0), buffers, {}, gap, gap + count);
          });
        }
        check([&](void* to) {
          const std::vector<loop::Memory> memory{{from.bytes().data(), 0, gap + count}, {to, 0, gap + count}};
          return loop::interpret(b.kernel, 0, memory, {}, gap, gap + count);
        });
      }
    }
}

TEST_CASE("lanes that go back by one element are loaded and stored as a whole, and nothing beside them is touched") {
  for (const DType dtype : memory_dtypes)
    for (const int lanes : {2, 4, 16, 32}) {
      const std::int64_t bytes = static_cast<std::int64_t>(size_of(dtype));
      LoopBuilder b;
      const loop::BufferId in = b.buffer(dtype), back = b.buffer(dtype, true), forth = b.buffer(dtype, true);
      const Value count = b.argument(0), last = b.argument(1), zero = b.constant(std::int64_t{0});
      b.kernel.info.symbols.assign(2, {Symbol::Kind::size, {0, 0}});
      const Value minus_one = b.splat(b.constant(std::int32_t{-1}), lanes);
      const Value offsets = b.compute(Op::multiply, DType::i32, {b.iota(DType::i32, lanes), minus_one});
      b.loop(zero, count, lanes, {}, [&](Value i, Values) {
        const Value mask = b.lane_mask(b.compute(Op::subtract, DType::i64, {count, i}), lanes);
        const Value from = b.compute(Op::subtract, DType::i64, {last, i});
        const Value loaded = b.gather(in, from, offsets, mask);
        b.store(back, i, loaded, mask);
        b.scatter(forth, from, offsets, loaded, mask);
        return Values{};
      });
      REQUIRE(loop::verify(b.kernel) == "");
      for (const std::int64_t n : {1, 5, 16, 39}) {
        GuardedBuffer from(static_cast<std::size_t>(n * bytes), Flush::start);
        for (std::size_t i = 0; i < from.bytes().size(); ++i)
          from.bytes()[i] = static_cast<std::byte>(dtype == DType::b1 ? i % 3 == 0 : i * 37 % 251);
        std::vector<std::byte> expected(from.bytes().size());
        for (std::int64_t i = 0; i < n; ++i)
          std::memcpy(&expected[static_cast<std::size_t>(i * bytes)],
                      &from.bytes()[static_cast<std::size_t>((n - 1 - i) * bytes)], static_cast<std::size_t>(bytes));
        const auto check = [&](auto run) {
          GuardedBuffer to(expected.size(), Flush::end), again(expected.size(), Flush::start);
          REQUIRE(run(to.bytes().data(), again.bytes().data()) == 0);
          CHECK(std::equal(expected.begin(), expected.end(), to.bytes().begin()));
          CHECK(std::ranges::equal(from.bytes(), again.bytes()));
        };
        for (const CodegenOptions& options : all_codegen_options()) {
          const Compiled compiled = generate_code(b.kernel, options);
          check([&](void* to, void* again) {
            std::vector<void*> buffers{from.bytes().data(), to, again};
            return call(compiled.code.phase(0), buffers, std::vector{n, n - 1}, 0, 1);
          });
        }
        check([&](void* to, void* again) {
          const std::vector<loop::Memory> memory{{from.bytes().data(), 0, n}, {to, 0, n}, {again, 0, n}};
          return loop::interpret(b.kernel, 0, memory, {n, n - 1}, 0, 1);
        });
      }
    }
}

namespace {

std::int32_t threads_of_sort = -1;

void note_threads(const void*, std::int64_t, std::int64_t, std::int64_t, std::int64_t, void*, std::int64_t,
                  std::int64_t, std::int32_t, std::int32_t threads) {
  threads_of_sort = threads;
}

}  // namespace

TEST_CASE("what sorts rows is told how many threads it may use") {
  for (const CodegenOptions& options : all_codegen_options()) {
    LoopBuilder b;
    const loop::BufferId keys = b.buffer(DType::f32), to = b.buffer(DType::f32, true);
    const Value zero = b.constant(std::int64_t{0}), one = b.constant(std::int64_t{1});
    b.kernel.phases[0].body.push_back(
        loop::SortRows{keys, zero, one, one, one, one, to, zero, one, one, loop::none, false});
    const Compiled compiled = generate_code(b.kernel, options);
    auto helpers = helper_table();
    helpers[sort_keys_slot(DType::f32)] = reinterpret_cast<const void*>(&note_threads);
    float key = 1, sorted = 0;
    void* const buffers[] = {&key, &sorted};
    for (const std::int32_t threads : {0, 1, 7}) {
      const KernelArgs args{buffers, nullptr, helpers.data(), threads};
      threads_of_sort = -1;
      REQUIRE(compiled.code.phase(0)(&args, 0, 1) == 0);
      CHECK(threads_of_sort == threads);
    }
  }
}
