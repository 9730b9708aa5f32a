#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "ricci/error.hpp"
#include "ricci/target.hpp"
#include "support/subprocess.hpp"

using ricci::Target;
using ricci::host_target;

namespace {

std::vector<std::string> split(const std::string& features) {
  std::vector<std::string> names;
  std::istringstream stream(features);
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

bool has(const Target& target, const std::string& name) {
  const auto names = split(target.features);
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Runs the hidden test case below in a new process, because the host is looked at only once in each.
std::string host_in_process_with(const std::string& setting) {
  const std::string output = ricci::test::run_hidden_test("RICCI_VECTOR_BYTES='" + setting + "'", "print_host_target");
  const auto begin = output.find('<'), end = output.find('>');
  REQUIRE(end != output.npos);
  return output.substr(begin + 1, end - begin - 1);
}

std::string text(const Target& target) { return std::to_string(target.vector_bytes) + " " + target.features; }

}  // namespace

TEST_CASE("print the host target", "[.print_host_target]") {
  try {
    std::printf("<%s>\n", text(host_target()).c_str());
  } catch (const ricci::Error& error) {
    std::printf("<error: %s>\n", error.what());
  }
}

TEST_CASE("the features of the host are sorted, and at least x86-64-v3") {
  const auto names = split(host_target().features);
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const char* name : {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "popcnt"})
    CHECK(has(host_target(), name));
}

TEST_CASE("the features of the host are those that the compiler's runtime sees") {
  __builtin_cpu_init();
  if (!std::getenv("RICCI_VECTOR_BYTES")) {
    const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    CHECK(host_target().vector_bytes == (v4 ? 64 : 32));
  }
  CHECK(__builtin_cpu_supports("avx2"));
  CHECK(__builtin_cpu_supports("fma"));
}

TEST_CASE("AVX-512 goes with vectors of 64 bytes only") {
  for (const int bytes : {16, 32, 64}) {
    const Target target = host_target(bytes);
    CHECK(target.vector_bytes == std::min(bytes, host_target().vector_bytes));
    CHECK(has(target, "avx2"));
    for (const char* name : {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"})
      CHECK(has(target, name) == (target.vector_bytes == 64));
  }
}

TEST_CASE("a width that is no vector width is an error") {
  CHECK_THROWS_AS(host_target(8), ricci::Error);
  CHECK_THROWS_AS(host_target(0), ricci::Error);
  CHECK_THROWS_AS(host_target(128), ricci::Error);
}

TEST_CASE("RICCI_VECTOR_BYTES narrows the host") {
  if (host_target().vector_bytes >= 32) CHECK(host_in_process_with("32") == text(host_target(32)));
  CHECK(host_in_process_with("16") == text(host_target(16)));
}

TEST_CASE("a RICCI_VECTOR_BYTES that the host cannot do is an error that quotes it") {
  for (const std::string setting : {"128", "24", "", "32 ", "wide"}) {
    const std::string answer = host_in_process_with(setting);
    CHECK(answer.starts_with("error: "));
    CHECK(answer.find("'" + setting + "'") != answer.npos);
  }
}
