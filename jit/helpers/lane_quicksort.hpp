// Quicksort by the vectors of Part<T>. This is included once for each instruction set: RICCI_TARGET is its attribute,
// and the namespace around it its own. Each vector is stored at both ends of what is free, where others were read
// before.

template <class T>
struct Quicksort {
  using Network = Lanes<T, Part<T>::bytes>;
  using Vector = typename Network::Vector;
  static constexpr int size = Network::size;
  static constexpr std::int64_t block = 16 * size;

  // --- few numbers, in registers -----------------------------------------------------------------------------------

  template <int registers>
  [[RICCI_TARGET]] static void sort_block(T* x, std::int64_t count) {
    Vector r[registers];
#pragma GCC unroll 16
    for (int i = 0; i < registers; ++i) Part<T>::load(r[i], x + i * size, count - i * size);
    Network::sort(r);
#pragma GCC unroll 16
    for (int i = 0; i < registers; ++i) Part<T>::store(x + i * size, r[i], count - i * size);
  }
  [[RICCI_TARGET]] static void sort_block(T* x, std::int64_t count) {
    if (count <= size)
      sort_block<1>(x, count);
    else if (count <= 2 * size)
      sort_block<2>(x, count);
    else if (count <= 4 * size)
      sort_block<4>(x, count);
    else if (count <= 8 * size)
      sort_block<8>(x, count);
    else
      sort_block<16>(x, count);
  }

  // --- parting around a pivot --------------------------------------------------------------------------------------

  static constexpr int step_registers = 4, step = step_registers * size;

  template <bool equal>
  [[RICCI_TARGET]] static std::int64_t part(T* x, std::int64_t count, T pivot) {
    const std::int64_t rest = count % step;
    T *low = x, *high = x + count;                          // what is free ends, and begins, there
    const T *left = x + step, *right = high - rest - step;  // what has not been read
    T last[step + size];                                    // the rest at the end of a step
    std::memcpy(last, high - step, step * sizeof(T));
    const Vector pivots = Vector{} + pivot;
    Vector first[step_registers], now[step_registers], next[step_registers], some;
#pragma GCC unroll 4
    for (int i = 0; i < step_registers; ++i) {
      std::memcpy(&first[i], x + i * size, sizeof some);
      std::memcpy(&now[i], right + i * size, sizeof some);
    }
    const T* at = last + step - rest;
    for (std::int64_t more = rest; more > 0; more -= size, at += size) {
      std::memcpy(&some, at, sizeof some);
      Part<T>::template part<equal>(some, std::min<std::int64_t>(more, size), pivots, low, high);
    }
    while (left != right) {
      // From where less is free, so that there is room at both ends. Without a branch that nobody can predict, and
      // before the numbers at hand are stored: their places take long to find.
      const bool from_left = left - low <= high - right;
      at = from_left ? left : right - step;
      left += from_left ? step : 0;
      right -= from_left ? 0 : step;
#pragma GCC unroll 4
      for (int i = 0; i < step_registers; ++i) std::memcpy(&next[i], at + i * size, sizeof some);
#pragma GCC unroll 4
      for (int i = 0; i < step_registers; ++i) Part<T>::template part<equal>(now[i], pivots, low, high);
#pragma GCC unroll 4
      for (int i = 0; i < step_registers; ++i) now[i] = next[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < step_registers; ++i) Part<T>::template part<equal>(now[i], pivots, low, high);
#pragma GCC unroll 4
    for (int i = 0; i < step_registers; ++i) Part<T>::template part<equal>(first[i], pivots, low, high);
    return low - x;
  }

  /// The middle one of some numbers from everywhere.
  template <int registers>
  [[RICCI_TARGET]] static T middle(const T* x, std::int64_t count) {
    constexpr int number = registers * size;
    T some[number];
    const std::int64_t distance = count / number;
    for (int i = 0; i < number; ++i) some[i] = x[i * distance + distance / 2];
    sort_block<registers>(some, number);
    return some[number / 2];
  }

  // --- all of it ---------------------------------------------------------------------------------------------------

  /// Where pivots have been bad so often, another sort takes over.
  [[RICCI_TARGET]] static void sort_by(T* x, std::int64_t count, int pivots) {
    while (count > block) {
      if (pivots-- == 0) {
        std::make_heap(x, x + count);
        return std::sort_heap(x, x + count);
      }
      const T pivot = count < 4096 ? middle<2>(x, count) : middle<8>(x, count);
      std::int64_t lower = part<false>(x, count, pivot);
      if (lower == 0)  // it is the least: all that equal it are in their place
        lower = part<true>(x, count, pivot);
      else
        sort_by(x, lower, pivots);
      x += lower;
      count -= lower;
    }
    if (count > 1) sort_block(x, count);
  }
  [[RICCI_TARGET]] static void sort(T* x, std::int64_t count) {
    sort_by(x, count, 2 * std::bit_width(static_cast<std::uint64_t>(count)));
  }

  [[RICCI_TARGET]] static void part_between(T* x, std::int64_t count, const T* pivots, std::int64_t number,
                                            std::int64_t* ends, std::int64_t start) {
    // The middle pivot first, then those on either side.
    const std::int64_t middle = number / 2;
    std::int64_t lower = 0;
    if (count >= 2 * step)
      lower = part<false>(x, count, pivots[middle]);
    else
      lower = std::partition(x, x + count, [&](T n) { return n < pivots[middle]; }) - x;
    ends[middle] = start + lower;
    if (middle > 0) part_between(x, lower, pivots, middle, ends, start);
    if (middle + 1 < number)
      part_between(x + lower, count - lower, pivots + middle + 1, number - middle - 1, ends + middle + 1,
                   start + lower);
  }
  static void part_by(T* x, std::int64_t count, const T* pivots, std::int64_t number, std::int64_t* ends) {
    part_between(x, count, pivots, number, ends, 0);
    ends[number] = count;
  }
};
