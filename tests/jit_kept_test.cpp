// Values that a reduction leaves in the target for the statement around it, and loops plane after plane.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

bool keeps(const Prepared& p) { return schedule_of(p, 32).find("kept in the target") != std::string::npos; }

int size(Dice& dice) { return dice.one_of({1, 2, 7, 8, 9, 16, 17, 33, 70, dice.below(40) + 1}); }

}  // namespace

TEST_CASE("softmax computes each power once, in the target") {
  const Tensor<float, 3> x(2, 21, 40);
  Tensor<float, 3> y(2, 21, 40);
  const auto most = max(x, 1)[b, w];
  const Prepared p = prepared(y[b, c, w], Assign::set, exp(x[b, c, w] - most) / sum(k, exp(x[b, k, w] - most)));
  const std::string lanes = std::to_string(std::min(host_target().vector_bytes, 32) / 4);
  CHECK(schedule_of(p, 32) ==
        "nest t0: b w/2048 x" + lanes + " | c parallel before |\n"
        "  kept in the target: what sum(k, exp(t1[b, k, w]! - max(_2, t1[b, _2, w]!))) adds up\n");
}

TEST_CASE("values are kept only where the target can hold them and they are needed again") {
  const Tensor<float, 2> x(30, 40);
  Tensor<float, 2> y(30, 40), turned(40, 30);
  Tensor<double, 2> wide(30, 40);
  CHECK(keeps(prepared(y[i, j], Assign::set, exp(x[i, j]) / sum(k, exp(x[i, k])))));
  CHECK(!keeps(prepared(wide[i, j], Assign::set, exp(x[i, j]) / sum(k, exp(x[i, k])))));
  CHECK(!keeps(prepared(y[i, j], Assign::add, exp(x[i, j]) / sum(k, exp(x[i, k])))));
  CHECK(!keeps(prepared(y[i, j], Assign::set, sq(x[i, j]) / sum(k, sq(x[i, k])))));           // cheaper again
  CHECK(!keeps(prepared(y[i, j], Assign::set, exp(x[i, j]) / sum(k(0, i + 1), exp(x[i, k])))));  // not all of them
  CHECK(!keeps(prepared(y[i, j], Assign::set, exp(x[i, j]) / sum(k, exp(2 * x[i, k])))));      // others
  // The inner sum differs from step to step of the outer one, and does not know the rows.
  const Tensor<float, 2> square(30, 30);
  Tensor<float, 1> rows(30);
  Tensor<float, 3> cube(4, 30, 40);
  CHECK(!keeps(prepared(rows[i], Assign::set, sum(j, exp(square[i, j]) / sum(k, exp(square[k, j]))))));
  CHECK(!keeps(prepared(cube[l, i, j], Assign::set, l + exp(x[i, j]) / sum(k, exp(x[i, k])))));
  const Prepared in_place = prepared(y[i, j], Assign::set, exp(y[i, j]) / sum(k, exp(y[i, k])));
  CHECK(run_everywhere(in_place).fault == "");
}

TEST_CASE("kept values agree in every way to run them, along rows and down columns") {
  Dice dice{std::mt19937_64(5)};
  int kept = 0;
  for (int n = 0; n < 12; ++n) {
    const int planes = size(dice), rows = dice.below(3) + 1, columns = size(dice);
    CAPTURE(planes, rows, columns);
    const Tensor<float, 3> x = uneven(dice, rows, planes, columns);
    Tensor<float, 3> y = uneven(dice, rows, planes, columns);
    const auto most = max(x, 1)[i, k];
    const Prepared down = prepared(y[i, j, k], Assign::set, exp(x[i, j, k] - most) / sum(l, exp(x[i, l, k] - most)));
    kept += keeps(down);
    CHECK(run_everywhere(down).fault == "");
    const auto highest = max(x, 2)[i, j];
    const Prepared along =
        prepared(y[i, j, k], Assign::set, 1 - exp(x[i, j, k] - highest) / sum(l, exp(x[i, j, l] - highest)));
    kept += keeps(along);
    CHECK(run_everywhere(along).fault == "");
  }
  CHECK(kept > 12);
}

TEST_CASE("rows for a target larger than the caches are kept in scratch if they fit, with the same bits") {
  for (const std::int64_t columns : {37, 4095, 4096, 4097}) {
    CAPTURE(columns);
    const std::int64_t rows = (4 << 20) / columns + 1;
    Tensor<float, 2> x(rows, columns), y(rows, columns), few(3, columns);
    for (std::int64_t n = 0; n < rows * columns; ++n) x.data()[n] = static_cast<float>(n * 7 % 1009) / 100;
    const Tensor<float, 2> some = x.sliced(0, rows - 3, rows);
    const auto softmax_of = [](const Tensor<float, 2>& from) {
      const auto most = max(from, 1)[i];
      return exp(from[i, j] - most) / sum(k, exp(from[i, k] - most));
    };
    const Prepared large = prepared(y[i, j], Assign::set, softmax_of(x));
    CHECK((schedule_of(large).find("streaming") != std::string::npos) == (columns <= 4096));
    CHECK((schedule_of(large).find("kept in scratch") != std::string::npos) == (columns <= 4096));
    large.executable->run(large.tensors, large.params, {.threads = 3});
    const Prepared small = prepared(few[i, j], Assign::set, softmax_of(some));
    CHECK(keeps(small));
    small.executable->run(small.tensors, small.params);
    for (int row = 0; row < 3; ++row) {
      double sum = 0;
      for (std::int64_t n = 0; n < columns; ++n) sum += static_cast<double>(few.at(row, n));
      CHECK(std::abs(sum - 1) < 1e-4);
    }
    CHECK(std::equal(few.data(), few.data() + 3 * columns, y.data() + (rows - 3) * columns));
  }
}

namespace {

/// Some statement of the planes of `x`, for a target larger than the caches, and for a small one of its last rows: both
/// have the same bits. `look` sees the schedules, and whether there are few planes.
template <class Of, class Look>
void check_planes(const Of& of, const Look& look) {
  for (const auto& [planes, columns] : {std::pair{1, 4096}, {2, 1031}, {21, 512}, {21, 1000}, {64, 33}, {65, 512}}) {
    CAPTURE(planes, columns);
    const std::int64_t size = std::int64_t{planes} * columns, rows = (4 << 20) / size + 1;
    const Tensor<float, 3> x =
        filled<float>([](std::int64_t n) { return static_cast<float>(n * 7 % 1009) / 100; }, rows, planes, columns);
    const Tensor<float, 3> some = x.sliced(0, rows - 3, rows);
    Tensor<float, 3> y(rows, planes, columns), few(3, planes, columns);
    const Prepared large = prepared(y[i, j, k], Assign::set, of(x));
    const Prepared small = prepared(few[i, j, k], Assign::set, of(some));
    look(schedule_of(large), schedule_of(small), planes <= 64);
    large.executable->run(large.tensors, large.params, {.threads = 3});
    if (columns == 1000) {  // every access within its buffer
      const std::vector<float> native = values(y);
      large.executable->run(large.tensors, large.params, {.backend = Backend::loop_interpreter});
      CHECK((values(y) == native));
    }
    small.executable->run(small.tensors, small.params);
    CHECK(std::equal(few.data(), few.data() + 3 * size, y.data() + (rows - 3) * size));
  }
}

}  // namespace

TEST_CASE("planes for a target larger than the caches are kept in scratch if they are few, with the same bits") {
  const auto softmax_of = [](const Tensor<float, 3>& from) {
    const auto most = max(from, 1)[i, k];
    return exp(from[i, j, k] - most) / sum(l, exp(from[i, l, k] - most));
  };
  check_planes(softmax_of, [](const std::string& large, const std::string& small, bool few) {
    CHECK((large.find("kept in scratch: what") != std::string::npos) == few);
    CHECK((large.find("and before that t1[i, ") != std::string::npos) == few);
    CHECK((large.find("streaming t0") != std::string::npos) == few);
    CHECK(small.find("kept in the target") != std::string::npos);
  });
}

TEST_CASE("planes that two reductions and the statement read are kept, if they are few, with the same bits") {
  const auto look = [](const std::string& large, const std::string& small, bool few) {
    CHECK((large.find("kept in scratch: t1[i, ") != std::string::npos) == few);
    if (few) CHECK(large.find("streaming t0") != std::string::npos);
    CHECK(small.find("kept") == std::string::npos);
  };
  const auto log_softmax_of = [](const Tensor<float, 3>& from) {
    const auto most = max(from, 1)[i, k];
    return from[i, j, k] - most - log(sum(l, exp(from[i, l, k] - most)));
  };
  const auto normalised = [](const Tensor<float, 3>& from) {
    const auto middle = sum(l, from[i, l, k]) / 7;
    return (from[i, j, k] - middle) / sqrt(sum(m, sq(from[i, m, k] - middle)) + 1);
  };
  check_planes(log_softmax_of, look);
  check_planes(normalised, look);
}

TEST_CASE("planes are not copied by a reduction that may run after the one that reads them") {
  const std::int64_t columns = 200'000;
  const auto x = filled<float>([](std::int64_t n) { return static_cast<float>(n % 1009) / 500; }, 21, columns);
  const auto other = filled<float>([](std::int64_t n) { return static_cast<float>(n % 7); }, 5);
  Tensor<float, 2> y(21, columns);
  const auto total = sum(k, exp(x[k, w] - max(l, other[l])));
  const Prepared p = prepared(y[c, w], Assign::set, x[c, w] - log(total) - max(x, 0)[w]);
  CHECK(schedule_of(p).find("kept in scratch") == std::string::npos);
  p.executable->run(p.tensors, p.params, {.backend = Backend::loop_interpreter});
  const std::vector<float> interpreted = values(y);
  p.executable->run(p.tensors, p.params);
  CHECK((values(y) == interpreted));
  for (const std::int64_t at : {std::int64_t{0}, columns - 1}) {
    double sum_of_powers = 0, most = 0;
    for (std::int64_t plane = 0; plane < 21; ++plane) {
      sum_of_powers += std::exp(static_cast<double>(x.at(plane, at)) - 4);
      most = std::max(most, static_cast<double>(x.at(plane, at)));
    }
    const double expected = static_cast<double>(x.at(3, at)) - std::log(sum_of_powers) - most;
    CHECK(std::abs(static_cast<double>(y.at(3, at)) - expected) < 1e-4);
  }
}

TEST_CASE("planes are copied to scratch only by a reduction of what another one reads") {
  const std::int64_t columns = 200'000;
  const auto x = filled<float>([](std::int64_t n) { return static_cast<float>(n % 1009) / 500; }, 21, columns);
  const auto other = filled<float>([](std::int64_t n) { return static_cast<float>(n % 7); }, 21, columns);
  Tensor<float, 2> y(21, columns);
  const auto copies = [&](const auto& most) {
    const Prepared p = prepared(y[c, w], Assign::set, exp(x[c, w] - most) / sum(k, exp(x[k, w] - most)));
    const std::string schedule = schedule_of(p);
    CHECK(schedule.find("kept in scratch") != std::string::npos);
    CHECK(schedule.find("w/2048 of 8 items") != std::string::npos);
    CHECK(run_with_threads(p) == "");
    p.executable->run(p.tensors, p.params);
    for (std::int64_t at : {std::int64_t{0}, std::int64_t{15}, columns - 1}) {
      double total = 0;
      for (std::int64_t plane = 0; plane < 21; ++plane) total += static_cast<double>(y.at(plane, at));
      CHECK(std::abs(total - 1) < 1e-4);
    }
    return schedule.find("and before that") != std::string::npos;
  };
  CHECK(copies(max(l, x[l, w])));
  CHECK(copies(min(l, x[l, w])));
  CHECK(!copies(max(l, 2 * x[l, w])));
  const auto most = max(l, other[l, w]);  // of as many planes as it has
  CHECK(keeps(prepared(y[c, w], Assign::set, exp(x[c, w] - most) / sum(k, exp(x[k, w] - most)))));
}

TEST_CASE("loops inside of a tile of lanes run plane after plane when its reductions are done") {
  Dice dice{std::mt19937_64(6)};
  for (int n = 0; n < 6; ++n) {
    const int classes = size(dice), channels = size(dice) % 9 + 1, pixels = size(dice);
    const Tensor<float, 2> scores = uneven(dice, classes, pixels), feature = uneven(dice, classes, channels);
    Tensor<float, 2> picked(channels, pixels);
    CHECK(run_everywhere(prepared(picked[d, w], Assign::set, feature[argmax(c, scores[c, w]), d])).fault == "");
  }
}
