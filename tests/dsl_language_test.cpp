// The examples of dsl/LANGUAGE.md run, and give what stands beside them.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ricci/session.hpp"

using namespace ricci;

namespace {

struct Example {
  int line;
  std::string statement, expected;
};

/// The statements of the blocks marked as ricci, block by block.
std::vector<std::vector<Example>> examples(std::istream& document) {
  std::vector<std::vector<Example>> blocks;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(document, line);) {
    ++number;
    if (line.starts_with("```")) {
      inside = line == "```ricci";
      if (inside) blocks.emplace_back();
    } else if (inside) {
      const std::size_t comment = line.find('#');
      const std::string statement = line.substr(0, comment);
      std::string expected = comment == std::string::npos ? "" : line.substr(comment + 1);
      expected.erase(0, expected.find_first_not_of(' '));
      blocks.back().push_back({number, statement, expected});
    }
  }
  return blocks;
}

/// The numbers of a text, without brackets and commas; true and false count as numbers.
std::vector<double> numbers(std::string text) {
  for (char& c : text)
    if (c == '[' || c == ']' || c == ',') c = ' ';
  std::vector<double> all;
  std::istringstream words(text);
  for (std::string word; words >> word;)
    all.push_back(word == "true" ? 1 : word == "false" ? 0 : std::strtod(word.c_str(), nullptr));
  return all;
}

std::vector<double> elements(const Array& array) {
  std::vector<double> all;
  std::vector<std::int64_t> at(static_cast<std::size_t>(array.rank()));
  const auto walk = [&](const auto& self, int axis, std::int64_t offset) -> void {
    if (axis == array.rank()) {
      const auto* element =
          static_cast<const char*>(array.data()) + offset * static_cast<std::int64_t>(size_of(array.dtype()));
      all.push_back(Scalar::load(array.dtype(), element).as_double());
      return;
    }
    for (std::int64_t i = 0; i < array.layout().extents[axis]; ++i)
      self(self, axis + 1, offset + i * array.layout().strides[axis]);
  };
  walk(walk, 0, 0);
  return all;
}

bool agree(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) {
    return (std::isnan(x) && std::isnan(y)) || x == y || std::abs(x - y) <= 5e-4 * std::abs(y);
  });
}

}  // namespace

TEST_CASE("the examples of the language's description give what stands beside them") {
  std::ifstream document(RICCI_GOLDEN "/../../dsl/LANGUAGE.md");
  int checked = 0;
  for (const std::vector<Example>& block : examples(document)) {
    Session session;
    for (const Example& e : block) {
      INFO("line " << e.line << ": " << e.statement);
      if (e.expected.starts_with("error: ")) {
        CHECK_THROWS_WITH(session.run(e.statement), e.expected.substr(7));
        ++checked;
        continue;
      }
      std::vector<Outcome> outcomes;
      CHECK_NOTHROW(outcomes = session.run(e.statement));
      if (e.expected.empty()) continue;
      CHECK(outcomes.size() == 1);
      if (outcomes.size() != 1) break;
      const std::vector<double> found = elements(outcomes[0].value), expected = numbers(e.expected);
      CAPTURE(found, expected);
      CHECK(agree(found, expected));
      ++checked;
    }
  }
  CHECK(checked > 50);
}
