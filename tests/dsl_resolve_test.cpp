#include <catch2/catch.hpp>

#include "support/program_text.hpp"

using namespace ricci;
using namespace ricci::names;
using test::assignment_text;
using test::new_tensor_text;

namespace {
const Number<DType::i64> one(1);
}

TEST_CASE("a gather by argmax aligns the argmax with the indices of its list") {
  Tensor<float, 4> scores(2, 3, 4, 5), feature(2, 3, 4, 5);
  CHECK(new_tensor_text(feature[b, argmax(scores, 1), h, w]) ==
        "tensor result f32[3], t1 f32[4], t2 f32[4]\n"
        "axis b = result.0, t1.0, t2.0\n"
        "axis h = result.1, t2.2, t1.2\n"
        "axis w = result.2, t2.3, t1.3\n"
        "axis _ = t2.1\n"
        "result[b, h, w] = t1[b, argmax(_, t2[b, _, h, w]), h, w]   over b, h, w\n");
}

TEST_CASE("a mean by class selects with its deltas and counts them in i64") {
  Tensor<float, 4> scores(2, 3, 4, 5);
  Tensor<float, 1> average(3);
  CHECK(assignment_text(average[c], Assign::set,
                        sum(b, h, w, delta(c, argmax(scores, 1)) * scores[b, c, h, w]) /
                            sum(b, h, w, delta(c, argmax(scores, 1)))) ==
        "tensor t0 f32[1], t1 f32[4]\n"
        "axis c = t0.0, t1.1\n"
        "axis b = t1.0\n"
        "axis h = t1.2\n"
        "axis w = t1.3\n"
        "axis _ = t1.1\n"
        "axis b2 = t1.0\n"
        "axis h2 = t1.2\n"
        "axis w2 = t1.3\n"
        "axis _2 = t1.1\n"
        "t0[c] = sum(b, h, w, select(c == argmax(_, t1[b, _, h, w]), t1[b, c, h, w], 0.0)) / "
        "f32(sum(b2, h2, w2, i64(c == argmax(_2, t1[b2, _2, h2, w2]))))   over c\n");
}

TEST_CASE("a scatter iterates over the indices of its target") {
  Tensor<float, 4> scores(2, 3, 4, 5);
  Tensor<std::int64_t, 1> hist(3);
  CHECK(assignment_text(hist[argmax(c, scores[b, c, h, w])], Assign::add, one) ==
        "tensor t0 i64[1], t1 f32[4]\n"
        "axis b = t1.0\n"
        "axis h = t1.2\n"
        "axis w = t1.3\n"
        "axis c = t1.1\n"
        "t0[argmax(c, t1[b, c, h, w])] += 1   over b, h, w\n");
}

TEST_CASE("an update iterates over indices of the right-hand side after those of the left") {
  Tensor<float, 2> A(2, 3), B(3, 4), C(2, 4);
  CHECK(assignment_text(C[i, j], Assign::add, A[i, k] * B[k, j]) ==
        "tensor t0 f32[2], t1 f32[2], t2 f32[2]\n"
        "axis i = t0.0, t1.0\n"
        "axis j = t0.1, t2.1\n"
        "axis k = t1.1, t2.0\n"
        "t0[i, j] += t1[i, k] * t2[k, j]   over i, j, k\n");
}

TEST_CASE("equal names under different binders have separate scopes") {
  Tensor<float, 2> A(2, 3);
  Tensor<float, 1> V(5);
  CHECK(new_tensor_text(sum(k, A[i, k]) * sum(k, V[k])) ==
        "tensor result f32[1], t1 f32[2], t2 f32[1]\n"
        "axis i = result.0, t1.0\n"
        "axis k = t1.1\n"
        "axis k2 = t2.0\n"
        "result[i] = sum(k, t1[i, k]) * sum(k2, t2[k2])   over i\n");
}

TEST_CASE("a binder hides an equal name around it") {
  Tensor<float, 2> A(2, 2);
  Tensor<float, 1> V(2);
  CHECK(new_tensor_text(V[k] * sum(k, A[k, k])) ==
        "tensor result f32[1], t1 f32[1], t2 f32[2]\n"
        "axis k = result.0, t1.0\n"
        "axis k2 = t2.0, t2.1\n"
        "result[k] = t1[k] * sum(k2, t2[k2, k2])   over k\n");
}

TEST_CASE("a fresh index is none of the user's") {
  Tensor<float, 1> V(2), U(3);
  const auto private_k = fresh<"k">();
  const auto other_k = fresh<"k">();
  static_assert(!std::is_same_v<decltype(private_k), decltype(other_k)>);
  CHECK(new_tensor_text(V[k] * U[private_k]) ==
        "tensor result f32[2], t1 f32[1], t2 f32[1]\n"
        "axis k = result.0, t1.0\n"
        "axis k2 = result.1, t2.0\n"
        "result[k, k2] = t1[k] * t2[k2]   over k, k2\n");
}

TEST_CASE("whole arrays align by position") {
  Tensor<float, 2> A(2, 3), B(2, 3);
  CHECK(new_tensor_text(max(A * 2 - B, -1)) ==
        "tensor result f32[1], t1 f32[2], t2 f32[2]\n"
        "axis _ = result.0, t1.0, t2.0\n"
        "axis _2 = t1.1, t2.1\n"
        "param s0 f32\n"
        "result[_] = max(_2, (t1[_, _2] * s0) - t2[_, _2])   over _\n");
}

TEST_CASE("one tensor mentioned twice is declared once, a view of it is another tensor") {
  Tensor<float, 2> A(2, 2);
  const auto T = A.permuted({1, 0});
  CHECK(new_tensor_text(A[i, j] + A[i, j] * T[i, j]) ==
        "tensor result f32[2], t1 f32[2], t2 f32[2]\n"
        "axis i = result.0, t1.0, t2.0\n"
        "axis j = result.1, t1.1, t2.1\n"
        "result[i, j] = t1[i, j] + (t1[i, j] * t2[i, j])   over i, j\n");
}

TEST_CASE("whole numbers as subscripts are params that need no check, also in a target") {
  Tensor<float, 3> A(2, 3, 4);
  Tensor<float, 2> B(3, 2);
  CHECK(assignment_text(B[i, -1], Assign::set, A[0, i, 3]) ==
        "tensor t0 f32[2], t1 f32[3]\n"
        "axis i = t0.0, t1.1\n"
        "param s0 i64\n"
        "param s1 i64\n"
        "param s2 i64\n"
        "t0[i, s0]! = t1[s1, i, s2]!   over i\n");
}

TEST_CASE("a mean divides by the extents it runs over") {
  Tensor<int, 2> A(2, 3);
  CHECK(new_tensor_text(mean(i, j, A[i, j])) ==
        "tensor result f64[0], t1 i32[2]\n"
        "axis i = t1.0\n"
        "axis j = t1.1\n"
        "result[] = sum(i, j, f64(t1[i, j])) / f64(extent(i) * extent(j))\n");
}

TEST_CASE("minus-assignment adds the negated value") {
  Tensor<float, 1> A(2), B(2);
  CHECK(assignment_text(A[i], Assign::subtract, B[i]) ==
        "tensor t0 f32[1], t1 f32[1]\n"
        "axis i = t0.0, t1.0\n"
        "t0[i] += negate(t1[i])   over i\n");
}

TEST_CASE("numbers of integer arithmetic are constants, numbers of float arithmetic are params") {
  Tensor<float, 1> A(4), B(2);
  CHECK(assignment_text(B[i], Assign::set, A[2 * i + 1] * 2) ==
        "tensor t0 f32[1], t1 f32[1]\n"
        "axis i = left t0.0, 2 * i + 1 inside t1.0\n"
        "param s0 f32\n"
        "t0[i] = t1[(2 * i) + 1] * s0   over i\n");
}

TEST_CASE("equal numbers of equal parts are one param, others are params of their own") {
  Tensor<float, 1> A(4), B(4);
  const auto part = A[i] * 2.5 + 0.5;
  CHECK(assignment_text(B[i], Assign::set, part + exp(part)) ==
        "tensor t0 f32[1], t1 f32[1]\n"
        "axis i = t0.0, t1.0\n"
        "param s0 f32\n"
        "param s1 f32\n"
        "t0[i] = ((t1[i] * s0) + s1) + exp((t1[i] * s0) + s1)   over i\n");
  CHECK(assignment_text(B[i], Assign::set, A[i] * 2.5 + exp(A[i] * 3.5)) ==
        "tensor t0 f32[1], t1 f32[1]\n"
        "axis i = t0.0, t1.0\n"
        "param s0 f32\n"
        "param s1 f32\n"
        "t0[i] = (t1[i] * s0) + exp(t1[i] * s1)   over i\n");
  CHECK(assignment_text(B[i], Assign::set, A[i] * 2.5 + 2.5) ==
        "tensor t0 f32[1], t1 f32[1]\n"
        "axis i = t0.0, t1.0\n"
        "param s0 f32\n"
        "param s1 f32\n"
        "t0[i] = (t1[i] * s0) + s1   over i\n");
}

TEST_CASE("a statement serves numbers of equal parts that are equal, then others, then equal ones again") {
  Tensor<float, 1> A(3), B(3);
  for (int n = 0; n < 3; ++n) A.at(n) = static_cast<float>(n);
  const std::pair<double, double> numbers[] = {{2.5, 2.5}, {2.5, 3.5}, {4.5, 4.5}, {0.5, 1.5}, {1.5, 0.5}, {2.5, 2.5}};
  for (const auto& [first, second] : numbers) {
    B[i] = A[i] * first - sq(A[i] * second);
    for (int n = 0; n < 3; ++n) {
      const float x = static_cast<float>(n) * static_cast<float>(second);
      CHECK(B.at(n) == static_cast<float>(n) * static_cast<float>(first) - x * x);
    }
  }
}
