// The seed programs through the driver: .npy files in, .npy files out, equal to NumPy's (tests/data/make_seed.py).
#include <catch2/catch.hpp>
#include <cstring>

#include "ricci/npy.hpp"
#include "support/command.hpp"
#include "support/json.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

const std::string seed = RICCI_TEST_DATA "/seed/";

/// Runs `text` on the stored inputs and gives what it left in the variable `result`.
Array result_of(const std::string& text, std::string* output = nullptr) {
  const TemporaryFolder folder;
  const Finished run = run_command(RICCI_DRIVER, {"--bind", "scores=" + seed + "scores.npy", "--bind",
                                                  "feature=" + seed + "feature.npy", "--save",
                                                  "result=" + folder.path("result.npy"), "--json", "-e", text},
                                   "", "RICCI_CACHE=off ");
  INFO(run.error);
  REQUIRE(run.status == 0);
  if (output) *output = run.output;
  return load_npy(folder.path("result.npy"));
}

bool same(const Array& a, const Array& b) {
  return a.layout() == b.layout() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * size_of(a.dtype())) == 0;
}

}  // namespace

TEST_CASE("the driver's gather with an argmax is NumPy's, proved inside and without temporaries") {
  std::string output;
  const Array result = result_of("result = feature[b, argmax(scores, 1), h, w]", &output);
  CHECK(same(result, load_npy(seed + "picked_21.npy")));
  JsonReader json(output);
  CHECK(json.member("temporary_bytes") == "0");
  CHECK(json.member("kernels") == "1");
  CHECK(json.member("proved") == "1");
  CHECK(json.member("checks_kept") == "0");
}

TEST_CASE("the driver's one-hot product is NumPy's read") {
  const Array result = result_of("result = sum(k, one_hot(argmax(c, scores[b, c, h, w]), k) * feature[b, k, h, w])");
  CHECK(same(result, load_npy(seed + "confidence_21.npy")));
}

TEST_CASE("the driver's class means are NumPy's") {
  const Array result = result_of(
      "result = sum(b, h, w, delta(c, argmax(scores, 1)) * scores[b, c, h, w]) / "
      "sum(b, h, w, delta(c, argmax(scores, 1)))");
  const Array means = load_npy(seed + "mean_21.npy");  // (width, class); the last row is of the full width
  REQUIRE(result.size() == 21);
  const auto* expected = static_cast<const float*>(means.data()) + (means.size() - 21);
  for (int c = 0; c < 21; ++c) {
    const float value = static_cast<const float*>(result.data())[c];
    CHECK((value == expected[c] || (value != value && expected[c] != expected[c])));
  }
}
