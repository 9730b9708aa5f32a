#include "support/backends.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ricci/shape.hpp"
#include "ricci/target.hpp"
#include "support/arguments.hpp"
#include "support/naive.hpp"
#include "support/random_program.hpp"

namespace ricci::test {

namespace {

/// The bytes that a view touches.
struct Bytes {
  std::byte *begin, *end;
};

Bytes bytes_of(const TensorView& view) {
  const OffsetRange range = offset_range(view.layout);
  const auto size = static_cast<std::int64_t>(size_of(view.layout.dtype));
  auto* data = static_cast<std::byte*>(view.data);
  return {data + range.low * size, data + range.high * size};
}

std::vector<bool> written_tensors(const ir::Program& program) {
  std::vector<bool> written(program.tensors.size());
  for (const ir::Statement& s : program.statements) written[s.target] = true;
  return written;
}

void copy_elements(const TensorView& from, const TensorView& to) {
  for (std::int64_t n = 0; n < from.layout.size(); ++n)
    std::memcpy(element(to, n), element(from, n), size_of(from.layout.dtype));
}

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

GuardedCopies::GuardedCopies(std::span<const TensorView> originals, Flush flush)
    : views(originals.begin(), originals.end()) {
  std::vector<std::size_t> order(views.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t t) { return bytes_of(originals[t]).begin; });
  for (std::size_t first = 0; first < order.size();) {
    Bytes all = bytes_of(originals[order[first]]);
    std::size_t last = first + 1;
    for (; last < order.size(); ++last) {
      const Bytes next = bytes_of(originals[order[last]]);
      if (next.begin >= all.end || next.begin == next.end) break;
      all.end = std::max(all.end, next.end);
    }
    const GuardedBuffer& buffer = buffers_.emplace_back(static_cast<std::size_t>(all.end - all.begin), flush);
    for (std::size_t i = first; i < last; ++i) {
      const TensorView& original = originals[order[i]];
      views[order[i]].data = buffer.bytes().data() + (static_cast<std::byte*>(original.data) - all.begin);
      copy_elements(original, views[order[i]]);
    }
    const auto accessible = buffer.accessible();
    at_start_.emplace_back(accessible.begin(), accessible.end());
    first = last;
  }
}

bool GuardedCopies::others_unchanged(const std::vector<bool>& written) const {
  for (std::size_t b = 0; b < buffers_.size(); ++b) {
    const std::span<std::byte> now = buffers_[b].accessible();
    std::vector<std::byte> expected = at_start_[b];
    for (std::size_t t = 0; t < views.size(); ++t) {
      if (!written[t] || views[t].layout.size() == 0) continue;
      const std::byte* begin = bytes_of(views[t]).begin;
      if (begin < now.data() || begin >= now.data() + now.size()) continue;
      for (std::int64_t n = 0; n < views[t].layout.size(); ++n) {
        const auto* address = static_cast<const std::byte*>(element(views[t], n));
        std::memcpy(expected.data() + (address - now.data()), address, size_of(views[t].layout.dtype));
      }
    }
    if (!std::ranges::equal(expected, now)) return false;
  }
  return true;
}

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
                   [&](std::span<const TensorView> views) { return executable.run(views, params, options); });
  };
  ran.error = reference.error;
  ran.message = reference.message;
  ran.unchanged_on_error = true;
  std::optional<Outcome> widest;
  for (int width : vector_widths()) {
    const Options interpreter{.threads = 1, .backend = Backend::loop_interpreter, .vector_bytes = width};
    const Outcome interpreted = with(interpreter, Flush::end);
    ran.unchanged_on_error &= interpreted.copies.unchanged();
    if (reference.error || interpreted.error || !has_float_sum(program)) {
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
                          [&](std::span<const TensorView> views) { return executable.run(views, params, options); });
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
