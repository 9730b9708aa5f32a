// The advice for names of other libraries: every spelling is right, and no name is a function here.
#include <catch2/catch.hpp>
#include <numeric>

#include "../dsl/parse_call.hpp"
#include "../dsl/spellings.hpp"
#include "ricci/session.hpp"

using namespace ricci;

namespace {

/// 0, 1, 2, ... below `limit`, again and again.
Array counting(DType dtype, std::vector<std::int64_t> extents, std::int64_t limit) {
  const Array array = Array::uninitialised(dtype, extents);
  visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
    for (std::int64_t i = 0; i < array.size(); ++i) static_cast<T*>(array.data())[i] = static_cast<T>(i % limit);
  });
  return array;
}

Session session() {
  Session s;
  s.define("x", counting(DType::f32, {4, 5}, 20));
  s.define("y", counting(DType::f32, {5, 4}, 20));
  s.define("square", counting(DType::f32, {4, 4}, 16));
  for (const char* name : {"v", "w", "z"}) s.define(name, counting(DType::f32, {7}, 7));
  s.define("at", counting(DType::i64, {7}, 3));
  s.define("pair", counting(DType::i64, {4, 5}, 4));
  return s;
}

double first(const Array& array) {
  return visit_dtype(array.dtype(), [&]<class T>(std::type_identity<T>) {
    return static_cast<double>(*static_cast<const T*>(array.data()));
  });
}

}  // namespace

TEST_CASE("every spelling of what other libraries name runs") {
  for (const text::Spelling& spelling : text::spellings()) {
    INFO(spelling.name << ": " << spelling.here);
    CHECK_FALSE(text::is_function(spelling.name));
    CHECK(text::spelling_of(spelling.name) == spelling.here);
    Session s = session();
    CHECK_NOTHROW(s.run(spelling.here));
  }
  CHECK(std::ranges::is_sorted(text::spellings(), {}, &text::Spelling::name));
}

TEST_CASE("an unknown function that other libraries have is answered with its spelling") {
  Session s = session();
  CHECK_THROWS_WITH(s.run("einsum(x)"),
                    "unknown function 'einsum'; here: sum(k, x[i, k] * y[k, j])");
  CHECK_THROWS_WITH(s.run("std(v)"), "unknown function 'std'; here: stddev(x)");
  CHECK_THROWS_WITH(s.run("argmx(v)"), "unknown function 'argmx'; did you mean 'argmax'?");
}

TEST_CASE("words and symbols of Python are answered with what is written here") {
  Session s = session();
  CHECK_THROWS_WITH(s.run("x @ y"), "unexpected '@'; here: sum(k, x[i, k] * y[k, j])");
  CHECK_THROWS_WITH(s.run("x /= 2"), "unexpected '/='; here: x = x / 2");
  CHECK_THROWS_WITH(s.run("at //= 2"), "unexpected '//='; here: at = at // 2");
  CHECK_THROWS_WITH(s.run("v > 0 && w > 0"), "unexpected '&&'; here: (v > 0) & (w > 0)");
  CHECK_THROWS_WITH(s.run("v > 0 and w > 0"), "expected an operator or the end of the statement, found 'and'; here: "
                                              "(v > 0) & (w > 0)");
  CHECK_THROWS_WITH(s.run("z = True"), "unknown name 'True'; here: true");
  CHECK_THROWS_WITH(s.run("x.T"), "unexpected '.'; here: y[j, i] = x[i, j]");
  CHECK_THROWS_WITH(s.run("x.sum()"), "unexpected '.'; here: functions stand before their arguments, as in sum(x)");
  CHECK_THROWS_WITH(s.run("x.nothing"), "unexpected '.'");
  CHECK_THROWS_WITH(s.run("clamp(x, 0, 1)"), "unknown function 'clamp'; here: clip(x, 0, 1)");
}

TEST_CASE("a dtype by the name that it has elsewhere is answered with its name here") {
  Session s = session();
  for (const char* name : {"bool", "int", "long", "uint8", "float16", "half", "float32", "f4", "double", "i8"}) {
    const auto dtype = text::dtype_elsewhere(name);
    if (std::string_view(name) == "i8") {  // 8 bytes in NumPy, 8 bits here
      CHECK_FALSE(dtype);
      CHECK_NOTHROW(s.run("n = zeros(3, i8)"));
      continue;
    }
    REQUIRE(dtype);
    const std::string here(to_string(*dtype));
    CHECK_FALSE(dtype_from_string(name));
    CHECK_THROWS_WITH(s.run("n = zeros(3, " + std::string(name) + ")"),
                      "expected a number or a dtype, found '" + std::string(name) + "'; here: " + here);
    CHECK_THROWS_WITH(s.run(std::string(name) + "(x)"),
                      "unknown function '" + std::string(name) + "'; here: " + here + "(x)");
    CHECK_NOTHROW(s.run("n = zeros(3, " + here + "); " + here + "(x)"));
  }
}

TEST_CASE("a word of Python is no index") {
  Session s = session();
  CHECK_THROWS_WITH(s.run("v[None]"), "unknown name 'None'; here: x[..., newaxis]");
  CHECK_THROWS_WITH(s.run("x[:, None]"), "unknown name 'None'; here: x[..., newaxis]");
  CHECK_THROWS_WITH(s.run("v[in]"), "unknown name 'in'");
  CHECK_NOTHROW(s.run("v[none]"));
}

TEST_CASE("of a similar word a third of the letters may be wrong; neighbours that change places count as one") {
  const std::vector<std::string_view> words{"min", "exp", "argmax", "logsumexp"};
  CHECK(nearest("mni", words) == "min");
  CHECK(nearest("mim", words) == "min");
  CHECK(nearest("len", words) == "");
  CHECK(nearest("ex", words) == "exp");
  CHECK(nearest("agrmax", words) == "argmax");
  CHECK(nearest("agrmx", words) == "");
  CHECK(nearest("arg", words) == "");
  CHECK(nearest("lgosmuepx", words) == "logsumexp");
  CHECK(nearest("lgosmuxpe", words) == "");
}

TEST_CASE("spellings mean what the names say") {
  Session s = session();
  CHECK(first(s.run("sum(i, square[i, i])")[0].value) == 0 + 5 + 10 + 15);
  CHECK(first(s.run("sum(k, v[k] * w[k])")[0].value) == 91);
  CHECK(first(s.run("z[i] = wrap(v)[i - 1]")[0].value) == 6);
  CHECK(first(s.run("z[i] = fill(v, -1)[i - 1]")[0].value) == -1);
  CHECK(first(s.run("z[i] = x[(i + 6) // 5, (i + 6) % 5]")[0].value) == 6);
  CHECK(first(s.run("count(x != 0)")[0].value) == 19);
  CHECK(first(s.run("z[i] = where(i < 3, v[i], fill(w, 0)[i - 3]); sum(i, z[i] * i)").back().value) ==
        0 + 1 + 4 + 4 + 10 + 18);
  CHECK(first(s.run("sum(i, j, where(j <= i, square[i, j], 0))")[0].value) ==
        0 + 4 + 5 + 8 + 9 + 10 + 12 + 13 + 14 + 15);
}
