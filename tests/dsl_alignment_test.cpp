#include <catch2/catch.hpp>

#include "ricci/error.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using Catch::Matchers::Contains;
using test::filled;
using test::shuffled;
using test::values;

namespace {

const Tensor<float, 3> image = filled<float>(shuffled(13), 2, 3, 4);
const Tensor<float, 2> plane = filled<float>(shuffled(7, 5), 2, 4);
const Tensor<float, 4> table = filled<float>([](auto n) { return n; }, 2, 3, 4, 5);

/// The explicit spelling of argmax(image, 1).
auto winner() { return argmax(k, image[b, k, w]); }

}  // namespace

TEST_CASE("an array in a list of subscripts takes the names of the list") {
  const auto spelled = evaluate(table[b, winner(), w, 2]);
  CHECK(values(evaluate(table[b, argmax(image, 1), w, 2])) == values(spelled));
  CHECK(values(evaluate(table[b, argmax(image, 1)[b, w], w, 2])) == values(spelled));
}

TEST_CASE("names are taken in the order of the list, not of the tensor") {
  const auto square = filled<float>(shuffled(5), 3, 3);
  const auto cube = filled<float>([](auto n) { return n; }, 3, 3, 3);
  const auto swapped = evaluate(cube[w, b, cast<int>(square) % 3]);
  Tensor<float, 2> expected(3, 3);
  expected[w, b] = cube[w, b, cast<int>(square[w, b]) % 3];
  CHECK(values(swapped) == values(expected));
}

TEST_CASE("an array in a reduction takes the reduced names") {
  CHECK(float(Tensor(sum(b, w, plane * image[b, 1, w]))) == float(Tensor(sum(b, w, plane[b, w] * image[b, 1, w]))));
  CHECK(float(Tensor(sum(w, b, plane * image[w, 1, b]))) == float(Tensor(sum(b, w, plane[b, w] * image[b, 1, w]))));
}

TEST_CASE("an array on the right takes the names on the left") {
  Tensor<std::int64_t, 2> pred(2, 4), spelled(2, 4), transposed(4, 2);
  pred[b, w] = argmax(image, 1);
  spelled[b, w] = winner();
  transposed[w, b] = argmax(image, 1)[b, w];
  CHECK(values(pred) == values(spelled));
  CHECK(values(transposed) == values(pred.permuted({1, 0})));
}

TEST_CASE("an array on the right of an update takes the names on the left") {
  Tensor<float, 2> total(2, 4), spelled(2, 4);
  total[b, w] += plane * 2;
  spelled[b, w] += plane[b, w] * 2;
  CHECK(values(total) == values(spelled));
}

TEST_CASE("an array and a named expression share the names on the left") {
  Tensor<float, 2> mixed(2, 4), spelled(2, 4);
  mixed[b, w] = plane + image[b, 0, w];
  spelled[b, w] = plane[b, w] + image[b, 0, w];
  CHECK(values(mixed) == values(spelled));
}

TEST_CASE("a list without names keeps the axes of its arrays") {
  const Tensor<float, 1> weights{10, 20, 30};
  const Tensor<float, 2> picked = weights[argmax(image, 1)];
  CHECK(values(picked) == values(evaluate(weights[winner()])));
}

TEST_CASE("a list without names inside a named list is aligned with that one") {
  const Tensor<std::int64_t, 1> rename{2, 0, 1};
  CHECK(values(evaluate(table[b, rename[argmax(image, 1)], w, 0])) ==
        values(evaluate(table[b, rename[winner()], w, 0])));
}

TEST_CASE("a target without names iterates over the axes of its arrays") {
  Tensor<std::int64_t, 1> hist(3), spelled(3);
  hist[argmax(image, 1)] += 1;
  spelled[winner()] += 1;
  CHECK(values(hist) == values(spelled));
}

TEST_CASE("arrays of equal rank combine axis by axis") {
  Tensor<float, 2> both = plane + max(image, 1);
  CHECK(values(both) == values(evaluate(plane[b, w] + max(k, image[b, k, w]))));
}

TEST_CASE("scalars combine with arrays of any rank") {
  const Tensor<float, 0> half(0.5f);
  CHECK(values(Tensor<float, 2>(plane * half + 1)) == values(evaluate(plane[b, w] * 0.5 + 1)));
}

TEST_CASE("a reduction over an axis keeps the names inside it") {
  const auto named = evaluate(sum(plane * image[0, c, 0], 1)[b]);
  CHECK(values(named).size() == 6);
  CHECK(named.at(2, 1) == image.at(0, 2, 0) * (plane.at(1, 0) + plane.at(1, 1) + plane.at(1, 2) + plane.at(1, 3)));
}

TEST_CASE("positional reductions nest") {
  CHECK(float(Tensor(max(max(max(image, 2), 1), 0))) == float(Tensor(max(b, c, w, image[b, c, w]))));
  CHECK(values(Tensor<float, 1>(sum(sum(image, -1), -1))) == values(evaluate(sum(c, w, image[b, c, w]))));
}

TEST_CASE("a whole tensor gets the elements of an array expression") {
  Tensor<float, 2> t = plane;
  Tensor<float, 2> alias = t;
  t = t * 2;
  CHECK(t.at(1, 1) == 2 * plane.at(1, 1));
  CHECK(alias.at(1, 1) == plane.at(1, 1));
}

// Trees made at run time break the same rules, and say the same.
TEST_CASE("misaligned trees made at run time are errors with the sentence of the compile-time rule") {
  static const IndexName name_b("b"), name_w("w");
  const Syntax index_b = make_index(name_b), index_w = make_index(name_w);
  const Syntax three = make_tensor(DType::f32, 3), two = make_tensor(DType::f32, 2);
  const Syntax winner = make_reduce_axis(Reducer::argmax, three);
  const auto error_of = [](const Fault& fault) -> std::string {
    try {
      require(fault);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };

  SECTION("in a list") {
    const Syntax* const list[] = {&index_b, &winner};
    CHECK_THAT(error_of(check(make_access(DType::f32, 2, list, 2))),
               Contains("argmax(scores, 1)[b, h, w]") && Contains("2 unnamed axes, indices b"));
  }
  SECTION("in a reduction") {
    IndexSet over;
    over.add(&name_b);
    CHECK_THAT(error_of(check(make_reduce(Reducer::sum, over, two))), Contains("2 unnamed axes, indices b"));
  }
  SECTION("on the right") {
    const Syntax* const list[] = {&index_b, &index_w};
    const Syntax target = make_access(DType::f32, 2, list, 2);
    CHECK(error_of(check_assignment(target, Assign::set, two)).empty());
    CHECK_THAT(error_of(check_assignment(target, Assign::set, three)), Contains("3 unnamed axes, indices b,w"));
  }
  SECTION("in a new tensor") {
    const Syntax* const list[] = {&index_b, &index_w};
    const Syntax named = make_access(DType::f32, 2, list, 2);
    const Syntax* const operands[] = {&named, &two};
    CHECK_THAT(error_of(check_new_tensor(make_apply(Op::add, operands, 2))), Contains("2 unnamed axes, indices b,w"));
  }
  SECTION("among each other") {
    const Syntax* const operands[] = {&three, &two};
    CHECK_THAT(error_of(check(make_apply(Op::add, operands, 2))), Contains("ranks 2 and 3"));
  }
  SECTION("with too few subscripts of an expression") {
    const Syntax* const list[] = {&index_b};
    CHECK_THAT(error_of(check(make_named(winner, list, 1))), Contains("rank 2, subscripts 1"));
  }
  SECTION("over an axis that is not there") {
    CHECK_THAT(error_of(check_axis(3, 3)), Contains("axis 3, rank 3"));
    CHECK_THAT(error_of(check_axis(-4, 3)), Contains("axis -4, rank 3"));
    CHECK(error_of(check_axis(-3, 3)).empty());
  }
}
