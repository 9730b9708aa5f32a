#pragma once
// The compiler's main path, as two flat lists of passes: what can be done once per program, and what is done once per
// specialisation.
#include "ricci/loop.hpp"
#include "ricci/target.hpp"
#include "schedule/schedule.hpp"
#include "specialise/specialise.hpp"

namespace ricci::jit {

/// A program ready to be specialised.
struct Normalised {
  ir::Program program;
  std::vector<ir::TensorId> origin;  // by tensor: whose memory it has (snapshot.hpp); tables have their own
};

Normalised normalise(ir::Program);

/// A specialisation on its way to code; every stage can be printed.
struct Built {
  ir::Program program;
  Schedule schedule;
  loop::Kernel kernel;
};

/// Of a normalised program.
Built build(const ir::Program&, const Specialisation&, const Target&);

}  // namespace ricci::jit
