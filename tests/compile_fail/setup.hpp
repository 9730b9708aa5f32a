#pragma once
// What the mistakes are made with. Each case is one program with one mistake: `// expect:` lines name what its single
// error must say.
#include <ricci/ricci.hpp>

using namespace ricci;
using namespace ricci::names;

extern Tensor<float, 4> scores;
extern Tensor<float, 3> out;
extern const Tensor<float, 3> constant;
extern Tensor<int, 3> numbers;
extern Tensor<std::uint64_t, 3> unsigneds;
extern Tensor<std::int64_t, 2> labels;
