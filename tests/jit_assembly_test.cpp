// What the machine code of the seed kernel is made of, at every vector width of the host.
#include <catch2/catch.hpp>
#include <iterator>
#include <regex>
#include <xmmintrin.h>

#include "ricci/target.hpp"
#include "support/assembly.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Views of the shapes of the seed, without memory: a dump reads no elements.
struct Seed {
  float* nowhere = reinterpret_cast<float*>(std::uintptr_t{1} << 40);
  Tensor<float, 4> scores = Tensor<float, 4>::view(nowhere, {8, 21, 512, 512});
  Tensor<float, 4> feature = Tensor<float, 4>::view(nowhere + (std::int64_t{1} << 32), {8, 64, 512, 512});
  Tensor<float, 3> out = Tensor<float, 3>::view(nowhere + (std::int64_t{2} << 32), {8, 512, 512});

  std::string assembly(int width) {
    const Prepared p = prepared(out[b, h, w], Assign::set, feature[b, argmax(scores, 1), h, w]);
    return p.executable->dump(Executable::Stage::assembly, p.tensors, p.params, {.vector_bytes = width});
  }
};

}  // namespace

TEST_CASE("the seed kernel compares packed scores and gathers the feature in hardware") {
  for (int width : vector_widths()) {
    if (width < 32) continue;
    const std::string text = Seed().assembly(width), reg = width == 64 ? "zmm" : "ymm";
    CAPTURE(width);
    CHECK(has(text, "\\tvcmp\\w*ps\\s[^\\n]*%" + reg));
    CHECK(has(text, "\\tvgatherdps\\s[^\\n]*%" + reg));
    CHECK(has(text, "\\tvmovups\\s[^\\n]*%" + reg + "[^\\n]*, [^\\n]*\\(%"));
    CHECK(!has(text, "\\tcall"));
    if (width == 32) CHECK(!has(text, "%zmm"));
  }
}

TEST_CASE("no gather stands in the loop that compares") {
  for (int width : vector_widths()) {
    if (width < 32) continue;
    int comparing = 0;
    for (const std::string& body : innermost_loops(Seed().assembly(width))) {
      if (!has(body, "\\tvcmp\\w*ps\\s")) continue;
      ++comparing;
      INFO(body);
      CHECK(!has(body, "gather"));
      CHECK(!has(body, "\\tcall"));
    }
    CHECK(comparing >= 1);
  }
}

TEST_CASE("a step of argmax has one vector for the index, which comes from the step before") {
  Tensor<double, 2> x(100, 100);
  Tensor<std::int64_t, 1> best(100);
  const Prepared p = prepared(best[i], Assign::set, argmax(j, x[i, j]));
  for (int width : vector_widths()) {
    if (width < 32) continue;
    CAPTURE(width);
    int steps = 0;
    const std::string text =
        p.executable->dump(Executable::Stage::assembly, p.tensors, p.params, {.vector_bytes = width});
    for (const std::string& body : innermost_loops(text)) {
      const std::regex compare("\\tv?cmp\\w*pd\\s");
      const auto first = std::sregex_iterator(body.begin(), body.end(), compare);
      if (std::distance(first, {}) < 8) continue;  // two for each accumulator
      ++steps;
      INFO(body);
      CHECK(!has(body, "\\tvpbroadcast"));
    }
    CHECK(steps >= 1);
  }
}

TEST_CASE("the largest float is found by the machine's maximum instruction") {
  Tensor<float, 1> x(1000);
  const Prepared p = prepared(max(i, x[i]));
  for (int width : vector_widths()) {
    const std::string text =
        p.executable->dump(Executable::Stage::assembly, p.tensors, p.params, {.vector_bytes = width});
    const std::vector<std::string> loops = innermost_loops(text);
    const auto takes = [](const std::string& body) { return has(body, "\\tv?maxps\\s"); };
    CHECK(std::ranges::count_if(loops, takes) > 0);
  }
}

TEST_CASE("what is reversed is loaded and stored as vectors") {
  Tensor<float, 1> x(1000), y(1000), z(1000);
  for (const Prepared& p : {prepared(y[i], Assign::set, x[999 - i]), prepared(y[i], Assign::set, x.flipped(0)[i]),
                            prepared(y[999 - i], Assign::set, 2 * x[i])})
    for (int width : vector_widths()) {
      if (width < 32) continue;
      const std::string reg = width == 64 ? "zmm" : "ymm";
      const std::string text =
          p.executable->dump(Executable::Stage::assembly, p.tensors, p.params, {.vector_bytes = width});
      CHECK(has(text, "\\tvmovups\\s[^\\n]*%" + reg + "[^\\n]*, [^\\n]*\\(%"));
      CHECK(!has(text, "gather"));
      CHECK(!has(text, "scatter"));
      CHECK(!has(text, "\\tv?movss\\s"));
    }
}

TEST_CASE("elements a few apart are loaded as vectors and not gathered") {
  const Tensor<float, 1> x(4000);
  Tensor<float, 1> y(1000);
  const Tensor<float, 1> third = x.sliced(0, 0, 3000, 3);
  for (const Prepared& p : {prepared(y[i], Assign::set, x[2 * i]), prepared(y[i], Assign::set, x[3999 - 4 * i]),
                            prepared(y[i], Assign::set, third[i] + 1)})
    for (int width : vector_widths()) {
      const std::string text =
          p.executable->dump(Executable::Stage::assembly, p.tensors, p.params, {.vector_bytes = width});
      const std::vector<std::string> loops = innermost_loops(text);
      const auto shuffles = [](const std::string& body) { return has(body, "\\tv?(perm|shuf|unpck|blend)"); };
      CHECK(std::ranges::count_if(loops, shuffles) > 0);
    }
}

TEST_CASE("the narrowest vectors use no wider registers") {
  const std::string text = Seed().assembly(16);
  CHECK(has(text, "cmp\\w*ps\\s[^\\n]*%xmm"));
  CHECK(!has(text, "%ymm"));
  CHECK(!has(text, "%zmm"));
  CHECK(!has(text, "\\tcall"));
}

TEST_CASE("kernels leave the floating-point environment as it was") {
  const auto x = filled<float>([](auto n) { return n * 1e-40f - 1e-39f; }, 1000);
  const auto key = filled<std::int32_t>([](auto n) { return n % 5; }, 1000);
  Tensor<float, 1> out(1000), sums(5);
  Tensor<std::int8_t, 1> small(1000);
  const unsigned before = _mm_getcsr();
  out[i] = exp(x[i]) / (x[i] - x[i]) + sqrt(x[i]);
  small[i] = cast<std::int8_t>(x[i] * 1e30);
  sums[key[i]] += x[i];
  CHECK((_mm_getcsr() & ~0x3fu) == (before & ~0x3fu));  // all but the sticky flags
  // Denormal numbers are neither flushed nor read as zero.
  CHECK(out.at(0) != out.at(0));
  CHECK(sums.at(1) != 0);
}
