#include "options.hpp"

#include <CLI/CLI.hpp>

#include "ricci/session.hpp"

namespace ricci::driver {
namespace {

constexpr std::pair<std::string_view, Executable::Stage> stages[] = {{"index", Executable::Stage::index},
                                                                     {"schedule", Executable::Stage::schedule},
                                                                     {"loops", Executable::Stage::loops},
                                                                     {"llvm", Executable::Stage::llvm},
                                                                     {"asm", Executable::Stage::assembly}};

NamedFile named_file(const std::string& option, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    throw CLI::ValidationError(option, "expected NAME=FILE, found '" + escaped(text) + "'");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Executable::Stage stage(const std::string& name) {
  if (const auto found = stage_of(name)) return *found;
  throw CLI::ValidationError("--dump",
                             "unknown stage '" + escaped(name) + "'; the stages are " + std::string(stage_list));
}

}  // namespace

std::string_view stage_name(Executable::Stage stage) {
  for (const auto& [name, value] : stages)
    if (value == stage) return name;
  return "";
}

std::optional<Executable::Stage> stage_of(std::string_view name) {
  for (const auto& [known, value] : stages)
    if (known == name) return value;
  return std::nullopt;
}

std::variant<CommandLine, Status> parse_command_line(int argc, char** argv) {
  CLI::App app("Ricci: index notation, compiled. Runs statements from FILE, from -e or from standard input;\n"
               "on a terminal without either, interactively.", "ricci");
  CommandLine line;
  std::vector<std::string> bind, save, dump;
  std::string text, file;
  app.set_version_flag("--version", "ricci " RICCI_VERSION);
  app.add_option("--bind", bind, "load an array before the text runs: .npy, or IDX (also .gz)")
      ->type_name("NAME=FILE")->allow_extra_args(false);
  app.add_option("--save", save, "write a variable as .npy after the text has run")
      ->type_name("NAME=FILE")->allow_extra_args(false);
  app.add_option("--threads", line.threads, "threads to compute with; 0: all")->check(CLI::Range(0, 4096));
  app.add_option("--repeat", line.repeat, "run each statement N more times, warm")
      ->check(CLI::Range(0, 100'000'000))
      ->type_name("N");
  app.add_flag("--json", line.json, "print one JSON object per statement");
  app.add_option("--dump", dump, "print compiler stages: " + std::string(stage_list))
      ->type_name("STAGE[,STAGE]")->delimiter(',')->allow_extra_args(false);
  auto* inline_text = app.add_option("-e", text, "the text to run")->type_name("TEXT");
  auto* file_option = app.add_option("FILE", file, "a file with the text to run")->excludes(inline_text);
  try {
    app.parse(argc, argv);
    for (const std::string& s : bind) line.bind.push_back(named_file("--bind", s));
    for (const std::string& s : save) line.save.push_back(named_file("--save", s));
    for (const std::string& s : dump) line.dump.push_back(stage(s));
  } catch (const CLI::Success& request) {
    app.exit(request);
    return Status::fine;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "ricci: %s (see ricci --help)\n", escaped(error.what()).c_str());
    return Status::usage_error;
  }
  if (*inline_text) line.text = text;
  if (*file_option) line.file = file;
  return line;
}

}  // namespace ricci::driver
