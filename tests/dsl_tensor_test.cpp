#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using Catch::Matchers::Contains;
using test::filled;
using test::values;

namespace {
using Ints = std::vector<int>;
}

TEST_CASE("tensors are made of extents, of nested lists and of spans") {
  const Tensor<int, 3> zeros(2, 1, 3);
  CHECK(values(zeros) == Ints(6));
  CHECK(zeros.extent(2) == 3);
  CHECK(zeros.stride(0) == 3);
  const Tensor<int, 3> listed{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
  CHECK(values(listed) == Ints{1, 2, 3, 4, 5, 6, 7, 8});
  const Ints source{1, 2, 3, 4, 5, 6};
  const Tensor<int, 2> copied(std::span<const int>(source), {3, 2});
  CHECK(copied.at(2, 0) == 5);
  const std::int64_t shape[] = {4};
  CHECK((Tensor<int, 1>(std::span<const std::int64_t>(shape)).size()) == 4);
  auto written = Tensor<int, 2>::uninitialised(3, 2);
  written[i, j] = 10 * i + j;
  CHECK(values(written) == Ints{0, 1, 10, 11, 20, 21});
}

TEST_CASE("tensors of wrong shapes are errors") {
  CHECK_THROWS_WITH((Tensor<int, 2>{{1, 2}, {3}}), "a row of 1 items among rows of 2");
  const Ints source{1, 2, 3};
  CHECK_THROWS_WITH((Tensor<int, 2>(std::span<const int>(source), {2, 2})), Contains("3 values") && Contains("(2, 2)"));
  CHECK_THROWS_WITH((Tensor<int, 2>(std::span<const int>(source), {3})), "1 extents for a tensor of rank 2");
  CHECK_THROWS_WITH((Tensor<int, 1>(-1)), "an array of shape (-1,) has the negative extent -1, expected 0 or more");
  CHECK_THROWS_WITH((Tensor<int, 1>::uninitialised(-1)), Contains("negative extent -1"));
  CHECK_THROWS_WITH((Tensor<int, 2>(Tensor<float, 2>(1, 1).array())), "the elements are f32, expected i32");
  CHECK_THROWS_WITH((Tensor<int, 2>(Tensor<int, 1>(1).array())), "the array has rank 1, expected 2");
}

TEST_CASE("a handle is one word, and copies share the elements") {
  static_assert(sizeof(Tensor<float, 4>) == 8);
  Tensor<int, 1> t{1, 2};
  Tensor<int, 1> same = t;
  same.at(0) = 5;
  CHECK(t.at(0) == 5);
  Tensor<int, 1> other = t.copy();
  other.at(0) = 6;
  CHECK(t.at(0) == 5);
}

TEST_CASE("element access checks its subscripts") {
  Tensor<int, 2> t{{1, 2}, {3, 4}};
  CHECK(t.at(-1, -2) == 3);
  CHECK_THROWS_WITH(t.at(0, 2), "subscript 2 is outside axis 1 of extent 2");
  CHECK_THROWS_WITH(t.at(-3, 0), "subscript -3 is outside axis 0 of extent 2");
}

TEST_CASE("views permute, slice and flip without copying") {
  auto t = filled<int>([](auto n) { return n; }, 2, 3, 4);
  CHECK(t.permuted({2, 0, 1}).at(3, 1, 2) == t.at(1, 2, 3));
  CHECK(values(t.sliced(2, 1, 4, 2).sliced(0, 1, 2).sliced(1, 0, 1)) == Ints{13, 15});
  CHECK(values(t.flipped(2).sliced(0, 0, 1).sliced(1, 0, 1)) == Ints{3, 2, 1, 0});
  CHECK(values(Tensor<int, 1>{0, 1, 2, 3, 4}.sliced(0, -2, -6, -2)) == Ints{3, 1});
  CHECK(values(Tensor<int, 1>{0, 1, 2, 3, 4}.sliced(0, 1, 100)) == Ints{1, 2, 3, 4});
  CHECK(values(Tensor<int, 1>{0, 1, 2}.sliced(0, 2, 1)).empty());
  t.sliced(0, 0, 1).fill(9);
  CHECK(t.at(0, 2, 3) == 9);
  CHECK(t.at(1, 0, 0) == 12);
  CHECK_THROWS_WITH(t.permuted({0, 0, 1}), "axis 0 appears twice in a permutation");
  CHECK_THROWS_WITH(t.permuted({0, 1}), "2 axes for a tensor of rank 3");
  CHECK_THROWS_WITH(t.sliced(3, 0, 1), "axis 3 is outside rank 3");
  CHECK_THROWS_WITH(t.sliced(0, 0, 1, 0), "the step of a slice is 0");
}

TEST_CASE("a view keeps its elements alive") {
  Tensor<int, 2> view;
  {
    Tensor<int, 2> t{{1, 2}, {3, 4}};
    view = t.permuted({1, 0});
  }
  CHECK(values(view) == Ints{1, 3, 2, 4});
}

TEST_CASE("statements read and write through views with any strides") {
  int memory[] = {0, 1, 2, 3, 4, 5, 6, 7};
  Tensor<int, 2> rows = Tensor<int, 2>::view(memory, {2, 2}, {4, 1});
  CHECK(values(Tensor(rows[i, j] * 10)) == Ints{0, 10, 40, 50});
  Tensor<int, 1> backwards = Tensor<int, 1>::view(memory + 7, {8}, {-1});
  CHECK(values(Tensor(backwards[i] + 0)) == Ints{7, 6, 5, 4, 3, 2, 1, 0});
  backwards[i] = cast<int>(i);
  CHECK(memory[0] == 7);
  Tensor<int, 1> repeated = Tensor<int, 1>::view(memory, {3}, {0});
  CHECK(values(Tensor(repeated[i])) == Ints{7, 7, 7});
  rows.permuted({1, 0}).flipped(0)[i, j] = 1;
  CHECK(values(rows) == Ints{1, 1, 1, 1});
}

TEST_CASE("empty tensors give empty results, and empty arg-reductions are errors") {
  const Tensor<float, 2> none(0, 3);
  CHECK(Tensor(none[i, j] * 2).size() == 0);
  CHECK(values(Tensor(sum(i, none[i, j]))) == std::vector<float>(3));
  CHECK_THROWS_WITH(Tensor(argmax(i, none[i, j])), "argmax over i has no elements: the extent of index i is 0");
}

namespace {

auto product(const Tensor<float, 2>& a, const Tensor<float, 2>& b_) { return sum(k, a[i, k] * b_[k, j]); }

auto dangling() {
  const Tensor<float, 2> local{{1, 2}, {3, 4}};
  auto scaled = local[i, j] * 2.0;
  return scaled + 1;
}

template <class E>
struct Model {
  E energy;
  Tensor<float, 0> eval() const { return energy; }
};
template <class E>
Model(E) -> Model<E>;

}  // namespace

TEST_CASE("stored expressions own what they mention") {
  const Tensor<float, 2> A{{1, 2}, {3, 4}};
  const auto e = product(A, A);
  CHECK(values(Tensor(e)) == std::vector<float>{7, 10, 15, 22});
  CHECK(values(Tensor(e * e)) == std::vector<float>{49, 100, 225, 484});
  CHECK(values(Tensor(dangling())) == std::vector<float>{3, 5, 7, 9});
  CHECK(values(Tensor(product(Tensor<float, 2>{{1, 0}, {0, 1}}, A))) == values(A));
}

TEST_CASE("expressions see the elements of the moment when they run") {
  Tensor<float, 1> v{1, 2};
  const Model model{sum(i, sq(v[i]))};
  CHECK(float(model.eval()) == 5);
  v[i] = 3;
  CHECK(float(model.eval()) == 18);
}

TEST_CASE("the report of the last statement") {
  const Tensor<float, 1> v{1, 2};
  const auto doubled = evaluate(v[i] * 2);
  CHECK(last_report().kernels == 1);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(doubled.at(1) == 4);
}
