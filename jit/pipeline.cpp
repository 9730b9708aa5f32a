#include "pipeline.hpp"

#include "lower/lower.hpp"
#include "rewrite/delta.hpp"
#include "rewrite/guard.hpp"
#include "rewrite/in_order.hpp"
#include "rewrite/narrow.hpp"
#include "rewrite/nonzero.hpp"
#include "rewrite/place.hpp"
#include "rewrite/place_sorts.hpp"
#include "rewrite/scan.hpp"
#include "rewrite/share.hpp"
#include "rewrite/snapshot.hpp"
#include "rewrite/sorted_rows.hpp"
#include "rewrite/tables.hpp"
#include "ricci/error.hpp"

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
