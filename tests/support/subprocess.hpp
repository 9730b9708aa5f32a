#pragma once
// Tests that need a process of their own.
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace ricci::test {

/// Starts a copy of this process that runs `body` and ends with its result as exit status. Gives its process id.
/// Catch's assertions must not be used in `body`.
template <class F>
pid_t start_child(F&& body) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child != 0) return child;
  int result = 125;
  try {
    result = body();
  } catch (...) {
  }
  _exit(result);
}

/// Waits for the child's end: its exit status, or minus the number of the signal that killed it.
inline int end_of_child(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Runs one (hidden) test case of this program in a new process, with `environment` such as "A='1' B='2'" set by the
/// shell, and gives everything it prints.
inline std::string run_hidden_test(const std::string& environment, const std::string& tag) {
  char program[PATH_MAX] = {};
  if (realpath("/proc/self/exe", program) == nullptr) throw std::runtime_error("no /proc/self/exe");
  FILE* pipe = popen((environment + " '" + program + "' '[." + tag + "]' 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string output;
  for (int c; (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  pclose(pipe);
  return output;
}

}  // namespace ricci::test
