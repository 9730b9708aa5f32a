#pragma once
// The text language: statements over named arrays. The driver, the interactive prompt and the golden tests run it.
// It is the C++ one without declarations, and with NumPy's spelling of positional subscripts and of several results:
// x[1:5:2, ..., newaxis, -1], x[mask] = 0, drop(x)[i + 1] += y[i], m, i = max(x, 1), argmax(x, 1).
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ricci/array.hpp"
#include "ricci/compile.hpp"
#include "ricci/error.hpp"
#include "ricci/function_ref.hpp"

namespace ricci {

/// A fault at a place of a program text; what() is the sentence alone. Lines and columns count from 1.
class TextError : public Error {
 public:
  TextError(Kind kind, const std::string& message, std::string_view source, std::size_t offset);

  int line = 1, column = 1;
  std::string excerpt;  // the source line, or the part of it around the fault, and a line with a caret below it
};

/// A named array. A number is a scalar of dtype b1, i64 or f64 that adapts to the dtypes it meets, as literals do.
struct Variable {
  Array array;
  bool number = false;
};
using Variables = std::map<std::string, Variable, std::less<>>;

/// What one statement did.
struct Outcome {
  std::string text;            // the statement without comments, on one line
  std::string name;            // the variable it defined or wrote; empty for a bare expression
  Array value;                 // of that variable, or of the expression
  Report report;               // of the first run
  std::vector<double> run_ms;  // of all runs
  std::vector<std::pair<Executable::Stage, std::string>> dumps;  // one for each of Session::stages
  std::vector<std::pair<std::string, Array>> others;  // m, i = ...: the variables after the first, and their values
};

/// Runs statements one after another; a statement that fails defines nothing and ends the run.
class Session {
 public:
  Options options = default_options();
  int repeat = 0;                         // run each statement so many times more; the effect is that of one run
  std::vector<Executable::Stage> stages;  // to be dumped for each statement

  /// Defines a variable. Throws Error{name} when a variable cannot have this name.
  void define(std::string_view name, Array array);
  /// The variable's array; null when there is none of this name.
  const Array* find(std::string_view name) const;
  const Variables& variables() const { return variables_; }

  /// Runs the statements of `text` in order and reports each when it is done. Throws TextError.
  void run(std::string_view text, FunctionRef<void(const Outcome&)> report);
  std::vector<Outcome> run(std::string_view text);
  /// The compiler's stages for the first statement of `text`, which is not run. Throws TextError.
  std::string dump(Executable::Stage stage, std::string_view text) const;

 private:
  Variables variables_;
  std::uint64_t drawn_ = 0;  // random numbers so far
};

/// Whether brackets are still open at the end of `text`, so that the statement goes on in the next line.
bool is_incomplete(std::string_view text);

/// Printable ASCII as it is, every other byte as \xNN: what messages may quote.
std::string escaped(std::string_view text);

/// The word nearest to `text`, for "did you mean"; empty when none is similar.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& words);

}  // namespace ricci
