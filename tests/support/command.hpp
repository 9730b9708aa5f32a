#pragma once
// Runs a program as a shell would, and keeps what it wrote.
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace ricci::test {

struct Finished {
  int status = -1;  // 128 + n: ended by signal n
  std::string output, error;
};

inline std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// `environment` is put before the command: "NAME=value ".
inline Finished run_command(const std::string& program, const std::vector<std::string>& arguments,
                            const std::string& input = "", const std::string& environment = "") {
  const TemporaryFolder folder;
  std::string command = environment + shell_quoted(program);
  for (const std::string& argument : arguments) command += " " + shell_quoted(argument);
  command += " < " + folder.write("in", input) + " > " + folder.path("out") + " 2> " + folder.path("err");
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(folder.path("out")),
          contents(folder.path("err"))};
}

}  // namespace ricci::test
