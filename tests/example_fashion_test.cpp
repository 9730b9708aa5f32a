// Example 04 on the real data.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "fashion_picture.hpp"

using namespace ricci;

TEST_CASE("the nearest class mean is right for 67.68% of Fashion-MNIST") {
  const std::string folder = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) FAIL("there is no " << folder << "; apt-get install dataset-fashion-mnist");
  const example::Fashion fashion = example::load_fashion(folder);
  const example::Classification result = example::classify(fashion);

  CHECK(result.accuracy == Approx(0.6768).margin(0.0001));
  CHECK(example::fault_of(fashion, result) == "");
  std::int64_t right = 0;
  for (int t = 0; t < example::classes; ++t) {
    std::int64_t images = 0;
    for (int k = 0; k < example::classes; ++k) images += result.confusion.at(t, k);
    CHECK(images == 1000);
    right += result.confusion.at(t, t);
  }
  CHECK(right == std::llround(result.accuracy * 10000));

  for (const example::Step& step : result.steps) {
    INFO(step.statement);
    CHECK(step.report.kernels == 1);
    CHECK(step.report.temporary_bytes == 0);
  }
  for (int k = 0; k < example::classes; ++k) {
    CHECK(result.confidence.at(k) > 0);
    CHECK(result.confidence.at(k) < 1);
  }

  const auto mistakes = example::mistakes_of(fashion, result);
  CHECK(static_cast<std::int64_t>(mistakes.size()) == 10000 - right);
  const auto picture = example::confusion_picture(fashion, result, mistakes);
  CHECK(last_report().temporary_bytes == 0);
  // The first mistake stands in the cell of its classes; an empty pixel of an image has the colour of the paper.
  const example::Mistake& first = mistakes.front();
  const int y = 4 + 116 * first.truth, x = 4 + 116 * first.pred;
  for (int dy = 0; dy < example::side; ++dy)
    for (int dx = 0; dx < example::side; ++dx) {
      const int ink = fashion.test.image.at(first.image, dy, dx);
      REQUIRE(picture.at(y + dy, x + dx, 0) == Approx(255 + (96 - 255) * ink / 255.0).margin(1));
    }
}
