#include <catch2/catch.hpp>

#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::literals;

TEST_CASE("the same spelling is the same index, however it is declared") {
  auto [b, long_name] = indices<"b, long_name">;
  static_assert(std::is_same_v<decltype(b), Index<"b">>);
  static_assert(std::is_same_v<decltype(long_name), Index<"long_name">>);
  static_assert(std::is_same_v<std::remove_const_t<decltype(names::b)>, Index<"b">>);
  static_assert(std::is_same_v<decltype("b"_i), Index<"b">>);
  static_assert(std::tuple_size_v<std::remove_const_t<decltype(indices<" a b,c  d ">)>> == 4);
  const Tensor<float, 2> t{{1, 2}, {3, 4}};
  CHECK(float(Tensor(sum(b, t["b"_i, names::b]))) == 5);
  CHECK(float(Tensor(sum("row"_i, t["row"_i, 1]))) == 6);
  CHECK(test::values(Tensor(t[long_name, 0])) == std::vector<float>{1, 3});
}

TEST_CASE("indices work in lambdas and in templates") {
  auto [i, j] = indices<"i j">;
  const Tensor<float, 2> t{{1, 2}, {3, 4}};
  const auto transposed = [=] { return t[j, i] + 0; };
  const auto generic = [&](auto index) { return sum(index, t[i, index]); };
  CHECK(test::values(Tensor(transposed())) == std::vector<float>{1, 2, 3, 4});
  CHECK(test::values(Tensor(generic(j))) == std::vector<float>{3, 7});
}

TEST_CASE("subscripts cost no space and expressions are small") {
  using namespace ricci::names;
  const Tensor<float, 2> t(2, 2);
  static_assert(sizeof(t[i, k]) == 8);
  static_assert(sizeof(t[i, k] * t[k, j]) == 16);
  static_assert(sizeof(sum(k, t[i, k] * t[k, j])) == 16);
}
