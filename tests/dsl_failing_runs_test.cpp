// What the text language refuses when it meets the data: the exact sentence, and the line and column.
#include <catch2/catch.hpp>
#include <vector>

#include "support/faults.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

const std::vector<FaultyText> failing_runs = {
    // Subscripts outside.
    {"x[9]", "1:1: subscript 9 is outside axis 0 of x, which has extent 3"},
    {"m[-3, 0]", "1:1: subscript -3 is outside axis 0 of m, which has extent 2"},
    {"x[at[n] + 1]", "1:1: subscript 3 is outside axis 0 of x (extent 3) at n=0"},
    {"a = 1\ny[n] = x[at[n] - 1]", "2:1: subscript -1 is outside axis 0 of x (extent 3) at n=1"},
    {"x[at + 1]", "1:1: subscript 3 is outside axis 0 of x (extent 3) at _=0"},
    {"clip(none)[at[n], 0]", "1:1: subscript 0 is outside axis 0 of none (extent 0) at n=0"},
    {"x[at[n] + 1] = 1", "1:1: subscript 3 is outside axis 0 of x (extent 3) at n=0"},
    {"x[at[n] * 2] += 1", "1:1: subscript 4 is outside axis 0 of x (extent 3) at n=0"},

    // Extents.
    {"m[i, j] + x[i]", "1:1: index i has extent 2 in axis 0 of m and extent 3 in axis 0 of x; they must be equal"},
    {"m[i, j] = m[j, i]", "1:1: index i has extent 3 in axis 1 of m and extent 2 in axis 0 of m; they must be equal"},
    {"y[i(0, 2)] = x[i]", "1:1: index i has extent 3 in axis 0 of x and extent 2 by its range; they must be equal"},
    {"y[i(0, 4)] = x[i + 1]", "1:1: subscript 3 is outside axis 0 of x (extent 3) at i=2"},
    {"m[0:1, :] + m",
     "1:1: an unnamed axis has extent 1 in axis 0 of m[0:1, :] and extent 2 in axis 0 of m; they must be equal"},
    {"x[:2] + at",
     "1:1: an unnamed axis has extent 2 in axis 0 of x[:2] and extent 4 in axis 0 of at; they must be equal"},
    {"x[yes[:2]] = 1",
     "1:1: an unnamed axis has extent 2 in axis 0 of yes[:2] and extent 3 in axis 0 of x; they must be equal"},
    {"sum(i, j, m[i - j, j - i])",
     "1:1: the extent of index i follows from that of another index, which follows from its own; give one of "
     "them a range, as in i(0, 3), or a plain subscript"},
    {"x[::0]", "1:1: the step of a slice is 0"},
    {"max(none, 0)", "1:1: max over axis 0 of none has no elements: the extent of axis 0 of none is 0"},
    {"max(none)", "1:1: max over axis 0 of none, axis 1 of none has no elements: the extent of axis 0 of none is 0"},
    {"argmin(i, none[i, j])", "1:1: argmin over i has no elements: the extent of index i is 0"},

    // Numbers.
    {"bytes[i] + 300", "1:1: the number 300 does not fit u8"},
    {"bytes[i] = -1", "1:1: the number -1 does not fit u8"},
};

}  // namespace

TEST_CASE("what the data makes wrong is refused alike by the reference and by machine code") {
  for (const FaultyText& row : failing_runs) {
    CAPTURE(row.text);
    CHECK(fault(row.text) == row.answer);
    CHECK(fault(row.text, Backend::native) == row.answer);
  }
}

TEST_CASE("arrays that cannot be written are refused where they are") {
  float elements[] = {1, 2, 3};
  const std::vector<std::int64_t> extents{3};
  TensorView view{row_major(DType::f32, extents), elements, false};
  Session s = session_of_faults(Backend::native);
  s.define("constant", Array::borrow(view));
  view.writable = true;
  view.layout.strides[0] = 0;
  s.define("same", Array::borrow(view));
  CHECK(fault(s, "constant[i] = 1") == "1:1: constant is read-only and cannot be written");
  CHECK(fault(s, "same[i] += x[i]") == "1:1: same repeats one element along axis 0 (stride 0) and cannot be written");
}
