#include "cache/kernel_store.hpp"

#include <atomic>
#include <chrono>
#include <ctime>
#include <future>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "ricci/disk_cache.hpp"
#include "ricci/kernel_info_text.hpp"

namespace ricci::jit {

namespace {

using Shared = std::shared_ptr<const ReadyKernel>;

std::atomic<std::int64_t> compiled_kernels, memory_hits;
std::atomic<double> compiled_ms;

double milliseconds_on_processor() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

/// The kernel from the disk cache, linked without LLVM.
Shared load(const std::string& key) {
  std::optional<CachedKernel> cached = process_disk_cache().load(key);
  if (!cached) return nullptr;
  std::optional<KernelInfo> info = kernel_info_from_text(cached->info);
  std::expected<LoadedObject, std::string> object = load_object(cached->object);
  if (!info || !object) return nullptr;
  auto kernel = std::make_shared<ReadyKernel>();
  for (const PhaseInfo& phase : info->phases) {
    void* function = object->symbol(phase.name);
    if (!function) return nullptr;
    kernel->phases.push_back(reinterpret_cast<PhaseFunction>(function));
  }
  kernel->info = std::move(*info);
  kernel->code = std::move(*object);
  return kernel;
}

Shared compile(const std::string& key, const CodegenOptions& options, const loop::Kernel& loops) {
  Compiled compiled = generate_code(loops, options);
  process_disk_cache().store(key, {to_text(loops.info), std::move(compiled.object.object)});
  auto kernel = std::make_shared<ReadyKernel>();
  kernel->info = loops.info;
  for (std::size_t i = 0; i < loops.phases.size(); ++i) kernel->phases.push_back(compiled.code.phase(i));
  kernel->code = std::move(compiled.code);
  return kernel;
}

}  // namespace

Found find_or_compile(const std::string& key, const CodegenOptions& options,
                      const std::function<loop::Kernel()>& make) {
  static std::mutex mutex;
  // Outlives static destructors.
  static auto& kernels = *new std::unordered_map<std::string, std::shared_future<Shared>>;
  std::promise<Shared> promise;
  std::shared_future<Shared> future;
  {
    const std::lock_guard lock(mutex);
    const auto [it, fresh] = kernels.try_emplace(key);
    if (!fresh)
      future = it->second;
    else
      it->second = promise.get_future().share();
  }
  if (future.valid()) {
    const Shared kernel = future.get();
    ++memory_hits;
    return {kernel, Origin::memory, 0};
  }
  try {
    const auto start = std::chrono::steady_clock::now();
    Found found{load(key), Origin::disk, 0};
    if (!found.kernel) {
      const double on_processor = milliseconds_on_processor();
      found = {compile(key, options, make()), Origin::compiled, 0};
      compiled_ms += milliseconds_on_processor() - on_processor;
      ++compiled_kernels;
    }
    found.compile_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    promise.set_value(found.kernel);
    return found;
  } catch (...) {  // waiting threads get the same error; the next request tries again
    promise.set_exception(std::current_exception());
    const std::lock_guard lock(mutex);
    kernels.erase(key);
    throw;
  }
}

}  // namespace ricci::jit

namespace ricci {

CacheCounters cache_counters() {
  const DiskCacheCounters disk = process_disk_cache().counters();
  return {jit::compiled_kernels, jit::memory_hits, disk.hits, disk.rejected, disk.stored, jit::compiled_ms};
}

}  // namespace ricci
