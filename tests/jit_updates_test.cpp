// Updates that data place: first a block of lanes finds out where they go, then they are done one by one.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/keys.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

TEST_CASE("updates are put off for blocks of every length") {
  for (std::int64_t count : {7, 8, 9, 255, 256, 257, 511, 512, 1023, 1025, 2047, 2048, 2049, 4097, 6000}) {
    CAPTURE(count);
    const auto key = keys(count, 7);
    const auto weight = filled<float>(shuffled(13), count);
    const auto large = filled<double>(shuffled(17), count);
    Tensor<float, 1> sums(7);
    Tensor<double, 1> doubles(7);
    Tensor<float, 1> means(7);
    std::vector<float> expected(7), expected_means(7);
    std::vector<double> expected_doubles(7);
    std::vector<int> counts(7);
    for (int n = 0; n < count; ++n) {
      const auto k = static_cast<std::size_t>(key.at(n));
      expected[k] += weight.at(n);
      expected_doubles[k] += large.at(n);
      ++counts[k];
    }
    REQUIRE(run_everywhere(prepared(sums[key[n]], Assign::add, weight[n])).fault == "");
    CHECK(values(sums) == expected);  // whole numbers
    REQUIRE(run_everywhere(prepared(doubles[key[n]], Assign::add, large[n])).fault == "");
    CHECK(values(doubles) == expected_doubles);
    const auto selected = [&](auto x) { return sum(n, delta(c, key[n]) * x); };
    const Prepared mean = prepared(means[c], Assign::set, selected(weight[n]) / selected(1.0f));  // two tables
    REQUIRE(run_everywhere(mean).fault == "");
    for (std::size_t k = 0; k < 7; ++k)
      if (counts[k] > 0) CHECK(means.at(static_cast<std::int64_t>(k)) == expected[k] / static_cast<float>(counts[k]));
  }
}

TEST_CASE("updates of short rows, of repeated keys and beside an affine subscript are put off too") {
  const auto key = filled<std::int32_t>([](std::int64_t n) { return n * 11 % 6; }, 9, 21);
  Tensor<std::int32_t, 2> by_row(9, 6);
  Tensor<std::int32_t, 1> all(6), by_column(6);
  for (const std::int64_t columns : {1, 5, 21}) {
    by_row.fill(0);
    all.fill(0);
    const auto part = key.sliced(1, 0, columns, 1);
    REQUIRE(run_everywhere(prepared(by_row[i, part[i, j]], Assign::add, 1)).fault == "");
    REQUIRE(run_everywhere(prepared(all[part[i, j]], Assign::add, j)).fault == "");
    std::vector<std::int32_t> rows(9 * 6), sums(6);
    for (std::int64_t r = 0; r < 9; ++r)
      for (std::int64_t c = 0; c < columns; ++c) {
        rows[static_cast<std::size_t>(r * 6 + part.at(r, c))] += 1;
        sums[static_cast<std::size_t>(part.at(r, c))] += static_cast<std::int32_t>(c);
      }
    CHECK(values(by_row) == rows);
    CHECK(values(all) == sums);
  }
  Tensor<std::int32_t, 2> behind(6, 200), apart(6, 400);
  const auto one = keys(199, 6);
  REQUIRE(run_everywhere(prepared(behind[one[n], n + 1], Assign::add, n)).fault == "");
  REQUIRE(run_everywhere(prepared(apart[one[n], 2 * n + 1], Assign::add, n)).fault == "");
  for (std::int32_t n = 0; n < 199; ++n) {
    CHECK(behind.at(one.at(n), n + 1) == n);
    CHECK(apart.at(one.at(n), 2 * n + 1) == n);
  }
}

TEST_CASE("where updates are put off, nothing is stored and loaded again at once") {
  const auto key = keys(5000, 1000);
  const auto weight = filled<float>(shuffled(13), 5000);
  Tensor<std::int32_t, 1> counts(1000);
  Tensor<float, 1> sums(1000);
  for (const Prepared& p : {prepared(counts[key[n]], Assign::add, 1), prepared(sums[key[n]], Assign::add, weight[n])}) {
    const std::string loops = loops_of(p);
    CHECK(loops.find("scatter") == std::string::npos);
    const std::size_t check = loops.find("check 0:");  // one for a step of several vectors, one for what is left
    REQUIRE(check != std::string::npos);
    const std::size_t second = loops.find("check 0:", check + 1);
    REQUIRE(second != std::string::npos);
    CHECK(loops.find("check 0:", second + 1) == std::string::npos);
    const std::size_t fetch = loops.find("prefetch t1[");  // the keys of the next block
    CHECK(fetch < check);
    CHECK(loops.find("prefetch t1[", check) == std::string::npos);
  }
  const auto scores = filled<float>(shuffled(19), 7, 5000);
  Tensor<float, 1> means(7);
  const auto selected = [&](auto x) { return sum(n, delta(c, argmax(scores, 0)) * x); };
  const Prepared mean = prepared(means[c], Assign::set, selected(weight[n]) / selected(1.0f));
  REQUIRE(run_everywhere(mean).fault == "");
  const std::string loops = loops_of(mean);  // two tables with the same places
  const std::size_t places = loops.find("buffer places:");
  REQUIRE(places != std::string::npos);
  CHECK(loops.find("places", places + 8) == loops.find("store places[") + 6);
}

TEST_CASE("a table that caches do not hold has a share for every six updates of an element") {
  struct Row {
    std::int64_t keys;
    int classes;
    std::int64_t shares, pitch;
  };
  for (const auto& [count, classes, shares, pitch] :
       {Row{400'000, 10'000, 3, 10'000}, Row{400'000, 30'000, 2, 30'000}, Row{400'000, 40'000, 1, 40'016}}) {
    const auto key = keys(count, classes);
    Tensor<std::int32_t, 1> counts(classes);
    const Prepared p = prepared(counts[key[n]], Assign::add, 1);
    REQUIRE(run_with_threads(p) == "");
    std::vector<std::int32_t> expected(static_cast<std::size_t>(classes));
    for (int n = 0; n < count; ++n) expected[static_cast<std::size_t>(key.at(n))] += 1;
    CHECK(values(counts) == expected);
    INFO(count << " keys, " << classes << " classes");
    CHECK(p.executable->run(p.tensors, p.params).accumulator_bytes == 4 * shares * pitch);
  }
}
