#pragma once
// From an index program to results: bind, look up or compile, run. This is the whole interface of the compiler.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ricci/array.hpp"
#include "ricci/extents.hpp"
#include "ricci/function_ref.hpp"
#include "ricci/stopwatch.hpp"

namespace ricci {

/// Who executes a program. All give the same bits, except float sums by `reference` (its order is the plain
/// row-major one).
enum class Backend : std::uint8_t { native, loop_interpreter, reference };

struct Options {
  int threads = 0;                    // 0: all of the process
  Backend backend = Backend::native;
  int vector_bytes = 0;               // 0: the host's widest
  bool optimise = true;               // false: no passes over the LLVM IR, for tests
  bool specialise = true;             // false: the kernel that assumes nothing of its arguments, for tests
  bool no_temporaries = false;        // Error{limit}, before anything is written, where a run needs temporary bytes
  bool operator==(const Options&) const = default;
};

/// Defaults of the process; may be changed between runs (the driver's --threads does).
Options& default_options();

enum class Origin : std::uint8_t { compiled, memory, disk };
std::string_view to_string(Origin);

/// Memory that a run used beside its arguments, and what for.
struct Allocation {
  std::int64_t bytes;
  std::string reason;
};

/// What one run did.
struct Report {
  int kernels = 0;
  int phases = 0;
  int loops = 0;
  std::int64_t temporary_bytes = 0;    // arrays not asked for: copies against aliasing, results of placed reductions
  std::int64_t accumulator_bytes = 0;  // of scatters, by-key sums and reductions, one per share
  std::vector<Allocation> temporaries, accumulators;  // what these bytes are
  std::vector<std::string> checks;     // computed subscripts still checked at run time, as text
  int proved = 0;                      // computed subscripts that need no check at these extents
  Origin origin = Origin::memory;
  double compile_ms = 0;               // 0 unless compiled in this run
  double run_ms = 0;
};

/// The report for people: kernels, phases, loops and times, every temporary and accumulator with its reason, the
/// subscripts that are checked. Ends with a line feed.
std::string explain(const Report&);

/// Tensors in the order of a program's declarations; null for one that is still to be made.
using TensorPointers = std::span<const TensorView* const>;

/// A call that was made with certain layouts.
struct Call;
struct Repetition;  // repetition.hpp

/// Which reductions to few results are done in shares (jit/specialise/shares.hpp): those of so many elements that it
/// pays, or, for tests, those of a few.
enum class Shares : std::uint8_t { of_many, of_few };

/// One program with all its compiled variants. Thread-safe.
class Executable {
 public:
  explicit Executable(ir::Program, Shares = Shares::of_many);
  ~Executable();

  const ir::Program& program() const;  // as written
  /// Extents that the elements of tensors decide, and what finding them took; of most programs none.
  struct Counted {
    Counts counts;
    Report report;
    std::vector<Array> masks = {};  // where conditions hold that may be evaluated only once
  };
  /// Runs what counts them. Tensors that nothing counts in need not be bound.
  Counted count(std::span<const TensorView> tensors, std::span<const Scalar> params,
                const Options& = default_options());
  /// The extent of every axis of program(), from the tensors that are bound (an unbound one has data == nullptr
  /// and -1 for every extent), the params and the counts. Throws Error{extent} when two uses disagree.
  std::vector<std::int64_t> extents(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                    const Counts& = {}) const;
  /// Runs all statements in order. `tensors` and `params` parallel the program's declarations.
  Report run(std::span<const TensorView> tensors, std::span<const Scalar> params, const Options& = default_options());
  /// The same when they have been counted, and no element has changed since. The report includes the counting. The
  /// first `made` tensors have been made for this run, row-major and with the extents that the others decide.
  Report run(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counted&,
             const Options& = default_options(), std::size_t made = 0);

  /// Whether elements of tensors decide some extents.
  bool counts_extents() const;
  /// What the repetition of known calls has counted.
  struct Recounted {
    Counts counts;
    std::vector<std::shared_ptr<const Call>> calls;
    Ticks time = 0;
  };
  /// Counts by known calls, into what another repetition may have left; false if one of them is not known. Tensors that
  /// are to be made are null.
  bool recount(TensorPointers, std::span<const Scalar> params, Recounted&, const Options& = default_options()) const;
  /// The same as count() gives it.
  static Counted counted(const Recounted&);
  /// A call with these layouts and counts, among the last ones, that other elements may repeat; null if there is none.
  /// The first tensors are null if the run is to make them: layout() then says how. Valid until this thread asks again.
  const std::shared_ptr<const Call>& known(TensorPointers, std::span<const Scalar> params, const Counts& = {},
                                           const Options& = default_options()) const;
  static const Layout& layout(const Call&, ir::TensorId);
  /// How to repeat it without all else, for as long as the call lives; null where it is not so simple.
  static const Repetition* repetition(const Call&);
  /// Whether nothing that is written overlaps anything.
  bool is_apart(TensorPointers) const;
  /// What a repetition does, and what has been counted for it; run_ms is 0 for the repetition itself.
  static Report report(const Call&, const Recounted&);
  /// Runs it on these tensors, all of which exist now, and returns the time it took. This is the whole cost of a
  /// statement's second run, so it does nothing that the first has done.
  Ticks repeat(const Call&, TensorPointers, std::span<const Scalar> params, const Options& = default_options()) const;

  /// Makes the results, for so many elements.
  using MakeChosen = FunctionRef<void(std::int64_t elements)>;
  /// Whether the first `made` tensors are the only targets, and one condition decides how many elements they have, which
  /// the kernel counts itself before it needs them: x[x > 0]. Then these two spare what count() takes; known() without
  /// counts has their calls.
  bool chooses(std::size_t made, const Options& = default_options()) const;
  /// Runs for tensors of any layouts; those to be made are null until `make` has been called. Nothing where something is
  /// wrong, or not simple: count() and run() do it then. The other one repeats a call that fits.
  std::optional<Report> choose(TensorPointers, std::size_t made, std::span<const Scalar> params, MakeChosen,
                               const Options& = default_options());
  std::optional<Ticks> repeat_choice(const Call&, TensorPointers, std::span<const Scalar> params, MakeChosen,
                                     const Options& = default_options()) const;

  enum class Stage : std::uint8_t { index, schedule, loops, llvm, assembly };
  /// The text of one compiler stage for these arguments (nothing is run).
  std::string dump(Stage, std::span<const TensorView> tensors, std::span<const Scalar> params,
                   const Options& = default_options());

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Equal programs (up to names) share one Executable, so equal kernels compile once per process.
std::shared_ptr<Executable> prepare(ir::Program);

/// The slow, obvious meaning of a program: the oracle of all tests. Writes the target tensors.
/// Throws Error{bounds} for the first bad subscript in row-major order of the first failing statement.
void evaluate_reference(const ir::Program&, std::span<const TensorView> tensors, std::span<const Scalar> params);
/// The same with extents that are counted already.
void evaluate_reference(const ir::Program&, std::span<const TensorView> tensors, std::span<const Scalar> params,
                        const Counts&);

/// Counters of the process, for tests and for the driver.
struct CacheCounters {
  std::int64_t compiled = 0, memory_hits = 0, disk_hits = 0, disk_rejected = 0, disk_stored = 0;
  double compiled_ms = 0;  // the processor's time that compiling took: without waiting for it, for LLVM or for the disk
};
CacheCounters cache_counters();

}  // namespace ricci
