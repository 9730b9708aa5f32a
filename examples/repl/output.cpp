#include "output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "ricci/runs.hpp"
#include "ricci/shape.hpp"

namespace ricci::driver {
namespace {

constexpr std::int64_t few = 20;             // values shown without being asked for
constexpr std::int64_t all_up_to = 1000;     // values; of more only the edges are shown
constexpr std::int64_t edge = 3;
constexpr std::size_t line_width = 100;

std::string element(const TensorView& view, std::int64_t offset) {
  return visit_dtype(view.layout.dtype, [&]<class T>(std::type_identity<T>) {
    const T value = static_cast<const T*>(view.data)[offset];
    if constexpr (std::is_same_v<T, bool>) return std::string(value ? "true" : "false");
    else if constexpr (std::is_integral_v<T>) return fmt::format("{}", +value);
    else return std::isnan(static_cast<double>(value)) ? "nan" : fmt::format("{:.6g}", static_cast<double>(value));
  });
}

class ValuePrinter {
 public:
  explicit ValuePrinter(const TensorView& view) : view_(view), edges_(view.layout.size() > all_up_to) {
    for_each_row(0, 0, [&](std::int64_t offset) { width_ = std::max(width_, element(view_, offset).size()); });
  }

  std::string text() {
    print(0, 0);
    return std::move(text_);
  }

 private:
  bool skips(int axis, std::int64_t i) const {
    const std::int64_t extent = view_.layout.extents[axis];
    return edges_ && extent > 2 * edge && i >= edge && i < extent - edge;
  }

  template <class F>
  void for_each_row(int axis, std::int64_t offset, F&& f) {
    if (axis == view_.layout.rank) return f(offset);
    for (std::int64_t i = 0; i < view_.layout.extents[axis]; ++i) {
      if (skips(axis, i)) i = view_.layout.extents[axis] - edge;
      for_each_row(axis + 1, offset + i * view_.layout.strides[axis], f);
    }
  }

  void print(int axis, std::int64_t offset) {
    const int rank = view_.layout.rank;
    if (axis == rank) {
      text_ += fmt::format("{:>{}}", element(view_, offset), width_);
      return;
    }
    const std::string indent(static_cast<std::size_t>(axis) + 1, ' ');
    const std::string line_break = std::string(static_cast<std::size_t>(rank - axis - 1), '\n') + indent;
    auto separate = [&] {
      const std::size_t column = text_.size() - (text_.rfind('\n') + 1);
      if (axis + 1 < rank) text_ += line_break;
      else text_ += column + 1 + width_ < line_width ? " " : "\n" + indent;
    };
    text_ += '[';
    for (std::int64_t i = 0; i < view_.layout.extents[axis]; ++i) {
      if (i > 0) separate();
      if (skips(axis, i)) {
        text_ += "...";
        separate();
        i = view_.layout.extents[axis] - edge;
      }
      print(axis + 1, offset + i * view_.layout.strides[axis]);
    }
    text_ += ']';
  }

  const TensorView& view_;
  const bool edges_;
  std::size_t width_ = 0;
  std::string text_;
};

/// "  min 0 max 9 mean 4.5"; a NaN anywhere makes all three NaN.
std::string statistics(const TensorView& view) {
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  for_each_run(view, [&](std::span<const std::byte> run) {
    visit_dtype(view.layout.dtype, [&]<class T>(std::type_identity<T>) {
      const auto* elements = reinterpret_cast<const T*>(run.data());
      for (std::size_t i = 0; i < run.size() / sizeof(T); ++i) {
        const auto value = static_cast<double>(elements[i]);
        sum += value;
        if (!(value >= low)) low = value;
        if (!(value <= high)) high = value;
      }
    });
  });
  if (std::isnan(sum)) low = high = sum = NAN;  // without a sign
  return fmt::format("  min {:.6g} max {:.6g} mean {:.6g}", low, high, sum / static_cast<double>(view.layout.size()));
}

std::string times(const Outcome& outcome) {
  const double best = *std::ranges::min_element(outcome.run_ms);
  std::string text = fmt::format("  {:.3g} ms", best);
  if (outcome.run_ms.size() > 1) text += fmt::format(" (best of {})", outcome.run_ms.size());
  if (outcome.report.origin == Origin::compiled)
    text += fmt::format(" (compiled {:.3g} ms)", outcome.report.compile_ms);
  if (outcome.report.origin == Origin::disk) text += " (from disk)";
  return text;
}

/// A line about a value; below it the elements, when they are few or asked for.
std::string described(const std::string& label, const Array& value, const std::string& times, bool asked_for) {
  const TensorView& view = value.view();
  const std::int64_t size = view.layout.size();
  std::string text = fmt::format("{} : {}", label, type_text(view));
  if (view.layout.rank == 0) return text + "  " + element(view, 0) + times + "\n";
  if (size > 0) text += statistics(view);
  text += times + "\n";
  if (size > 0 && (size <= few || asked_for)) text += values(view) + "\n";
  return text;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') result.append(1, '\\').append(1, static_cast<char>(c));
    else if (c < 0x20 || c >= 0x7f) result += fmt::format("\\u{:04x}", c);
    else result += static_cast<char>(c);
  }
  return result + "\"";
}

}  // namespace

std::string values(const TensorView& view) { return ValuePrinter(view).text(); }

std::string type_text(const TensorView& view) {
  const std::string dtype(to_string(view.layout.dtype));
  if (view.layout.rank == 0) return dtype;
  return fmt::format("{}[{}]", dtype, fmt::join(extents_of(view.layout), ", "));
}

std::string summary(const Outcome& outcome) {
  const std::string label = !outcome.name.empty()       ? outcome.name
                            : outcome.text.size() <= 60 ? outcome.text
                                                        : outcome.text.substr(0, 57) + "...";
  std::string text = described(label, outcome.value, times(outcome), outcome.name.empty());
  for (const auto& [name, value] : outcome.others) text += described(name, value, "", false);
  return text;
}

std::string json(const Outcome& outcome) {
  const Report& r = outcome.report;
  const auto variable = [](std::string_view name, const Array& value) {
    return fmt::format(R"("name": {}, "dtype": "{}", "shape": [{}])", quoted(name), to_string(value.dtype()),
                       fmt::join(extents_of(value.layout()), ", "));
  };
  std::vector<std::string> others;
  for (const auto& [name, value] : outcome.others) others.push_back("{" + variable(name, value) + "}");
  return fmt::format(
      R"({{"statement": {}, {}, "others": [{}], "compile_ms": {:.6g}, "cache": "{}", )"
      R"("run_ms": [{:.6g}], "temporary_bytes": {}, "accumulator_bytes": {}, "kernels": {}, "phases": {}, )"
      R"("loops": {}, "checks_kept": {}, "proved": {}}})"
      "\n",
      quoted(outcome.text), variable(outcome.name, outcome.value), fmt::join(others, ", "), r.compile_ms,
      to_string(r.origin), fmt::join(outcome.run_ms, ", "), r.temporary_bytes, r.accumulator_bytes, r.kernels, r.phases,
      r.loops, r.checks.size(), r.proved);
}

}  // namespace ricci::driver
