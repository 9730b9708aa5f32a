#include "support/backends.hpp"

#include <algorithm>

#include "ricci/target.hpp"
#include "support/arguments.hpp"
#include "support/naive.hpp"
#include "support/random_program.hpp"

namespace ricci::test {

namespace {

std::string describe(const Options& o, Flush flush) {
  return std::string(o.backend == Backend::native ? "native" : "interpreter") + " width " +
         std::to_string(o.vector_bytes) + (o.optimise ? "" : " unoptimised") + " threads " +
         std::to_string(o.threads) + (flush == Flush::end ? "" : " at the start of a page");
}

struct Outcome {
  GuardedCopies copies;
  std::optional<Error::Kind> error = std::nullopt;
  std::string message = "";
  Report report = {};
};

/// What Executable::run() does. Where a kernel finds the extent of its targets by itself, these do not exist before it
/// has, as in a statement that makes them.
Report run(Executable& executable, std::span<const TensorView> views, std::span<const Scalar> params,
           const Options& options) {
  const std::vector<bool> written = written_tensors(executable.program());
  const auto made = static_cast<std::size_t>(std::ranges::count(written, true));
  const auto is_new = [](const TensorView& target) { return target.layout.rank == 1 && target.layout.strides[0] == 1; };
  if (!executable.chooses(made, options) || !std::ranges::all_of(views.first(made), is_new) ||
      share_memory(views, written))
    return executable.run(views, params, options);
  std::vector<const TensorView*> tensors(made, nullptr);
  for (const TensorView& view : views.subspan(made)) tensors.push_back(&view);
  bool fits = true;
  const auto make = [&](std::int64_t elements) {
    for (std::size_t t = 0; t < made; ++t) fits &= views[t].layout.extents[0] == elements;
    if (!fits) throw Error(Error::Kind::extent, "the targets have other extents than what is chosen");
    for (std::size_t t = 0; t < made; ++t) tensors[t] = &views[t];
  };
  try {
    const std::shared_ptr<const Call> call = executable.known(tensors, params, {}, options);
    if (call && executable.repeat_choice(*call, tensors, params, make, options)) return Executable::report(*call, {});
    if (!call)
      if (const auto report = executable.choose(tensors, made, params, make, options)) return *report;
  } catch (const Error&) {
  }
  return executable.run(views, params, options);  // which has the words for what is wrong
}

template <class Run>
Outcome outcome(std::span<const TensorView> tensors, Flush flush, const Run& run) {
  Outcome result{GuardedCopies(tensors, flush)};
  try {
    result.report = run(result.copies.views);
  } catch (const Error& error) {
    result.error = error.kind();
    result.message = error.what();
  }
  return result;
}

/// Empty, or how `actual` differs from `expected`.
std::string difference(const ir::Program& program, const Outcome& expected, const Outcome& actual) {
  if (!actual.copies.others_unchanged(written_tensors(program))) return "a byte beside the targets was written";
  if (expected.error != actual.error || expected.message != actual.message)
    return "error \"" + actual.message + "\", expected \"" + expected.message + '"';
  return expected.error ? "" : first_difference(program, expected.copies.views, actual.copies.views);
}

}  // namespace

std::vector<int> vector_widths() {
  std::vector<int> widths;
  for (int width : {64, 32, 16})
    if (width <= host_target().vector_bytes) widths.push_back(width);
  return widths;
}

Ran run_everywhere(const ir::Program& program, std::span<const TensorView> tensors, std::span<const Scalar> params) {
  Executable executable{ir::Program(program)};
  Ran ran;
  const Outcome reference = outcome(tensors, Flush::end, [&](std::span<const TensorView> views) {
    evaluate_reference(program, views, params);
    return Report{};
  });
  const auto with = [&](const Options& options, Flush flush) {
    return outcome(tensors, flush,
                   [&](std::span<const TensorView> views) { return run(executable, views, params, options); });
  };
  ran.error = reference.error;
  ran.message = reference.message;
  ran.unchanged_on_error = true;
  std::optional<Outcome> widest;
  for (int width : vector_widths()) {
    const Options interpreter{.threads = 1, .backend = Backend::loop_interpreter, .vector_bytes = width};
    const Outcome interpreted = with(interpreter, Flush::end);
    ran.unchanged_on_error &= interpreted.copies.unchanged();
    if (reference.error || interpreted.error || !depends_on_order(program)) {
      ran.fault = difference(program, reference, interpreted);
    } else {
      const GuardedCopies naive(tensors, Flush::end);
      ran.fault = first_outside(program, run_naive(program, naive.views, params), interpreted.copies.views);
    }
    if (ran.fault != "") return ran.fault = describe(interpreter, Flush::end) + ": " + ran.fault, ran;
    for (bool optimise : {true, false})
      for (int threads : {1, 2, 3})
        for (Flush flush : {Flush::end, Flush::start}) {
          const Options options{.threads = threads, .vector_bytes = width, .optimise = optimise};
          Outcome native = with(options, flush);
          ran.fault = difference(program, interpreted, native);
          if (ran.fault != "") return ran.fault = describe(options, flush) + ": " + ran.fault, ran;
          ran.unchanged_on_error &= native.copies.unchanged();
          if (!widest) widest = std::move(native);
        }
  }
  ran.report = widest->report;
  const std::vector<bool> written = written_tensors(program);
  for (std::size_t t = 0; t < tensors.size(); ++t)
    if (written[t] && !ran.error) copy_elements(widest->copies.views[t], tensors[t]);
  return ran;
}

std::string run_with_threads(const ir::Program& program, std::span<const TensorView> tensors,
                             std::span<const Scalar> params, int vector_bytes) {
  Executable executable{ir::Program(program)};
  std::optional<Outcome> first;
  for (int threads = 1; threads <= 8; ++threads) {
    const Options options{.threads = threads, .vector_bytes = vector_bytes};
    Outcome now = outcome(tensors, Flush::end,
                          [&](std::span<const TensorView> views) { return run(executable, views, params, options); });
    const std::string d = first ? difference(program, *first, now) : "";
    if (d != "") return describe(options, Flush::end) + ": " + d;
    if (!first) first = std::move(now);
  }
  if (first->error) return first->message;
  const std::vector<bool> written = written_tensors(program);
  for (std::size_t t = 0; t < tensors.size(); ++t)
    if (written[t]) copy_elements(first->copies.views[t], tensors[t]);
  return "";
}

}  // namespace ricci::test
