// ricci_small_sizes: what whole calls of common expressions cost, from one element up. small_sizes.py drives it: for
// each line `name elements threads` on standard input it prints the seconds of one call, its result's allocation
// included, and the name of every expression for the line `list`.
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>

#include "ricci/compile.hpp"
#include "small_sizes.hpp"

namespace ricci::bench {

namespace {

using namespace names;
using Call = std::function<void()>;
using Make = std::function<Call(std::int64_t)>;

/// A call that makes a new tensor of the expression that `f` gives for the data.
template <class F>
Make calls(F f) {
  return [f](std::int64_t elements) -> Call {
    const auto data = std::make_shared<Data>(elements);
    return [=] { const auto result = Tensor(f(*data)); };  // freed at once, as NumPy's is: the next one lies there again
  };
}

/// A call that adds to bins.
Make counts(bool weighted) {
  return [=](std::int64_t elements) -> Call {
    const auto data = std::make_shared<Data>(elements);
    const std::int64_t bins = std::min<std::int64_t>(elements, 1000);
    if (weighted)
      return [=] {
        Tensor<float, 1> sums(bins);
        sums[data->label[i]] += data->x[i];
      };
    return [=] {
      Tensor<std::int64_t, 1> count(bins);
      count[data->label[i]] += 1;
    };
  };
}

/// A call that makes a new tensor of the same extent.
Make moved() {
  return [](std::int64_t elements) -> Call {
    const auto data = std::make_shared<Data>(elements);
    return [=] {
      auto result = Tensor<float, 1>::uninitialised(elements);
      result[i] = wrap(data->x)[i + 1];
    };
  };
}

/// A call that adds some elements at each end of `x`; `subscript` gives where they are taken from.
template <class F>
Make padded(F subscript) {
  return [subscript](std::int64_t elements) -> Call {
    const auto data = std::make_shared<Data>(elements);
    return [=] {
      const std::int64_t pad = std::min<std::int64_t>(2, elements - 1);
      auto result = Tensor<float, 1>::uninitialised(elements + 2 * pad);
      result[i] = data->x[subscript(i - pad, elements)];
    };
  };
}

/// How many of the eight cells around each one live, as additions of bytes, and the next generation.
constexpr auto neighbours = [](const auto& c) {
  return c[i - 1, j - 1] + c[i - 1, j] + c[i - 1, j + 1] + c[i, j - 1] + c[i, j + 1] + c[i + 1, j - 1] + c[i + 1, j] +
         c[i + 1, j + 1];
};
constexpr auto lives = [](const auto& count, const auto& cell) { return (count == 3) | ((count == 2) & (cell == 1)); };

/// A call that runs a statement on the data, which it changes.
template <class F>
Make changes(F f) {
  return [f](std::int64_t elements) -> Call {
    const auto data = std::make_shared<Data>(elements);
    return [=] { f(*data); };
  };
}

const std::map<std::string, Make>& expressions() {
#define E(...) calls([](const Data& d) { return __VA_ARGS__; })
#define S(...) changes([](Data& d) { __VA_ARGS__; })
#define FUNCTION(name, single, wide) \
  {#name "(" #single ")", E(name(d.single))}, {#name " of f64", E(name(d.wide))},
#define OF_TWO(name) {#name "(x, y)", E(name(d.x, d.y))}, {#name " of two f64", E(name(d.v, d.u))},
  static const std::map<std::string, Make> table{
      {"x + y", E(d.x + d.y)},
      {"2 * x + 1", E(2 * d.x + 1)},
      {"exp(x)", E(exp(d.x))},
      {"where(x > 0, x, y)", E(where(d.x > 0, d.x, d.y))},
      {"i32 to f64", E(cast<double>(d.label))},
      {"x > y", E(d.x > d.y)},
      {"clip", E(minimum(maximum(d.x, -0.5f), 0.5f))},
      {"sqrt(y)", E(sqrt(d.y))},
      {"x + y of f64", E(d.v + d.v)},
      {"exp of f64", E(exp(d.v))},
      {"i32 + i32", E(d.label + d.place)},
      {"u8 to f32", E(cast<float>(d.byte))},
      {"u8 table", E(d.table[d.byte[i]])},
      {"difference of neighbours", E(d.x[i + 1] - d.x[i])},
      {"reversed", E(d.x.flipped(0) + 0)},
      {"sum", E(sum(i, d.x[i]))},
      {"dot", E(sum(i, d.x[i] * d.y[i]))},
      {"max", E(max(i, d.x[i]))},
      {"argmax", E(argmax(i, d.x[i]))},
      {"count(x > 0)", E(count(i, d.x[i] > 0))},
      {"sum of f64", E(sum(i, d.v[i]))},
      {"sum of i32", E(sum(i, d.label[i]))},
      {"max of i32", E(max(i, d.label[i]))},
      {"max of u8", E(max(i, d.byte[i]))},
      {"argmax of f64", E(argmax(i, d.v[i]))},
      {"argmin of i32", E(argmin(i, d.place[i]))},
      {"any(x > 2)", E(any(i, d.x[i] > 2))},
      {"sum axis 0", E(sum(d.m, 0))},
      {"sum axis 1", E(sum(d.m, 1))},
      {"max axis 0", E(max(d.m, 0))},
      {"max axis 1", E(max(d.m, 1))},
      {"argmax axis 0", E(argmax(d.m, 0))},
      {"argmax axis 1", E(argmax(d.m, 1))},
      {"mean and variance axis 1", E(var(d.m, 1))},
      {"add a row", E(d.m[i, j] + d.n[0, j])},
      {"outer product", E(d.m[i, 0] * d.n[0, j])},
      {"gather", E(d.x[d.place[i]])},
      {"gather rows", E(d.m[d.row[i], j])},
      {"one-hot of 16", E(cast<float>(d.label[i] % 16 == d.sixteen[j]))},
      {"bits of bytes", E((d.byte[i] >> d.bit[j]) & std::uint8_t{1})},
      {"rows of eight", E(d.x[i] * d.eight[j])},
      {"maps times a matrix across", E(sum(i, j, d.maps[k, i, j] * d.across[j, i]))},
      {"layer", E(tanh(sum(j, d.m[i, j] * d.n[0, j]) + d.n[i, 0]))},
      {"logistic regression", E(1 / (1 + exp(-sum(j, d.m[i, j] * d.n[0, j]))))},
      {"long rows times a vector", E(sum(j, d.twenty[i, j] * d.twenty[0, j]))},
      {"products of 12 by 12", E(sum(k, d.twelves[h, i, k] * d.twelves[h, k, j]))},
      {"bincount", counts(false)},
      {"scatter-add", counts(true)},
      {"cumsum", E(cumsum(d.x, 0))},
      {"cumsum axis 0", E(cumsum(d.m, 0))}, {"cumsum axis 1", E(cumsum(d.m, 1))},
      {"transpose", E(d.m.permuted({1, 0}) + 0)},
      {"matmul", E(sum(k, d.m[i, k] * d.n[j, k]))},
      {"softmax axis 1", E(softmax(d.m, 1))},
      {"x[x > 0]", E(d.x[d.x > 0])},
      {"sort", E(sort(d.x, 0))},
      {"argsort", E(argsort(d.x, 0))},
      {"sort axis 0", E(sort(d.m, 0))},
      {"sort axis 1", E(sort(d.m, 1))},
      {"sort axis 1 of f64", E(sort(d.w, 1))},
      {"argsort axis 1", E(argsort(d.m, 1))},
      {"nonzero(x > 0)", E(nonzero(d.x > 0))},
      {"log(y)", E(log(d.y))},
      FUNCTION(exp2, x, v) FUNCTION(expm1, x, v) FUNCTION(log2, y, u) FUNCTION(log10, y, u) FUNCTION(log1p, y, u)
      FUNCTION(sin, x, v) FUNCTION(cos, x, v) FUNCTION(tan, x, v) FUNCTION(asin, x, v) FUNCTION(acos, x, v)
      FUNCTION(atan, x, v) FUNCTION(sinh, x, v) FUNCTION(cosh, x, v) FUNCTION(tanh, x, v) FUNCTION(asinh, x, v)
      FUNCTION(acosh, above, above64) FUNCTION(atanh, x, v) FUNCTION(cbrt, x, v)
      OF_TWO(atan2) OF_TWO(hypot) OF_TWO(fmod) OF_TWO(floor_divide)
      {"remainder(x, y)", E(d.x % d.y)}, {"remainder of two f64", E(d.v % d.u)},
      {"y to the power of x", E(pow(d.y, d.x))},
      {"u to the power of v", E(pow(d.u, d.v))},
      {"y to the power of 1.5", E(pow(d.y, 1.5f))},
      {"sigmoid", E(1 / (1 + exp(-d.x)))},
      {"log of f64", E(log(d.u))},
      {"sqrt of f64", E(sqrt(d.u))},
      {"i32 // 7", E(floor_divide(d.place, 7))},
      {"i32 % 7", E(d.place % 7)},
      {"i32 // i32", E(floor_divide(d.place, d.divisor))},
      {"i32 % i32", E(d.place % d.divisor)},
      {"i64 // 7", E(floor_divide(d.whole, 7))},
      {"i64 * i64", E(d.whole * d.whole)},
      {"u8 + u8", E(d.byte + d.byte)},
      {"u8 * 3", E(d.byte * 3)},
      {"u8 // 7", E(floor_divide(d.byte, 7))},
      {"u8 > 100", E(d.byte > 100)},
      {"clip of u8", E(minimum(maximum(d.byte, 50), 150))},
      {"f32 to i32", E(cast<std::int32_t>(100 * d.x))},
      {"f32 to u8", E(cast<std::uint8_t>(100 * d.y))},
      {"i64 to f32", E(cast<float>(d.whole))},
      {"x is NaN", E(d.x != d.x)},
      {"bool & bool", E(d.flag & d.other_flag)},
      {"not bool", E(!d.flag)},
      {"count of bool", E(count(i, d.flag[i]))},
      {"any of bool", E(any(i, d.flag[i]))},
      {"all(x < 2)", E(all(i, d.x[i] < 2))},
      {"x equals y", E(all(i, d.x[i] == d.y[i]))},
      {"mean", E(mean(i, d.x[i]))},
      {"variance", E(var(d.x, 0))},
      {"min of f64", E(min(i, d.v[i]))},
      {"sum of u8", E(sum(i, d.byte[i]))},
      {"mean of u8", E(mean(i, cast<double>(d.byte[i])))},
      {"product of f64", E(prod(i, d.u[i]))},
      {"dot of f64", E(sum(i, d.v[i] * d.u[i]))},
      {"norm", E(sqrt(sum(i, sq(d.x[i]))))},
      {"mean axis 0", E(mean(d.m, 0))},
      {"mean axis 1", E(mean(d.m, 1))},
      {"sum axis 0 of f64", E(sum(d.w, 0))},
      {"sum axis 1 of f64", E(sum(d.w, 1))},
      {"count(m > 0) axis 1", E(count(j, d.m[i, j] > 0))},
      {"any(m > 0.9) axis 0", E(any(i, d.m[i, j] > 0.9f))},
      {"argmax axis 1 of f64", E(argmax(d.w, 1))},
      {"add a column", E(d.m[i, j] + d.n[i, 0])},
      {"subtract the mean of rows", E(d.m[i, j] - mean(k, d.m[i, k]))},
      {"matrix times vector", E(sum(j, d.m[i, j] * d.n[0, j]))},
      {"vector times matrix", E(sum(i, d.m[i, 0] * d.n[i, j]))},
      {"every second", E(d.x.sliced(0, 0, d.size, 2) + 0)},
      {"moved by one", moved()},
      {"reversed rows", E(d.m.flipped(1) + 0)},
      {"column reversed", E(d.m.flipped(0) + 0)},
      {"cumsum of f64", E(cumsum(d.v, 0))},
      {"cumsum of i32", E(cumsum(d.label, 0))},
      {"cummax", E(cummax(d.x, 0))},
      {"gather of f64", E(d.v[d.place[i]])},
      {"x squared", E(pow(d.x, 2.0f))},
      {"root of y by a power", E(pow(d.y, 0.5f))},
      {"sum of three columns", E(sum(j, d.thin[i, j]))},
      {"largest of three columns", E(argmax(j, d.thin[i, j]))},
      {"three columns to grey", E(sum(j, d.thin[i, j] * d.thin[0, j]))},
      {"A A^T", E(sum(k, d.m[i, k] * d.m[j, k]))}, {"A^T A", E(sum(k, d.m[k, i] * d.m[k, j]))},
      {"matmul of columns", E(sum(k, d.m[k, i] * d.n[k, j]))},
      {"matmul of four columns", E(sum(k, d.m[i, k] * d.narrow[k, j]))},
      {"points turned", E(sum(k, d.thin[i, k] * d.turn[k, j]))},
      {"quadratic form of points", E(sum(j, k, d.thin[i, j] * d.turn[j, k] * d.thin[i, k]))},
      {"x[x > 0.98]", E(d.x[d.x > 0.98f])},
      {"x[x > -0.98]", E(d.x[d.x > -0.98f])},
      {"x[flag]", E(d.x[d.flag])},
      {"v[flag]", E(d.v[d.flag])},
      {"sort of f64", E(sort(d.v, 0))},
      {"sort of i32", E(sort(d.place, 0))},
      {"sort of u8", E(sort(d.byte, 0))},
      {"argsort of i32", E(argsort(d.label, 0))},
      {"argmax of flags", E(argmax(i, d.flag[i]))},
      {"first of x > 0.999", E(argmax(i, d.x[i] > 0.999f))},
      {"i64 // i64", E(floor_divide(d.whole, d.divisor64))},
      {"i64 % i64", E(d.whole % d.divisor64)},
      {"gather that wraps around", E(wrap(d.x)[d.beside[i]])},
      {"border that wraps around", calls([](const Data& d) {
         auto t = Tensor<float, 2>::uninitialised(d.rows + 2, d.columns + 2);
         t[i, j] = wrap(d.m)[i - 1, j - 1];
         return t;
       })},
      {"neighbours that wrap around",
       E(wrap(d.m)[i - 1, j] + wrap(d.m)[i + 1, j] + wrap(d.m)[i, j - 1] + wrap(d.m)[i, j + 1])},
      {"sums of three columns", E(sum(d.thin, 0))},
      {"products of three columns", E(sum(k, d.thin[k, i] * d.thin[k, j]))},
      {"mean colour", E(mean(i, j, cast<float>(d.picture[i, j, k])))},
      {"three columns less their means", E(d.thin[i, j] - mean(k, d.thin[k, j]))},
      {"matrices times vectors", E(sum(k, d.turns[b, i, k] * d.points[b, k]))},
      {"gradient of three columns", E(sum(i, d.third[i] * d.thin[i, j]))},
      {"gradient of eight columns", E(sum(i, d.eighth[i] * d.eights[i, j]))},
      {"rows of 32 times a vector", E(sum(j, d.rows32[i, j] * d.rows32[0, j]))},
      {"distances by a product", E(sum(k, sq(d.near[i, k])) + sum(k, sq(d.far[j, k])) -
                                   2 * sum(k, d.near[i, k] * d.far[j, k]))},
      {"convolution", E(sum(c, u, v, d.filters[o, c, u, v] * d.planes[c, i + u, j + v]))},
      {"convolution of every second", E(sum(c, u, v, d.filters[o, c, u, v] * d.planes[c, 2 * i + u, 2 * j + v]))},
      {"gradient of filters", E(sum(i, j, d.maps[o, i, j] * d.planes[c, i + u, j + v]))},
      {"three rows times a matrix", E(sum(k, d.turn3[i, k] * d.n[k, j]))},
      {"eight rows times a matrix", E(sum(k, d.turn8[i, k] * d.n[k, j]))},
      {"matrix times a column", E(sum(k, d.m[i, k] * d.tall[k, j]))},
      {"row times a matrix", E(sum(k, d.flat[i, k] * d.m[k, j]))},
      {"column times a row", E(sum(k, d.tall[i, k] * d.flat[k, j]))},
      {"rows of one gathered", E(d.pairs.sliced(1, 0, 1, 1)[d.place[i], j])},
      {"cosines of rows", E(sum(k, d.near[i, k] * d.far[j, k]) / (norm(k, d.near[i, k]) * norm(k, d.far[j, k])))},
      {"first true of rows", E(argmax(j, d.few[i, j]))},
      {"any of rows of flags", E(any(j, d.few[i, j]))},
      {"picture with a border", calls([](const Data& d) {
         auto t = Tensor<std::uint8_t, 3>::uninitialised(d.picture.extent(0) + 2, d.picture.extent(1) + 2, 3);
         t[i, j, k] = fill(d.picture, 0)[i - 1, j - 1, k];
         return t;
       })},
      {"padded by reflection",
       padded([](const auto& at, std::int64_t n) { return n - 1 - abs(n - 1 - abs(at)); })},
      {"padded by symmetry",
       padded([](const auto& at, std::int64_t n) {
         const auto low = maximum(at, -1 - at);
         return minimum(low, 2 * n - 1 - low);
       })},
      {"padded with its ends", padded([](const auto& at, std::int64_t n) { return clip(at, 0, n - 1); })},
      {"matrix padded by reflection", calls([](const Data& d) {
         const std::int64_t pad = d.rows > 1 ? 1 : 0, last = d.rows - 1, end = d.columns - 1;
         auto t = Tensor<float, 2>::uninitialised(d.rows + 2 * pad, d.columns + 2 * pad);
         t[i, j] = d.m[last - abs(last - abs(i - pad)), end - abs(end - abs(j - pad))];
         return t;
       })},
      {"picture padded by reflection", calls([](const Data& d) {
         const std::int64_t pad = d.rows > 1 ? 1 : 0, last = d.rows - 1, end = d.columns - 1;
         auto t = Tensor<std::uint8_t, 2>::uninitialised(d.rows + 2 * pad, d.columns + 2 * pad);
         t[i, j] = d.grey[last - abs(last - abs(i - pad)), end - abs(end - abs(j - pad))];
         return t;
       })},
      {"game of life", E(lives(neighbours(fill(d.cells, 0)), d.cells[i, j]))},
      {"game of life that wraps", E(lives(neighbours(wrap(d.cells)), d.cells[i, j]))},
      {"game of life by a sum",
       E(lives(sum(k(0, 3), l(0, 3), fill(d.cells, 0)[i + k - 1, j + l - 1]) - d.cells[i, j], d.cells[i, j]))},
      {"game of life that wraps by a sum",
       E(lives(sum(k(0, 3), l(0, 3), wrap(d.cells)[i + k - 1, j + l - 1]) - d.cells[i, j], d.cells[i, j]))},
      {"mean of nine bytes", E(cast<std::uint8_t>(
                                 floor_divide(sum(k(0, 3), l(0, 3), wrap(d.grey)[i + k - 1, j + l - 1]), 9) +
                                 0 * d.grey[i, j]))},
      {"argmax of u8", E(argmax(i, d.byte[i]))},
      {"argmin of u8", E(argmin(i, d.byte[i]))},
      {"argmax of i16", E(argmax(i, d.sample[i]))},
      {"argmax axis 1 of u8", E(argmax(d.grey, 1))},
      {"argmax axis 0 of u8", E(argmax(d.grey, 0))},
      {"picture enlarged", calls([](const Data& d) {
         auto t = Tensor<std::uint8_t, 2>::uninitialised(2 * d.rows, 2 * d.columns);
         t[i, j] = d.grey[floor_divide(i, 2), floor_divide(j, 2)];
         return t;
       })},
      {"picture with colours enlarged", calls([](const Data& d) {
         auto t = Tensor<std::uint8_t, 3>::uninitialised(2 * d.picture.extent(0), 2 * d.picture.extent(1), 3);
         t[i, j, k] = d.picture[floor_divide(i, 2), floor_divide(j, 2), k];
         return t;
       })},
      {"picture rotated", E(d.grey.permuted({1, 0}).flipped(0) + 0)},
      {"picture with colours rotated", E(d.picture.permuted({1, 0, 2}).flipped(0) + 0)},
      {"picture reversed", E(d.grey.flipped(1) + 0)},
      {"picture transposed", E(d.grey.permuted({1, 0}) + 0)},
      {"x = 0", S(d.x[i] = 0)},
      {"x = y", S(d.x[i] = d.y[i])},
      {"x += y", S(d.x[i] += d.y[i])},
      {"x *= -1", S(d.x[i] *= -1)},
      {"x = -x", S(d.x[i] = -d.x[i])},
      {"x = minimum(x, y)", S(d.x[i] = minimum(d.x[i], d.y[i]))},
      {"every second of x = y", S(auto every = d.x.sliced(0, 0, d.size, 2); every[i] = d.y.sliced(0, 0, d.size, 2)[i])},
      {"x[2i] = y[2i]", S(d.x[2 * i] = d.y[2 * i])},
      {"every third of x = y", S(auto every = d.x.sliced(0, 0, d.size, 3); every[i] = d.y.sliced(0, 0, d.size, 3)[i])},
      {"x[2i + 1] = half", S(d.x[2 * i + 1] = d.half[i])},
      {"x[2i] = 2 x[2i] + 1", S(d.x[2 * i] = 2 * d.x[2 * i] + 1)},
      {"x[2i + 1] += half", S(d.x[2 * i + 1] += d.half[i])},
      {"every second f64", S(d.v[2 * i] = d.u[2 * i])},
      {"every second byte", S(d.byte[2 * i] = d.byte[2 * i] + std::uint8_t{1})},
      {"first of pairs = x", S(d.pairs[i, 0] = d.x[i])},
      {"every second column", S(d.m[i, 2 * j] = d.n[i, 2 * j])},
      {"x moved in place", S(d.x[i + 1] = d.x[i])},
      {"x moved back in place", S(d.x[i(0, d.size - 1)] = d.x[i + 1])},
      {"x less its neighbours in place", S(d.x[i(1, d.size - 1)] = d.x[i] - 0.5f * (d.x[i - 1] + d.x[i + 1]))},
      {"mean of four in place", S(const auto& m = d.m;
                                  d.m[i(1, m.extent(0) - 1), j(1, m.extent(1) - 1)] =
                                      0.25f * (m[i - 1, j] + m[i + 1, j] + m[i, j - 1] + m[i, j + 1]))},
      {"x reversed in place", S(d.x[i] = d.x[d.size - 1 - i])},
      {"x[x > 0.5] = 0", S(d.x[d.x > 0.5f] = 0)},
      {"x[place] = y", S(d.x[d.place[i]] = d.y[i])},
      {"two rows exchanged", S(d.m[d.ends[i], j] = d.m[d.other_ends[i], j])},
      {"a row of m = one of n", S(d.m[0, j] = d.n[0, j])},
      {"m += a row", S(d.m[i, j] += d.n[0, j])},
      {"m -= means of rows", S(d.m[i, j] = d.m[i, j] - mean(k, d.m[i, k]))},
  };
#undef S
#undef OF_TWO
#undef FUNCTION
#undef E
  return table;
}

double seconds_of(const Call& call, int calls) {
  const auto start = std::chrono::steady_clock::now();
  for (int n = 0; n < calls; ++n) call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / calls;
}

int serve() {
  std::string known;
  Call call;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "list") {
      for (const auto& [name, make] : expressions()) std::printf("%s\n", name.c_str());
      std::printf("\n");
    } else {
      const auto second = line.rfind('/'), first = line.rfind('/', second - 1);
      default_options().threads = std::stoi(line.substr(second + 1));
      if (const std::string wanted = line.substr(0, second); wanted != known) {
        call = expressions().at(line.substr(0, first))(std::stoll(line.substr(first + 1, second - first - 1)));
        known = wanted;
        call();
      }
      const double once = seconds_of(call, 1);
      std::printf("%.4g\n", seconds_of(call, static_cast<int>(std::clamp(1e-3 / once, 1.0, 5e3))));
    }
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace ricci::bench

int main() { return ricci::bench::serve(); }
