// Rows that data choose are fetched before they are used where they are far away; the numbers of later rows are read
// within their arrays only.
#include <catch2/catch.hpp>
#include <string>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

constexpr std::int64_t far_rows = 1100, near_rows = 40;  // of 64 f32: 275 KiB and 10 KiB,
constexpr std::int64_t farther_rows = 8200;              // and 2050 KiB

/// The tensors are numbered: t0 is written.
bool fetches(const Prepared& p) {
  const bool lowered = loops_of(p).find("prefetch t1[") != std::string::npos;
  REQUIRE(lowered == (schedule_of(p).find(" fetching rows of t1") != std::string::npos));
  return lowered;
}

Tensor<float, 2> table_of(std::int64_t rows) {
  Tensor<float, 2> table(rows, 64);
  for (std::int64_t n = 0; n < table.size(); ++n) table.data()[n] = static_cast<float>(n % 1013) / 7;
  return table;
}
Tensor<std::int64_t, 2> ids_of(std::int64_t bags, std::int64_t per_bag, std::int64_t rows) {
  Tensor<std::int64_t, 2> ids(bags, per_bag);
  for (std::int64_t n = 0; n < ids.size(); ++n) ids.data()[n] = n * 7919 % rows;
  return ids;
}

}  // namespace

TEST_CASE("rows of a far table are fetched ahead, those of a near one are not") {
  const Tensor<float, 2> large = table_of(far_rows), small = table_of(near_rows);
  const auto ids = ids_of(5, 20, near_rows);
  Tensor<float, 2> out(5, 64);
  const Prepared far = prepared(out[b, d], Assign::set, sum(j, large[ids[b, j], d]));
  CHECK(fetches(far));
  CHECK(assembly_of(far).find("prefetcht0") != std::string::npos);
  CHECK(!fetches(prepared(out[b, d], Assign::set, sum(j, small[ids[b, j], d]))));
}

TEST_CASE("rows of a table larger than the second cache are fetched twice, and single elements once") {
  const Tensor<float, 2> farther = table_of(farther_rows), far = table_of(far_rows);
  const auto ids = ids_of(5, 20, far_rows);
  Tensor<float, 2> out(5, 64);
  const Tensor<float, 1> elements(farther_rows * 64);
  const Tensor<float, 2> x(5, 64);
  const auto bags = [&](const Tensor<float, 2>& table) {
    return prepared(out[b, d], Assign::set, sum(j, table[ids[b, j], d]));
  };
  const auto fetches_twice = [](const Prepared& p) {
    const std::string assembly = assembly_of(p);
    REQUIRE(assembly.find("prefetcht0") != std::string::npos);
    return assembly.find("prefetcht1") != std::string::npos;
  };
  CHECK(schedule_of(bags(farther)).find(" fetching rows of t1 twice") != std::string::npos);
  CHECK(schedule_of(bags(far)).find(" fetching rows of t1\n") != std::string::npos);
  CHECK(fetches_twice(bags(farther)));
  CHECK(!fetches_twice(bags(far)));
  CHECK(!fetches_twice(prepared(out[b, d], Assign::set, elements[ids[b, 0]] * x[b, d])));
}

TEST_CASE("bags of every length are summed the same with rows fetched ahead") {
  const Tensor<float, 2> far = table_of(far_rows), farther = table_of(farther_rows);
  for (const std::int64_t bags : {1, 3, 19})
    for (const std::int64_t per_bag : {0, 1, 3, 15, 16, 17, 40, 63, 70}) {
      INFO(bags << " bags of " << per_bag);
      const Tensor<float, 2>& table = per_bag % 2 == 0 ? far : farther;
      const auto ids = ids_of(bags, per_bag, table.extent(0));
      Tensor<float, 2> out(bags, 64), expected(bags, 64);
      for (std::int64_t n = 0; n < bags * per_bag; ++n)
        for (std::int64_t column = 0; column < 64; ++column)
          expected.data()[n / per_bag * 64 + column] += table.data()[ids.data()[n] * 64 + column];
      const Prepared p = prepared(out[b, d], Assign::set, sum(j, table[ids[b, j], d]));
      CHECK(fetches(p));
      REQUIRE(run_everywhere(p).fault == "");
      for (std::int64_t n = 0; n < out.size(); ++n) REQUIRE(out.data()[n] == expected.data()[n]);
    }
}

TEST_CASE("rows that data choose are summed all at once, whatever their length") {
  Dice dice{std::mt19937_64(3)};
  const auto ids = ids_of(7, 5, 50);
  for (const std::int64_t columns : {1, 15, 16, 31, 32, 48, 64, 65, 100, 131, 300}) {
    CAPTURE(columns);
    const Tensor<float, 2> table = uneven(dice, 50, columns);
    Tensor<float, 2> out(7, columns), most(7, columns);
    CHECK(run_everywhere(prepared(out[b, d], Assign::set, sum(j, table[ids[b, j], d]))).fault == "");
    CHECK(run_everywhere(prepared(most[b, d], Assign::set, max(j, table[ids[b, j], d]))).fault == "");
    const auto doubles = filled<double>([](std::int64_t n) { return static_cast<double>(n % 17); }, 50, columns);
    Tensor<double, 2> wide(7, columns);
    CHECK(run_everywhere(prepared(wide[b, d], Assign::set, sum(j, doubles[ids[b, j], d]))).fault == "");
  }
  const Tensor<float, 2> table = table_of(50);
  Tensor<float, 2> out(7, 64);
  const Tensor<float, 3> planes(7, 5, 64);
  const auto by_seven = [](const Prepared& p) { return loops_of(p).find(" step 7 {") != std::string::npos; };
  CHECK(!by_seven(prepared(out[b, d], Assign::set, sum(j, table[ids[b, j], d]))));
  CHECK(by_seven(prepared(out[b, d], Assign::set, sum(j, planes[b, j, d]))));
}

TEST_CASE("four lines of a row that data choose are added at a time, then two, then one, and of a place two") {
  const auto ids = ids_of(7, 5, 50);
  const Tensor<float, 2> table = table_of(50);
  Tensor<float, 2> out(7, 64);
  Tensor<std::int64_t, 2> place(7, 64);
  const std::string sums = loops_of(prepared(out[b, d], Assign::set, sum(j, table[ids[b, j], d])));
  const std::string places = loops_of(prepared(place[b, d], Assign::set, argmax(j, table[ids[b, j], d])));
  const auto steps = [](const std::string& loops, int elements) {
    return loops.find(" step " + std::to_string(elements) + " {") != std::string::npos;
  };
  const bool has_lines = host_target().vector_bytes >= 32;
  const int of_vector = host_target().vector_bytes / 4;
  CHECK(steps(sums, 64) == has_lines);
  CHECK(steps(sums, has_lines ? 32 : 16));
  CHECK(steps(sums, of_vector));
  CHECK(!steps(places, 64));
}

TEST_CASE("rows of ragged bags, picked rows and rows added to are fetched ahead") {
  const Tensor<float, 2> table = table_of(far_rows), x = table_of(333);
  const auto ids = ids_of(1, 333, far_rows);
  const Tensor<std::int64_t, 1> start{0, 3, 3, 40, 333};
  const auto row = ids[0, n];
  Tensor<float, 2> bags(4, 64), picked(333, 64), sums(far_rows, 64);
  const Prepared ragged = prepared(bags[b, d], Assign::set, sum(n(start[b], start[b + 1]), table[row, d]));
  const Prepared read = prepared(picked[n, d], Assign::set, 2 * table[row, d]);
  const Prepared added = prepared(sums[row, d], Assign::add, x[n, d]);
  CHECK(fetches(ragged));
  CHECK(fetches(read));
  const std::string of_added = loops_of(added);
  CHECK(of_added.find("prefetch t2[") != std::string::npos);  // the rows that are added, in order,
  CHECK(of_added.find("prefetch b") != std::string::npos);    // and the rows that are added to
  CHECK(loops_of(read).find("prefetch t2[") == std::string::npos);
  for (const Prepared* p : {&ragged, &read, &added}) REQUIRE(run_everywhere(*p).fault == "");
  for (std::int64_t k = 0; k < 333; ++k)
    for (std::int64_t column = 0; column < 64; ++column) {
      REQUIRE(picked.at(k, column) == 2 * table.at(ids.at(0, k), column));
      REQUIRE(sums.at(ids.at(0, k), column) == x.at(k, column));
    }
}

TEST_CASE("a row outside of a far table is an error all the same") {
  const Tensor<float, 2> table = table_of(far_rows);
  auto ids = ids_of(9, 20, far_rows);
  ids.at(7, 5) = far_rows;
  Tensor<float, 2> out(9, 64);
  const Prepared p = prepared(out[b, d], Assign::set, sum(j, table[ids[b, j], d]));
  REQUIRE(fetches(p));
  const Ran ran = run_everywhere(p);
  CHECK(ran.fault == "");
  CHECK(ran.error == Error::Kind::bounds);
}

TEST_CASE("an item of a scatter of rows is some rows, each in whole vectors") {
  Tensor<float, 2> x(70, 19), sums(5, 19);
  Tensor<std::int32_t, 1> at(70);
  for (std::int64_t k = 0; k < x.size(); ++k) x.data()[k] = static_cast<float>(k % 101);
  for (std::int64_t k = 0; k < 70; ++k) at.data()[k] = static_cast<std::int32_t>(k * 3 % 5);
  const Prepared p = prepared(sums[at[n], d], Assign::add, x[n, d]);
  CHECK(schedule_of(p).find(": n/16 | d x") != std::string::npos);
  const std::string loops = loops_of(p);
  const std::size_t check = loops.find("check 0:");  // once, for the whole vectors and for the rest
  CHECK((check != std::string::npos && loops.find("check 0:", check + 1) == std::string::npos));
  REQUIRE(run_everywhere(p).fault == "");
  REQUIRE(run_with_threads(p) == "");
}

TEST_CASE("planes are read two lines of each at a time, while the next planes and the next tile are fetched") {
  for (const std::int64_t planes : {0, 1, 6, 7, 8, 21})
    for (const std::int64_t pixels : {1, 15, 16, 33, 2049}) {
      INFO(planes << " planes of " << pixels);
      Tensor<float, 2> x(planes, pixels);
      for (std::int64_t n = 0; n < x.size(); ++n) x.data()[n] = static_cast<float>(n * 7919 % 1013 - 500);
      Tensor<float, 1> out(pixels), expected(pixels);
      for (std::int64_t n = 0; n < x.size(); ++n) expected.data()[n % pixels] += x.data()[n];
      const Prepared p = prepared(out[d], Assign::set, sum(j, x[j, d]));
      const std::string loops = loops_of(p, 32);
      const std::size_t fetch = loops.find("prefetch t1["), last_fetch = loops.rfind("prefetch");
      REQUIRE(fetch != std::string::npos);
      CHECK(loops.find(" later", fetch) < loops.find('\n', fetch));
      CHECK((fetch < last_fetch || host_target().vector_bytes < 32));
      CHECK(last_fetch < loops.find("lanes <"));  // masked vectors fetch nothing
      CHECK(assembly_of(p).find("prefetcht1") != std::string::npos);
      // The first planes find the states of the start behind those of the tile: no loop clears it before.
      const std::size_t start = loops.find("store best["), states = loops.find("load best[");
      REQUIRE(start < states);
      CHECK(loops.substr(start, states - start).find('}') == std::string::npos);
      REQUIRE(run_everywhere(p).fault == "");
      for (std::int64_t n = 0; n < pixels; ++n) REQUIRE(out.data()[n] == expected.data()[n]);
    }
}

TEST_CASE("planes with a weight each are read plane by plane too") {
  for (const std::int64_t rows : {1, 7, 31})
    for (const std::int64_t columns : {1, 15, 33, 100, 2051}) {
      INFO(rows << " rows of " << columns);
      Tensor<float, 2> x(rows, columns), weight(rows, 2);
      for (std::int64_t n = 0; n < x.size(); ++n) x.data()[n] = static_cast<float>(n * 7919 % 1013 - 500);
      for (std::int64_t n = 0; n < weight.size(); ++n) weight.data()[n] = static_cast<float>(n % 5 - 2);
      Tensor<float, 1> out(columns);
      const Prepared p = prepared(out[d], Assign::set, sum(j, weight[j, 1] * x[j, d]));
      CHECK(loops_of(p).find("load best[") != std::string::npos);
      REQUIRE(run_everywhere(p).fault == "");
    }
}

TEST_CASE("planes that a reduction within reads are left to it") {
  Tensor<float, 3> x(9, 5, 70);
  for (std::int64_t n = 0; n < x.size(); ++n) x.data()[n] = static_cast<float>(n * 7919 % 1013 - 500);
  Tensor<float, 1> out(70);
  const Prepared p = prepared(out[d], Assign::set, sum(j, max(k, x[j, k, d])));
  REQUIRE(run_everywhere(p).fault == "");
  const Prepared q = prepared(out[d], Assign::set, sum(j, sum(k, x[j, k, d])));
  REQUIRE(run_everywhere(q).fault == "");
}
