#pragma once
// Everything that a program in the language needs.
#if !defined(__cpp_multidimensional_subscript)
#error "Ricci needs a C++23 compiler with multi-argument operator[]: g++ 12, clang 17 or later"
#endif
#include "ricci/along.hpp"
#include "ricci/error.hpp"
#include "ricci/functions.hpp"
#include "ricci/index.hpp"
#include "ricci/max_with_index.hpp"
#include "ricci/nonzero.hpp"
#include "ricci/outside.hpp"
#include "ricci/reductions.hpp"
#include "ricci/sorting.hpp"
#include "ricci/tensor.hpp"
