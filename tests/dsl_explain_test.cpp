// explain(): what a statement did, in words; and no_temporaries, which refuses what would need copies.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using Catch::Matchers::Contains;
using test::filled;
using test::shuffled;
using test::values;

namespace {

/// While it lives, statements of the process may not use temporary bytes.
struct NoTemporaries {
  NoTemporaries() { default_options().no_temporaries = true; }
  ~NoTemporaries() { default_options().no_temporaries = false; }
};

}  // namespace

TEST_CASE("a statement without extra memory is explained in four lines") {
  const auto x = filled<float>(shuffled(7), 12);
  const Tensor<float, 1> y = x[i] * 2;
  CHECK_THAT(explain(), Contains("1 kernel, 1 phase, 1 loop; compiled in ") && Contains(" ms, ran ") &&
                            Contains("\ntemporaries: 0 bytes\naccumulators: 0 bytes\n"
                                     "subscripts: 0 proved inside, 0 checked\n"));
  const Tensor<float, 1> z = x[i] * 2;
  CHECK_THAT(explain(), Contains("compiled before"));
}

TEST_CASE("copies, stored reductions and private tables are explained with their reasons") {
  auto x = filled<float>(shuffled(11), 10);
  x[i] = x[9 - i];
  CHECK_THAT(explain(), Contains("temporaries: 40 bytes\n  40 bytes: a copy of t0, whose old values are still read\n"));

  const auto a = filled<float>(shuffled(11), 10, 3);
  const Tensor<float, 1> row = a[argmax(k, x[k]), i];
  CHECK_THAT(explain(), Contains("temporaries: 8 bytes\n  8 bytes: argmax(k, t2[k]), which would be computed again"));

  Tensor<std::int64_t, 1> bins(4);
  const auto key = filled<std::int64_t>(shuffled(4), 100);
  bins[key[n]] += 1;
  CHECK_THAT(explain(), Contains("accumulators: 32 bytes\n  32 bytes: private tables of sum of 1 at [t1[n]]\n"
                                 "subscripts: 0 proved inside, 1 checked\n  t0[t1[n]!]\n"));

  auto chain = filled<std::int64_t>(shuffled(4), 4);
  chain[chain[n]] = chain[n];
  CHECK_THAT(explain(), Contains("temporaries: 64 bytes\n") &&
                            Contains("32 bytes: a copy of t0, whose old values the message of a failing check needs"));
}

TEST_CASE("every temporary and accumulator byte has a reason") {
  const auto sum_of = [](const std::vector<Allocation>& list) {
    std::int64_t bytes = 0;
    for (const Allocation& a : list) bytes += a.bytes;
    return bytes;
  };
  auto x = filled<float>(shuffled(11), 40, 40);
  x[i, j] = x[j, i] / sum(k, x[k, k]) + max(k, x[k, j]);
  CHECK(last_report().temporary_bytes > 0);
  CHECK(last_report().accumulator_bytes > 0);
  CHECK(sum_of(last_report().temporaries) == last_report().temporary_bytes);
  CHECK(sum_of(last_report().accumulators) == last_report().accumulator_bytes);
}

TEST_CASE("with no_temporaries a statement that needs some is refused and writes nothing") {
  auto x = filled<float>(shuffled(11), 10);
  const auto before = values(x);
  {
    const NoTemporaries here;
    CHECK_THROWS_WITH(x[i] = x[9 - i],
                      "the statement needs temporaries, which no_temporaries forbids: "
                      "40 bytes for a copy of t0, whose old values are still read");
    CHECK(values(x) == before);
    x[i] = x[i] * 2;  // in place
  }
  CHECK(x.at(3) == 2 * before[3]);
  x[i] = x[9 - i];
  CHECK(x.at(3) == 2 * before[6]);
}

TEST_CASE("with no_temporaries a stored reduction is refused, also where the kernel is known") {
  const auto a = filled<float>(shuffled(11), 10, 3);
  const auto v = filled<float>(shuffled(5), 10);
  const auto run = [&] { return evaluate(a[argmax(k, v[k]), i]); };
  const auto expected = values(run());
  const NoTemporaries here;
  CHECK_THROWS_WITH(run(), Contains("8 bytes for argmax(k, t2[k]), which would be computed again and again"));
  CHECK(expected.size() == 3);
}

TEST_CASE("in the text language no_temporaries is an option of the session, and reasons have the user's names") {
  Session session;
  session.options.no_temporaries = true;
  session.define("a", filled<float>(shuffled(11), 4).array());
  CHECK_THROWS_WITH(session.run("a[i] = a[3 - i]"),
                    Contains("16 bytes for a copy of a, whose old values are still read"));
  session.options.no_temporaries = false;
  const Report report = session.run("a[i] = a[3 - i]").at(0).report;
  CHECK_THAT(explain(report), Contains("16 bytes: a copy of a, whose old values are still read"));
}
