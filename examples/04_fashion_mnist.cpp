// The nearest class mean on Fashion-MNIST, from the files to a table and a picture: load, run, check, print.
//   04_fashion_mnist [FOLDER] [--png FILE] [--picture]
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "fashion_picture.hpp"
#include "ricci/picture.hpp"

using namespace example;

namespace {

struct Settings {
  std::string folder = "/usr/share/datasets/fashion-mnist";
  std::string png = "fashion_mnist.png";
  bool picture = isatty(STDOUT_FILENO);
};

std::optional<Settings> settings_of(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--picture") settings.picture = true;
    else if (argument == "--png" && i + 1 < argc) settings.png = argv[++i];
    else if (argument.starts_with('-')) return {};
    else settings.folder = argument;
  }
  return settings;
}

int column_width(int k) { return std::max(5, static_cast<int>(std::strlen(class_names[k]))) + 1; }

/// Rows: true classes; columns: predicted ones.
void print_confusion(const Classification& result) {
  std::printf("%-11s", "true");
  for (int k = 0; k < classes; ++k) std::printf("%*s", column_width(k), class_names[k]);
  std::puts("   right");
  for (int t = 0; t < classes; ++t) {
    std::printf("%-11s", class_names[t]);
    std::int64_t images = 0;
    for (int k = 0; k < classes; ++k) {
      const auto count = static_cast<long long>(result.confusion.at(t, k));
      images += count;
      if (count == 0) std::printf("%*s", column_width(k), ".");
      else std::printf("%*lld", column_width(k), count);
    }
    std::printf("  %5.1f%%\n", 100.0 * static_cast<double>(result.confusion.at(t, t)) / static_cast<double>(images));
  }
  std::printf("%-11s", "confidence");
  for (int k = 0; k < classes; ++k) std::printf("%*.2f", column_width(k), result.confidence.at(k));
  std::puts("\n(columns: predicted class; confidence: mean of 1 - d1/d2 with the squared distances d1 to the nearest\n"
            " and d2 to the second nearest class mean)\n");
}

void print_steps(const Classification& result) {
  for (const Step& step : result.steps) std::printf("%s\n", step.statement.c_str());
  std::printf("\n%-12s%8s%8s%7s%12s%14s%9s%8s%12s%9s\n", "statement", "kernels", "phases", "loops", "temporary B",
              "accumulator B", "checked", "proved", "compile ms", "run ms");
  Report sum;
  const auto print = [](const char* name, const Report& r, std::size_t checked, const std::string& compiled) {
    std::printf("%-12s%8d%8d%7d%12lld%14lld%9zu%8d%12s%9.3f\n", name, r.kernels, r.phases, r.loops,
                static_cast<long long>(r.temporary_bytes), static_cast<long long>(r.accumulator_bytes), checked,
                r.proved, compiled.c_str(), r.run_ms);
  };
  const auto milliseconds = [](double ms) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", ms);
    return std::string(text);
  };
  std::size_t checked = 0;
  for (const auto& [name, statement, r] : result.steps) {
    print(name.c_str(), r, r.checks.size(),
          r.origin == Origin::compiled ? milliseconds(r.compile_ms) : std::string(to_string(r.origin)));
    sum.kernels += r.kernels;
    sum.phases += r.phases;
    sum.loops += r.loops;
    sum.temporary_bytes += r.temporary_bytes;
    sum.accumulator_bytes += r.accumulator_bytes;
    sum.proved += r.proved;
    sum.compile_ms += r.compile_ms;
    sum.run_ms += r.run_ms;
    checked += r.checks.size();
  }
  print("together", sum, checked, milliseconds(sum.compile_ms));
  std::puts("");
}

/// The most certain mistake of each true class.
void print_mistakes(const Fashion& fashion, const std::vector<Mistake>& mistakes) {
  std::vector<Mistake> worst;
  for (const Mistake& m : mistakes) {
    if (worst.empty() || worst.back().truth != m.truth) worst.push_back(m);
    else if (m.margin > worst.back().margin) worst.back() = m;
  }
  std::puts("The most certain mistake of each class:");
  for (std::size_t first = 0; first + 5 <= worst.size(); first += 5) {
    std::array<std::int64_t, 5> images;
    for (std::size_t m = 0; m < 5; ++m) images[m] = worst[first + m].image;
    std::fputs(render_picture(strip(fashion.test, images).array().view()).c_str(), stdout);
    for (std::size_t m = 0; m < 5; ++m) std::printf("%-16s", class_names[worst[first + m].truth]);
    std::puts("");
    for (std::size_t m = 0; m < 5; ++m)
      std::printf("%-16s", (std::string("as ") + class_names[worst[first + m].pred]).c_str());
    std::puts("\n");
  }
}

int run(const Settings& settings) {
  const Fashion fashion = load_fashion(settings.folder);
  const Classification result = classify(fashion);
  if (const std::string fault = fault_of(fashion, result); !fault.empty()) {
    std::fprintf(stderr, "04_fashion_mnist: wrong result: %s\n", fault.c_str());
    return 1;
  }
  const std::vector<Mistake> mistakes = mistakes_of(fashion, result);
  std::printf("Fashion-MNIST: %lld training images, %lld test images; the nearest class mean is right for %.2f%%\n\n",
              static_cast<long long>(fashion.train.image.extent(0)),
              static_cast<long long>(fashion.test.image.extent(0)), 100 * result.accuracy);
  print_confusion(result);
  print_steps(result);
  if (settings.picture) print_mistakes(fashion, mistakes);
  save_png(settings.png, confusion_picture(fashion, result, mistakes).array().view());
  std::printf("%s: %zu mistakes by true class (rows) and predicted class (columns), class means on the diagonal\n",
              settings.png.c_str(), mistakes.size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Settings> settings = settings_of(argc, argv);
  if (!settings) {
    std::fputs("usage: 04_fashion_mnist [FOLDER] [--png FILE] [--picture]\n", stderr);
    return 2;
  }
  if (!std::filesystem::exists(settings->folder + "/train-images-idx3-ubyte.gz")) {
    std::fprintf(stderr, "04_fashion_mnist: there is no Fashion-MNIST in %s; install the Debian package "
                 "dataset-fashion-mnist or name another folder\n", settings->folder.c_str());
    return 1;
  }
  try {
    return run(*settings);
  } catch (const Error& error) {
    std::fprintf(stderr, "04_fashion_mnist: %s\n", error.what());
    return 1;
  }
}
