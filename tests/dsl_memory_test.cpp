// A statement takes no more memory than its arrays and what its report says.
#include <catch2/catch.hpp>
#include <malloc.h>

#include <fstream>
#include <utility>

#include "ricci/memory.hpp"
#include "support/flagships.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

constexpr std::int64_t mib = std::int64_t{1} << 20;
// Stacks of threads, lists of the allocators, and that the system counts pages not at once.
constexpr std::int64_t overhead = 3 * mib;
constexpr std::int64_t page_waste = 2 * mib;  // of a block that has large pages

/// "VmRSS" or "VmHWM" of this process in bytes: its memory now, and the most since forget_peak().
std::int64_t status_of(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::stoll(line.substr(field.size() + 1)) * 1024;
  return -1;
}

bool forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5" << std::flush;
  return status_of("VmHWM") - status_of("VmRSS") < mib;
}

struct Peak {
  std::int64_t bytes;    // beyond what the process had before
  std::int64_t made;     // in new arrays, with what large pages waste there
  std::int64_t reported; // beside them
};

/// Of the second run, so that nothing is compiled in it, and with no block kept from the first.
Peak peak_of(Session& session, const std::string& text) {
  session.options.threads = 2;
  session.run(text);
  drop_kept_blocks();
  malloc_trim(0);
  if (!forget_peak()) return {-1, 0, 0};
  const std::int64_t before = status_of("VmRSS");
  std::map<std::string, Array> old;
  for (const auto& [name, variable] : session.variables()) old[name] = variable.array;
  Peak peak{0, 0, 0};
  session.run(text, [&](const Outcome& outcome) {
    Array& known = old[outcome.name];
    if (!(std::exchange(known, outcome.value) == outcome.value))
      peak.made += outcome.value.size() * static_cast<std::int64_t>(size_of(outcome.value.dtype())) + page_waste;
    const std::int64_t reported = outcome.report.temporary_bytes + outcome.report.accumulator_bytes;
    if (reported > 0) peak.reported = std::max(peak.reported, reported + page_waste);
  });
  peak.bytes = status_of("VmHWM") - before;
  return peak;
}

struct Use {
  Flagship program;
  std::int64_t divisor = 1;
};

}  // namespace

TEST_CASE("the peak of memory shows temporaries, which are reported") {
  Session session = session_with_elements({"", "", {{"x", DType::f32, {4096, 4096}}}});
  const Peak peak = peak_of(session, "x[i, j] = x[j, i]");
  if (peak.bytes < 0) {
    WARN("the peak of memory cannot be measured here");
    return;
  }
  CHECK(peak.made == 0);
  CHECK(peak.reported == 64 * mib + page_waste);
  CHECK(peak.bytes >= 63 * mib);
  CHECK(peak.bytes <= 64 * mib + page_waste + overhead);
}

TEST_CASE("statements take the memory of their arrays and what their report says, no more", "[slow]") {
  constexpr DType f32 = DType::f32, i32 = DType::i32;
  const FlagshipArray x{"x", f32, {4096, 2048}}, key{"key", i32, {4096}, 1000};
  const std::vector<FlagshipArray> heads{
      {"q", f32, {32, 512, 64}}, {"k", f32, {32, 512, 64}}, {"v", f32, {32, 512, 64}}, {"out", f32, {32, 512, 64}}};
  std::vector<Use> uses;
  for (const Flagship& f : flagships()) {
    const bool large = f.name == "W1" || f.name == "W1 with d" || f.name == "W2" || f.name == "W3 rows";
    uses.push_back({f, large ? 8 : f.name == "W3 planes" || f.name == "W8" ? 4 : f.name == "W6" ? 2 : 1});
  }
  const auto add = [&](std::string name, std::string text, std::vector<FlagshipArray> arrays) {
    uses.push_back({{std::move(name), std::move(text), std::move(arrays)}});
  };
  add("attention", "out[b, i, d] = sum(n, softmax(n, sum(e, q[b, i, e] * k[b, n, e]) / 8) * v[b, n, d])", heads);
  add("softmax", "y = softmax(x, 1)", {x});
  add("sorted rows", "y = sort(x, 1)", {x});
  add("order of columns", "y = argsort(x, 0)", {x});
  add("largest of rows", "y = topk(x, 8, 1)", {x});
  add("sums of segments", "y = zeros(1000, 2048); y[key[n], d] += x[n, d]", {x, key});
  add("means of segments",
      "y = zeros(1000, 2048); y[s, d] = sum(n, delta(s, key[n]) * x[n, d]) / sum(n, delta(s, key[n]))", {x, key});
  add("running sums of rows", "y = cumsum(x, 1)", {x});
  add("running sums of columns", "y = cumsum(x, 0)", {x});
  add("what is positive", "y = x[x > 0]", {x});
  add("layer norm", "y[n, d] = (x[n, d] - mean(x, 1)[n]) / sqrt(var(x, 1)[n] + 1e-5)", {x});
  add("transposed", "y[j, i] = x[i, j]", {x});
  add("many bins", "y = zeros(1048576); y[key[n] * 1000 + key[m]] += 1", {key});
  add("shifted in place", "x[i + 1, j] = x[i, j]", {x});
  add("distances", "y[n] = argmin(m, sum(d, sq(x[n, d] - x[m, d])))", {{"x", f32, {2048, 64}}});
  for (const Use& use : uses) {
    Session session = session_with_elements(use.program, use.divisor);
    const Peak peak = peak_of(session, use.program.text);
    if (peak.bytes < 0) return;  // the test above says so
    INFO(use.program.name << ": new arrays " << peak.made << ", reported " << peak.reported);
    CHECK(peak.bytes <= peak.made + peak.reported + overhead);
  }
}
