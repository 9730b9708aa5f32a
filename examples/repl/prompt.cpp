#include "prompt.hpp"

#include <editline/readline.h>
#include <fmt/format.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "options.hpp"
#include "output.hpp"

namespace ricci::driver {
namespace {

constexpr const char* help =
    "A statement ends with the line, unless brackets are open. An unknown name in a subscript is an index.\n"
    "  x = [[1, 2], [3, 4]]             a new tensor; also zeros(3, 4, f64), full(3, 4, 7.5), iota(9), random(3, 4)\n"
    "  x = iota(10)\n"
    "  y[i] = x[i] * 2                  a new tensor, or a write into an existing one\n"
    "  t[i(0, 4), j(0, 3)] = i == j     a new tensor of the extents 4 and 3\n"
    "  h = zeros(4, i64)\n"
    "  h[x[i] % 4] += 1                 also -= *= |= &= max= min=\n"
    "  sum(i, x[i] * y[i])              a value; also argmax(x, 0), mean(x), where(c, a, b), delta(i, e), f32(e)\n"
    "Commands\n"
    "  :vars              the variables\n"
    "  :dump STAGE TEXT   what the compiler makes of a statement, without running it\n"
    "  :explain           what the last statement did: kernels, temporaries and why, checks, times\n"
    "  :help  :quit\n";

std::optional<std::string> read_line(const char* prompt) {
  const std::unique_ptr<char, decltype(&std::free)> line(readline(prompt), &std::free);
  if (!line) return std::nullopt;
  return std::string(line.get());
}

/// A statement with all lines that its brackets ask for. Nothing at the end of the input.
std::optional<std::string> read_statement() {
  std::optional<std::string> text = read_line("ricci> ");
  while (text && is_incomplete(*text)) {
    const std::optional<std::string> more = read_line("  ...> ");
    if (!more) break;
    *text += "\n" + *more;
  }
  if (text && !text->empty()) add_history(text->c_str());
  return text;
}

void print_variables(const Session& session) {
  for (const auto& [name, variable] : session.variables())
    fmt::print("{} : {}{}\n", name, type_text(variable.array.view()), variable.number ? " (a number)" : "");
}

void print_dump(const Session& session, std::string_view rest) {
  const std::size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
  const std::size_t end = std::min(rest.find(' ', begin), rest.size());
  const std::string_view name = rest.substr(begin, end - begin);
  const auto stage = stage_of(name);
  if (!stage)
    throw Error(Error::Kind::name, fmt::format("unknown stage '{}'; the stages are {}", escaped(name), stage_list));
  fmt::print("{}", session.dump(*stage, rest.substr(end)));
}

/// Whether to go on.
bool command(const Session& session, const Report& last, std::string_view text) {
  const std::string_view word = text.substr(0, text.find(' '));
  if (word == ":quit") return false;
  if (word == ":help") fmt::print("{}", help);
  else if (word == ":vars") print_variables(session);
  else if (word == ":explain") fmt::print("{}", explain(last));
  else if (word == ":dump") print_dump(session, text.substr(word.size()));
  else throw Error(Error::Kind::name, fmt::format("unknown command '{}'; see :help", escaped(word)));
  return true;
}

}  // namespace

void interact(Session& session) {
  std::setlocale(LC_CTYPE, "");
  fmt::print("Ricci {}: index notation, compiled. :help for help.\n", RICCI_VERSION);
  Report last;
  while (const std::optional<std::string> text = read_statement()) {
    try {
      if (text->starts_with(':')) {
        if (!command(session, last, *text)) return;
      } else {
        session.run(*text, [&](const Outcome& outcome) {
          last = outcome.report;
          fmt::print("{}", summary(outcome));
        });
      }
    } catch (const TextError& error) {
      fmt::print(stderr, "{}\n{}\n", error.excerpt, error.what());
    } catch (const Error& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
  }
  fmt::print("\n");
}

}  // namespace ricci::driver
