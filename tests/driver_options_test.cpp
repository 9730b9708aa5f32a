// The `ricci` program from outside: options, statuses, files, JSON.
#include <catch2/catch.hpp>
#include <algorithm>
#include <filesystem>

#include "ricci/npy.hpp"
#include "support/command.hpp"
#include "support/json.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

Finished ricci_driver(std::vector<std::string> arguments, const std::string& input = "") {
  return run_command(RICCI_DRIVER, arguments, input, "RICCI_CACHE=off ");
}

std::string scores_file(const TemporaryFolder& folder) {
  const std::int64_t extents[] = {2, 3};
  const Array scores = Array::uninitialised(DType::f32, extents);
  const float elements[] = {1, 5, 3, 9, 2, 4};
  std::copy(std::begin(elements), std::end(elements), static_cast<float*>(scores.data()));
  save_npy(folder.path("scores.npy"), scores.view());
  return folder.path("scores.npy");
}

bool is_one_line(const std::string& text) {
  return !text.empty() && std::ranges::count(text, '\n') == 1 && text.back() == '\n';
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    list.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

}  // namespace

TEST_CASE("arrays come from files, and go to files after the text has run") {
  const TemporaryFolder folder;
  const Finished done =
      ricci_driver({"--bind", "scores=" + scores_file(folder), "--save", "best=" + folder.path("best.npy"), "--save",
                    "s=" + folder.path("s.npy"), "-e", "best = argmax(scores, 1); s = sum(scores)"});
  CHECK(done.status == 0);
  CHECK(done.error.empty());
  const Array best = load_npy(folder.path("best.npy"));
  REQUIRE(best.dtype() == DType::i64);
  REQUIRE(best.size() == 2);
  CHECK(static_cast<const std::int64_t*>(best.data())[0] == 1);
  CHECK(static_cast<const std::int64_t*>(best.data())[1] == 0);
  CHECK(load_npy(folder.path("s.npy")).rank() == 0);
}

TEST_CASE("IDX files are known by their names") {
  const TemporaryFolder folder;
  const std::string file = folder.write("tiny-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x03\x07\x08\x09", 11));
  CHECK(ricci_driver({"--bind", "x=" + file, "-e", "x"}).output.find("x : u8[3]  min 7 max 9 mean 8 ") == 0);
}

TEST_CASE("text comes from -e, from a file, or from standard input") {
  const TemporaryFolder folder;
  const std::string text = "x = iota(3)\nsum(x)\n";
  CHECK(ricci_driver({"-e", text}).output.find("sum(x) : i64  3 ") != std::string::npos);
  CHECK(ricci_driver({folder.write("a.ricci", text)}).output.find("sum(x) : i64  3 ") != std::string::npos);
  CHECK(ricci_driver({}, text).output.find("sum(x) : i64  3 ") != std::string::npos);
  CHECK(ricci_driver({}, "").status == 0);
}

TEST_CASE("a summary gives type, range and small values") {
  const std::string output = ricci_driver({"-e", "x = iota(3); y = full(2, 2, 1.5)"}).output;
  CHECK(output.find("x : i64[3]  min 0 max 2 mean 1 ") != std::string::npos);
  CHECK(output.find("\n[0 1 2]\n") != std::string::npos);
  CHECK(output.find("\n[[1.5 1.5]\n [1.5 1.5]]\n") != std::string::npos);
}

TEST_CASE("long values are cut as NumPy cuts them") {
  const std::string output = ricci_driver({"-e", "x = iota(2000); x; y = zeros(40, 50, b1); y"}).output;
  CHECK(output.find("[   0    1    2 ... 1997 1998 1999]\n") != std::string::npos);
  CHECK(output.find("[[false false false ... false false false]\n") != std::string::npos);
  CHECK(output.size() < 2000);
}

TEST_CASE("JSON is one valid object per statement with all members") {
  const Finished done =
      ricci_driver({"--json", "--repeat", "2", "-e", "x = zeros(4, 5)\ny[j] = sum(i, # \"é\n x[i, j]) ; nan"});
  REQUIRE(done.status == 0);
  const std::vector<std::string> objects = lines(done.output);
  REQUIRE(objects.size() == 3);
  for (const std::string& object : objects) {
    INFO(object);
    CHECK(JsonReader(object).valid());
    for (const char* name : {"statement", "name", "dtype", "shape", "others", "compile_ms", "cache", "run_ms",
                             "temporary_bytes", "accumulator_bytes", "kernels", "phases", "loops", "checks_kept",
                             "proved"})
      CHECK(JsonReader(object).member(name).has_value());
  }
  JsonReader y(objects[1]);
  CHECK(y.member("statement") == "\"y[j] = sum(i, x[i, j])\"");
  CHECK(y.member("name") == "\"y\"");
  CHECK(y.member("dtype") == "\"f32\"");
  CHECK(y.member("shape") == "[5]");
  CHECK(y.member("cache") == "\"compiled\"");
  CHECK(y.member("temporary_bytes") == "0");
  CHECK(std::ranges::count(*y.member("run_ms"), ',') == 2);
}

TEST_CASE("of several results every one is shown") {
  const std::string text = "x = iota(4); a, b = max(x), argmax(x)";
  const std::vector<std::string> shown = lines(ricci_driver({"-e", text}).output);
  REQUIRE(shown.size() == 4);
  CHECK(shown[2].starts_with("a : i64  3"));
  CHECK(shown[3] == "b : i64  3");
  const std::vector<std::string> objects = lines(ricci_driver({"--json", "-e", text}).output);
  REQUIRE(objects.size() == 2);
  CHECK(JsonReader(objects[1]).valid());
  CHECK(JsonReader(objects[1]).member("others") == R"([{"name": "b", "dtype": "i64", "shape": []}])");
}

TEST_CASE("the test's JSON reader refuses what is not JSON") {
  for (const char* text :
       {"", "{", "{\"a\": nan}", "{\"a\": 1,}", "[1 2]", "{\"a\": 01}", "\"\n\"", "{} {}", "{\"a\" 1}"})
    CHECK_FALSE(JsonReader(text).valid());
  CHECK(JsonReader("{\"a\": [1, -2.5e-7, \"\\u001b\", {}, null]}").valid());
}

TEST_CASE("repeated updates save the result of one") {
  const TemporaryFolder folder;
  REQUIRE(ricci_driver({"--repeat", "5", "--save", "h=" + folder.path("h.npy"), "-e",
                        "h = zeros(2, i64); k = iota(6); h[k[n] % 2] += 1"})
              .status == 0);
  const Array h = load_npy(folder.path("h.npy"));
  CHECK(static_cast<const std::int64_t*>(h.data())[0] == 3);
  CHECK(static_cast<const std::int64_t*>(h.data())[1] == 3);
}

TEST_CASE("every stage can be dumped, under a heading") {
  const Finished done =
      ricci_driver({"--dump", "index,schedule,loops", "--dump", "llvm,asm", "-e", "x = zeros(9); y[i] = x[i] + 1"});
  CHECK(done.status == 0);
  for (const char* stage : {"index", "schedule", "loops", "llvm", "asm"})
    CHECK(done.output.find("--- " + std::string(stage) + ": y[i] = x[i] + 1\n") != std::string::npos);
  const Finished json = ricci_driver({"--json", "--dump", "index", "-e", "x = zeros(9); y[i] = x[i] + 1"});
  for (const std::string& line : lines(json.output)) CHECK(JsonReader(line).valid());
  CHECK(json.error.find("--- index: ") != std::string::npos);
}

TEST_CASE("results do not depend on the number of threads") {
  const TemporaryFolder folder;
  for (const char* threads : {"1", "3"})
    REQUIRE(ricci_driver({"--threads", threads, "--save", std::string("s=") + folder.path(threads), "-e",
                          "x = iota(300000); s = sum(i, 1.0 / (x[i] + 1))"}).status == 0);
  CHECK(contents(folder.path("1")) == contents(folder.path("3")));
}

TEST_CASE("help and version end well, wrong usage is one line and status 2") {
  CHECK(ricci_driver({"--help"}).status == 0);
  CHECK(ricci_driver({"--help"}).output.find("--bind") != std::string::npos);
  CHECK(ricci_driver({"--version"}).output.starts_with("ricci "));
  const std::vector<std::string> wrong[] = {{"--nonsense"},        {"--bind", "x"},     {"--bind", "=a.npy"},
                                            {"--repeat", "-1"},    {"--threads", "no"}, {"--dump", "soup", "-e", "1"},
                                            {"a.ricci", "-e", "1"}, {"a", "b"},         {"-e"}};
  for (const auto& arguments : wrong) {
    const Finished done = ricci_driver(arguments);
    INFO(arguments[0] << ": " << done.error);
    CHECK(done.status == 2);
    CHECK(is_one_line(done.error));
  }
}

TEST_CASE("wrong text and wrong data are one line and status 1") {
  const TemporaryFolder folder;
  const std::string good = scores_file(folder), bytes = contents(good);
  const std::string cut = folder.write("cut.npy", bytes.substr(0, bytes.size() - 1));
  const std::string noise = folder.write("noise.npy", "no npy file");
  const std::vector<std::string> wrong[] = {{"--bind", "x=" + folder.path("none.npy"), "-e", "1"},
                                            {"--bind", "x=" + cut, "-e", "1"},
                                            {"--bind", "x=" + noise, "-e", "1"},
                                            {"--bind", "2x=" + good, "-e", "1"},
                                            {"--bind", "true=" + good, "-e", "1"},
                                            {"--bind", "x=" + good, "-e", "x[i]"},
                                            {"--bind", "x=" + good, "-e", "y[i, j] = xx[i, j]"},
                                            {"--bind", "x=" + good, "-e", "x[i, j] + x[j, i]"},
                                            {"--bind", "x=" + good, "-e", "t[i, j] = x[i, j] + x[j, i]"},
                                            {"--bind", "x=" + good, "-e", "x[7, 0]"},
                                            {"--bind", "x=" + good, "-e", "k = iota(4); y[n] = x[0, k[n]]"},
                                            {folder.path("none.ricci")},
                                            {"--save", "nothing=" + folder.path("a.npy"), "-e", "1"},
                                            {"--save", "x=" + folder.path("no/folder/a.npy"), "-e", "x = zeros(3)"}};
  for (const auto& arguments : wrong) {
    const Finished done = ricci_driver(arguments);
    INFO(arguments.back() << ": " << done.error);
    CHECK(done.status == 1);
    CHECK(is_one_line(done.error));
  }
}

TEST_CASE("what is wrong with an option is told with its value") {
  const auto error = [](const std::vector<std::string>& arguments) { return ricci_driver(arguments).error; };
  CHECK(error({"--bind", "x"}) == "ricci: --bind: expected NAME=FILE, found 'x' (see ricci --help)\n");
  CHECK(error({"--dump", "soup", "-e", "1"}).starts_with("ricci: --dump: unknown stage 'soup'; the stages are index,"));
  CHECK(error({"--save", "y=y.npy", "-e", "1"}) == "--save: no variable has the name 'y'\n");
  CHECK(error({"--bind", "2x=x.npy", "-e", "1"}).find("x.npy: cannot open for reading: No such file") == 0);
}

TEST_CASE("a text that fails saves nothing") {
  const TemporaryFolder folder;
  const std::string old = folder.write("x.npy", "old");
  CHECK(ricci_driver({"--save", "x=" + old, "-e", "x = zeros(3)\nx[5]"}).status == 1);
  CHECK(contents(old) == "old");
  CHECK(ricci_driver({"--save", "x=" + old, "--save", "y=" + folder.path("y.npy"), "-e", "x = zeros(3)"}).status == 1);
  CHECK(contents(old) == "old");
}

TEST_CASE("a fault is told with the file, the line and the column") {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.ricci", "x = zeros(3)\n  y = x[i] + q[i]\n");
  CHECK(ricci_driver({file}).error == file + ":2:14: unknown name 'q'\n");
  CHECK(ricci_driver({"-e", "1 +"}).error.starts_with("-e:1:4: "));
  const Finished piped = ricci_driver({}, "a = 1\nb = c\nd = 2\n");
  CHECK(piped.error.starts_with("<stdin>:2:5: "));
  CHECK(piped.output.find("d : ") == std::string::npos);
}

TEST_CASE("hostile text gives one printable line") {
  const std::string hostile[] = {
      std::string(100'000, '('),         std::string("x = \x1b]0;owned\x07"), std::string("\0\xff\xfe", 3),
      std::string(1'000'000, 'a'),       std::string(1'000'000, '-'),         "x[" + std::string(1'000'000, ',') + "]",
      "zeros(99999999999, 99999999999)", "zeros(999999999, 99999)",           "iota(-1)",
      "zeros(1,1,1,1,1,1,1,1,1)"};
  for (const std::string& text : hostile) {
    const Finished done = ricci_driver({}, text);
    INFO(done.error);
    CHECK(done.status == 1);
    CHECK(is_one_line(done.error));
    CHECK(done.error.size() < 400);
    CHECK(std::ranges::all_of(done.error, [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
  }
}
