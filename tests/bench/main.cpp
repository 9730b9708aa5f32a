// ricci_bench: every workload as an index expression and by hand, in one table.
//
//   ricci_bench [--json FILE] [--threads 1,2] [--benchmark_filter=REGEX] [other options of Google Benchmark]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "ricci/compile.hpp"
#include "ricci/parallel.hpp"
#include "ricci/session.hpp"
#include "ricci/target.hpp"
#include "workload.hpp"

namespace ricci::bench {

namespace {

/// The data of one workload at a time: a workload's runs with different threads follow each other.
struct Loaded {
  const Workload* workload = nullptr;
  Case data;
  double compile_ms = 0;  // 0: the same expression was compiled for the workload before
};

/// Compiles a kernel that no other call has. Between two workloads the system may take away the pages of a compiler that
/// sleeps, and to get them back is not compiling: the next kernel took 75 to 130 ms.
void wake_compiler() {
  static int number = 0;
  Session session;
  session.define("x", Tensor<float, 1>(1000).array());
  session.run("sum(i, exp(x[i + " + std::to_string(++number) + "]) * x[i])");
}

Loaded& load(const Workload& workload) {
  static Loaded loaded;
  if (loaded.workload == &workload) return loaded;
  loaded = {};
  loaded.data = workload.make();
  loaded.workload = &workload;
  // On a busy machine time passes without the compiler getting on: only its time on the processor counts.
  default_options().threads = 1;
  wake_compiler();
  const double before = cache_counters().compiled_ms;
  loaded.data.ricci();
  loaded.compile_ms = cache_counters().compiled_ms - before;
  return loaded;
}

void run(benchmark::State& state, const Workload& workload, int threads) {
  const Loaded& loaded = load(workload);
  default_options().threads = threads;
  loaded.data.hand(threads);
  loaded.data.ricci();
  if (const std::string difference = loaded.data.difference(); !difference.empty()) {
    state.SkipWithError(difference.c_str());
    return;
  }
  for (auto _ : state) {
    const Measurement m = measure(loaded.data, threads);
    state.SetIterationTime(m.ricci_ms / 1e3);
    state.SetLabel(workload.shape);
    state.counters["threads"] = threads;
    state.counters["hand_ms"] = m.hand_ms;
    state.counters["ricci_ms"] = m.ricci_ms;
    state.counters["ratio"] = m.ratio;
    state.counters["pairs"] = m.pairs;
    state.counters["gigabytes_per_second"] = loaded.data.bytes / m.ricci_ms / 1e6;
    state.counters["temporary_bytes"] = static_cast<double>(last_report().temporary_bytes);
    state.counters["accumulator_bytes"] = static_cast<double>(last_report().accumulator_bytes);
    state.counters["compile_ms"] = loaded.compile_ms;
  }
}

/// One line per workload and number of threads.
class Table : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("By hand for x86-64-%s. Times are medians; the ratio is ricci / hand, the median over pairs.\n\n",
                hand().level);
    std::printf("%-22s %-30s %2s %9s %9s %6s %6s %10s %12s %10s\n", "workload", "shape", "T", "hand ms", "ricci ms",
                "ratio", "GB/s", "temporary", "accumulators", "compile ms");
    return true;
  }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& r : runs) {
      const std::string name = r.run_name.function_name.substr(0, r.run_name.function_name.rfind('/'));
      if (r.error_occurred) {
        std::printf("%-22s FAILED: %s\n", name.c_str(), r.error_message.c_str());
        failed = true;
        continue;
      }
      const auto value = [&](const char* counter) { return r.counters.at(counter).value; };
      std::printf("%-22s %-30s %2.0f %9.4g %9.4g %6.2f %6.3g %10.0f %12.0f %10.3g\n", name.c_str(),
                  r.report_label.c_str(), value("threads"), value("hand_ms"), value("ricci_ms"), value("ratio"),
                  value("gigabytes_per_second"), value("temporary_bytes"), value("accumulator_bytes"),
                  value("compile_ms"));
    }
    std::fflush(stdout);
  }

  bool failed = false;
};

Workloads all_workloads() {
  Workloads all;
  for (const auto& group : {gather_of_argmax, class_statistics, softmax, nearest_centroid, elementwise, scatter_add,
                            histogram, tiny, sum_of_all, copies, matmul, embedding_bag, grid_sample, stencil,
                            convolution, running_sums, compress, layer_norm, attention})
    for (Workload& workload : group()) all.push_back(std::move(workload));
  return all;
}

/// --json FILE in terms of Google Benchmark.
void translate_json(std::vector<std::string>& arguments) {
  const auto at = std::ranges::find(arguments, "--json");
  if (arguments.end() - at < 2) return;
  at[0] = "--benchmark_out=" + at[1];
  at[1] = "--benchmark_out_format=json";
}

/// Takes `--threads 1,2,16` out of the arguments: the numbers of threads to run every workload with.
std::vector<int> take_threads(std::vector<std::string>& arguments) {
  const auto at = std::ranges::find(arguments, "--threads");
  if (arguments.end() - at < 2) return hardware_threads() > 1 ? std::vector{1, 2} : std::vector{1};
  std::vector<int> threads;
  std::istringstream text(at[1]);
  for (std::string number; std::getline(text, number, ',');) {
    threads.push_back(std::atoi(number.c_str()));
    if (threads.back() < 1) throw std::runtime_error("--threads: numbers from 1 were expected, got '" + number + "'");
  }
  arguments.erase(at, at + 2);
  return threads;
}

int run_all(int argc, char** argv) {
  setenv("RICCI_CACHE", "off", 1);  // compile_ms is that of compiling
  std::vector<std::string> arguments(argv, argv + argc);
  translate_json(arguments);
  const std::vector<int> threads_of_runs = take_threads(arguments);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;

  // The first compilation of a process also loads LLVM.
  Tensor<float, 1> warm(1);
  warm[names::i] = warm[names::i] + 1;

  const Workloads workloads = all_workloads();
  for (const Workload& workload : workloads)
    for (const int threads : threads_of_runs)
      benchmark::RegisterBenchmark((workload.name + '/' + std::to_string(threads)).c_str(),
                                   [&workload, threads](benchmark::State& state) { run(state, workload, threads); })
          ->Iterations(1)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  benchmark::Shutdown();
  return table.failed ? 1 : 0;
}

}  // namespace

const Hand& hand() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    throw std::runtime_error("the hand-written kernels need a machine of level x86-64-v3 or above");
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                    host_target().vector_bytes == 64;  // RICCI_VECTOR_BYTES may allow less
  return wide ? v4::kernels : v3::kernels;
}

}  // namespace ricci::bench

int main(int argc, char** argv) try {
  return ricci::bench::run_all(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "ricci_bench: %s\n", error.what());
  return 2;
}
