// However many layouts a program meets, an expression gets at most eight kernels that suit some, and one for all.
#include <catch2/catch.hpp>
#include <algorithm>
#include <iostream>
#include <set>
#include <thread>

#include "support/backends.hpp"
#include "support/program_text.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

constexpr int layouts = 24;
constexpr std::int64_t most_kernels = 8 + 1;

/// Layout 0 to 23 of three axes: each order of them in memory, dense, with one copy along the outermost axis, with gaps
/// after rows, and with every second element.
template <class T>
struct LaidOut {
  std::vector<T> memory;
  Tensor<T, 3> x = Tensor<T, 3>(0, 0, 0);

  LaidOut(int layout, std::array<std::int64_t, 3> extents) {
    std::array<int, 3> order{0, 1, 2};
    for (int n = layout % 6; n > 0; --n) std::ranges::next_permutation(order);
    const int kind = layout / 6;
    std::array<std::int64_t, 3> strides{};
    std::int64_t step = kind == 3 ? 2 : 1;
    for (int at = 2; at >= 0; --at) {
      const auto axis = static_cast<std::size_t>(order[static_cast<std::size_t>(at)]);
      strides[axis] = kind == 1 && at == 0 ? 0 : step;
      step = step * extents[axis] + (kind == 2 ? 1 : 0);
    }
    memory.resize(static_cast<std::size_t>(step));
    for (std::int64_t n = 0; n < step; ++n) memory[static_cast<std::size_t>(n)] = static_cast<T>(shuffled(23)(n));
    x = Tensor<T, 3>::view(memory.data(), {extents[0], extents[1], extents[2]}, {strides[0], strides[1], strides[2]});
  }
};

std::int64_t kernels_so_far() { return cache_counters().compiled + cache_counters().disk_hits; }

/// Tests of this file count the kernels of an expression that no other test has: that of an element type each.
template <class T>
bool is_right(int layout, std::array<std::int64_t, 3> extents) {
  const LaidOut<T> in(layout, extents);
  const Tensor<T, 3>& x = in.x;
  const auto place = filled<std::int32_t>([&](auto n) { return n % extents[2]; }, extents[1]);
  const auto total = [&](const auto& row, const auto& column) { return sum(k, x[row, column, k]); };
  Tensor<T, 2> result(extents[0], extents[1]);
  result[i, j] = total(i, j) + x[i, j, place[j]] * cast<T>(i);
  bool right = true;
  for (std::int64_t a = 0; a < extents[0]; ++a)
    for (std::int64_t b = 0; b < extents[1]; ++b) {
      T expected = static_cast<T>(x.at(a, b, place.at(b)) * static_cast<T>(a));
      for (std::int64_t c = 0; c < extents[2]; ++c) expected = static_cast<T>(expected + x.at(a, b, c));
      right &= result.at(a, b) == expected;
    }
  return right;
}

}  // namespace

TEST_CASE("all layouts of an expression take eight kernels and one that suits every layout") {
  const std::int64_t before = kernels_so_far();
  std::vector<std::int64_t> made;
  for (int layout = 0; layout < layouts; ++layout) {
    INFO(layout);
    CHECK(is_right<float>(layout, {4, 5, 19}));
    made.push_back(kernels_so_far() - before);
  }
  CHECK(made.back() == most_kernels);
  CHECK(made[10] == most_kernels - 1);  // so all later ones had to do with these, or with the general one
  // Other shapes with the same layouts compile nothing.
  for (const auto& shape : {std::array<std::int64_t, 3>{7, 3, 40}, {2, 33, 17}})
    for (int layout = 0; layout < layouts; ++layout) CHECK(is_right<float>(layout, shape));
  CHECK(kernels_so_far() - before == most_kernels);
  // What is wrong is told in the same words.
  const LaidOut<float> in(layouts - 1, {4, 5, 19});
  const auto place = filled<std::int32_t>([](auto n) { return n == 3 ? 19 : n; }, 5);
  Tensor<float, 2> result(4, 5);
  CHECK_THROWS_WITH((result[i, j] = sum(k, in.x[i, j, k]) + in.x[i, j, place[j]] * cast<float>(i)),
                    Catch::Contains("subscript 19 is outside axis 2") && Catch::Contains("(extent 19) at i=0, j=3"));
}

TEST_CASE("beyond eight kernels, one that assumes other sizes is taken rather than the general one") {
  int layout = 0;
  const std::int64_t before = kernels_so_far();
  for (; kernels_so_far() - before < 8; ++layout) CHECK(is_right<std::int16_t>(layout, {4, 5, 19}));
  REQUIRE(layout < layouts);
  CHECK(is_right<std::int16_t>(0, {512, 16, 32}));  // so large that rows which data choose are fetched early
  CHECK(kernels_so_far() - before == 8);
}

TEST_CASE("threads that meet all layouts at once share eight kernels and the general one") {
  const std::int64_t before = kernels_so_far();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int n = 0; n < layouts; ++n) right += is_right<std::int32_t>((n + 7 * t) % layouts, {4, 5, 19});
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 4 * layouts);
  CHECK(kernels_so_far() - before <= most_kernels);
  CHECK(kernels_so_far() - before > 6);
}

TEST_CASE("the interpreter assumes what the kernel does, so that float sums have the same bits") {
  int by_others = 0;
  for (int layout = 0; layout < layouts; ++layout) {
    const LaidOut<float> in(layout, {4, 5, 119});
    Tensor<float, 2> native(4, 5), interpreted(4, 5);
    const auto value = sum(k, sqrt(in.x[i, j, k]));
    Prepared n = prepared(native[i, j], Assign::set, value), p = prepared(interpreted[i, j], Assign::set, value);
    n.executable->run(n.tensors, n.params);
    p.executable->run(p.tensors, p.params, {.backend = Backend::loop_interpreter});
    INFO(layout);
    CHECK(values(native) == values(interpreted));
    Tensor<float, 2> general(4, 5);
    Prepared g = prepared(general[i, j], Assign::set, value);
    g.executable->run(g.tensors, g.params, {.specialise = false});
    by_others += values(general) != values(native);
  }
  CHECK(by_others > 0);  // the order of the sum is not the same for all kernels
}

TEST_CASE("when there are no more kernels, one for short rows is not used for longer ones") {
  const auto is_largest = [](int layout, std::array<std::int64_t, 3> extents) {
    const LaidOut<float> in(layout, extents);
    Tensor<float, 2> out(extents[0], extents[1]);
    out[i, j] = max(k, 3 * in.x[i, j, k]);
    for (std::int64_t a = 0; a < extents[0]; ++a)
      for (std::int64_t b = 0; b < extents[1]; ++b) {
        float largest = 3 * in.x.at(a, b, 0);
        for (std::int64_t c = 1; c < extents[2]; ++c) largest = std::max(largest, 3 * in.x.at(a, b, c));
        if (out.at(a, b) != largest) return false;
      }
    return true;
  };
  for (int layout = 0; layout < layouts; ++layout) CHECK(is_largest(layout, {40, 50, 5}));
  for (int layout = 0; layout < layouts; ++layout) CHECK(is_largest(layout, {40, 50, 300}));
}

TEST_CASE("when there are no more kernels, that for the most similar sizes is used") {
  const auto loops = [](std::int64_t rows, std::int64_t columns) {
    const Tensor<float, 2> a(20, rows), b(20, columns);
    Tensor<float, 2> c(rows, columns);
    const Prepared p = prepared(c[i, j], Assign::set, 5 - sum(k, a[k, i] * b[k, j]));
    p.executable->run(p.tensors, p.params);
    return loops_of(p);
  };
  std::set<std::string> kernels;
  const std::string largest = loops(300, 300);
  for (const std::int64_t rows : {300, 40})
    for (const std::int64_t columns : {300, 40, 8, 2}) kernels.insert(loops(rows, columns));
  const std::string similar = loops(40, 40);
  if (vector_widths().front() >= 32) CHECK(similar != largest);
  CHECK(loops(24, 40) == similar);
  CHECK(loops(24, 300) == loops(40, 300));
  CHECK(kernels.contains(loops(24, 2)));
}

TEST_CASE("sizes that lead to the same loops share a kernel, and what is similar to one of them takes it") {
  const auto run = [](std::int64_t rows, std::int64_t columns, std::int64_t length) {
    const auto a = filled<float>(shuffled(23), rows, length), b = filled<float>(shuffled(19), length, columns);
    Tensor<float, 2> c(rows, columns);
    const Prepared p = prepared(c[i, j], Assign::set, 7 - sum(k, a[i, k] * b[k, j]));
    const std::int64_t before = kernels_so_far();
    p.executable->run(p.tensors, p.params);
    const std::int64_t made = kernels_so_far() - before;
    CHECK(run_everywhere(p).fault == "");
    return std::pair(made, loops_of(p));
  };
  const auto [first, low] = run(3, 40, 12);
  CHECK(first == 1);
  // Rows of 12 elements are short ones, those of 120 are not: blocks of rows do not care.
  CHECK(run(3, 40, 120) == std::pair(std::int64_t{0}, low));
  CHECK(run(4, 60, 60).second == low);
  // All the others there may be, as columns of many kinds.
  int others = 0;
  for (const std::int64_t columns : {2, 4, 3, 8, 7, 12, 300, 100, 40}) others += run(50, columns, 70).first > 0;
  if (vector_widths().front() == 64) CHECK(others == 7);
  // There are no more kernels: three rows of 300 take the block of three that there is.
  if (others == 7) CHECK(run(3, 300, 120) == std::pair(std::int64_t{0}, low));
}

TEST_CASE("a dump shows the kernel that a run would take, and decides nothing") {
  const auto loops = [](int layout, bool runs) {
    const LaidOut<float> in(layout, {4, 5, 19});
    Tensor<float, 2> out(4, 5);
    const Prepared p = prepared(out[i, j], Assign::set, max(k, in.x[i, j, k]));
    if (runs) p.executable->run(p.tensors, p.params);
    return loops_of(p);
  };
  const std::string own = loops(23, false);
  for (int layout = 0; layout < 23; ++layout) loops(layout, false);
  CHECK(loops(23, false) == own);
  for (int layout = 0; layout < 22; ++layout) loops(layout, true);
  CHECK(loops(23, true) != own);
}

TEST_CASE("a process of its own that meets all layouts", "[.layouts_process]") {
  const bool backwards = std::getenv("BACKWARDS") != nullptr;
  int right = 0;
  for (int n = 0; n < layouts; ++n) right += is_right<double>(backwards ? layouts - 1 - n : n, {4, 5, 19});
  std::cout << "right=" << right << " compiled=" << cache_counters().compiled << " disk=" << cache_counters().disk_hits
            << " \n";
}

TEST_CASE("kernels found on the disk count like those that are compiled") {
  const TemporaryFolder folder;
  const std::string cache = "RICCI_CACHE_DIR='" + folder.path("kernels") + "' RICCI_CACHE=rw ";
  CHECK_THAT(run_hidden_test(cache, "layouts_process"), Catch::Contains("right=24 compiled=9 disk=0 "));
  CHECK_THAT(run_hidden_test(cache, "layouts_process"), Catch::Contains("right=24 compiled=0 disk=9 "));
  // Met in another order, others are the first eight, and one of them suits all.
  const std::string backwards = run_hidden_test(cache + "BACKWARDS=1", "layouts_process");
  CHECK_THAT(backwards, Catch::Contains("right=24 "));
  CHECK_THAT(backwards, !Catch::Contains("compiled=0 ") && !Catch::Contains("disk=0 "));
  CHECK_THAT(run_hidden_test(cache + "BACKWARDS=1", "layouts_process"), Catch::Contains("right=24 compiled=0 disk=8 "));
}
