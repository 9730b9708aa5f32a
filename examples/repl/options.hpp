#pragma once
// The command line of `ricci`.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ricci/compile.hpp"

namespace ricci::driver {

enum Status : int { fine = 0, user_error = 1, usage_error = 2, internal_fault = 3 };

struct NamedFile {
  std::string name, path;
};

struct CommandLine {
  std::vector<NamedFile> bind, save;
  int threads = 0;  // 0: all of the machine
  int repeat = 0;
  bool json = false;
  std::vector<Executable::Stage> dump;
  std::optional<std::string> text, file;  // neither: standard input
};

/// Reads the arguments. Returns the exit status instead when there is nothing to do: after --help or --version, and
/// after a wrong usage, which has been reported in one line on standard error.
std::variant<CommandLine, Status> parse_command_line(int argc, char** argv);

/// index, schedule, loops, llvm, asm.
std::string_view stage_name(Executable::Stage stage);
std::optional<Executable::Stage> stage_of(std::string_view name);
inline constexpr std::string_view stage_list = "index, schedule, loops, llvm, asm";

}  // namespace ricci::driver
