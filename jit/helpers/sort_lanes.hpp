#pragma once
// Sorting numbers by vectors: they are parted around a pivot until few are left, which are put in order in registers.
#include <cstdint>

namespace ricci {

/// Numbers of one type, in place. Floats have no NaN among them, and only one of the zeros.
template <class T>
struct LaneSort {
  void (*sort)(T* x, std::int64_t count);
  /// The same. After so many pivots for numbers of one part it goes on by another sort, of count * log(count) steps.
  void (*sort_by)(T* x, std::int64_t count, int pivots);

  /// The numbers below the first of some ascending pivots come first, then those below the second, and on. Stores where
  /// each of these parts ends.
  void (*part)(T* x, std::int64_t count, const T* pivots, std::int64_t number, std::int64_t* ends);
};

/// For int32_t, int64_t, float and double, by vectors of 32 or 64 bytes.
template <class T>
const LaneSort<T>& lane_sort(int vector_bytes);

}  // namespace ricci
