// What the inner loops of the benchmarks' kernels are made of, with vectors of 64 and of 32 bytes.
#include <catch2/catch.hpp>
#include <iterator>
#include <regex>

#include "support/assembly.hpp"
#include "support/backends.hpp"
#include "support/flagships.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

struct Census {
  std::string flagship;
  std::string hot;                  // an instruction that stands in the loops which take the time
  bool scalars = false;             // false: it works on whole vectors, and nothing there on single floats
  std::vector<int> moves = {0, 0};  // of a vector to or from the stack there, with vectors of 64 and of 32 bytes
  bool by_helper = false;           // with vectors of 64 bytes a helper has these loops
};

// 16 registers do not hold what 32 do. In W3 the sum of a row has 64 parts at any width, so that its bits are the same:
// five vectors of parts are on the stack, beside constants. Its planes have two vectors, a line, of two sweeps in
// registers beside constants. In W6 it has constants, which are read from there instead of from the code, and in W8 what
// the four corners of a pixel have in common.
const std::vector<Census> expected{
    {.flagship = "W1", .hot = "vcmp\\w*ps"},
    {.flagship = "W1 with d", .hot = "vcmp\\w*ps"},
    {.flagship = "W2", .hot = "vcmp\\w*ps"},
    {.flagship = "W3 planes", .hot = "vfmadd\\w*ps", .moves = {0, 9}},
    {.flagship = "W3 rows", .hot = "vfmadd\\w*ps", .moves = {0, 26}},
    {.flagship = "W4 of 10", .hot = "vfmadd\\w*ps"},
    {.flagship = "W4 of 16", .hot = "vfmadd\\w*ps"},
    {.flagship = "W4 of 512", .hot = "vfmadd\\w*ps"},
    {.flagship = "W5", .hot = "vaddps"},
    {.flagship = "W6", .hot = "vfmadd\\w*ps", .moves = {0, 5}},
    {.flagship = "W7 scatter", .hot = "vaddps"},
    {.flagship = "W7 histogram", .hot = "incl", .scalars = true},
    {.flagship = "W8", .hot = "vgatherdps", .moves = {0, 10}},
    {.flagship = "W9 product", .hot = "vfmadd\\w*ps"},
    {.flagship = "W9 layer", .hot = "vfmadd\\w*ps"},
    {.flagship = "W9 batch", .hot = "vfmadd\\w*ps"},
    {.flagship = "W9 NCHW", .hot = "vmov(up|ntp|ap)s", .by_helper = true},
};

std::ptrdiff_t count(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return std::distance(std::sregex_iterator(text.begin(), text.end(), regex), {});
}

}  // namespace

TEST_CASE("the inner loops of the flagships use whole vectors, keep them in registers and call nothing") {
  for (std::size_t w = 0; w < 2; ++w) {
    const int width = w == 0 ? 64 : 32;
    if (width > vector_widths().front()) continue;
    const std::string reg = width == 64 ? "%zmm" : "%ymm";
    for (const Census& c : expected) {
      const Flagship& f = flagship(c.flagship);
      Session session = session_without_memory(f);
      session.options.vector_bytes = width;
      const std::string text = session.dump(Executable::Stage::assembly, f.text);
      INFO(c.flagship << " with vectors of " << width << " bytes");
      if (width == 32) CHECK(!has(text, "%zmm"));
      int hot = 0;
      for (const std::string& body : innermost_loops(text)) {
        if (!has(body, "\t(" + c.hot + ")\\s" + (c.scalars ? "" : "[^\n]*" + reg))) continue;
        INFO(body);
        ++hot;
        CHECK(!has(body, "\tcall"));
        // Where an offset steps before its last use, the old one is copied.
        if (c.flagship.starts_with("W9") && width == 64) CHECK(!has(body, "\tmovq\t%r\\w+, %r\\w+"));
        CHECK(count(body, "\tv[^\n]*[ \t,]-?\\d*\\(%rsp\\)") <= c.moves[w]);
        CHECK((c.scalars || !has(body, "\tv(add|sub|mul|div|max|min|sqrt|fn?m(add|sub)\\d+)s[sd]\\s")));
      }
      CHECK((hot == 0) == (c.by_helper && width == 64));
    }
  }
}

TEST_CASE("the flagships are short programs of LLVM, whose length is what compiling takes") {
  // With vectors of 64 bytes; a twentieth more than they had when this was written.
  const std::vector<std::pair<std::string, int>> limits{
      {"W1", 193},         {"W1 with d", 210},    {"W2", 475},        {"W3 planes", 295},  {"W3 rows", 408},
      {"W4 of 10", 447},   {"W4 of 16", 407},     {"W4 of 512", 407}, {"W5", 374},         {"W6", 164},
      {"W7 scatter", 203}, {"W7 histogram", 306}, {"W8", 298},        {"W9 product", 546}, {"W9 layer", 644},
      {"W9 batch", 625},   {"W9 NCHW", 107}};
  if (vector_widths().front() < 64) return;
  for (const auto& [name, limit] : limits) {
    Session session = session_without_memory(flagship(name));
    session.options.vector_bytes = 64;
    INFO(name);
    CHECK(count(session.dump(Executable::Stage::llvm, flagship(name).text), "\n  ") <= limit);
  }
}

TEST_CASE("the flagships find their items without a look at signs") {
  for (const Flagship& f : flagships()) {
    INFO(f.name);
    CHECK(!has(session_without_memory(f).dump(Executable::Stage::assembly, f.text), "\tidiv"));
  }
}
