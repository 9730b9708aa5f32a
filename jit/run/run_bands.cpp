// The run of a statement in bands: who copies which rows, and when.
#include <atomic>
#include <cstring>

#include "ricci/array.hpp"
#include "ricci/few.hpp"
#include "ricci/parallel.hpp"
#include "ricci/runs.hpp"
#include "run/bands.hpp"

namespace ricci::jit {

namespace {

/// Copies of the rows [low, high) of a tensor, one behind the other.
struct Rows {
  std::int64_t low, high;
  std::byte* data;
};

/// The address of a row of the tensor itself.
std::byte* row_of(const TensorView& view, std::size_t dimension, std::int64_t row) {
  const auto size = static_cast<std::int64_t>(size_of(view.layout.dtype));
  return static_cast<std::byte*>(view.data) + row * view.layout.strides[dimension] * size;
}

/// Copies those of the rows that the tensor has.
void copy_rows(const Bands::Old& old, const TensorView& view, const Rows& to) {
  const std::int64_t low = std::max<std::int64_t>(to.low, 0);
  const std::int64_t high = std::min(to.high, view.layout.extents[old.moved.dimension]);
  const std::int64_t together = old.moved.dimension == 0 ? high - low : 1;  // in row-major order
  std::byte* at = to.data + old.bytes(low - to.low);
  for (std::int64_t row = low; row < high; row += together) {
    TensorView rows{view.layout, row_of(view, old.moved.dimension, row), false};
    rows.layout.extents[old.moved.dimension] = together;
    for_each_run(rows, [&](std::span<const std::byte> run) {
      std::memcpy(at, run.data(), run.size());
      at += run.size();
    });
  }
}

/// The same where other segments, which overwrite rows at any time, have left copies of the first and the last ones.
void copy_rows(const Bands::Old& old, const TensorView& view, const Rows& before, const Rows& after, const Rows& to) {
  const std::int64_t own = std::clamp(before.high, to.low, to.high), past = std::clamp(after.low, own, to.high);
  const auto at = [&](std::int64_t row) { return to.data + old.bytes(row - to.low); };
  const auto copy = [&](const Rows& from, std::int64_t low, std::int64_t high) {
    if (low < high)
      std::memcpy(at(low), from.data + old.bytes(low - from.low), static_cast<std::size_t>(old.bytes(high - low)));
  };
  copy(before, to.low, own);
  copy_rows(old, view, {own, past, at(own)});
  copy(after, past, to.high);
}

std::int64_t places_for(const Cut& cut, int threads) {
  return std::min<std::int64_t>(cut.segments, threads > 0 ? threads : hardware_threads());
}

/// Whether no other segment overwrites what a band reads, and it reads all of that before it overwrites it.
bool reads_in_place(const Bands& bands, const Cut& cut, std::int64_t segment, std::int64_t band) {
  return bands.ascending && (segment + 1 == cut.segments || band + 1 < cut.first_of(segment + 1));
}

/// The copies of one tensor: what segments need of each other, and behind that the rows of a band for each thread.
class CopiedRows {
 public:
  CopiedRows(const Bands& bands, const Cut& cut, const Bands::Old& old, const TensorView& view, int threads)
      : bands_(bands), cut_(cut), old_(old), view_(view), kept_bytes_(old.bytes(old.kept())),
        band_bytes_(old.bytes(bands.of_band) + kept_bytes_),
        memory_(Array::uninitialised(DType::u8, std::array{bytes_of_copies(bands, cut, old, threads)})) {
    for (std::int64_t s = 1; s < cut.segments; ++s) copy_rows(old_, view_, kept(s));
  }

  /// Copies what a band of this segment reads, to this place; the address of the first row that it reads.
  std::byte* take(std::int64_t segment, std::int64_t band, std::int64_t place) const {
    const std::int64_t begin = cut_.begin(band), end = cut_.begin(band + 1);
    const auto& [tensor, dimension, least, most, beside] = old_.moved;
    if (reads_in_place(bands_, cut_, segment, band)) return row_of(view_, dimension, begin + least);
    std::byte* data = static_cast<std::byte*>(memory_.data()) + (cut_.segments - 1) * kept_bytes_ +
                      place * band_bytes_;
    Rows to{begin + old_.low, end + old_.high, data};
    if (!bands_.ascending && band > cut_.first_of(segment)) {  // the band before has the first ones
      std::memmove(data, data + old_.bytes(begin - cut_.begin(band - 1)), static_cast<std::size_t>(kept_bytes_));
      to = {begin + old_.high, end + old_.high, data + kept_bytes_};
    }
    copy_rows(old_, view_, kept(segment), kept(segment + 1), to);
    return data + old_.bytes(least - old_.low);
  }

 private:
  /// What is kept of the rows where a segment begins; none at either end of all rows.
  Rows kept(std::int64_t segment) const {
    if (segment == 0) return {0, std::numeric_limits<std::int64_t>::min(), nullptr};
    if (segment == cut_.segments) return {std::numeric_limits<std::int64_t>::max(), 0, nullptr};
    const std::int64_t row = cut_.begin(cut_.first_of(segment));
    return {row + old_.low, row + old_.high, static_cast<std::byte*>(memory_.data()) + (segment - 1) * kept_bytes_};
  }

  const Bands& bands_;
  const Cut& cut_;
  const Bands::Old& old_;
  const TensorView& view_;
  const std::int64_t kept_bytes_, band_bytes_;
  const Array memory_;
};

}  // namespace

std::int64_t bytes_of_copies(const Bands& bands, const Cut& cut, const Bands::Old& old, int threads) {
  if (bands.ascending && cut.segments == 1) return 0;
  return old.bytes((cut.segments - 1) * old.kept() + places_for(cut, threads) * (cut.of_band + old.kept()));
}

void run_in_bands(const Bands& bands, const Cut& cut, std::span<const TensorView> tensors, int threads,
                  FunctionRef<void(std::span<void* const> addresses, std::int64_t rows)> run) {
  std::vector<CopiedRows> values;
  values.reserve(bands.old.size());
  for (const Bands::Old& old : bands.old) values.emplace_back(bands, cut, old, tensors[old.moved.tensor], threads);
  const auto run_band = [&](std::int64_t segment, std::int64_t band, std::int64_t place) {
    const std::int64_t begin = cut.begin(band);
    Few<void*, 16> addresses(tensors.size());
    for (std::size_t t = 0; t < tensors.size(); ++t) addresses[t] = tensors[t].data;
    for (const Moved& m : bands.moved) addresses[m.tensor] = row_of(tensors[m.tensor], m.dimension, begin + m.least);
    for (std::size_t k = 0; k < values.size(); ++k)
      addresses[bands.old[k].moved.tensor] = values[k].take(segment, band, place);
    run(addresses.span(), cut.begin(band + 1) - begin);
  };
  std::atomic<std::int64_t> next = 0;
  parallel_for(places_for(cut, threads), 1, threads, [&](std::int64_t first, std::int64_t end) {
    for (std::int64_t place = first; place < end; ++place)
      for (std::int64_t s; (s = next++) < cut.segments;)
        for (std::int64_t band = cut.first_of(s); band < cut.first_of(s + 1); ++band) run_band(s, band, place);
  });
}

}  // namespace ricci::jit
