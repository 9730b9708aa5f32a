#pragma once
// The memory of a run that nobody asked for, each piece with its reason.
#include "ricci/compile.hpp"
#include "run/aliasing.hpp"
#include "run/bands.hpp"
#include "run/launch.hpp"

namespace ricci::jit {

/// Adds the copies to the report's temporaries: "a copy of x, " and `reason`.
void add_copies(Report&, const ir::Program&, const Copies&, std::string_view reason);

/// The same for copies that are made band by band, by so many threads.
void add_copies(Report&, const ir::Program&, const Bands&, const Cut&, int threads);

/// By tensor: what the compiler keeps in it, if it is one of its own.
std::vector<std::string> contents(const ir::Program&);

/// Adds what the plan allocates for tensors of the compiler's own: private tables and stored reductions. Those from the
/// tensor `accumulators` on hold reductions in shares.
void add_tables(Report&, const ir::Program&, const std::vector<std::string>& contents, std::size_t accumulators,
                const LaunchPlan&);

/// Adds what one run did to what others did.
void add(Report& sum, const Report&);

/// Throws Error{limit}, with bytes and reasons, if the report has temporaries.
void refuse_temporaries(const Report&);

}  // namespace ricci::jit
