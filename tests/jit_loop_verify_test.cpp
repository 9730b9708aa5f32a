// Every rule of the loop IR, broken once.
#include <catch2/catch.hpp>

#include <string>

#include "ricci/loop.hpp"

using namespace ricci;
using namespace ricci::loop;

namespace {

const std::string header = R"(kernel disjoint
symbol s0 = extent 0
symbol s1 = param 0
buffer x: f32
buffer out: f32 writable
buffer flags: b1 writable
buffer places: i64 writable
buffer tile: f32 writable scratch 64
buffer bytes: u8 writable scratch 64
check 0 "i"
proved 0
loops 0
)";

/// A value of each useful type.
const std::string prelude = R"(phase p [%0, %1) {
  %2: i64 = 0
  %3: i32 = 0
  %4: f32 = 0
  %5: b1 = true
  %6: f32x8 = 0
  %7: i32x8 = iota
  %8: b1x8 = lanes < %2
  %9: b1x4 = lanes < %2
  %10: u64x8 = iota
)";

std::string fault(const std::string& statements) {
  return verify(parse(header + prelude + statements + "\n}\n"));
}

struct IllFormed {
  const char* statements;
  const char* fault;
};

// The fault follows "phase 0 (p), ".
const IllFormed ill_formed[] = {
    // definitions and uses
    {"%2: i64 = 1", "'%2: i64 = 1': %2 is defined twice"},
    {"%0: i64 = 1", "'%0: i64 = 1': %0 is defined twice"},
    {"store out[%2], %20\n%20: f32 = 1", "'store out[%2], %20': the value %20 is not defined before this use"},
    {"%20: i64 = %20 + %2", "'%20: i64 = %20 + %2': the argument %20 is not defined before this use"},
    {"store out[%99], %4", "'store out[%99], %4': the offset %99 is not defined before this use"},
    {"if %5 {\n%20: i64 = 1\n}\nstore out[%20], %4",
     "'store out[%20], %4': the offset %20 is used outside the block that defines it"},
    {"for %20 in [%0, %1) step 1 {\n}\nstore out[%20], %4",
     "'store out[%20], %4': the offset %20 is used outside the block that defines it"},
    {"if %5 {\n%20: i64 = 1\n}\nif %5 {\n%20: i64 = 1\n}", "'%20: i64 = 1': %20 is defined twice"},
    {"%20: f32x3 = 0", "'%20: f32x3 = 0': %20 has 3 lanes; expected a power of two up to 128"},
    {"%20: f32x0 = 0", "'%20: f32x0 = 0': %20 has 0 lanes; expected a power of two up to 128"},
    {"%20: i8x256 = iota", "'%20: i8x256 = iota': %20 has 256 lanes; expected a power of two up to 128"},
    // constants and arguments
    {"%20: f32 = i64 5", "'%20: f32 = i64 5': the constant is i64 and its result f32"},
    {"%20: b1 = bits(0x2)", "'%20: b1 = bits(0x2)': the constant has bits that b1 lacks"},
    {"%20: i8 = bits(0x100)", "'%20: i8 = bits(0x100)': the constant has bits that i8 lacks"},
    {"%20: i64 = s2", "'%20: i64 = s2': symbol s2 does not exist; the kernel has 2"},
    {"%20: f32 = s0", "'%20: f32 = s0': the result %20 is f32; expected i64"},
    {"%20: f32x4 = s1", "'%20: f32x4 = s1': the result %20 is f32x4; expected f32"},
    // computation
    {"%20: f32 = add(%4)", "'%20: f32 = add(%4)': add takes 2 arguments, not 1"},
    {"%20: f32 = cast()", "'%20: f32 = cast()': cast takes 1 arguments, not 0"},
    {"%20: i32 = exp(%3)", "'%20: i32 = exp(%3)': exp does not exist for i32"},
    {"%20: b1 = %5 + %5", "'%20: b1 = %5 + %5': add does not exist for b1"},
    {"%20: f32 = %4 & %4", "'%20: f32 = %4 & %4': logical_and does not exist for f32"},
    {"%20: f32 = %3 + %4", "'%20: f32 = %3 + %4': the argument %3 is i32; expected f32"},
    {"%20: f32x8 = %4 + %6", "'%20: f32x8 = %4 + %6': the argument %4 is f32; expected f32x8"},
    {"%20: f32x4 = %6 + %6", "'%20: f32x4 = %6 + %6': the result %20 is f32x4; expected f32x8"},
    {"%20: f32x8 = %6 < %6", "'%20: f32x8 = %6 < %6': the result %20 is f32x8; expected b1x8"},
    {"%20: f32x8 = select(%5, %6, %6)",
     "'%20: f32x8 = select(%5, %6, %6)': the condition %5 is b1; expected b1x8"},
    {"%20: f64x4 = cast(%6)", "'%20: f64x4 = cast(%6)': the result %20 is f64x4; expected f64x8"},
    // lanes
    {"%20: f32x8 = splat %6", "'%20: f32x8 = splat %6': the scalar %6 is f32x8; expected f32"},
    {"%20: i32x8 = splat %4", "'%20: i32x8 = splat %4': the result %20 is i32x8; expected f32x8"},
    {"%20: f32x8 = iota", "'%20: f32x8 = iota': the result %20 is f32x8; expected integers"},
    {"%20: b1x8 = lanes < %3", "'%20: b1x8 = lanes < %3': the count %3 is i32; expected i64"},
    {"%20: i8x8 = lanes < %2", "'%20: i8x8 = lanes < %2': the result %20 is i8x8; expected b1x8"},
    {"%20: f32 = lower %4", "'%20: f32 = lower %4': the vector %4 has one lane and no halves"},
    {"%20: f32x8 = upper %6", "'%20: f32x8 = upper %6': the result %20 is f32x8; expected f32x4"},
    {"%20: f32x8 = slide %6, %7 from 1",
     "'%20: f32x8 = slide %6, %7 from 1': the vector %7 is i32x8; expected f32x8"},
    {"%20: f32x8 = slide %6, %6 from 9",
     "'%20: f32x8 = slide %6, %6 from 9': there is no lane 9 to begin with"},
    {"%20: f32x4 = slide %6, %6 from 1", "'%20: f32x4 = slide %6, %6 from 1': the result %20 is f32x4; expected f32x8"},
    {"%20: f32x2 = pick %6 at 0, 8", "'%20: f32x2 = pick %6 at 0, 8': there is no lane 8 to pick"},
    {"%20: f32x4 = pick %6 at 0, 1", "'%20: f32x4 = pick %6 at 0, 1': the result %20 is f32x4; expected f32x2"},
    {"%20: b1 = any %7", "'%20: b1 = any %7': the mask %7 is i32x8; expected b1x8"},
    {"%20: b1x8 = any %8", "'%20: b1x8 = any %8': the result %20 is b1x8; expected b1"},
    // memory
    {"%20: f32 = load b9[%2]", "'%20: f32 = load b9[%2]': buffer 9 does not exist; the kernel has 6"},
    {"%20: f32 = load x[%3]", "'%20: f32 = load x[%3]': the offset %3 is i32; expected i64"},
    {"%20: f64x8 = load x[%2]", "'%20: f64x8 = load x[%2]': the result %20 is f64x8; expected f32x8"},
    {"%20: f32x8 = load x[%2] mask %9",
     "'%20: f32x8 = load x[%2] mask %9': the mask %9 is b1x4; expected b1x8"},
    {"%20: f32x8 = gather x[%3 + %7]", "'%20: f32x8 = gather x[%3 + %7]': the base %3 is i32; expected i64"},
    {"%20: f32x8 = gather x[%2 + %10]",
     "'%20: f32x8 = gather x[%2 + %10]': the offsets %10 are u64x8; expected i32 or i64 lanes"},
    {"%20: f32x4 = gather x[%2 + %7]",
     "'%20: f32x4 = gather x[%2 + %7]': the result %20 is f32x4; expected f32x8"},
    {"%20: f32x8 = gather x[%2 + %7] mask %5",
     "'%20: f32x8 = gather x[%2 + %7] mask %5': the mask %5 is b1; expected b1x8"},
    {"store x[%2], %4", "'store x[%2], %4': buffer 0 is not writable"},
    {"store out[%2], %7", "'store out[%2], %7': the value %7 is i32x8; expected f32x8"},
    {"store out[%2], %4 mask %8", "'store out[%2], %4 mask %8': the mask %8 is b1x8; expected b1"},
    {"store out[%2], %6 streaming %8", "'store out[%2], %6 streaming %8': the condition %8 is b1x8; expected b1"},
    {"store out[%2], %6 mask %8 streaming %5",
     "'store out[%2], %6 mask %8 streaming %5': what is masked does not go past the caches"},
    {"%20: i64 = to_line out[%3]", "'%20: i64 = to_line out[%3]': the offset %3 is i32; expected i64"},
    {"%20: b1 = to_line out[%2]", "'%20: b1 = to_line out[%2]': the result %20 is b1; expected i64"},
    {"%20: i64 = to_line b9[%2]", "'%20: i64 = to_line b9[%2]': buffer 9 does not exist; the kernel has 6"},
    {"prefetch x[%3]", "'prefetch x[%3]': the offset %3 is i32; expected i64"},
    {"prefetch b9[%2]", "'prefetch b9[%2]': buffer 9 does not exist; the kernel has 6"},
    {"scatter x[%2 + %7], %6", "'scatter x[%2 + %7], %6': buffer 0 is not writable"},
    {"scatter out[%2 + %7], %4", "'scatter out[%2 + %7], %4': the value %4 is f32; expected f32x8"},
    {"scatter out[%2 + %6], %6",
     "'scatter out[%2 + %6], %6': the offsets %6 are f32x8; expected i32 or i64 lanes"},
    {"scatter select out[%2 + %7], %6",
     "'scatter select out[%2 + %7], %6': select does not combine two f32 into one"},
    {"scatter less out[%2 + %7], %6", "'scatter less out[%2 + %7], %6': less does not combine two f32 into one"},
    {"scatter add flags[%2 + %7], %8", "'scatter add flags[%2 + %7], %8': add does not combine two b1 into one"},
    {"append x[%2 by %2] before %2, %6 mask %8",
     "'append x[%2 by %2] before %2, %6 mask %8': buffer 0 is not writable"},
    {"append out[%2 by %3] before %2, %6 mask %8",
     "'append out[%2 by %3] before %2, %6 mask %8': the stride %3 is i32; expected i64"},
    {"append out[%2 by %2] before %2, %7 mask %8",
     "'append out[%2 by %2] before %2, %7 mask %8': the value %7 is i32x8; expected f32x8"},
    {"append out[%2 by %2] before %2, %6 mask %9",
     "'append out[%2 by %2] before %2, %6 mask %9': the mask %9 is b1x4; expected b1x8"},
    {"argsort x[%2 by %2 by %2] limit %2, x[%2 by %2 by %2] count %2 rows %2",
     "'argsort x[%2 by %2 by %2] limit %2, x[%2 by %2 by %2] count %2 rows %2': buffer 0 is not writable"},
    {"argsort out[%2 by %2 by %2] limit %2, x[%2 by %2 by %2] count %2 rows %2",
     "'argsort out[%2 by %2 by %2] limit %2, x[%2 by %2 by %2] count %2 rows %2': buffer 1 has f32 elements; expected "
     "i64 for indices"},
    {"sort places[%2 by %2 by %2], x[%2 by %2 by %2] count %2 rows %2",
     "'sort places[%2 by %2 by %2], x[%2 by %2 by %2] count %2 rows %2': buffer 3 has i64 elements; expected f32 for "
     "keys"},
    {"argsort places[%2 by %2 by %2] limit %2, b9[%2 by %2 by %2] count %2 rows %2",
     "'argsort places[%2 by %2 by %2] limit %2, b9[%2 by %2 by %2] count %2 rows %2': buffer 9 does not exist; the "
     "kernel has 6"},
    {"argsort places[%2 by %2 by %2] limit %3, x[%2 by %2 by %2] count %2 rows %2",
     "'argsort places[%2 by %2 by %2] limit %3, x[%2 by %2 by %2] count %2 rows %2': the limit %3 is i32; expected "
     "i64"},
    {"sort out[%2 by %3 by %2], x[%2 by %2 by %2] count %2 rows %2",
     "'sort out[%2 by %3 by %2], x[%2 by %2 by %2] count %2 rows %2': the pitch %3 is i32; expected i64"},
    {"argsort places[%2 by %2 by %2] limit %2, x[%2 by %2 by %2] count %4 rows %2 descending",
     "'argsort places[%2 by %2 by %2] limit %2, x[%2 by %2 by %2] count %4 rows %2 descending': the count %4 is f32; "
     "expected i64"},
    {"sort out[%2 by %2 by %3], x[%2 by %2 by %2] count %2 rows %2",
     "'sort out[%2 by %2 by %3], x[%2 by %2 by %2] count %2 rows %2': the pitch of rows %3 is i32; expected i64"},
    {"sort out[%2 by %2 by %2], x[%2 by %2 by %4] count %2 rows %2",
     "'sort out[%2 by %2 by %2], x[%2 by %2 by %4] count %2 rows %2': the step of rows %4 is f32; expected i64"},
    {"sort out[%2 by %2 by %2], x[%2 by %2 by %2] count %2 rows %3",
     "'sort out[%2 by %2 by %2], x[%2 by %2 by %2] count %2 rows %3': the number of rows %3 is i32; expected i64"},
    {"transpose x[%2 by %2], x[%2 by %2] rows %2 columns %2",
     "'transpose x[%2 by %2], x[%2 by %2] rows %2 columns %2': buffer 0 is not writable"},
    {"transpose bytes[%2 by %2], x[%2 by %2] rows %2 columns %2",
     "'transpose bytes[%2 by %2], x[%2 by %2] rows %2 columns %2': it moves f32 elements to a buffer of u8"},
    {"transpose tile[%2 by %3], x[%2 by %2] rows %2 columns %2",
     "'transpose tile[%2 by %3], x[%2 by %2] rows %2 columns %2': the pitch %3 is i32; expected i64"},
    {"transpose tile[%2 by %2], x[%2 by %4] rows %2 columns %2",
     "'transpose tile[%2 by %2], x[%2 by %4] rows %2 columns %2': the stride %4 is f32; expected i64"},
    {"transpose tile[%2 by %2], x[%2 by %2] rows %3 columns %2",
     "'transpose tile[%2 by %2], x[%2 by %2] rows %3 columns %2': the number of rows %3 is i32; expected i64"},
    {"transpose tile[%2 by %2], x[%2 by %2] rows %2 columns %2 ahead [%3 by %2 by %2]",
     "'transpose tile[%2 by %2], x[%2 by %2] rows %2 columns %2 ahead [%3 by %2 by %2]': "
     "the distance ahead %3 is i32; expected i64"},
    {"transpose tile[%2 by %2], x[%2 by %2] rows %2 columns %2 ahead [%2 by %2 by %4]",
     "'transpose tile[%2 by %2], x[%2 by %2] rows %2 columns %2 ahead [%2 by %2 by %4]': "
     "the step ahead %4 is f32; expected i64"},
    {"transpose tile[%2 by %2], x[%2 by %2] rows %2 columns %2 ahead [%2 by %3 by %2]",
     "'transpose tile[%2 by %2], x[%2 by %2] rows %2 columns %2 ahead [%2 by %3 by %2]': "
     "the places ahead %3 is i32; expected i64"},
    // control
    {"check 1: %5", "'check 1: %5': check 1 does not exist; the kernel has 1"},
    {"check 0: %7", "'check 0: %7': the condition %7 is i32x8; expected b1x8"},
    {"check 0: %8 mask %9", "'check 0: %8 mask %9': the mask %9 is b1x4; expected b1x8"},
    {"if %8 {\n}", "'if %8': the condition %8 is b1x8; expected b1"},
    {"for %20 in [%3, %1) step 1 {\n}", "'for %20 in [%3, %1) step 1': the first value %3 is i32; expected i64"},
    {"for %20 in [%0, %4) step 1 {\n}", "'for %20 in [%0, %4) step 1': the end %4 is f32; expected i64"},
    {"for %20 in [%0, %1) step 0 {\n}",
     "'for %20 in [%0, %1) step 0': the step is 0; expected a positive one"},
    {"for %20: i32 in [%0, %1) step 1 {\n}",
     "'for %20: i32 in [%0, %1) step 1': the loop variable %20 is i32; expected i64"},
    {"(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %3) {\nnext %22\n}",
     "'(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %3)': the carried value %22 is f32; expected i32"},
    {"(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %4) {\n%23: i64 = 1\nnext %23\n}",
     "'(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %4)': the next value %23 is i64; expected f32"},
    {"(%21: f64) = for %20 in [%0, %1) step 1 carry (%22: f32 = %4) {\nnext %22\n}",
     "'(%21: f64) = for %20 in [%0, %1) step 1 carry (%22: f32 = %4)': the result %21 is f64; expected f32"},
    {"(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %4) {\nnext %21\n}",
     "'(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %4)': the next value %21 is not defined before this use"},
    {"(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %4) {\nif %5 {\n%23: f32 = 1\n}\nnext %23\n}",
     "'(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %4)': the next value %23 is used outside the block that "
     "defines it"},
    {"(%21: f32) = for %20 in [%0, %1) step 1 carry (%22 = %4) {\nnext %22\n}\nstore out[%2], %22",
     "'store out[%2], %22': the value %22 is used outside the block that defines it"},
    {"for %20 in [%0, %1) step 1 {\nuntil %3\n}",
     "'for %20 in [%0, %1) step 1': the condition %3 is i32; expected b1"},
    {"for %20 in [%0, %1) step 1 {\nuntil %8\n}",
     "'for %20 in [%0, %1) step 1': the condition %8 is b1x8; expected b1"},
    {"for %20 in [%0, %1) step 1 {\nuntil %21\n}\n%21: b1 = true",
     "'for %20 in [%0, %1) step 1': the condition %21 is not defined before this use"},
    {"for %20 in [%0, %1) step 1 {\nif %5 {\n%21: b1 = true\n}\nuntil %21\n}",
     "'for %20 in [%0, %1) step 1': the condition %21 is used outside the block that defines it"},
};

}  // namespace

TEST_CASE("each breach of a rule is reported with its phase and its statement") {
  CHECK(fault("") == "");
  for (const IllFormed& c : ill_formed) CHECK(fault(c.statements) == std::string("phase 0 (p), ") + c.fault);
}

TEST_CASE("the items of a phase are i64") {
  CHECK(verify(parse(header + "phase p [%0: i32, %1) {\n}\n")) ==
        "phase 0 (p): the first item %0 is i32; expected i64");
  CHECK(verify(parse(header + "phase p [%0, %0) {\n}\n")) == "phase 0 (p): %0 is defined twice");
}

TEST_CASE("the second phase sees no value of the first") {
  CHECK(verify(parse(header + "phase a [%0, %1) {\n  %2: i64 = 0\n}\nphase b [%0, %1) {\n  %3: i64 = %0 + %2\n}\n")) ==
        "phase 1 (b), '%3: i64 = %0 + %2': the argument %2 is not defined before this use");
}

TEST_CASE("a value without a type in the phase's table is a breach") {
  Kernel k = parse(header + "phase p [%0, %1) {\n}\n");
  k.phases[0].body.push_back(Constant{7, Scalar::of(1.0f)});
  CHECK(verify(k) == "phase 0 (p), '%7: ? = f32 1': %7 has no type in the phase's table");
}

TEST_CASE("what describes a kernel must fit it") {
  const auto info_fault = [](auto change) {
    Kernel k = parse(header + "phase p [%0, %1) trip s0 work s0 {\n}\n");
    REQUIRE(verify(k) == "");
    change(k);
    return verify(k);
  };
  CHECK(info_fault([](Kernel& k) { k.info.phases.clear(); }) == "the kernel describes 0 phases and has 1");
  CHECK(info_fault([](Kernel& k) { k.info.phases[0].trip[0].symbol = 5; }) ==
        "phase 0 (p) uses symbol s5, which does not exist; the kernel has 2");
  CHECK(info_fault([](Kernel& k) { k.info.phases[0].work.push_back(2); }) ==
        "phase 0 (p) uses symbol s2, which does not exist; the kernel has 2");
  CHECK(info_fault([](Kernel& k) { k.info.phases[0].items.push_back({0, 0}); }) ==
        "phase 0 (p) divides s0 by 0; expected a positive divisor");
  CHECK(info_fault([](Kernel& k) { k.info.buffers[1].extents = {3}; }) ==
        "buffer 'out' uses symbol s3, which does not exist; the kernel has 2");
  CHECK(info_fault([](Kernel& k) { k.info.symbols.push_back({Symbol::Kind::stride, {1}}); }) ==
        "symbol s2: stride takes 2 numbers, not 1");
}
