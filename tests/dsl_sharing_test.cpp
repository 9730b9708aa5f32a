// Statements in which one part stands again and again: squares of squares name x 2^50 times. All that is done with an
// expression goes by its parts, each once, or it would never end.
#include <catch2/catch.hpp>

#include "ricci/session.hpp"
#include "ricci/tensor.hpp"

using namespace ricci;

namespace {

std::string squares(const std::string& of) {
  std::string text = of;
  for (int k = 0; k < 50; ++k) text = "sq(" + text + ")";
  return text;
}

}  // namespace

TEST_CASE("a part that stands in a statement 2^50 times is compiled once") {
  const std::string whole = squares("x"), one = squares("x[i]");
  for (const std::string& text :
       {"y = " + whole, "y = where(x > 1, " + whole + ", 0)", "y = sum(i, " + one + ")", "y = sum(" + whole + ", 0)",
        "y = argmax(" + whole + ")", "y = any(" + whole + " > 3)", "y = cumsum(" + whole + ", 0)",
        "y = sort(" + whole + ", 0)", "y = x[" + whole + " > 3]", "y = nonzero(i, " + one + " > 3)",
        "y = softmax(" + whole + ", 0)", "y[i] = x[" + one + " % 5]", "z[" + one + " % 5] += 1",
        "y = sum(i, delta(" + one + ", j) * x[i] * x[j])", "y = sum(k(0, " + squares("x[0]") + "), x[k])"}) {
    CAPTURE(text.substr(0, 40));
    Session s;
    s.run("x = [0, 1, 1, 0, 1]; z = zeros(5, i64)");
    CHECK_NOTHROW(s.run(text));
    CHECK_NOTHROW(s.dump(Executable::Stage::loops, text));
  }
}

TEST_CASE("what such a statement says when it fails is one line of reasonable length") {
  Session s;
  s.run("x = [0, 1, 1, 0, 1]");
  try {
    s.run("y[i] = x[5 + " + squares("x[i]") + "]");
    FAIL("no error");
  } catch (const TextError& error) {
    CHECK(std::string(error.what()) == "subscript 5 is outside axis 0 of x (extent 5) at i=0");
  }
}
