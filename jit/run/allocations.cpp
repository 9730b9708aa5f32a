#include "run/allocations.hpp"

#include <algorithm>
#include <cstdio>

#include "rewrite/sorted_rows.hpp"
#include "rewrite/tables.hpp"
#include "ricci/error.hpp"

namespace ricci {

using namespace jit;

namespace {

std::string bytes_text(std::int64_t bytes) {
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

bool is_sliced(const LaunchPlan& plan, ir::TensorId t) {
  return std::ranges::any_of(plan.slices, [&](const LaunchPlan::Slices& s) {
    return std::ranges::count(s.temporaries, t, &LaunchPlan::Slices::Temporary::buffer) > 0;
  });
}

/// Whether the tensor is made to be put in order.
bool are_keys(const ir::Program& program, ir::TensorId t) {
  return std::ranges::any_of(program.statements, [&](const ir::Statement& s) {
    const ir::Sort* sort = sort_of(s);
    return sort && sort->key->as<ir::Read>()->tensor == t;
  });
}

/// What the compiler keeps in its tensor `t`, from the statement that fills it.
std::string contents_of(const ir::Program& program, ir::TensorId t) {
  const auto staged = std::ranges::find(program.statements, t, &ir::Statement::stage);
  if (staged != program.statements.end())
    return "the values of a step of " + program.tensors[staged->target].name + ", which reads what it writes";
  const auto filling = std::ranges::find(program.statements, t, &ir::Statement::target);
  if (filling == program.statements.end()) return program.tensors[t].name;
  if (const ir::Sort* sort = sort_of(*filling))
    return (filling->value->as<ir::Sort>() ? "the order of " : "the sorted ") + to_string(program, sort->key);
  std::string text = to_string(program, filling->value);
  if (filling->appends) return text + " where " + to_string(program, filling->guard) + ", which is read by position";
  if (are_keys(program, t)) return text + ", the keys of a sort";
  if (filling->value->as<ir::Read>()) return text + ", in the order in which it is reduced";
  if (!is_private(program, t)) return text + ", which would be computed again and again";
  std::string keys;  // the first subscript chooses the table
  for (std::size_t k = 1; k < filling->subscripts.size(); ++k)
    keys += (k > 1 ? ", " : "") + to_string(program, filling->subscripts[k]);
  text = "private tables of " + std::string(to_string(filling->update.value())) + " of " + text;
  return keys.empty() ? text : text + " at [" + keys + "]";
}

std::string lines(const std::vector<Allocation>& allocations) {
  std::string text;
  for (const Allocation& a : allocations) text += "  " + bytes_text(a.bytes) + ": " + a.reason + "\n";
  return text;
}

std::string counted(int number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g ms", ms);
  return text;
}

}  // namespace

namespace jit {

void add_copies(Report& report, const ir::Program& program, const Copies& copies, std::string_view reason) {
  for (const auto& [tensor, copy] : copies) {
    const std::int64_t bytes = copy.size() * static_cast<std::int64_t>(size_of(copy.dtype()));
    report.temporary_bytes += bytes;
    report.temporaries.push_back({bytes, "a copy of " + program.tensors[tensor].name + ", " + std::string(reason)});
  }
}

void add_copies(Report& report, const ir::Program& program, const Bands& bands, const Cut& cut, int threads) {
  for (const Bands::Old& old : bands.old) {
    const std::int64_t bytes = bytes_of_copies(bands, cut, old, threads);
    if (bytes == 0) continue;
    report.temporary_bytes += bytes;
    report.temporaries.push_back({bytes, "a copy of " + program.tensors[old.moved.tensor].name + ", " +
                                             counted(static_cast<int>(cut.of_band), "row") +
                                             " at a time, whose old values are still read"});
  }
}

std::vector<std::string> contents(const ir::Program& program) {
  std::vector<std::string> texts(program.tensors.size());
  for (ir::TensorId t = 0; t < texts.size(); ++t)
    if (!program.tensors[t].table.empty()) texts[t] = contents_of(program, t);
  return texts;
}

void add_tables(Report& report, const ir::Program& program, const std::vector<std::string>& contents,
                std::size_t accumulators, const LaunchPlan& plan) {
  for (ir::TensorId t = 0; t < program.tensors.size(); ++t) {
    const std::int64_t bytes = plan.own_bytes[t];
    if (bytes == 0) continue;
    const bool accumulates = is_private(program, t) || t >= accumulators;
    (accumulates ? report.accumulator_bytes : report.temporary_bytes) += bytes;
    (accumulates ? report.accumulators : report.temporaries)
        .push_back({bytes, contents[t] + (is_sliced(plan, t) ? ", a part of it at a time" : "")});
  }
}

void add(Report& sum, const Report& r) {
  sum.kernels += r.kernels;
  sum.phases += r.phases;
  sum.loops += r.loops;
  sum.temporary_bytes += r.temporary_bytes;
  sum.accumulator_bytes += r.accumulator_bytes;
  sum.temporaries.insert(sum.temporaries.end(), r.temporaries.begin(), r.temporaries.end());
  sum.accumulators.insert(sum.accumulators.end(), r.accumulators.begin(), r.accumulators.end());
  sum.checks.insert(sum.checks.end(), r.checks.begin(), r.checks.end());
  sum.proved += r.proved;
  sum.compile_ms += r.compile_ms;
  sum.run_ms += r.run_ms;
  if (r.origin != Origin::memory && sum.origin != Origin::compiled) sum.origin = r.origin;
}

void refuse_temporaries(const Report& report) {
  if (report.temporary_bytes == 0) return;
  std::string reasons;
  for (const Allocation& a : report.temporaries)
    reasons += (reasons.empty() ? "" : "; ") + bytes_text(a.bytes) + " for " + a.reason;
  throw Error(Error::Kind::limit, "the statement needs temporaries, which no_temporaries forbids: " + reasons);
}

}  // namespace jit

std::string explain(const Report& r) {
  std::string text =
      counted(r.kernels, "kernel") + ", " + counted(r.phases, "phase") + ", " + counted(r.loops, "loop") + "; ";
  text += r.origin == Origin::memory ? "compiled before"
          : r.origin == Origin::disk ? "loaded from disk in " + milliseconds(r.compile_ms)
                                     : "compiled in " + milliseconds(r.compile_ms);
  text += ", ran " + milliseconds(r.run_ms) + "\n";
  text += "temporaries: " + bytes_text(r.temporary_bytes) + "\n" + lines(r.temporaries);
  text += "accumulators: " + bytes_text(r.accumulator_bytes) + "\n" + lines(r.accumulators);
  text +=
      "subscripts: " + std::to_string(r.proved) + " proved inside, " + std::to_string(r.checks.size()) + " checked\n";
  for (const std::string& check : r.checks) text += "  " + check + "\n";
  return text;
}

}  // namespace ricci
