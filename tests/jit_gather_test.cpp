// Computed subscripts on the right: which element they read, which checks they keep, and what a bad one reports.
#include <catch2/catch.hpp>
#include <limits>

#include "support/assembly.hpp"
#include "support/backends.hpp"
#include "support/naive.hpp"
#include "support/program_builder.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// out[i] = x[index[i]] with `count` indices of this dtype.
ir::Program lookup(DType dtype) {
  ProgramBuilder p;
  const ir::AxisId i_axis = p.axis("i");
  const ir::TensorId x = p.tensor("x", DType::f32, 1), index = p.tensor("index", dtype, 1);
  const ir::TensorId out = p.tensor("out", DType::f32, 1);
  p.assign(out, {p.index(i_axis)}, p.at(x, {p.cast(DType::i64, p.at(index, {p.index(i_axis)}))}), {i_axis});
  return std::move(p.program);
}

GuardedTensor vector_of(DType dtype, std::span<const std::int64_t> values) {
  const std::int64_t extents[] = {static_cast<std::int64_t>(values.size())};
  GuardedTensor made(dtype, extents);
  for (std::int64_t n = 0; n < extents[0]; ++n)
    visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
      Scalar::of(static_cast<T>(values[static_cast<std::size_t>(n)])).store(element(made.view(), n));
    });
  return made;
}

std::vector<std::int64_t> counted(std::int64_t n) {
  std::vector<std::int64_t> made;
  for (std::int64_t k = 0; k < n; ++k) made.push_back(k);
  return made;
}

}  // namespace

TEST_CASE("every integer type is an index, with all of its values") {
  for (DType dtype : {DType::i8, DType::i16, DType::i32, DType::i64, DType::u8, DType::u16, DType::u32, DType::u64}) {
    std::vector<std::int64_t> indices;
    for (int k = 0; k < 70; ++k) indices.push_back(k * 53 % (dtype == DType::i8 ? 128 : 256));
    indices[3] = dtype == DType::i8 ? 127 : 200;
    const GuardedTensor index = vector_of(dtype, indices), x = vector_of(DType::f32, counted(256));
    const GuardedTensor out = vector_of(DType::f32, std::vector<std::int64_t>(70));
    const Ran ran = run_everywhere(lookup(dtype), std::array{x.view(), index.view(), out.view()});
    CAPTURE(to_string(dtype));
    REQUIRE(ran.fault == "");
    REQUIRE(!ran.error);
    for (std::int64_t n = 0; n < 70; ++n)
      REQUIRE(static_cast<float*>(out.view().data)[n] == static_cast<float>(indices[static_cast<std::size_t>(n)]));
  }
}

TEST_CASE("a u8 or u16 index is proved when the axis has all of its values") {
  const std::pair<DType, std::int64_t> cases[] = {{DType::u8, 256}, {DType::u16, 65536}};
  for (const auto& [dtype, extent] : cases)
    for (std::int64_t missing : {0, 1}) {
      const GuardedTensor index = vector_of(dtype, counted(20)), x = vector_of(DType::f32, counted(extent - missing));
      const GuardedTensor out = vector_of(DType::f32, std::vector<std::int64_t>(20));
      const Ran ran = run_everywhere(lookup(dtype), std::array{x.view(), index.view(), out.view()});
      REQUIRE(ran.fault == "");
      CHECK(ran.report.checks.size() == static_cast<std::size_t>(missing));
      CHECK(ran.report.proved == 1 - missing);
    }
}

TEST_CASE("an index outside is an error that names tensor, axis, extent, value and iteration") {
  const struct { DType dtype; std::int64_t value; const char* text; } cases[] = {
      {DType::i32, 10, "subscript 10 is outside axis 0 of x (extent 10) at i=23"},
      {DType::i32, -1, "subscript -1 is outside axis 0 of x (extent 10) at i=23"},
      {DType::i64, std::int64_t{1} << 32, "subscript 4294967296 is outside axis 0 of x (extent 10) at i=23"},
      {DType::i64, std::numeric_limits<std::int64_t>::min(),
       "subscript -9223372036854775808 is outside axis 0 of x (extent 10) at i=23"},
      {DType::u8, 255, "subscript 255 is outside axis 0 of x (extent 10) at i=23"},
      {DType::u64, -1, "subscript 18446744073709551615 is outside axis 0 of x (extent 10) at i=23"},
      {DType::u32, 0x80000000, "subscript 2147483648 is outside axis 0 of x (extent 10) at i=23"}};
  for (const auto& c : cases) {
    std::vector<std::int64_t> indices(40, 3);
    indices[23] = c.value;
    indices[31] = indices[39] = 100;
    const GuardedTensor index = vector_of(c.dtype, indices), x = vector_of(DType::f32, counted(10));
    const GuardedTensor out = vector_of(DType::f32, std::vector<std::int64_t>(40));
    const Ran ran = run_everywhere(lookup(c.dtype), std::array{x.view(), index.view(), out.view()});
    CHECK(ran.fault == "");
    CHECK(ran.error == Error::Kind::bounds);
    CHECK(ran.message == c.text);
  }
}

TEST_CASE("the first bad iteration in row-major order is reported, whatever the threads and the loops") {
  // Stored so that the loops and the lanes run along the first axis: there, (700, 2) comes before (3, 900).
  const Tensor<std::int32_t, 2> index = Tensor<std::int32_t, 2>(1000, 1000).permuted({1, 0});
  Tensor<std::int32_t, 2> writable = index;
  const auto x = filled<float>([](auto n) { return n; }, 5);
  Tensor<float, 2> out(1000, 1000);
  writable.at(700, 2) = 7;
  writable.at(3, 900) = -4;
  writable.at(3, 901) = 11;
  CHECK(run_with_threads(prepared(out[i, j], Assign::set, x[index[i, j]])) ==
        "subscript -4 is outside axis 0 of t1 (extent 5) at i=3, j=900");
}

TEST_CASE("subscripts in a row are checked at both ends of the lanes, up to the last that there is") {
  const auto x = filled<float>([](auto n) { return n; }, 1000);
  const auto bytes = filled<std::uint8_t>([](auto n) { return n; }, 1000);
  for (const std::int64_t n : {1, 15, 64, 65, 300, 700}) {
    Tensor<float, 1> y(n);
    Tensor<std::uint8_t, 1> z(n);
    Tensor<std::int64_t, 0> shift(0);
    const auto check = [&](std::int64_t by, const Prepared& p, bool fits) {
      shift() = by;
      CAPTURE(n, by);
      const Ran ran = run_everywhere(p);
      REQUIRE(ran.fault == "");
      REQUIRE(ran.error.has_value() != fits);
      const std::string loops = loops_of(p);
      CHECK(loops.find("check") != std::string::npos);
      CHECK(loops.find("i64x") == std::string::npos);
    };
    for (const bool fits : {true, false}) {
      const std::int64_t beyond = fits ? 0 : 1;
      const Prepared up = prepared(y[i], Assign::set, x[i + shift()]);
      check(1000 - n + beyond, up, fits);
      check(-beyond, up, fits);
      const Prepared down = prepared(y[i], Assign::set, x[shift() - i]);
      check(n - 1 - beyond, down, fits);
      check(999 + beyond, down, fits);
      check(1000 - n + beyond, prepared(z[i], Assign::set, bytes[i + shift()]), fits);
      if (n <= 300) check(1000 - 3 * n + 2 + beyond, prepared(y[i], Assign::set, x[3 * i + shift()]), fits);
    }
    for (int k = 0; k < n; ++k) REQUIRE(z.at(k) == static_cast<std::uint8_t>(1000 - n + k));
  }
}

TEST_CASE("subscripts that are proved keep no check") {
  auto scores = filled<float>(shuffled(11), 4, 6, 5), feature = filled<float>(shuffled(101), 4, 6, 5);
  auto index = filled<std::int32_t>([](auto n) { return n * 13 - 200; }, 40);
  const auto table = filled<float>([](auto n) { return n; }, 9);
  const auto is_proved = [](const Prepared& p, int proved) {
    const Ran ran = run_everywhere(p);
    CHECK(ran.fault == "");
    CHECK(!ran.error);
    CHECK(ran.report.checks == std::vector<std::string>());
    CHECK(ran.report.proved >= proved);
  };
  is_proved(prepared(feature[b, argmax(c, scores[b, c, w]), w]), 1);
  is_proved(prepared(table[minimum(maximum(index[i], 0), 8)]), 1);
  is_proved(prepared(table[index[i] % 9]), 1);
  is_proved(prepared(table[where(index[i] >= 0, minimum(index[i], 8), 8) % 9]), 1);
  is_proved(prepared(table[index[i] & 7]), 1);
  is_proved(prepared(where((index[i] >= 0) & (index[i] < 9), table[index[i]], 0)), 1);
  is_proved(prepared(where((index[i] > 2) & ~(index[i] >= 12), table[index[i] - 3], 0)), 1);
}

TEST_CASE("what a remainder says of an index proves its neighbours inside") {
  for (const int size : {1, 2, 6, 7, 24, 25}) {
    CAPTURE(size);
    const auto x = filled<float>([](auto n) { return n; }, size);
    Tensor<float, 1> pairs(size), triples(size);
    const Ran ran = run_everywhere(prepared(pairs[i], Assign::set, where(i % 2 == 0, x[i + 1], x[i - 1])));
    CHECK(ran.fault == "");
    CHECK(ran.report.checks.empty());
    // The last of an odd number has no partner.
    CHECK(ran.message == (size % 2 == 0 ? ""
                                        : "subscript " + std::to_string(size) + " is outside axis 0 of t1 (extent " +
                                              std::to_string(size) + ") at i=" + std::to_string(size - 1)));
    for (int n = 0; n < size && size % 2 == 0; ++n) CHECK(pairs.at(n) == (n % 2 == 0 ? n + 1 : n - 1));
    const Ran turned = run_everywhere(prepared(triples[i], Assign::set, where(i % 3 == 2, x[i - 2], -x[i])));
    CHECK(turned.fault == "");
    CHECK(turned.message == "");
    CHECK(turned.report.checks.empty());
    for (int n = 0; n < size; ++n) CHECK(triples.at(n) == (n % 3 == 2 ? n - 2 : -n));
  }
}

TEST_CASE("an argmax over more elements than the axis has is checked") {
  const auto scores = filled<float>([](auto n) { return n == 6 * 3 + 2; }, 4, 6);
  const auto table = filled<float>([](auto n) { return n; }, 5);
  const Ran ran = run_everywhere(prepared(table[argmax(c, scores[b, c])]));
  REQUIRE(ran.fault == "");
  CHECK(ran.report.checks.size() == 1);
}

TEST_CASE("a guarded neighbour is never read outside the buffer and needs no check") {
  // run_everywhere puts a[0] at the start of a page: a read of a[-1] would end the test.
  for (std::int64_t extent : {1, 2, 15, 16, 17, 33, 100}) {
    const auto a = filled<float>([](auto n) { return n + 1; }, extent);
    Tensor<float, 1> out(extent);
    const Ran left = run_everywhere(prepared(out[i], Assign::set, where(i > 0, a[i - 1], 0)));
    REQUIRE(left.fault == "");
    CHECK(left.report.checks.empty());
    for (std::int64_t n = 0; n < extent; ++n) REQUIRE(out.at(n) == static_cast<float>(n));
    const Ran right = run_everywhere(prepared(out[i], Assign::set, where(i < extent - 1, a[i + 1], -1)));
    REQUIRE(right.fault == "");
    for (std::int64_t n = 0; n < extent; ++n) REQUIRE(out.at(n) == (n + 1 < extent ? static_cast<float>(n + 2) : -1));
    const Ran both =
        run_everywhere(prepared(out[i], Assign::set, where((i > 1) & (i <= 5), a[i - 2], where(i > 5, a[i - 6], 0))));
    REQUIRE(both.fault == "");
    CHECK(!both.error);
  }
}

TEST_CASE("a value that does not matter is checked all the same") {
  const auto table = filled<std::int32_t>([](auto n) { return n; }, 7);
  // Of an axis with one element the index is 0, and of bytes every one is below 256.
  for (const std::int64_t extent : {1, 20}) {
    const auto bad = filled<std::int32_t>([](auto) { return 7; }, extent);
    const auto bytes = filled<std::uint8_t>([](auto n) { return n; }, 7);
    Tensor<std::int64_t, 1> out(extent);
    const auto fault = [](const Prepared& p) {
      const Ran ran = run_everywhere(p);
      return ran.fault + ran.message;
    };
    const std::string expected = "subscript 7 is outside axis 0 of t1 (extent 7) at i=0";
    CHECK(fault(prepared(out[i], Assign::set, table[bad[i]] * i)) == expected);
    CHECK(fault(prepared(out[i], Assign::set, table[bad[i]] % (i + 1))) == expected);
    CHECK(fault(prepared(out[i], Assign::set, table[bad[i]] - table[bad[i]])) == expected);
    CHECK(fault(prepared(out[i], Assign::set, where(cast<std::int64_t>(bytes[bad[i]]) < 256, 1, 2))) == expected);
    CHECK(fault(prepared(out[i], Assign::set, where((i < 0) & (table[bad[i]] > 2), 1, 2))) == expected);
  }
}

TEST_CASE("an index that is out of range only in untaken lanes is no error") {
  auto index = filled<std::int32_t>([](auto n) { return n % 3 == 0 ? 1000000 + n : n % 7; }, 100);
  const auto table = filled<float>([](auto n) { return n * 10; }, 7);
  Tensor<float, 1> out(100);
  const Ran ran = run_everywhere(prepared(out[i], Assign::set, where(i % 3 != 0, table[index[i]], -1)));
  REQUIRE(ran.fault == "");
  REQUIRE(!ran.error);
  for (int n = 0; n < 100; ++n) REQUIRE(out.at(n) == (n % 3 == 0 ? -1 : n % 7 * 10));
  const Ran wrong = run_everywhere(prepared(out[i], Assign::set, where(i % 3 == 0, table[index[i]], -1)));
  CHECK(wrong.fault == "");
  CHECK(wrong.message == "subscript 1000000 is outside axis 0 of t1 (extent 7) at i=0");
}

TEST_CASE("an index read under the same condition is not followed where the condition is false") {
  const auto first = filled<std::int32_t>([](auto n) { return n < 30 ? (n * 5) % 20 : -5; }, 50);
  const auto second = filled<std::int32_t>([](auto n) { return (n * 3) % 8; }, 20);
  const auto table = filled<float>([](auto n) { return n; }, 8);
  Tensor<float, 1> out(50);
  const Ran ran = run_everywhere(prepared(out[i], Assign::set, where(first[i] >= 0, table[second[first[i]]], 0.5)));
  REQUIRE(ran.fault == "");
  REQUIRE(!ran.error);
  for (int n = 0; n < 50; ++n) REQUIRE(out.at(n) == (n < 30 ? static_cast<float>(n * 5 % 20 * 3 % 8) : 0.5f));
}

TEST_CASE("what a condition on other axes protects is computed once, and only if it holds somewhere") {
  const auto good = filled<std::int32_t>([](auto n) { return n * 3 % 8; }, 20);
  const auto bad = filled<std::int32_t>([](auto n) { return n; }, 20);
  const auto table = filled<float>([](auto n) { return 7 - n; }, 8);
  Tensor<float, 1> out(50);
  Tensor<std::int64_t, 1> order(20);
  const Ran sum_of = run_everywhere(prepared(out[i], Assign::set, where(i >= 30, sum(k, table[good[k]]), -1)));
  CHECK(sum_of.fault == "");
  CHECK(sum_of.report.phases == 3);  // whether it is needed, the sum, the result
  CHECK(out.at(29) == -1);
  CHECK(out.at(30) == 74);
  const Ran ordered = run_everywhere(prepared(order[i], Assign::set, where(i >= 9, argsort(i, table[good[i]]), -1)));
  CHECK(ordered.fault == "");
  CHECK(ordered.report.temporary_bytes == 20 * 4 + 20 * 8);  // the keys and their order, once
  CHECK(order.at(8) == -1);
  CHECK(order.at(19) == 16);  // the last of those that read the first element

  const Ran failing = run_everywhere(prepared(out[i], Assign::set, where(i >= 30, sum(k, table[bad[k]]), -1)));
  CHECK(failing.fault == "");
  CHECK(failing.message == "subscript 8 is outside axis 0 of t1 (extent 8) at i=30, k=8");
  const Ran needless = run_everywhere(prepared(out[i], Assign::set, where(i >= 50, sum(k, table[bad[k]]), -1)));
  CHECK(needless.fault == "");
  CHECK(needless.message == "");
  CHECK(out.at(49) == -1);
}

TEST_CASE("chains of gathers, several computed subscripts, and gathers in every layout") {
  const auto a = filled<float>(shuffled(1000), 12, 9);
  const auto u = filled<std::uint8_t>([](auto n) { return n * 5 % 12; }, 50);
  const auto v = filled<std::uint8_t>([](auto n) { return n * 11 % 50; }, 70);
  const auto w2 = filled<std::int64_t>([](auto n) { return n * 4 % 9; }, 70);
  Tensor<float, 1> out(70);
  REQUIRE(run_everywhere(prepared(out[i], Assign::set, a[u[v[i]], w2[i]])).fault == "");
  for (int n = 0; n < 70; ++n) REQUIRE(out.at(n) == a.at(u.at(v.at(n)), w2.at(n)));
  REQUIRE(run_everywhere(prepared(a[u[i], j] + a[u[v[k]], j])).fault == "");
  REQUIRE(run_everywhere(prepared(a.permuted({1, 0})[w2[i], u[v[i]]])).fault == "");
  REQUIRE(run_everywhere(prepared(a.flipped(0)[u[v[i]], j])).fault == "");
  REQUIRE(run_everywhere(prepared(a.sliced(1, 0, 9, 2).flipped(1)[u[i], j])).fault == "");
  REQUIRE(run_everywhere(prepared(a[u[v[i]], w2[i]] * a[u[v[i]], j])).fault == "");
}

TEST_CASE("affine subscripts read neighbours, strides and reversals") {
  const auto a = filled<float>(shuffled(1000), 101);
  const auto kernel = filled<float>([](auto n) { return n - 1; }, 3);
  Tensor<float, 1> out(50), window(99);
  REQUIRE(run_everywhere(prepared(out[i], Assign::set, a[i + 1])).fault == "");
  REQUIRE(out.at(49) == a.at(50));
  REQUIRE(run_everywhere(prepared(out[i], Assign::set, a[2 * i + 1] - a[100 - 2 * i])).fault == "");
  REQUIRE(out.at(7) == a.at(15) - a.at(86));
  const Ran sums = run_everywhere(prepared(window[i], Assign::set, sum(k, a[i + k] * kernel[k])));
  REQUIRE(sums.fault == "");
  CHECK(sums.report.checks.empty());
  REQUIRE(window.at(98) == a.at(100) - a.at(98));
  Tensor<float, 1> longer(60);
  const Ran beyond = run_everywhere(prepared(longer[i], Assign::set, a[2 * i]));
  CHECK(beyond.fault == "");
  CHECK(beyond.message == "subscript 102 is outside axis 0 of t1 (extent 101) at i=51");
}

TEST_CASE("a read that stands in a branch and outside of it is done once, without the condition") {
  const auto index = filled<std::int32_t>([](auto n) { return n % 7 - 2; }, 50);
  const auto table = filled<float>([](auto n) { return n * 10; }, 5);
  Tensor<float, 1> out(50);
  const auto at = index[49 - i];
  const Prepared once = prepared(out[i], Assign::set, where(at >= 0, table[at], -1));
  const std::string text = once.executable->dump(Executable::Stage::index, once.tensors, once.params);
  CAPTURE(text);
  CHECK(has(text, R"(t2\[i64\(t1\[49 - i\]!\)\]!? if)"));
  CHECK(!has(text, R"(t1\[[^\]]*\]!? if)"));
  const Ran ran = run_everywhere(once);
  REQUIRE(ran.fault == "");
  REQUIRE(!ran.error);
  for (int n = 0; n < 50; ++n)
    REQUIRE(out.at(n) == ((49 - n) % 7 >= 2 ? static_cast<float>((49 - n) % 7 - 2) * 10 : -1));
  // Within a reduction that may have no iteration, the read outside of the branch may not be done at all.
  const auto far = filled<std::int32_t>([](auto) { return 1000; }, 50);
  const auto in_both = table[far[i]] + where(table[k] > 9, table[far[i]], 1);
  const Prepared never = prepared(out[i], Assign::set, sum(k(i, i), in_both));
  const Ran none = run_everywhere(never);
  CHECK(none.fault == "");
  CHECK(!none.error);
}

TEMPLATE_TEST_CASE("elements a few apart, by subscripts and by strides, forwards and backwards", "", bool, std::uint8_t,
                   std::int16_t, float, double) {
  using T = TestType;
  for (const std::int64_t extent : {1, 2, 7, 16, 17, 64, 65, 130, 300}) {
    Tensor<T, 1> out(extent);
    for (const std::int64_t step : {2, 3, 4, 5}) {
      CAPTURE(extent, step);
      const std::int64_t span = (extent - 1) * step + 1;
      const auto x = filled<T>([](std::int64_t n) { return std::is_same_v<T, bool> ? n % 5 % 2 : n % 100; }, span);
      const Tensor<T, 1> apart = x.sliced(0, 0, span, step), back = apart.flipped(0);
      const auto check = [&](const Prepared& p, bool backwards) {
        out.fill(T{});
        REQUIRE(run_everywhere(p).fault == "");
        bool equal = true;
        for (std::int64_t n = 0; n < extent; ++n) equal &= out.at(n) == x.at((backwards ? extent - 1 - n : n) * step);
        CHECK(equal);
      };
      check(prepared(out[i], Assign::set, apart[i]), false);
      check(prepared(out[i], Assign::set, back[i]), true);
      if (step == 2) check(prepared(out[i], Assign::set, x[2 * i]), false);
      if (step == 3) check(prepared(out[i], Assign::set, x[span - 1 - 3 * i]), true);
      if (step == 4) check(prepared(out[i], Assign::set, x[4 * i]), false);
    }
  }
}

TEST_CASE("a column of short rows is loaded as whole vectors") {
  for (const std::int64_t width : {2, 3, 4}) {
    const auto x = filled<float>(shuffled(37), 100, width);
    Tensor<float, 1> y(100);
    const Prepared p = prepared(y[i], Assign::set, x[i, width - 1] - x[i, 0]);
    REQUIRE(run_everywhere(p).fault == "");
    for (std::int64_t k = 0; k < 100; ++k) REQUIRE(y.at(k) == x.at(k, width - 1) - x.at(k, 0));
    CHECK(loops_of(p).find("stride 1, 0") == std::string::npos);  // known when compiling
  }
}

TEMPLATE_TEST_CASE("what the best of planes chooses is read in rows of every length", "", std::uint8_t, std::int16_t,
                   float, double) {
  for (const std::int64_t columns : {1, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 129, 2047, 2049, 2081}) {
    CAPTURE(columns);
    const auto score = filled<TestType>(shuffled(13), 9, 2, columns);
    const auto feature = filled<float>(shuffled(1000, 11), 9, 2, columns);
    Tensor<float, 2> picked(2, columns);
    const Prepared p = prepared(picked[i, j], Assign::set, feature[argmax(score, 0), i, j]);
    const Ran ran = run_everywhere(p);
    REQUIRE(ran.fault == "");
    for (std::int64_t n = 0; n < 2 * columns; ++n) {
      std::int64_t best = 0;
      for (std::int64_t k = 1; k < 9; ++k)
        if (score.data()[k * 2 * columns + n] > score.data()[best * 2 * columns + n]) best = k;
      REQUIRE(picked.data()[n] == feature.data()[best * 2 * columns + n]);
    }
  }
}
