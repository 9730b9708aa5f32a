#pragma once
// What a thread did last at a site: to repeat it for tensors of the same layouts takes less than to find it again.
#include <memory>

#include "ricci/repetition.hpp"
#include "variant.hpp"

namespace ricci {

struct Remembered {
  const Variant* newest = nullptr;  // of the site. No two sites, and no two states of one, have the same
  const Variant* variant = nullptr;
  std::shared_ptr<const Call> call = nullptr;
  const Repetition* repetition = nullptr;  // of the call
  Options options = {};
  const Call* seen = nullptr;  // once, and not yet remembered: shapes that take turns are not worth it
};

/// Remembers the call if it is simple enough.
void remember(const Site&, const Variant&, const std::shared_ptr<const Call>&);

/// Runs what is remembered of the site, if these operands are of its kind, makes the `results` and sets the time that
/// it took; null, and nothing is done, otherwise. Throws as convert_scalars() does.
const Remembered* repeat_remembered(const Site&, const Operands&, Array* results, Ticks& time);

}  // namespace ricci
