// Axes, tensors and params of random programs, and their values.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ricci/shape.hpp"
#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

namespace {

constexpr DType basic_dtypes[] = {DType::b1, DType::u8, DType::i32, DType::i64, DType::f32, DType::f64};
constexpr DType basic_numbers[] = {DType::u8, DType::i32, DType::i64, DType::f32, DType::f32, DType::f64};
// Some stand there twice, to be as likely as all that are narrower.
constexpr DType full_stored[] = {DType::b1,  DType::b1,  DType::i8,  DType::i16,  DType::i32, DType::i32,
                                 DType::i64, DType::i64, DType::u8,  DType::u8,   DType::u16, DType::u32,
                                 DType::u64, DType::f16, DType::bf16, DType::f32, DType::f32, DType::f64};
constexpr DType full_numbers[] = {DType::i8, DType::i16, DType::i32, DType::i32, DType::i64, DType::i64, DType::u8,
                                  DType::u16, DType::u32, DType::u64, DType::f32, DType::f32, DType::f64, DType::f64};
constexpr DType full_integers[] = {DType::u8,  DType::i32, DType::i64, DType::i8,
                                   DType::i16, DType::u16, DType::u32, DType::u64};

Scalar extreme(DType dtype, bool largest) {
  return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
    return Scalar::of(largest ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest());
  });
}

}  // namespace

Generator::Generator(std::uint64_t seed, const RandomOptions& options)
    : Dice{std::mt19937_64(seed)}, options_(options), stored_(basic_dtypes), computed_(basic_dtypes),
      numbers_(basic_numbers) {
  if (!is_full()) return;
  stored_ = full_stored;
  computed_ = full_stored;
  numbers_ = full_numbers;
}

std::int64_t Generator::random_extent() {
  if (is_full() && chance(10)) return one_of<std::int64_t>({64, 65, 100});  // as many lanes as there are of u8
  return one_of<std::int64_t>({1, 2, 3, 5, 15, 16, 17, 33});
}

void Generator::make_axes() {
  std::int64_t iterations = 1;
  if (is_full() && chance(40)) options_.iterations /= 10;  // there is room for choices
  for (int n = chance(90) ? below(3) + 2 : 1; n > 0; --n) {
    std::int64_t extent = random_extent();
    while (extent > 1 && iterations * extent > options_.iterations) extent = random_extent();
    if (chance(3)) extent = 0;
    iterations *= std::max<std::int64_t>(extent, 1);
    p().axes.push_back({std::string(1, "ijkl"[extents_.size()]), {}, -1, false});
    extents_.push_back(extent);
  }
}

std::vector<std::int64_t> Generator::random_extents(int rank) {
  std::vector<std::int64_t> extents, likely = extents_;
  shuffle(likely);
  std::int64_t size = 1;
  for (int i = 0; i < rank; ++i) {
    std::int64_t extent = chance(85) ? likely[static_cast<std::size_t>(i) % likely.size()] : random_extent();
    if (size * extent > 5000) extent = 1;
    extents.push_back(extent);
    size *= extent;
  }
  return extents;
}

TensorId Generator::make_tensor(DType dtype, const std::vector<std::int64_t>& extents, std::int64_t limit,
                                bool target) {
  const auto id = static_cast<TensorId>(p().tensors.size());
  const Pattern pattern = chance(50) ? Pattern::contiguous : one_of(all_patterns);
  const bool shared = target && pattern == Pattern::repeated;
  GuardedTensor tensor(dtype, extents, shared ? Pattern::contiguous : pattern,
                       chance(80) ? Flush::end : Flush::start);
  p().tensors.push_back({(target      ? "out"
                          : limit > 0 ? "index"
                                      : "x") +
                             std::to_string(id),
                         dtype,
                         static_cast<int>(extents.size()),
                         {}});
  const bool special = options_.specials && chance(25);
  const std::int64_t size = tensor.view().layout.size();
  for (std::int64_t n = 0; n < size; ++n) {
    const Scalar value = limit > 0 ? integer(dtype, below(static_cast<int>(limit))) : number(dtype, special);
    value.store(element(tensor.view(), n));
  }
  if (limit > 0 && size > 0 && options_.bad_subscripts && chance(10))
    integer(dtype, limit + below(3)).store(element(tensor.view(), below(static_cast<int>(size))));
  limits_.push_back(limit);
  case_.tensors.views.push_back(tensor.view());
  case_.tensors.owned.push_back(std::move(tensor));
  return id;
}

std::optional<TensorId> Generator::sharing_target(DType dtype, const std::vector<std::int64_t>& extents) {
  const Layout layout =
      make_layout(dtype, extents, one_of({Pattern::contiguous, Pattern::permuted, Pattern::negative}));
  const std::int64_t first = offset_range(layout).low, size = layout.size();
  for (TensorId t = 0; t < p().tensors.size(); ++t) {
    const TensorView input = view(t);
    const OffsetRange whole = offset_range(input.layout);
    const bool dense = whole.high - whole.low == input.layout.size();
    if (limits_[t] != 0 || input.layout.dtype != dtype || !dense || input.layout.size() < size) continue;
    const std::int64_t offset = whole.low - first + below(static_cast<int>(input.layout.size() - size + 1));
    auto* data = static_cast<std::byte*>(input.data) + offset * static_cast<std::int64_t>(size_of(dtype));
    const auto id = static_cast<TensorId>(p().tensors.size());
    p().tensors.push_back({"out" + std::to_string(id), dtype, layout.rank, {}});
    limits_.push_back(0);
    case_.tensors.views.push_back({layout, data, true});
    case_.text += "out" + std::to_string(id) + " begins " + std::to_string(offset) + " elements behind " +
                  p().tensors[t].name + "\n";
    return id;
  }
  return std::nullopt;
}

void Generator::make_input() {
  const DType dtype = one_of(stored_);
  make_tensor(dtype, random_extents(chance(90) ? below(3) + 1 : 0), 0);
}

void Generator::make_index_tensor() {
  const std::int64_t limit = std::max<std::int64_t>(one_of(extents_), 1);
  const DType dtype = is_full() ? one_of(full_integers) : one_of({DType::u8, DType::i32, DType::i64});
  make_tensor(dtype, random_extents(chance(90) ? below(2) + 1 : 0), limit);
}

Scalar Generator::integer(DType dtype, std::int64_t value) {
  return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) { return Scalar::of(static_cast<T>(value)); });
}

void Generator::make_param() {
  const DType dtype = one_of(numbers_);
  p().params.push_back({"p" + std::to_string(case_.params.size()), dtype});
  case_.params.push_back(number(dtype, false));
}

Scalar Generator::number(DType dtype, bool special) {
  if (dtype == DType::b1) return Scalar::of(chance(50));
  if (is_full() && special && is_integer(dtype) && chance(10)) return extreme(dtype, chance(50));
  if (!is_float(dtype)) return integer(dtype, is_unsigned_integer(dtype) ? below(9) : below(9) - 4);
  double value = below(9) - 4;
  if (chance(20)) value /= 3;
  if (special && chance(10)) value = one_of<double>({NAN, INFINITY, -INFINITY, -0.0, 1e30, 1e-30});
  return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) { return Scalar::of(static_cast<T>(value)); });
}

}  // namespace ricci::test
