// ricci: runs text of the index language over arrays from files.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <variant>

#include "options.hpp"
#include "output.hpp"
#include "prompt.hpp"
#include "ricci/file.hpp"
#include "ricci/idx.hpp"
#include "ricci/npy.hpp"
#include "ricci/session.hpp"

namespace ricci::driver {
namespace {

/// IDX files are known by their names, as published: train-images-idx3-ubyte, mostly with .gz.
Array load(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const bool is_idx = name.ends_with(".gz") || (name.find("idx") != name.npos && !name.ends_with(".npy"));
  return is_idx ? load_idx(path) : load_npy(path);
}

std::string read_standard_input() {
  std::string text;
  char block[65536];
  while (const std::size_t n = std::fread(block, 1, sizeof block, stdin)) text.append(block, n);
  return text;
}

void print_outcome(const Outcome& outcome, bool as_json) {
  for (const auto& [stage, text] : outcome.dumps)  // standard output stays one object per statement
    fmt::print(as_json ? stderr : stdout, "--- {}: {}\n{}{}", stage_name(stage), outcome.text, text,
               text.ends_with('\n') ? "" : "\n");
  fmt::print("{}", as_json ? json(outcome) : summary(outcome));
}

void run_text(Session& session, const CommandLine& line, const std::string& name, const std::string& text) {
  try {
    session.run(text, [&](const Outcome& outcome) { print_outcome(outcome, line.json); });
  } catch (const TextError& error) {
    std::string message = fmt::format("{}:{}:{}: {}", name, error.line, error.column, error.what());
    if (isatty(STDERR_FILENO)) message += "\n" + error.excerpt;
    throw Error(error.kind(), message);
  }
}

void save(const Session& session, const std::vector<NamedFile>& files) {
  for (const NamedFile& file : files) {
    if (session.find(file.name)) continue;
    throw Error(Error::Kind::name, "--save: no variable has the name '" + escaped(file.name) + "'");
  }
  for (const NamedFile& file : files) save_npy(file.path, session.find(file.name)->view());
}

void run(const CommandLine& line) {
  default_options().threads = line.threads;
  Session session;
  session.repeat = line.repeat;
  session.stages = line.dump;
  for (const NamedFile& file : line.bind) session.define(file.name, load(file.path));
  if (line.text) run_text(session, line, "-e", *line.text);
  else if (line.file) run_text(session, line, escaped(*line.file), read_text(*line.file));
  else if (isatty(STDIN_FILENO)) interact(session);
  else run_text(session, line, "<stdin>", read_standard_input());
  save(session, line.save);
  if (std::fflush(stdout) != 0) throw Error(Error::Kind::file, "standard output cannot be written");
}

Status run_guarded(const CommandLine& line) {
  std::string message;
  try {
    run(line);
    return Status::fine;
  } catch (const Error& error) {
    message = error.what();
  } catch (const std::bad_alloc&) {
    message = "not enough memory";
  }
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", message);
  return Status::user_error;
}

}  // namespace
}  // namespace ricci::driver

int main(int argc, char** argv) {
  using namespace ricci::driver;
  std::signal(SIGABRT, [](int) { _exit(Status::internal_fault); });  // after internal_error() has printed its sentence
  const auto line = parse_command_line(argc, argv);
  if (const auto* status = std::get_if<Status>(&line)) return *status;
  try {
    return run_guarded(std::get<CommandLine>(line));
  } catch (const std::exception& error) {
    fmt::print(stderr, "internal error in Ricci: {}\n", error.what());
    return Status::internal_fault;
  }
}
