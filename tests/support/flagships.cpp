#include "support/flagships.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "ricci/views.hpp"

namespace ricci::test {

const std::vector<Flagship>& flagships() {
  constexpr DType f32 = DType::f32, i32 = DType::i32, i64 = DType::i64;
  const std::string y = "((grid[b, h, w, 1] + 1) * 256 - 0.5)", x = "((grid[b, h, w, 0] + 1) * 256 - 0.5)";
  const std::string row = "(floor_index(" + y + ") + i)", column = "(floor_index(" + x + ") + j)";
  static const std::vector<Flagship> all{
      {"W1", "out[b, h, w] = feature[b, argmax(scores, 1), h, w]",
       {{"scores", f32, {8, 21, 512, 512}}, {"feature", f32, {8, 64, 512, 512}}, {"out", f32, {8, 512, 512}}}},
      {"W1 with d", "out[b, d, h, w] = feature[b, argmax(scores, 1)[b, h, w], d, h, w]",
       {{"scores", f32, {8, 21, 512, 512}}, {"feature", f32, {8, 21, 4, 512, 512}}, {"out", f32, {8, 4, 512, 512}}}},
      {"W2",
       "mean[c] = sum(b, h, w, delta(c, argmax(scores, 1)) * scores[b, c, h, w])"
       " / sum(b, h, w, delta(c, argmax(scores, 1)))",
       {{"scores", f32, {8, 21, 512, 512}}, {"mean", f32, {21}}}},
      {"W3 planes",
       "out[b, c, h, w] = exp(x[b, c, h, w] - max(x, 1)[b, h, w]) / sum(k, exp(x[b, k, h, w] - max(x, 1)[b, h, w]))",
       {{"x", f32, {8, 21, 512, 512}}, {"out", f32, {8, 21, 512, 512}}}},
      {"W3 rows", "out[n, i] = exp(x[n, i] - max(x, 1)[n]) / sum(k, exp(x[n, k] - max(x, 1)[n]))",
       {{"x", f32, {8192, 4096}}, {"out", f32, {8192, 4096}}}},
      {"W4 of 10", "best[n] = argmin(k, sum(d, sq(x[n, d] - centroid[k, d])))",
       {{"x", f32, {10000, 784}}, {"centroid", f32, {10, 784}}, {"best", i64, {10000}}}},
      {"W4 of 16", "best[n] = argmin(k, sum(d, sq(x[n, d] - centroid[k, d])))",
       {{"x", f32, {1048576, 3}}, {"centroid", f32, {16, 3}}, {"best", i64, {1048576}}}},
      {"W4 of 512", "best[n] = argmin(k, sum(d, sq(x[n, d] - centroid[k, d])))",
       {{"x", f32, {65536, 64}}, {"centroid", f32, {512, 64}}, {"best", i64, {65536}}}},
      {"W5", "out[b, d] = sum(j, table[ids[b, j], d])",
       {{"ids", i64, {65536, 20}, 100000}, {"table", f32, {100000, 64}}, {"out", f32, {65536, 64}}}},
      {"W6", "out[i] = sin(x[i]) * exp(-x[i] * x[i]) + sqrt(abs(x[i]))",
       {{"x", f32, {16777216}}, {"out", f32, {16777216}}}},
      {"W7 scatter", "out[index[n], d] += x[n, d]",
       {{"x", f32, {1048576, 16}}, {"index", i32, {1048576}, 10000}, {"out", f32, {10000, 16}}}},
      {"W7 histogram", "hist[label[n]] += 1", {{"label", i32, {16777216}, 1024}, {"hist", i32, {1024}}}},
      {"W8",
       "out[b, c, h, w] = sum(i(0, 2), j(0, 2), maximum(1 - abs(" + y + " - " + row + "), 0) * maximum(1 - abs(" + x +
           " - " + column + "), 0) * fill(picture, 0)[b, c, " + row + ", " + column + "])",
       {{"grid", f32, {4, 512, 512, 2}}, {"picture", f32, {4, 16, 512, 512}}, {"out", f32, {4, 16, 512, 512}}}},
      {"W9 product", "out[i, j] = sum(k, a[i, k] * b[k, j])",
       {{"a", f32, {512, 512}}, {"b", f32, {512, 512}}, {"out", f32, {512, 512}}}},
      {"W9 layer", "out[i, j] = maximum(sum(k, a[i, k] * b[k, j]) + bias[j], 0)",
       {{"a", f32, {512, 512}}, {"b", f32, {512, 512}}, {"bias", f32, {512}}, {"out", f32, {512, 512}}}},
      {"W9 batch", "out[n, i, j] = sum(k, a[n, i, k] * b[n, k, j])",
       {{"a", f32, {64, 32, 32}}, {"b", f32, {64, 32, 32}}, {"out", f32, {64, 32, 32}}}},
      {"W9 NCHW", "out[n, c, h, w] = x[n, h, w, c]",
       {{"x", f32, {8, 128, 128, 64}}, {"out", f32, {8, 64, 128, 128}}}},
  };
  return all;
}

const Flagship& flagship(const std::string& name) {
  const auto found = std::ranges::find(flagships(), name, &Flagship::name);
  if (found == flagships().end()) throw std::invalid_argument("no flagship " + name);
  return *found;
}

Session session_without_memory(const Flagship& f) {
  Session session;
  auto nowhere = std::uintptr_t{1} << 40;
  for (const FlagshipArray& a : f.arrays) {
    const auto rank = static_cast<int>(a.extents.size());
    session.define(a.name, make_view(a.dtype, rank, reinterpret_cast<void*>(nowhere), a.extents, {}));
    nowhere += std::uintptr_t{1} << 36;
  }
  return session;
}

Session session_with_elements(const Flagship& f, std::int64_t divisor) {
  Session session;
  std::minstd_rand random(1);
  for (const FlagshipArray& a : f.arrays) {
    std::vector<std::int64_t> extents = a.extents;
    if (extents[0] == f.arrays[0].extents[0]) extents[0] /= divisor;
    const Array array = Array::zeros(a.dtype, extents);
    visit_dtype(a.dtype, [&]<class T>(std::type_identity<T>) {
      auto* elements = static_cast<T*>(array.data());
      for (std::int64_t n = 0; n < array.size(); ++n)
        elements[n] = a.below > 0 ? static_cast<T>(static_cast<std::int64_t>(random()) % a.below)
                                  : static_cast<T>(static_cast<float>(random() % 2001) / 1000 - 1);
    });
    session.define(a.name, array);
  }
  return session;
}

}  // namespace ricci::test
