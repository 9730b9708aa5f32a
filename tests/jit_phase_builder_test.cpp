// What the builder of phases leaves out.
#include <catch2/catch.hpp>

#include "lower/phase_builder.hpp"

using namespace ricci;
using namespace ricci::loop;

TEST_CASE("an operation is computed once for all places inside of where it stands, and again elsewhere") {
  KernelInfo info;
  jit::PhaseBuilder b(info);
  const Value n = b.symbol({Symbol::Kind::extent, {0}}), two = b.constant(2);
  const Value outside = b.multiply(0, n, two);
  CHECK(b.multiply(0, n, two) == outside);
  CHECK(b.multiply(0, two, n) != outside);  // not looked for
  CHECK(b.add(0, n, two) != outside);
  const Value i = b.open_for(b.constant(0), n, 1);
  CHECK(b.multiply(1, n, two) == outside);
  const Value inside = b.add(1, i, n);
  CHECK(b.add(1, i, n) == inside);
  const Value shared = b.add(1, n, n);
  b.close_for();
  CHECK(b.add(0, n, n) != shared);  // which the loop has, perhaps never
  const Phase phase = b.finish();
  int computes = 0;
  for (const Statement& s : phase.body) computes += s.as<Compute>() != nullptr;
  CHECK(computes == 4);
}
