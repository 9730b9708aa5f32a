// Acceptance cases 31, 77 and 80: what every type of element does as a subscript, in reductions and in arithmetic.
#include "ricci/session.hpp"
#include "support/acceptance.hpp"
#include "support/backends.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;
using Catch::Matchers::Contains;

namespace {

template <class T>
using Limits = std::numeric_limits<T>;

template <class T>
using Unsigned = std::make_unsigned_t<T>;

/// What two's complement gives: the bits of unsigned arithmetic in 64 bits, cut off.
template <class T>
T wrapped(std::uint64_t bits) {
  return static_cast<T>(bits);
}
template <class T>
T floored(T a, T b) {
  if (b == 0) return 0;
  if (std::is_signed_v<T> && b == T(-1)) return wrapped<T>(0 - static_cast<std::uint64_t>(a));
  return static_cast<T>(a / b - (a % b != 0 && (a < 0) != (b < 0)));
}
template <class T>
T remaining(T a, T b) {
  return b == 0 ? T(0)
                : wrapped<T>(static_cast<std::uint64_t>(a) -
                             static_cast<std::uint64_t>(floored(a, b)) * static_cast<std::uint64_t>(b));
}

}  // namespace

// That a float is no subscript is tests/compile_fail/float_subscript.cpp.
TEMPLATE_TEST_CASE("case 31: index dtypes", "[acceptance]", std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                   std::int32_t, std::uint32_t, std::int64_t, std::uint64_t) {
  using I = TestType;
  constexpr int N = 70, largest = sizeof(I) == 1 && std::is_signed_v<I> ? 127 : 200;
  const auto x = filled<float>([](auto n) { return 3 * n; }, 256);
  const auto wide = filled<double>([](auto n) { return n + 0.25; }, 256, 3);
  for (Order order : orders) {
    auto at = in_order(order, filled<I>([](auto n) { return n * 53 % (largest + 1); }, N));
    at.at(7) = static_cast<I>(largest);  // as a signed byte, 200 were -56
    const auto subscript = [&](int n) { return static_cast<std::int64_t>(at.at(n)); };
    CHECK(difference(Tensor(x[at[i]]), direct<float>({N}, [&](int i) { return x.at(subscript(i)); })) == "");
    CHECK(difference(Tensor(wide[at[i], j]), direct<double>({N, 3}, [&](int i, int j) {
                       return wide.at(subscript(i), j);
                     })) == "");
    CHECK(difference(Tensor(x[at]), Tensor(x[at[i]])) == "");
    Tensor<std::int64_t, 1> bins(256), expected(256);
    bins[at[i]] += 1;
    for (int n = 0; n < N; ++n) ++expected.at(subscript(n));
    CHECK(difference(bins, expected) == "");

    at.at(9) = Limits<I>::max();
    const auto fewer = filled<float>([](auto n) { return n; }, 100);
    const std::string fault = fault_of([&] { evaluate(fewer[at[i]]); });
    CHECK_THAT(fault, Contains("is outside axis 0") && Contains("extent 100"));
    at.at(0) = Limits<I>::max();  // the first
    const std::string text = "subscript " + std::to_string(Limits<I>::max()) + " is outside";
    CHECK_THAT(fault_of([&] { evaluate(fewer[at[i]]); }), Contains(text));
  }
}

TEMPLATE_TEST_CASE("case 77: dtype grid", "[acceptance]", std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                   std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, float16, bfloat16, float, double) {
  using T = TestType;
  constexpr bool floats = !std::is_integral_v<T>;
  // Sums of integers have 64 bits; 16-bit floats are summed as floats and rounded once.
  using Sum = std::conditional_t<floats, T, std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;
  using Accumulator = std::conditional_t<sizeof(T) == 2 && floats, float, Sum>;
  constexpr int R = 5;
  for (Order order : orders)
    for (int columns : {1, 16, 37, 70}) {
      CAPTURE(columns);
      // From the smallest to the largest number, with ties; exact in every type.
      const auto X = in_order(order, filled<T>(
                                         [](auto n) {
                                           const int small = static_cast<int>(n * 7 % 23);
                                           return std::is_unsigned_v<T> ? T(small) : T(small - 11);
                                         },
                                         R, columns));
      const auto at = in_order(order, filled<std::int64_t>(shuffled(R), columns));
      const Tensor<Sum, 1> sums = sum(k, X[i, k]);
      CHECK(difference(sums, direct<Sum>({R}, [&](int i) {
                         return total(columns, [&](int k) { return static_cast<Accumulator>(X.at(i, k)); });
                       })) == "");
      const Tensor<T, 1> best = max(k, X[i, k]), worst = min(X, 0);
      const Tensor<std::int64_t, 1> where_best = argmax(k, X[i, k]);
      const auto first = direct<std::int64_t>({R}, [&](int i) {
        return first_largest(columns, [&](int k) { return X.at(i, k); });
      });
      CHECK(difference(where_best, first) == "");
      CHECK(difference(best, direct<T>({R}, [&](int i) { return X.at(i, first.at(i)); })) == "");
      CHECK(difference(worst, direct<T>({columns}, [&](int k) {
                         return X.at(first_largest(R, [&](int i) { return -static_cast<double>(X.at(i, k)); }), k);
                       })) == "");
      CHECK(difference(Tensor(X[at[k], k]), direct<T>({columns}, [&](int k) { return X.at(at.at(k), k); })) == "");
      CHECK(difference(Tensor(X[i, argmax(X, 1)]), best) == "");

      auto Y = in_order(order, filled<T>([](auto n) { return T(n); }, R));
      const auto old = Y.copy();
      Y[at[k]] += X[i, k];
      CHECK(difference(Y, direct<T>({R}, [&](int r) {
                         auto value = static_cast<Accumulator>(old.at(r));
                         for (int k = 0; k < columns; ++k)
                           for (int i = 0; i < R; ++i)
                             if (at.at(k) == r) value += static_cast<Accumulator>(X.at(i, k));
                         return static_cast<T>(value);
                       })) == "");
      Y[at[k]].max_assign(X[i, k]);
      CHECK(last_report().temporary_bytes == 0);
    }
}

// Of b1, sums are counts and updates are |= and &=; the others are errors (tests/compile_fail).
TEST_CASE("case 77: dtype grid, of conditions", "[acceptance]") {
  constexpr int R = 5;
  for (Order order : orders)
    for (int columns : {1, 16, 37, 70}) {
      CAPTURE(columns);
      const auto X = in_order(order, filled<bool>([](auto n) { return n * 7 % 11 > 7; }, R, columns));
      const auto at = in_order(order, filled<std::int64_t>(shuffled(R), columns));
      const Tensor<std::int64_t, 1> counts = count(k, X[i, k]);
      const Tensor<bool, 1> some = any(k, X[i, k]), every = all(X, 0);
      const Tensor<std::int64_t, 1> where_best = argmax(k, X[i, k]);
      const auto expected = direct<std::int64_t>({R}, [&](int i) {
        return total(columns, [&](int k) { return std::int64_t{X.at(i, k)}; });
      });
      CHECK(difference(counts, expected) == "");
      CHECK(difference(some, direct<bool>({R}, [&](int i) { return expected.at(i) > 0; })) == "");
      CHECK(difference(every, direct<bool>({columns}, [&](int k) {
                         return total(R, [&](int i) { return std::int64_t{X.at(i, k)}; }) == R;
                       })) == "");
      CHECK(difference(where_best, direct<std::int64_t>({R}, [&](int i) {
                         return first_largest(columns, [&](int k) { return int{X.at(i, k)}; });
                       })) == "");
      CHECK(difference(Tensor(X[at[k], k]), direct<bool>({columns}, [&](int k) { return X.at(at.at(k), k); })) == "");
      Tensor<bool, 1> Y(R);
      Y[at[k]] |= X[0, k];
      CHECK(difference(Y, direct<bool>({R}, [&](int r) {
                         return total(columns, [&](int k) { return int{at.at(k) == r && X.at(0, k)}; }) > 0;
                       })) == "");
    }
}

TEMPLATE_TEST_CASE("case 80: integer rules", "[acceptance]", std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                   std::int32_t, std::uint32_t, std::int64_t, std::uint64_t) {
  using T = TestType;
  const T extremes[] = {0, T(-1), Limits<T>::min(), Limits<T>::max(), 1, 7, T(-7), T(Limits<T>::max() / 3)};
  const auto fault = [](const Prepared& p) {
    const Ran ran = run_everywhere(p);
    return ran.error ? ran.message : ran.fault;
  };
  // Every pair of them, in whole vectors and in tails: a lane beyond the end has whatever stood in the register.
  for (int n : {1, 5, 64, 67}) {
    CAPTURE(n);
    const auto a = filled<T>([&](auto k) { return extremes[k % 8]; }, n);
    const auto b = filled<T>([&](auto k) { return extremes[k / 8 % 8]; }, n);
    const auto bits = [](T value) { return static_cast<std::uint64_t>(value); };
    const auto same = [&](const Tensor<T, 1>& found, auto expected) {
      return difference(found, direct<T>({n}, [&](int k) { return expected(a.at(k), b.at(k)); }));
    };
    Tensor<T, 1> out(n);
    // Division is total. In lanes that do not take it, it is by zero, or of the smallest number by -1.
    CHECK(fault(prepared(out[i], Assign::set, floor_divide(a[i], b[i]))) == "");
    CHECK(same(out, floored<T>) == "");
    CHECK(fault(prepared(out[i], Assign::set, a[i] % b[i])) == "");
    CHECK(same(out, remaining<T>) == "");
    CHECK(fault(prepared(out[i], Assign::set, where(b[i] != T(0), floor_divide(a[i], b[i]), a[i]))) == "");
    CHECK(same(out, [](T x, T y) { return y != 0 ? floored(x, y) : x; }) == "");
    CHECK(fault(prepared(out[i], Assign::set, where((b[i] != T(0)) & (b[i] != T(-1)), a[i] % b[i], b[i]))) == "");
    CHECK(same(out, [](T x, T y) { return y != 0 && y != T(-1) ? remaining(x, y) : y; }) == "");
    CHECK(fault(prepared(out[i], Assign::set, where(b[i] == T(-1), floor_divide(a[i], b[i]), T(3)))) == "");
    CHECK(same(out, [](T x, T y) { return y == T(-1) ? floored(x, y) : T(3); }) == "");
    // The rest wraps as numbers without a sign do.
    CHECK(fault(prepared(out[i], Assign::set, a[i] * b[i] + a[i] - b[i])) == "");
    CHECK(same(out, [&](T x, T y) { return wrapped<T>(bits(x) * bits(y) + bits(x) - bits(y)); }) == "");
    CHECK(fault(prepared(out[i], Assign::set, -a[i])) == "");
    CHECK(same(out, [&](T x, T) { return wrapped<T>(0 - bits(x)); }) == "");
    CHECK(fault(prepared(out[i], Assign::set, abs(a[i]))) == "");
    CHECK(same(out, [&](T x, T) { return x < 0 ? wrapped<T>(0 - bits(x)) : x; }) == "");
    out[i] = T(1);
    CHECK(fault(prepared(out[i], Assign::multiply, a[i] * a[i])) == "");
    CHECK(same(out, [&](T x, T) { return wrapped<T>(bits(x) * bits(x)); }) == "");
  }
}
