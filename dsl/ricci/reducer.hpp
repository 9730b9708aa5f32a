#pragma once
// The reductions of the language, and the dtypes of their results.
#include <cstdint>
#include <string_view>

#include "ricci/promotion.hpp"

namespace ricci {

/// The reductions of the language: those of the index IR in the same order, and others made of them.
enum class Reducer : std::uint8_t {
#define RICCI_REDUCTION(name, results, empty, step) name,
#include "ricci/reductions.def"
#undef RICCI_REDUCTION
  mean,       // sum / number of elements
  count,      // how many elements are not zero
  var,        // mean of the squared distances from the mean
  stddev,     // sqrt(var)
  norm,       // sqrt of the sum of squares
  logsumexp,  // log of the sum of exp; of nothing but -inf: -inf
  // What these run over stays free:
  softmax,    // exp / sum of exp, for every element
  cumsum,     // the sum, product, maximum and minimum of the elements up to each one
  cumprod,
  cummax,
  cummin,
  sort,       // the elements in order, and their indices: row-major when several
  argsort,
  // Instead of what these run over there is one unnamed axis, of as many elements as are taken:
  topk,       // the largest elements, from the largest, and their indices
  argtopk,
};
inline constexpr std::string_view reducer_names[] = {
#define RICCI_REDUCTION(name, results, empty, step) #name,
#include "ricci/reductions.def"
#undef RICCI_REDUCTION
    "mean", "count", "var", "stddev", "norm", "logsumexp", "softmax", "cumsum", "cumprod", "cummax", "cummin",
    "sort", "argsort", "topk", "argtopk"};
constexpr bool is_scan(Reducer r) { return r >= Reducer::cumsum && r <= Reducer::cummin; }
constexpr bool is_sort(Reducer r) { return r == Reducer::sort || r == Reducer::argsort; }
constexpr bool takes(Reducer r) { return r == Reducer::topk || r == Reducer::argtopk; }
/// Whether its results are indices.
constexpr bool is_search(Reducer r) {
  return r == Reducer::argmin || r == Reducer::argmax || r == Reducer::argsort || r == Reducer::argtopk;
}
constexpr bool stays_free(Reducer r) { return r == Reducer::softmax || is_scan(r) || is_sort(r); }
constexpr std::string_view to_string(Reducer r) { return reducer_names[static_cast<int>(r)]; }

/// Sums and products of integers widen to 64 bits; b1 counts; means of integers are f64.
constexpr DType result_of(Reducer reducer, DType d) {
  switch (reducer) {
    case Reducer::cumsum:
    case Reducer::cumprod:
    case Reducer::sum:
    case Reducer::prod: return is_float(d) ? d : is_unsigned_integer(d) ? DType::u64 : DType::i64;
    case Reducer::cummin:
    case Reducer::cummax:
    case Reducer::sort:
    case Reducer::topk:
    case Reducer::min:
    case Reducer::max: return d;
    case Reducer::mean:
    case Reducer::var:
    case Reducer::stddev:
    case Reducer::norm:
    case Reducer::logsumexp:
    case Reducer::softmax: return to_floating(d);
    case Reducer::any:
    case Reducer::all: return DType::b1;
    case Reducer::argmin:
    case Reducer::argmax:
    case Reducer::argsort:
    case Reducer::argtopk:
    case Reducer::count: return DType::i64;
  }
  return d;
}

}  // namespace ricci
