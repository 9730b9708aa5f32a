#include "pipeline.hpp"

#include "delta.hpp"
#include "guard.hpp"
#include "in_order.hpp"
#include "lower.hpp"
#include "narrow.hpp"
#include "nonzero.hpp"
#include "place.hpp"
#include "place_sorts.hpp"
#include "ricci/error.hpp"
#include "scan.hpp"
#include "share.hpp"
#include "snapshot.hpp"
#include "sorted_rows.hpp"
#include "tables.hpp"

namespace ricci::jit {

Normalised normalise(ir::Program program) {
  CanonicalAxes axes(program);
  share(program, axes);
  solve_deltas(program, axes);
  place_nonzeros(program, axes);
  privatise(program, axes);
  place_sorts(program, axes, Sorts::that_cannot_fail);
  attach_guards(program, axes);
  place_sorts(program, axes, Sorts::all);
  store_sorted(program, axes);
  narrow_sums(program);
  place_reductions(program, axes);
  stage_steps(program);
  count_chunks(program);
  std::vector<ir::TensorId> origin = name_old_values(program);
  form_scans(program);
  return {std::move(program), std::move(origin)};
}

Built build(const ir::Program& normalised, const Specialisation& specialisation, const Target& target) {
  Built built{normalised, {}, {}};
  apply_specialisation(built.program, specialisation);
  built.schedule = make_schedule(built.program, specialisation, target);
  built.kernel = lower(built.program, specialisation, built.schedule);
  const std::string fault = loop::verify(built.kernel);
  RICCI_ASSERT(fault.empty(), fault + "\n" + loop::to_string(built.kernel));
  return built;
}

}  // namespace ricci::jit
