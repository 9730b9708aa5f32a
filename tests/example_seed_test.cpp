// Examples 01 to 03 against NumPy (tests/data/make_seed.py) and the reference evaluator, at sizes around the vector
// width, on inputs that end where the process may not read.
#include <algorithm>
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <iterator>
#include <utility>

#include "ricci/compile.hpp"
#include "ricci/npy.hpp"
#include "seed.hpp"
#include "support/guarded.hpp"

using namespace ricci;
using namespace ricci::test;
using Catch::Matchers::Contains;

namespace {

constexpr int classes_tested[] = {1, 3, 21};
constexpr int widths_tested[] = {1, 5, 15, 16, 17, 31, 33, 64, 65};

template <int Rank>
Tensor<float, Rank> stored(const std::string& name) {
  return Tensor<float, Rank>(load_npy(RICCI_TEST_DATA "/seed/" + name + ".npy"));
}

/// Copies of views, each flush against an inaccessible page.
class Guarded {
 public:
  /// The copy has its axes in memory in this order: {0, 2, 3, 1} for channels last.
  Tensor<float, 4> copy(const Tensor<float, 4>& from, const std::array<int, 4>& order = {0, 1, 2, 3}) {
    Layout layout = from.array().layout();
    std::int64_t stride = 1;
    for (int place = 3; place >= 0; --place) {
      layout.strides[order[place]] = stride;
      stride *= layout.extents[order[place]];
    }
    Tensor<float, 4> tensor(Array::borrow(memory_.emplace_back(layout).view()));
    for (int b = 0; b < from.extent(0); ++b)
      for (int c = 0; c < from.extent(1); ++c)
        for (int h = 0; h < from.extent(2); ++h)
          for (int w = 0; w < from.extent(3); ++w) tensor.at(b, c, h, w) = from.at(b, c, h, w);
    return tensor;
  }
  bool gaps_intact() const {
    for (const GuardedTensor& tensor : memory_)
      if (!tensor.gaps_intact()) return false;
    return true;
  }

 private:
  std::deque<GuardedTensor> memory_;
};

/// Equal bits up to the kind of NaN.
bool same(float a, float b) {
  return std::bit_cast<int>(a) == std::bit_cast<int>(b) || (std::isnan(a) && std::isnan(b));
}

int differences(const Tensor<float, 3>& actual, const Tensor<float, 3>& expected) {
  if (!std::ranges::equal(actual.extents(), expected.extents())) return -1;
  int count = 0;
  for (int b = 0; b < actual.extent(0); ++b)
    for (int h = 0; h < actual.extent(1); ++h)
      for (int w = 0; w < actual.extent(2); ++w) count += !same(actual.at(b, h, w), expected.at(b, h, w));
  return count;
}

int differences(const Tensor<float, 1>& actual, const Tensor<float, 1>& expected) {
  int count = 0;
  for (int c = 0; c < actual.extent(0); ++c) count += !same(actual.at(c), expected.at(c));
  return count;
}

/// Runs `f` by the reference evaluator.
template <class F>
auto by_reference(const F& f) {
  struct Restored {
    Options before = std::exchange(default_options(), {.backend = Backend::reference});
    ~Restored() { default_options() = before; }
  } restored;
  return f();
}

struct Case {
  int classes, row, width;  // row: of the stored means
  Tensor<float, 4> scores, feature;
};

/// Every tested size; 3 classes of width 5 are scores [2, 3, 4, 5] and feature [2, 10, 4, 5].
template <class F>
void for_each_case(const F& f) {
  const auto scores = stored<4>("scores"), feature = stored<4>("feature");
  for (const int classes : classes_tested)
    for (int row = 0; row < std::ssize(widths_tested); ++row) {
      const int width = widths_tested[row];
      INFO(classes << " classes, width " << width);
      f(Case{classes, row, width, scores.sliced(1, 0, classes).sliced(3, 0, width),
             feature.sliced(1, 0, classes + 7).sliced(3, 0, width)});
    }
}

void check_gather(const Tensor<float, 4>& scores, const Tensor<float, 4>& feature, const Tensor<float, 3>& expected) {
  const auto picked = example::argmax_gather(scores, feature);
  const Report report = last_report();
  CHECK(differences(picked, expected) == 0);
  CHECK(report.kernels == 1);
  CHECK(report.temporary_bytes == 0);
  CHECK(report.accumulator_bytes == 0);
  CHECK(report.proved == 1);
  CHECK(report.checks.empty());
  CHECK(differences(by_reference([&] { return example::argmax_gather(scores, feature); }), expected) == 0);
}

}  // namespace

TEST_CASE("the feature of the best class is what NumPy picks, in one kernel without checks or temporaries") {
  for_each_case([](const Case& at) {
    Guarded memory;
    const auto expected = stored<3>("picked_" + std::to_string(at.classes)).sliced(2, 0, at.width);
    check_gather(memory.copy(at.scores), memory.copy(at.feature), expected);
    CHECK(memory.gaps_intact());
  });
}

TEST_CASE("views pick what their copies would, without being copied") {
  for_each_case([](const Case& at) {
    Guarded memory;
    const auto expected = stored<3>("picked_" + std::to_string(at.classes)).sliced(2, 0, at.width);
    const auto scores = memory.copy(at.scores), feature = memory.copy(at.feature);
    const std::array channels_last{0, 2, 3, 1}, columns_first{3, 1, 2, 0};
    {
      INFO("channels last");
      check_gather(memory.copy(at.scores, channels_last), memory.copy(at.feature, channels_last), expected);
    }
    {
      INFO("columns first, channels last");
      check_gather(memory.copy(at.scores, columns_first), memory.copy(at.feature, channels_last), expected);
    }
    {
      INFO("every other column");
      check_gather(scores.sliced(3, 0, at.width, 2), feature.sliced(3, 0, at.width, 2),
                   expected.sliced(2, 0, at.width, 2));
    }
    {
      INFO("columns from last to first");
      check_gather(scores.flipped(3), feature.flipped(3), expected.flipped(2));
    }
    {
      INFO("every other row from last to first, in scores alone");
      const Tensor<float, 4> some = feature.flipped(2).sliced(2, 0, 4, 2).copy();
      check_gather(scores.flipped(2).sliced(2, 0, 4, 2), memory.copy(some), expected.flipped(1).sliced(1, 0, 4, 2));
    }
    CHECK(memory.gaps_intact());
  });
}

TEST_CASE("class means are NumPy's, in one kernel without a one-hot array") {
  for_each_case([](const Case& at) {
    Guarded memory;
    const auto scores = memory.copy(at.scores);
    const auto run = [&] {
      Tensor<float, 1> mean(at.classes);
      example::class_means(scores, mean);
      return mean;
    };
    const auto mean = run();
    const Report report = last_report();
    const auto means = stored<2>("mean_" + std::to_string(at.classes));
    const auto expected = Tensor<float, 1>({&means.at(at.row, 0), static_cast<std::size_t>(at.classes)}, {at.classes});
    CHECK(differences(mean, expected) == 0);
    CHECK(report.kernels == 1);
    CHECK(report.temporary_bytes == 0);
    CHECK(report.checks.empty());
    CHECK(differences(by_reference(run), expected) == 0);
    CHECK(memory.gaps_intact());
  });
}

TEST_CASE("a one-hot product is a read: an infinity in another class does not matter") {
  for_each_case([](const Case& at) {
    Guarded memory;
    const auto scores = memory.copy(at.scores), prob = memory.copy(at.feature.sliced(1, 0, at.classes));
    const auto run = [&] { return example::confidence(scores, prob); };
    const auto best = run();
    const Report report = last_report();
    const auto expected = stored<3>("confidence_" + std::to_string(at.classes)).sliced(2, 0, at.width);
    CHECK(differences(best, expected) == 0);
    CHECK(report.kernels == 1);
    CHECK(report.temporary_bytes == 0);
    CHECK(report.proved == 1);
    CHECK(report.checks.empty());
    CHECK(differences(by_reference(run), expected) == 0);
    CHECK(memory.gaps_intact());
  });
}

TEST_CASE("with fewer channels than classes the gather keeps its check, which passes while every best class is one") {
  Tensor<float, 4> scores(2, 3, 4, 5), feature(2, 2, 4, 5);
  scores.at(1, 1, 3, 4) = 1;
  feature.at(1, 1, 3, 4) = 7;
  CHECK(example::argmax_gather(scores, feature).at(1, 3, 4) == 7);
  CHECK(last_report().checks.size() == 1);
  CHECK(last_report().proved == 0);
  CHECK(last_report().temporary_bytes == 0);
}

TEST_CASE("a best class that is no channel is an error that says where") {
  Tensor<float, 4> scores(2, 3, 4, 5), feature(2, 2, 4, 5);
  scores.at(1, 2, 3, 4) = 1;
  const auto run = [&] { return example::argmax_gather(scores, feature); };
  const auto message = [](const auto& f) {
    try {
      f();
    } catch (const Error& error) {
      CHECK(error.kind() == Error::Kind::bounds);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string text = message(run);
  CHECK_THAT(text, Contains("subscript 2") && Contains("axis 1 of ") && Contains("extent 2"));
  CHECK_THAT(text, Contains("b=1") && Contains("h=3") && Contains("w=4"));
  CHECK(message([&] { by_reference(run); }) == text);
}
