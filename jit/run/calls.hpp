#pragma once
// Calls that may be repeated: for equal layouts nothing has to be checked, proved, planned or looked up again.
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "cache/kernel_store.hpp"
#include "ricci/compile.hpp"
#include "ricci/repetition.hpp"
#include "run/bands.hpp"
#include "run/launch.hpp"

namespace ricci {

/// What a call with certain layouts needs, and what its repetitions report.
struct Call {
  std::vector<Layout> layouts;  // by tensor of the program as written
  std::size_t made;             // the first tensors were made for it: their extents followed from all else
  std::vector<Scalar> shaping;  // the values of the params from which extents follow
  Counts counts;
  int vector_bytes;
  bool optimise, specialise;
  std::optional<int> threads;  // that it was planned for, if its plan depends on them
  std::shared_ptr<const jit::ReadyKernel> kernel;  // null where there is nothing to do
  jit::LaunchPlan plan;
  Report report;
  std::vector<ir::TensorId> copied = {};  // tensors of the normalised program whose old values are copied
  /// Instead: how it runs in bands. Then `plan` is that of a band with these extents.
  struct InBands {
    jit::Bands bands;
    std::vector<std::int64_t> extents;
    std::int64_t last_rows = 0;  // of the last band, and its plan, where the first call has cut so
    jit::LaunchPlan plan_of_last = {};
  };
  std::optional<InBands> in_bands = {};
  Repetition repetition = {};  // with phases only where the call is that simple
};

namespace jit {

/// Calls of one program, at most so many: data that are cut into pieces, or chosen by conditions, come in many sizes.
inline constexpr std::size_t max_calls = 1024;

/// The calls of one program that were made first most lately. Thread-safe.
class Calls {
 public:
  /// `shaping`: the params from which extents follow.
  explicit Calls(std::vector<ir::ParamId> shaping);

  void add(std::shared_ptr<const Call>);
  /// The call that fits, or null; valid until this thread finds the next one. The first `made` tensors are made for it
  /// and may be null yet: any layout fits those.
  const std::shared_ptr<const Call>& find(TensorPointers, std::size_t made, std::span<const Scalar> params,
                                          const Counts&, const Options&) const;
  /// The values of the shaping params among all.
  std::vector<Scalar> shaping(std::span<const Scalar> params) const;

 private:
  bool fits(const Call&, TensorPointers, std::size_t made, std::span<const Scalar> params, const Counts&,
            const Options&) const;

  std::vector<ir::ParamId> shaping_;
  const std::uint64_t number_;  // of all that ever were
  mutable std::mutex mutex_;
  std::unordered_multimap<std::size_t, std::shared_ptr<const Call>> calls_;  // by key_of()
  std::vector<std::pair<std::size_t, const Call*>> order_;  // the same: a ring
  std::size_t oldest_ = 0;                                  // in it
};

}  // namespace jit
}  // namespace ricci
