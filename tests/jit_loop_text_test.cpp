// The text of the loop IR: exact both ways, and safe against any text.
#include <catch2/catch.hpp>

#include <bit>
#include <limits>
#include <random>
#include <string>
#include <tuple>

#include "ricci/error.hpp"
#include "ricci/loop.hpp"

using namespace ricci;
using namespace ricci::loop;

namespace {

// Equality of everything, member by member: a structured binding must name all, so none can be forgotten.
auto members(const Constant& s) { const auto& [a, b] = s; return std::tie(a, b); }
auto members(const Argument& s) { const auto& [a, b] = s; return std::tie(a, b); }
auto members(const Compute& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const Splat& s) { const auto& [a, b] = s; return std::tie(a, b); }
auto members(const Iota& s) { const auto& [a] = s; return std::tie(a); }
auto members(const LaneMask& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const Half& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const Slide& s) { const auto& [a, b, c, d] = s; return std::tie(a, b, c, d); }
auto members(const Pick& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const AnyLane& s) { const auto& [a, b] = s; return std::tie(a, b); }
auto members(const CountLanes& s) { const auto& [a, b] = s; return std::tie(a, b); }
auto members(const Append& s) { const auto& [a, b, c, d, e, f] = s; return std::tie(a, b, c, d, e, f); }
auto members(const Load& s) { const auto& [a, b, c, d] = s; return std::tie(a, b, c, d); }
auto members(const Gather& s) { const auto& [a, b, c, d, e] = s; return std::tie(a, b, c, d, e); }
auto members(const ToLine& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const Store& s) { const auto& [a, b, c, d, e] = s; return std::tie(a, b, c, d, e); }
auto members(const Scatter& s) { const auto& [a, b, c, d, e, f] = s; return std::tie(a, b, c, d, e, f); }
auto members(const SortRows& s) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = s;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
auto members(const Transpose& s) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = s;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
}
auto members(const Prefetch& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const Check& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const Carried& s) { const auto& [a, b, c, d] = s; return std::tie(a, b, c, d); }
auto members(const For& s) { const auto& [a, b, c, d, e, f, g] = s; return std::tie(a, b, c, d, e, f, g); }
auto members(const If& s) { const auto& [a, b] = s; return std::tie(a, b); }
auto members(const Phase& s) { const auto& [a, b, c, d] = s; return std::tie(a, b, c, d); }
auto members(const TripFactor& s) { const auto& [a, b] = s; return std::tie(a, b); }
auto members(const BufferInfo& s) { const auto& [a, b, c, d, e] = s; return std::tie(a, b, c, d, e); }
auto members(const PhaseInfo& s) { const auto& [a, b, c, d, e, f] = s; return std::tie(a, b, c, d, e, f); }
auto members(const SliceInfo& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }
auto members(const KernelInfo& s) { const auto& [a, b, c, d, e, f, g] = s; return std::tie(a, b, c, d, e, f, g); }
auto members(const Kernel& s) { const auto& [a, b, c] = s; return std::tie(a, b, c); }

template <class T>
bool same(const T& a, const T& b);
bool same(const Statement& a, const Statement& b);
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  bool all = a.size() == b.size();
  for (std::size_t i = 0; all && i < a.size(); ++i) all = same(a[i], b[i]);
  return all;
}
bool same(const Statement& a, const Statement& b) {
  return a.index() == b.index() &&
         visit(a, [&]<class S>(const S& content) { return same(content, *b.as<S>()); });
}
template <class T>
bool same(const T& a, const T& b) {
  if constexpr (requires { members(a); })
    return std::apply([&](const auto&... x) {
      return std::apply([&](const auto&... y) { return (same(x, y) && ...); }, members(b));
    }, members(a));
  else
    return a == b;
}

void check_round_trip(const Kernel& k) {
  const std::string text = to_string(k);
  INFO(text);
  const Kernel again = parse(text);
  CHECK(to_string(again) == text);
  CHECK(same(again, k));
}

std::string syntax_error(std::string_view text) {
  try {
    parse(text);
  } catch (const Error& e) {
    CHECK(e.kind() == Error::Kind::syntax);
    return e.what();
  }
  return "no error";
}

/// Every kind of statement, in the form that to_string gives.
const std::string everything = R"(kernel disjoint
symbol s0 = extent 0, 1
symbol s1 = size 0, 1
symbol s2 = stride 0, 1
symbol s3 = param 0
symbol s4 = tables
buffer scores: f32
buffer hist: f32 writable extents s0 * s4
buffer out: i64 writable
buffer tile: f32 writable scratch 64
check 0 "idx[n] within \"c\""
check 1 "\x0a"
proved 3
loops 2

phase fill [%0, %1) trip s0 * ceil(s1 / 16) work s0 * s1 items ceil(s4 / 4) {
  %2: i64 = s1
  %3: f32x16 = 0
  %4: i32x16 = iota
  %5: b1x16 = lanes < %2
  (%6: f32x16, %7: i32x16) = for %8 in [%0, %2) step 16 carry (%9 = %3, %10 = %4) {
    %11: f32x16 = load scores[%8] mask %5
    %12: f32x16 = gather scores[%8 + %4] mask %5
    %13: f32x16 = %11 * %12
    %14: f32x16 = maximum(%13, %9)
    %15: i32x16 = cast(%14)
    %16: b1x16 = !%5
    %17: b1 = any %16
    if %17 {
      store hist[%8], %14
      store hist[%8], %14 streaming %17
    }
    next %14, %15
  }
  %18: f32x8 = lower %6
  %19: f32x8 = upper %6
  %20: f32 = -1.5
  %21: f32x8 = splat %20
  %22: b1x8 = %18 < %19
  check 1: %22
  check 0: %5 mask %5
  scatter hist[%2 + %4], %6
  scatter add hist[%2 + %4], %6 mask %5
  append hist[%2 by %0] before %1, %6 mask %5
  argsort out[%0 by %2 by %1] limit %1, scores[%2 by %0 by %2] count %1 rows %2 descending
  sort hist[%0 by %1 by %2], scores[%2 by %1 by %0] count %1 rows %0
  transpose tile[%2 by %0], scores[%1 by %2] rows %0 columns %1
  transpose tile[%2 by %0], scores[%1 by %2] rows %0 columns %1 ahead [%2 by %2 by %0]
  transpose tile[%2 by %0], scores[%1 by %2] rows %0 columns %1 ahead [%2 by %2 by %1] alternate
  transpose tile[%2 by %0], scores[%1 by %2] rows %0 columns %1 ahead [%2 by %2 by %1] alternate streaming
  for %23 in [%0, %1) step 1 {
    store out[%23], %23
  }
  %24: i64 = to_line out[%2]
  %25: f32x8 = slide %18, %19 from 3
  (%26: i64) = for %27 in [%0, %1) step 2 carry (%28 = %2) {
    %29: b1 = %27 < %28
    next %27
    until %29
  }
  for %30 in [%0, %1) step 1 {
    %31: b1 = %30 < %26
    until %31
  }
  prefetch scores[%2]
  prefetch scores[%0] later
  %32: b1x16 = lanes < %2 few
  %33: f32x4 = pick %18 at 0, 7, 0, 3
}

phase "a second one" [%0, %1) starts hist {
}
)";

}  // namespace

TEST_CASE("the text of every kind of statement reads back as it was printed") {
  const Kernel k = parse(everything);
  CHECK(verify(k) == "");
  CHECK(to_string(k) == everything);
  check_round_trip(k);
  CHECK(k.phases[0].body.size() == 30);
  CHECK(k.phases[0].types.size() == 34);
  CHECK(k.phases[0].types[4] == Type{DType::i32, 16});
  CHECK(k.info.checks[1] == "\n");
  CHECK(k.info.phases[0].trip[1].divisor == 16);
}

TEST_CASE("constants keep their bits") {
  Kernel k;
  k.info.phases.push_back({"p", {}, {}, {}});
  Phase& p = k.phases.emplace_back();
  p.make({});
  p.make({});
  const auto add = [&](Scalar s) { p.body.push_back(Constant{p.make({s.dtype, 4}), s}); };
  for (const std::uint32_t bits : {0u, 0x80000000u, 1u, 0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffc00001u, 0x7f800001u,
                                   0x3dcccccdu, 0x7f7fffffu, 0x00800000u, 0x4b800000u})
    add({DType::f32, bits});
  for (const double x : {0.1, -0.0, 5e-324, 1e308, -1e-300, 123456789012345680.0}) add(Scalar::of(x));
  add({DType::f64, 0xfff8000000000123});
  add(Scalar::of(std::numeric_limits<std::int64_t>::min()));
  add(Scalar::of(std::numeric_limits<std::uint64_t>::max()));
  add(Scalar::of(std::int8_t{-128}));
  add(Scalar::of(true));
  add(Scalar::of(false));
  add({DType::b1, 2});           // ill-formed, but it prints
  add({DType::u8, 0x100});
  p.body.push_back(Constant{p.make({DType::f32, 4}), Scalar::of(std::int64_t{5})});
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    add({DType::f32, random() & 0xffffffff});
    add({DType::f64, random()});
  }
  check_round_trip(k);
  CHECK(to_string(k).find("%8: f32x4 = -inf\n") == std::string::npos);
  CHECK(to_string(k).find("%6: f32x4 = -inf\n") != std::string::npos);
  CHECK(to_string(k).find("%7: f32x4 = bits(0x7fc00000)\n") != std::string::npos);
}

TEST_CASE("every op prints and reads back, with any number of arguments") {
  for (int i = 0; i < static_cast<int>(std::size(op_table)); ++i)
    for (std::size_t arguments = 0; arguments < 5; ++arguments) {
      Kernel k;
      k.info.phases.push_back({"p", {}, {}, {}});
      Phase& p = k.phases.emplace_back();
      p.types.resize(2);
      p.body.push_back(Compute{p.make({DType::u16, 2}), static_cast<Op>(i), std::vector<Value>(arguments, 1)});
      p.body.push_back(Scatter{0, 1, 2, 3, none, static_cast<Op>(i)});
      check_round_trip(k);
    }
}

TEST_CASE("buffers with odd, equal or misleading names are told apart") {
  Kernel k;
  k.disjoint = false;
  for (const char* name :
       {"x", "x", "b0", "b7", "", "two words", "add", "mask", "\"\n\\", "b", "b1x", "\xc3\xa9", "s0"})
    k.info.buffers.push_back({name, DType::i8, true, {}});
  k.info.phases.push_back({"phase", {}, {}, {}});
  Phase& p = k.phases.emplace_back();
  p.types.resize(2);
  for (BufferId b = 0; b < 15; ++b) {  // two of them do not exist
    p.body.push_back(Store{b, 0, 1, none});
    p.body.push_back(Scatter{b, 0, 0, 1, 0, std::nullopt});
    p.body.push_back(Scatter{b, 0, 0, 1, 0, Op::add});
    p.body.push_back(Append{b, 0, 1, 0, 1, 0});
    p.body.push_back(SortRows{b, 0, 1, 0, 1, 0, 14 - b, 1, 0, 1, b % 3 == 0 ? none : 1, b % 2 == 0});
  }
  check_round_trip(k);
  const std::string text = to_string(k);
  CHECK(text.find("buffer b0 \"x\": i8 writable\n") != std::string::npos);
  CHECK(text.find("buffer add: i8 writable\n") != std::string::npos);
  CHECK(text.find("scatter add add[%0 + %0], %1 mask %0\n") != std::string::npos);
}

TEST_CASE("a syntax error names the line, what was expected and what was found") {
  CHECK(syntax_error("") == "loop text, line 1: expected 'kernel', found the end");
  CHECK(syntax_error("kernel disjoint\nproved 0\nloops 0\nphase p [%0, %1) {\n  %2: f31 = 5\n}\n") ==
        "loop text, line 5: expected a type such as f32x16, found 'f31'");
  const auto statement = [](const std::string& line) {
    const std::string head = "kernel disjoint\nbuffer x: f32\nproved 0\nloops 0\nphase p [%0, %1) {\n";
    return syntax_error(head + line + "\n}\n");
  };
  CHECK(statement("%2: i64 = load y[%0]") == "loop text, line 6: expected a buffer of the header, found 'y'");
  CHECK(statement("%2: i8 = 128") == "loop text, line 6: expected a number of the value's dtype, found '128'");
  CHECK(statement("%2: i64 = frob(%0)") == "loop text, line 6: expected an operation, found 'frob'");
  CHECK(statement("%2: i64 = %0 ? %1") == "loop text, line 6: expected an operator, found '?'");
  CHECK(statement("%2 = %0 + %1") == "loop text, line 6: expected ':', found '='");
  CHECK(statement("store x[%0] %1") == "loop text, line 6: expected ',', found '%1'");
  CHECK(statement("%2000000: i64 = 1") == "loop text, line 6: expected value numbers below 1048576, found '%2000000'");
  CHECK(statement("(%2: i64) = for %3 in [%0, %1) step 1 {\n}") == "loop text, line 6: expected 'carry', found '{'");
  CHECK(statement("(%2: i64) = for %3 in [%0, %1) step 1 carry (%4 = %0) {\n}") ==
        "loop text, line 7: expected 'next', found '}'");
  CHECK(statement("(%2: i64) = for %3 in [%0, %1) step 1 carry (%4 = %0) {\nuntil %3\nnext %3\n}") ==
        "loop text, line 7: expected 'next', found 'until'");
  CHECK(statement("for %3 in [%0, %1) step 1 {\nuntil 5\n}") ==
        "loop text, line 7: expected a value such as %3, found '5'");
  CHECK(statement("jump") == "loop text, line 6: expected a statement, found 'jump'");
}

TEST_CASE("too deep nesting is an error, not an overflow") {
  std::string text = "kernel disjoint\nproved 0\nloops 0\nphase p [%0, %1) {\n";
  for (int i = 0; i < 100'000; ++i) text += "if %0 {\n";
  CHECK(syntax_error(text) == "loop text, line 260: expected at most 256 nested blocks, found '{'");
}

TEST_CASE("damaged text gives a kernel or a syntax error") {
  std::mt19937 random(3);
  const auto below = [&](std::size_t n) { return random() % n; };
  const std::string_view pieces[] = {"%",   "%7",         "\"",  "\\",    "{", "}", "(",     "next", "-",         "x",
                                     "for", "until",
                                     "9999999999", "i64", "bits(", "s", "b", "ceil(", "\n",   "[%0 + %1]", "-i"};
  int errors = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = everything;
    for (std::size_t damage = 0; damage <= below(3); ++damage) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0: text.erase(at, below(20)); break;
        case 1: text[at] = static_cast<char>(random()); break;
        case 2: text.insert(at, pieces[below(std::size(pieces))]); break;
        case 3: text.insert(at, everything, below(everything.size()), below(60)); break;
      }
    }
    try {
      const Kernel k = parse(text);
      verify(k);
      const std::string printed = to_string(k);
      if (!same(parse(printed), k) || to_string(parse(printed)) != printed) FAIL_CHECK(printed);
    } catch (const Error&) {
      ++errors;
    }
  }
  CHECK(errors > 1000);
  CHECK(errors < 20'000);
}
