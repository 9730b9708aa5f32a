// Which calls a program remembers.
#include <catch2/catch.hpp>
#include <functional>

#include "run/calls.hpp"
#include "support/program_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

const auto elements = static_cast<std::int64_t>(jit::max_calls) + 20;
const Tensor<float, 1> from(2 * elements), to(2 * elements);

/// to = 2 from for views of so many elements, `step` apart.
bool is_known(const Prepared& p, std::int64_t count, std::int64_t step = 1) {
  const auto part_of = [&](const Tensor<float, 1>& whole) {
    return whole.sliced(0, 0, count * step, step).array().view();
  };
  const TensorView views[] = {part_of(to), part_of(from)};
  const TensorView* pointers[] = {&views[0], &views[1]};
  const bool known = p.executable->known(pointers, p.params) != nullptr;
  p.executable->run(views, p.params);
  return known;
}

}  // namespace

TEST_CASE("the last calls of a program are known again, by extents and strides") {
  Tensor<float, 1> whole = to;
  const Prepared p = prepared(whole[i], Assign::set, 2 * from[i]);
  REQUIRE(p.executable->program().tensors.size() == 2);
  for (std::int64_t n = 1; n <= elements; ++n) REQUIRE(!is_known(p, n));
  for (std::int64_t n = 21; n <= elements; ++n) REQUIRE(is_known(p, n));
  CHECK(!is_known(p, elements, 2));
  CHECK(is_known(p, elements, 2));
  CHECK(is_known(p, elements));
  CHECK(!is_known(p, 20));  // forgotten
  CHECK(!is_known(p, 21));  // by the two new ones
  CHECK(!is_known(p, 22));
  CHECK(is_known(p, 40));
}

TEST_CASE("statements that write what they read are known again, unless other tensors share their memory") {
  const auto is_known_once_run = [](const Prepared& p) {
    std::vector<const TensorView*> pointers;
    for (const TensorView& view : p.tensors) pointers.push_back(&view);
    CHECK(p.executable->known(pointers, p.params) == nullptr);
    p.executable->run(p.tensors, p.params);
    const std::shared_ptr<const Call>& call = p.executable->known(pointers, p.params);
    if (call) p.executable->repeat(*call, pointers, p.params);
    return call != nullptr;
  };
  Tensor<float, 1> x = filled<float>(std::identity{}, 40);
  CHECK(is_known_once_run(prepared(x[i], Assign::set, x[i] * x[i] + 1)));
  for (std::int64_t k = 0; k < 40; ++k) {
    const auto once = static_cast<float>(k * k + 1);
    CHECK(x.at(k) == once * once + 1);
  }
  Tensor<float, 2> square = filled<float>(std::identity{}, 6, 6);  // its old values are copied, each time
  CHECK(is_known_once_run(prepared(square[i, j], Assign::set, square[j, i] + 1)));
  for (std::int64_t a = 0; a < 6; ++a)
    for (std::int64_t b = 0; b < 6; ++b) CHECK(square.at(a, b) == static_cast<float>(6 * a + b + 2));
  Tensor<float, 1> front = x.sliced(0, 0, 30), back = x.sliced(0, 10, 40);
  CHECK(!is_known_once_run(prepared(front[i], Assign::set, back[i] * 3)));
}

TEST_CASE("matrices of few columns share a kernel, and so do a few elements at any distance") {
  Tensor<float, 1> sums(1000), few(10);
  const auto compiled = [](auto run) {
    const std::int64_t before = cache_counters().compiled;
    run();
    return cache_counters().compiled - before;
  };
  const auto rows = [&](std::int64_t columns) {
    const Tensor<float, 2> m(1000, columns);
    sums[i] = 3.25f * sum(j, m[i, j] * m[i, j]);
  };
  CHECK(compiled([&] { rows(5); }) == 1);
  for (const std::int64_t columns : {2, 3, 4, 6}) CHECK(compiled([&] { rows(columns); }) == 0);
  const auto apart = [&](Tensor<float, 1>& out, std::int64_t step) {
    out[i] = 3.5f * from.sliced(0, 0, out.extent(0) * step, step)[i] - 1.25f;
  };
  CHECK(compiled([&] { apart(few, 5); }) == 1);
  for (const std::int64_t step : {2, 3, 4}) CHECK(compiled([&] { apart(few, step); }) == 0);
  // Many are loaded as vectors, which the kernel must know.
  Tensor<float, 1> many(20);
  CHECK(compiled([&] { apart(many, 5); }) == 0);
  CHECK(compiled([&] { apart(many, 2); }) == 1);
}
