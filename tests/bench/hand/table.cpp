// The kernels of one level as a table.
#include "kernels.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

#define RICCI_BENCH_TEXT_OF(x) #x
#define RICCI_BENCH_TEXT(x) RICCI_BENCH_TEXT_OF(x)
#define X(name) .name = name,
const Hand kernels{.level = RICCI_BENCH_TEXT(RICCI_BENCH_LEVEL), RICCI_BENCH_KERNELS(X)};

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
