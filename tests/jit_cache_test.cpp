// Compiled kernels are used again: at other shapes in the same process, and from the disk by the next one.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "support/backends.hpp"
#include "support/command.hpp"
#include "support/subprocess.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

struct Shape {
  int batch, classes, height, width;
};

Tensor<float, 3> pick(const Shape& s) {
  const auto scores = filled<float>(shuffled(11), s.batch, s.classes, s.height, s.width);
  const auto feature = filled<float>(shuffled(101), s.batch, s.classes, s.height, s.width);
  Tensor<float, 3> picked = feature[b, argmax(scores, 1), h, w];
  return picked;
}

std::int64_t compiled_by(const Shape& s) {
  const std::int64_t before = cache_counters().compiled + cache_counters().disk_hits;
  pick(s);
  return cache_counters().compiled + cache_counters().disk_hits - before;
}

std::string word_after(const std::string& text, const std::string& label) {
  const std::size_t at = text.find(label);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + label.size();
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

/// Runs the hidden test below in a process of its own.
std::string run_process(const TemporaryFolder& folder, const std::string& more = "") {
  return run_hidden_test("RICCI_CACHE_DIR='" + folder.path("kernels") + "' RICCI_CACHE=rw " + more, "picking_process");
}

}  // namespace

TEST_CASE("a new shape compiles nothing") {
  compiled_by({2, 5, 3, 40});
  for (const Shape& s : {Shape{2, 5, 3, 17}, {8, 21, 5, 5}, {3, 2, 1, 64}, {1, 5, 7, 33}, {4, 100, 2, 2}, {2, 3, 9, 16},
                         {5, 5, 5, 5}, {2, 64, 3, 15}, {7, 4, 11, 13}, {2, 256, 4, 300}})
    CHECK(compiled_by(s) == 0);
}

TEST_CASE("axes of one element need at most one kernel each") {
  // Their strides are of no consequence, so that axes collapse which otherwise could not. A second shape of the same
  // kind compiles nothing.
  const std::pair<Shape, Shape> cases[] = {{{2, 5, 3, 1}, {3, 7, 9, 1}},
                                           {{2, 1, 3, 40}, {4, 1, 2, 17}},
                                           {{1, 5, 3, 40}, {1, 9, 5, 20}},
                                           {{2, 5, 1, 40}, {3, 4, 1, 9}}};
  for (const auto& [first, second] : cases) {
    CHECK(compiled_by(first) <= 1);
    CHECK(compiled_by(second) == 0);
  }
}

TEST_CASE("zero extents give empty results and compile nothing") {
  for (const Shape& s : {Shape{0, 5, 3, 4}, {2, 5, 0, 4}, {2, 5, 3, 0}}) {
    CHECK(compiled_by(s) == 0);
    CHECK(pick(s).size() == 0);
  }
  CHECK_THROWS_WITH(pick({2, 0, 3, 4}), Catch::Contains("argmax over") && Catch::Contains("has no elements"));
}

TEST_CASE("another layout of the same shape may compile; the same layout again does not") {
  const auto x = filled<float>(shuffled(50), 12, 20);
  const auto total = [](const Tensor<float, 2>& t) {
    const std::int64_t before = cache_counters().compiled + cache_counters().disk_hits;
    Tensor<float, 1> sums = sum(t, 1);
    return cache_counters().compiled + cache_counters().disk_hits - before;
  };
  CHECK(total(x) <= 1);
  CHECK(total(x.copy()) == 0);
  CHECK(total(x.permuted({1, 0})) <= 1);
  CHECK(total(x.copy().permuted({1, 0})) == 0);
}

TEST_CASE("a process of its own that picks", "[.picking_process]") {
  const Tensor<float, 3> picked = pick({3, 7, 5, 33});
  std::int64_t checksum = 0;
  for (float v : values(picked)) checksum = (checksum * 31 + static_cast<std::int64_t>(v)) % 1'000'000'007;
  const bool has_llvm = contents("/proc/self/maps").find("libricci_llvm") != std::string::npos;
  const CacheCounters counters = cache_counters();
  std::cout << "origin=" << to_string(last_report().origin) << " compiled=" << counters.compiled
            << " disk=" << counters.disk_hits << " llvm=" << has_llvm << " took=" << (counters.compiled_ms > 0)
            << " sum=" << checksum << " \n";
}

TEST_CASE("the second process finds its kernels on the disk and never loads LLVM") {
  const TemporaryFolder folder;
  const std::string first = run_process(folder), second = run_process(folder);
  CHECK(word_after(first, "origin=") == "compiled");
  CHECK(word_after(first, "llvm=") == "1");
  CHECK(word_after(first, "took=") == "1");
  CHECK(word_after(second, "origin=") == "disk");
  CHECK(word_after(second, "compiled=") == "0");
  CHECK(word_after(second, "disk=") == "1");
  CHECK(word_after(second, "llvm=") == "0");
  CHECK(word_after(second, "took=") == "0");
  CHECK(word_after(first, "sum=") != "");
  CHECK(word_after(first, "sum=") == word_after(second, "sum="));
}

TEST_CASE("a damaged entry on the disk is compiled again") {
  const TemporaryFolder folder;
  const std::string first = run_process(folder);
  int damaged = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path("kernels"))) {
    if (entry.path().extension() != ".rko") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(entry.file_size() / 2));
    const char flipped = static_cast<char>(file.peek() ^ 0x10);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.put(flipped);
    ++damaged;
  }
  REQUIRE(damaged == 1);
  const std::string second = run_process(folder), third = run_process(folder);
  CHECK(word_after(second, "origin=") == "compiled");
  CHECK(word_after(third, "origin=") == "disk");
  CHECK(word_after(first, "sum=") == word_after(second, "sum="));
  CHECK(word_after(first, "sum=") == word_after(third, "sum="));
}

TEST_CASE("without the disk cache every process compiles and nothing is written") {
  const TemporaryFolder folder;
  const std::string first = run_process(folder, "RICCI_CACHE=off"), second = run_process(folder, "RICCI_CACHE=off");
  CHECK(word_after(first, "origin=") == "compiled");
  CHECK(word_after(second, "origin=") == "compiled");
  CHECK(word_after(first, "sum=") == word_after(second, "sum="));
  CHECK(!std::filesystem::exists(folder.path("kernels")));
}
