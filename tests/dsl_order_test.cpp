// argmax and argmin do not compute what keeps the order of their argument.
#include <catch2/catch.hpp>
#include <cmath>

#include "ricci/compile.hpp"
#include "support/backends.hpp"
#include "support/program_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::filled;
using test::shuffled;
using test::values;

namespace {

template <class Value>
bool calls(const Value& value, const char* function) {
  return test::new_tensor_text(value).find(function) != std::string::npos;
}

}  // namespace

TEST_CASE("the best class by softmax is that of the scores, which are read once", "[acceptance]") {
  const auto x = filled<float>([](auto n) { return (n * 37 % 101) / 7.0f - 5; }, 9, 21);
  const Tensor<std::int64_t, 1> best = argmax(c, x[n, c]);
  const Tensor<std::int64_t, 1> by_share = argmax(c, softmax(c, x[n, c]));
  CHECK(last_report().loops == 2);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(values(by_share) == values(best));
  CHECK(values(Tensor(argmax(softmax(x, 1), 1))) == values(best));
  CHECK(values(Tensor(argmax(c, exp(x[n, c])))) == values(best));
  CHECK(values(Tensor(argmin(c, softmax(c, x[n, c])))) == values(Tensor(argmin(c, x[n, c]))));
  CHECK_FALSE(calls(argmax(c, softmax(c, x[n, c])), "exp"));
  CHECK_FALSE(calls(argmax(softmax(x, 1), 1), "exp"));
}

TEST_CASE("the nearest by distance needs no root") {
  const auto p = filled<float>(shuffled(23), 12, 3), q = filled<float>(shuffled(29, 11), 7, 3);
  const auto squares = sum(d, sq(p[n, d] - q[k, d]));
  CHECK_FALSE(calls(argmin(k, sqrt(squares)), "sqrt"));
  CHECK(values(Tensor(argmin(k, sqrt(squares)))) == values(Tensor(argmin(k, squares))));
}

TEST_CASE("what may change the order is computed") {
  const auto x = filled<float>(shuffled(23), 5, 9);
  CHECK(calls(argmax(c, sqrt(x[n, c])), "sqrt"));  // of a negative number it is NaN, which wins
  CHECK(calls(argmax(c, log(x[n, c])), "log"));
  CHECK(calls(argmax(n, softmax(c, x[n, c])), "exp"));  // along the other axis
  CHECK(calls(argmax(c, exp(x[n, c]) * x[n, c]), "exp"));
  const Tensor<float, 1> signs{-1, 4, 2};
  CHECK(static_cast<std::int64_t>(Tensor(argmax(c, sqrt(signs[c])))) == 0);
}

TEST_CASE("different scores stay different where their exponentials are not") {
  const Tensor<float, 1> x{1000, 2000, -INFINITY, 1500};
  CHECK(static_cast<std::int64_t>(Tensor(argmax(c, exp(x[c])))) == 1);
  CHECK(static_cast<std::int64_t>(Tensor(argmin(c, exp(-1 * sq(x[c]))))) == 2);
  const Tensor<float, 1> none{-INFINITY, -INFINITY};
  CHECK(static_cast<std::int64_t>(Tensor(argmax(c, softmax(c, none[c])))) == 0);
  const Tensor<float, 1> unknown{1, NAN, 3, NAN};
  CHECK(static_cast<std::int64_t>(Tensor(argmax(c, softmax(c, unknown[c])))) == 1);
}
