// Small programs of the loop IR, run by the interpreter.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <limits>
#include <numeric>

#include "ricci/loop.hpp"
#include "support/subprocess.hpp"

using namespace ricci;
using namespace ricci::loop;

namespace {

Kernel kernel(std::string_view text) {
  Kernel k = parse(text);
  REQUIRE(verify(k) == "");
  return k;
}

template <class T>
Memory memory(std::vector<T>& v) {
  return {v.data(), 0, static_cast<std::int64_t>(v.size())};
}

const std::string argmax = R"(kernel disjoint
symbol s0 = extent 0
buffer x: f32
buffer where: i64 writable
proved 0
loops 1
phase argmax [%0, %1) {
  %2: i64 = 0
  %3: i64 = s0
  %4: f32 = load x[%2]
  %5: i64 = 1
  (%6: f32, %7: i64) = for %8 in [%5, %3) step 1 carry (%9 = %4, %10 = %2) {
    %11: f32 = load x[%8]
    %12: b1 = %11 > %9
    %13: b1 = %11 != %11
    %14: b1 = %9 == %9
    %15: b1 = %13 & %14
    %16: b1 = %12 | %15
    %17: f32 = select(%16, %11, %9)
    %18: i64 = select(%16, %8, %10)
    next %17, %18
  }
  store where[%2], %7
}
)";

std::int64_t run_argmax(std::vector<float> x) {
  std::vector<std::int64_t> where{-1};
  const auto size = static_cast<std::int64_t>(x.size());
  REQUIRE(interpret(kernel(argmax), 0, {memory(x), memory(where)}, {size}, 0, 1) == 0);
  return where[0];
}

}  // namespace

TEST_CASE("a loop carries its values: argmax takes the first of equals and the first NaN") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(run_argmax({3}) == 0);
  CHECK(run_argmax({1, 5, 2, 5}) == 1);
  CHECK(run_argmax({1, nan, 7, nan}) == 1);
  CHECK(run_argmax({-5, -3, -4}) == 1);
}

TEST_CASE("a loop without iterations gives its initial values") {
  CHECK(run_argmax({42}) == 0);
}

TEST_CASE("carried values step together, so two can swap") {
  const Kernel k = kernel(R"(kernel disjoint
buffer out: i64 writable
proved 0
loops 1
phase swap [%0, %1) {
  %2: i64 = 10
  %3: i64 = 20
  (%4: i64, %5: i64) = for %6 in [%0, %1) step 1 carry (%7 = %2, %8 = %3) {
    next %8, %7
  }
  %9: i64 = 0
  %10: i64 = 1
  store out[%9], %4
  store out[%10], %5
}
)");
  std::vector<std::int64_t> out(2);
  interpret(k, 0, {memory(out)}, {}, 0, 3);
  CHECK(out == std::vector<std::int64_t>{20, 10});
  interpret(k, 0, {memory(out)}, {}, 0, 4);
  CHECK(out == std::vector<std::int64_t>{10, 20});
}

TEST_CASE("a loop ends after the iteration in which its condition is true, with what that carries on") {
  const Kernel k = kernel(R"(kernel disjoint
buffer x: i64
buffer out: i64 writable
proved 0
loops 1
phase find [%0, %1) {
  %2: i64 = 0
  (%3: i64) = for %4 in [%0, %1) step 1 carry (%5 = %2) {
    %6: i64 = load x[%4]
    %7: i64 = %5 + %6
    %8: b1 = %6 < %2
    next %7
    until %8
  }
  store out[%2], %3
}
)");
  std::vector<std::int64_t> x{3, 4, -2, 8}, out(1);
  for (const auto& [begin, end, sum] : {std::tuple{0, 2, 7}, {0, 3, 5}, {0, 4, 5}, {2, 4, -2}, {3, 4, 8}, {3, 3, 0}}) {
    interpret(k, 0, {memory(x), memory(out)}, {}, begin, end);
    CHECK(out[0] == sum);
  }
  // What lies behind is not touched: it is not even there.
  CHECK(interpret(k, 0, {memory(x), memory(out)}, {}, 1, 1 << 20) == 0);
  CHECK(out[0] == 2);
}

TEST_CASE("a masked tail reads zeros and leaves memory beyond it alone") {
  const Kernel k = kernel(R"(kernel disjoint
buffer x: i32
buffer out: i32 writable
proved 0
loops 1
phase copy [%0, %1) {
  for %2 in [%0, %1) step 8 {
    %3: i64 = %1 - %2
    %4: b1x8 = lanes < %3
    %5: i32x8 = load x[%2] mask %4
    %6: i32 = 1
    %7: i32x8 = splat %6
    %8: i32x8 = %5 + %7
    store out[%2], %8 mask %4
  }
}
)");
  std::vector<std::int32_t> x(11), out(16, -1);
  std::iota(x.begin(), x.end(), 100);
  CHECK(interpret(k, 0, {memory(x), memory(out)}, {}, 0, 11) == 0);
  for (int i = 0; i < 16; ++i) CHECK(out[i] == (i < 11 ? 101 + i : -1));
}

TEST_CASE("a gather reads base + offsets, of i32 and of i64, where its mask is true") {
  const Kernel k = kernel(R"(kernel disjoint
symbol s0 = extent 0
buffer x: f64
buffer at32: i32
buffer at64: i64
buffer out: f64 writable
proved 0
loops 0
phase gather [%0, %1) {
  %2: i64 = 0
  %3: i64 = s0
  %4: i32x4 = load at32[%2]
  %5: i64x4 = load at64[%2]
  %6: i64 = 3
  %7: b1x4 = lanes < %6
  %8: f64x4 = gather x[%3 + %4] mask %7
  %9: f64x4 = gather x[%3 + %5]
  %10: i64 = 4
  store out[%2], %8
  store out[%10], %9
}
)");
  std::vector<double> x{0, 10, 20, 30, 40}, out(8);
  std::vector<std::int32_t> at32{-2, 0, 1, 99};
  std::vector<std::int64_t> at64{2, 1, 0, -1};
  CHECK(interpret(k, 0, {memory(x), memory(at32), memory(at64), memory(out)}, {2}, 0, 1) == 0);
  CHECK(out == std::vector<double>{0, 20, 30, 0, 40, 30, 20, 10});
}

TEST_CASE("a scatter writes lane after lane: the last duplicate stays, and combining takes all of them") {
  const Kernel k = kernel(R"(kernel disjoint
buffer at: i32
buffer last: i32 writable
buffer sum: i32 writable
buffer difference: f32 writable
proved 0
loops 0
phase scatter [%0, %1) {
  %2: i64 = 0
  %3: i32x8 = load at[%2]
  %4: i32x8 = iota
  %5: i64 = 7
  %6: b1x8 = lanes < %5
  scatter last[%2 + %3], %4 mask %6
  scatter add sum[%2 + %3], %4 mask %6
  %7: f32x8 = cast(%4)
  scatter subtract difference[%2 + %3], %7
}
)");
  std::vector<std::int32_t> at{0, 1, 0, 2, 1, 0, 2, 0}, last(4, -1), sum(4, 100);
  std::vector<float> difference(3, 0.5f);
  CHECK(interpret(k, 0, {memory(at), memory(last), memory(sum), memory(difference)}, {}, 0, 1) == 0);
  CHECK(last == std::vector<std::int32_t>{5, 4, 6, -1});
  CHECK(sum == std::vector<std::int32_t>{107, 105, 109, 100});
  CHECK(difference == std::vector<float>{-13.5f, -4.5f, -8.5f});
}

TEST_CASE("halves reduce a vector in tree order") {
  const Kernel k = kernel(R"(kernel disjoint
buffer x: f32
buffer out: f32 writable
proved 0
loops 0
phase total [%0, %1) {
  %2: i64 = 0
  %3: f32x4 = load x[%2]
  %4: f32x2 = lower %3
  %5: f32x2 = upper %3
  %6: f32x2 = %4 + %5
  %7: f32 = lower %6
  %8: f32 = upper %6
  %9: f32 = %7 - %8
  store out[%2], %9
}
)");
  std::vector<float> x{1, 20, 300, 4000}, out{0};
  CHECK(interpret(k, 0, {memory(x), memory(out)}, {}, 0, 1) == 0);
  CHECK(out[0] == 301 - 4020);
}

TEST_CASE("a check leaves the phase with its number + 1, unless its mask hides the failing lane") {
  const Kernel k = kernel(R"(kernel disjoint
symbol s0 = extent 0
buffer x: i32
buffer out: i32 writable
check 0 "never"
check 1 "x[i]"
proved 0
loops 0
phase check [%0, %1) {
  %2: i64 = 0
  %3: i64 = s0
  %4: b1x4 = lanes < %3
  %5: i32x4 = load x[%2]
  %6: i32 = 10
  %7: i32x4 = splat %6
  %8: b1x4 = %5 < %7
  check 1: %8 mask %4
  store out[%2], %5
}
)");
  std::vector<std::int32_t> x{1, 2, 30, 4}, out(4);
  CHECK(interpret(k, 0, {memory(x), memory(out)}, {4}, 0, 1) == 2);
  CHECK(out == std::vector<std::int32_t>(4));
  CHECK(interpret(k, 0, {memory(x), memory(out)}, {2}, 0, 1) == 0);
  CHECK(out == x);
}

TEST_CASE("a failing check leaves all loops around it") {
  const Kernel k = kernel(R"(kernel disjoint
buffer out: i64 writable
check 0 "x"
proved 0
loops 2
phase p [%0, %1) {
  for %2 in [%0, %1) step 1 {
    for %3 in [%0, %1) step 1 {
      store out[%2], %3
      %4: i64 = 2
      %5: b1 = %3 < %4
      check 0: %5
    }
  }
}
)");
  std::vector<std::int64_t> out(5, -1);
  CHECK(interpret(k, 0, {memory(out)}, {}, 0, 5) == 1);
  CHECK(out == std::vector<std::int64_t>{2, -1, -1, -1, -1});
}

TEST_CASE("if runs its body only for true, and any looks at every lane") {
  const Kernel k = kernel(R"(kernel disjoint
symbol s0 = param 0
symbol s1 = param 1
buffer out: i64 writable
proved 0
loops 0
phase p [%0, %1) {
  %2: b1 = s0
  %3: u8 = s1
  %4: u8x32 = splat %3
  %5: u8x32 = iota
  %6: b1x32 = %4 == %5
  %7: b1 = any %6
  %8: i64 = 0
  %9: i64 = 1
  if %2 {
    store out[%8], %9
  }
  if %7 {
    store out[%9], %9
  }
}
)");
  const auto run = [&](std::int64_t flag, std::int64_t lane) {
    std::vector<std::int64_t> out(2);
    CHECK(interpret(k, 0, {memory(out)}, {flag, lane}, 0, 1) == 0);
    return out;
  };
  CHECK(run(1, 31) == std::vector<std::int64_t>{1, 1});
  CHECK(run(0, 32) == std::vector<std::int64_t>{0, 0});
  CHECK(run(0, 0) == std::vector<std::int64_t>{0, 1});
}

TEST_CASE("loads and stores respect a buffer that starts below its address") {
  const Kernel k = kernel(R"(kernel disjoint
buffer x: i16 writable
proved 0
loops 1
phase p [%0, %1) {
  %2: i64 = -2
  %3: i16x2 = load x[%2]
  %4: i64 = 0
  store x[%4], %3
}
)");
  std::vector<std::int16_t> x{1, 2, 3, 4};
  CHECK(interpret(k, 0, {{x.data() + 2, -2, 2}}, {}, 0, 1) == 0);
  CHECK(x == std::vector<std::int16_t>{1, 2, 1, 2});
}

TEST_CASE("any nonzero byte of a loaded b1 is true and is stored as 1") {
  const Kernel k = kernel(R"(kernel disjoint
buffer x: b1 writable
proved 0
loops 0
phase p [%0, %1) {
  %2: i64 = 0
  %3: b1x4 = load x[%2]
  store x[%2], %3
}
)");
  std::vector<std::uint8_t> x{0, 1, 2, 255};
  interpret(k, 0, {memory(x)}, {}, 0, 1);
  CHECK(x == std::vector<std::uint8_t>{0, 1, 1, 1});
}

/// What a child process writes that interprets the kernel and ends in an internal error.
std::string words_of_fault(const std::function<std::int32_t()>& run) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = test::start_child([&] {
    dup2(ends[1], STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    return run();
  });
  close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, n);
  close(ends[0]);
  CHECK(test::end_of_child(child) != 0);
  return text;
}

TEST_CASE("an access outside its buffer is an internal error that quotes the statement") {
  const Kernel k = kernel(argmax);
  const std::string text = words_of_fault([&] {
    std::vector<float> x(3);
    std::vector<std::int64_t> where(1);
    return interpret(k, 0, {memory(x), memory(where)}, {4}, 0, 1);
  });
  CHECK(text.find("phase 0 (argmax), '%11: f32 = load x[%8]' touches element 3 outside [0, 3)") != std::string::npos);
}

TEST_CASE("more lanes than few are an internal error that quotes the statement") {
  const Kernel k = kernel(R"(kernel disjoint
symbol s0 = extent 0
buffer x: b1 writable
proved 0
loops 0

phase few [%0, %1) {
  %2: i64 = s0
  %3: b1x8 = lanes < %2 few
  store x[%0], %3
}
)");
  const auto run = [&](std::int64_t count) {
    std::vector<std::uint8_t> x(8);
    return interpret(k, 0, {memory(x)}, {count}, 0, 1);
  };
  CHECK(run(63) == 0);
  for (const std::int64_t count : {-1, 64})
    CHECK(words_of_fault([&] { return run(count); }).find("'%3: b1x8 = lanes < %2 few'") != std::string::npos);
}
