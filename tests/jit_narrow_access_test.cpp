// Accesses that are narrower than a vector register: what stands beside their lanes is not touched.
#include <array>
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/program_builder.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;

TEST_CASE("bytes that one condition guards are read and written up to the last one, and not behind it") {
  for (const std::int64_t size : {7, 8, 9, 16, 40})
    for (const float chosen : {0.0f, 0.25f}) {
      CAPTURE(size, chosen);
      ProgramBuilder p;
      const ir::AxisId row = p.axis("row"), i = p.axis("i");
      const ir::TensorId out = p.tensor("out", DType::b1, 2);
      // The condition is an f64, of which eight fill a vector; eight truth values are half of the narrowest.
      const ir::Expr sum = p.op(Op::add, {p.cast(DType::f32, p.index(row)), p.cast(DType::f32, p.index(i))});
      const ir::Expr is_far = p.op(Op::less, {p.value(0.9f), p.op(Op::erf, {sum})});  // from 2 on
      const ir::Expr condition = p.cast(DType::b1, p.cast(DType::f64, p.param("p", DType::f32)));
      p.assign(out, {p.index(row), p.index(i)}, is_far, {row, i}, Reduction::any).guard = condition;
      const std::int64_t extents[] = {2, size};
      GuardedTensor truths(DType::b1, extents);
      for (std::int64_t n = 0; n < 2 * size; ++n) Scalar::of(n % 3 == 0).store(element(truths.view(), n));
      const std::array views{truths.view()};
      const std::array params{Scalar::of(chosen)};
      REQUIRE(run_everywhere(p.program, views, params).fault == "");
      for (std::int64_t n = 0; n < 2 * size; ++n)
        CHECK(Scalar::load(DType::b1, element(truths.view(), n)).get<bool>() ==
              (n % 3 == 0 || (chosen != 0 && n / size + n % size > 1)));
    }
}
