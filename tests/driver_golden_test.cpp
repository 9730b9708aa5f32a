// Golden programs: the text of every machine-independent compiler stage. RICCI_BLESS=1 rewrites the files.
#include <catch2/catch.hpp>
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "ricci/file.hpp"
#include "ricci/session.hpp"

using namespace ricci;

namespace {

constexpr std::pair<std::string_view, Executable::Stage> stages[] = {{"index", Executable::Stage::index},
                                                                     {"schedule", Executable::Stage::schedule},
                                                                     {"loops", Executable::Stage::loops}};

/// Small values that depend on the place alone; integers are 0 to 3, so that they can be subscripts.
Array made_up(DType dtype, const std::vector<std::int64_t>& extents) {
  Array array = Array::uninitialised(dtype, extents);
  std::uint32_t state = 1;
  visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
    for (std::int64_t i = 0; i < array.size(); ++i) {
      state = state * 1664525u + 1013904223u;
      static_cast<T*>(array.data())[i] = static_cast<T>(is_float(dtype) ? (state >> 8) / 16777216.0 : state >> 30);
    }
  });
  return array;
}

/// Declares the tensor of a line `# tensor scores f32[2,5,3,4]`.
void declare(Session& session, const std::string& line) {
  std::istringstream words(line);
  std::string hash, tensor, name, type;
  if (!(words >> hash >> tensor >> name >> type) || hash != "#" || tensor != "tensor") return;
  const auto dtype = dtype_from_string(type.substr(0, 3)).has_value() ? dtype_from_string(type.substr(0, 3))
                                                                      : dtype_from_string(type.substr(0, 2));
  REQUIRE(dtype.has_value());
  std::vector<std::int64_t> extents;
  std::istringstream list(type.substr(type.find('[') + 1));
  for (std::int64_t extent; list >> extent; list.ignore()) extents.push_back(extent);
  session.define(name, made_up(*dtype, extents));
}

std::string stages_of(const std::string& program) {
  Session session;
  session.options.threads = 1;
  session.options.vector_bytes = 32;  // the same on every machine
  for (const auto& [name, stage] : stages) session.stages.push_back(stage);
  std::istringstream lines(program);
  for (std::string line; std::getline(lines, line);) declare(session, line);
  std::string sections[std::size(stages)];
  session.run(program, [&](const Outcome& outcome) {
    for (std::size_t i = 0; i < outcome.dumps.size(); ++i) sections[i] += outcome.dumps[i].second;
  });
  std::string text;
  for (std::size_t i = 0; i < std::size(stages); ++i)
    text += "--- " + std::string(stages[i].first) + "\n" + sections[i];
  return text;
}

}  // namespace

TEST_CASE("every golden program compiles to the stages beside it") {
  const bool bless = std::getenv("RICCI_BLESS") != nullptr;
  int programs = 0;
  for (const auto& file : std::filesystem::directory_iterator(RICCI_GOLDEN)) {
    if (file.path().extension() != ".ricci") continue;
    ++programs;
    const std::string path = file.path().string(), text = read_text(path);
    const std::string program = text.substr(0, text.find("--- "));
    const std::string made = program + stages_of(program);
    if (bless) replace_file(path, [&](std::FILE* out) { std::fwrite(made.data(), 1, made.size(), out); });
    INFO(path << " (RICCI_BLESS=1 rewrites it)");
    CHECK((bless ? made : text) == made);
  }
  CHECK(programs >= 8);
}
