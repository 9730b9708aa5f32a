#include "spellings.hpp"

#include <algorithm>
#include <utility>

#include "parse_token.hpp"

namespace ricci::text {
namespace {

constexpr Spelling table[] = {
    {"%=", "at = at % 2"},
    {"&&", "(v > 0) & (w > 0)"},
    {"**=", "x = x ** 2"},
    {"//=", "at = at // 2"},
    {"/=", "x = x / 2"},
    {"<<=", "at = at << 1"},
    {">>=", "at = at >> 1"},
    {"@", "sum(k, x[i, k] * y[k, j])"},
    {"False", "false"},
    {"None", "x[..., newaxis]"},
    {"T", "y[j, i] = x[i, j]"},
    {"True", "true"},
    {"^=", "at = at ^ 1"},
    {"absolute", "abs(x)"},
    {"allclose", "all(abs(v - w) < 1e-6)"},
    {"amax", "max(x, 1)"},
    {"amin", "min(x, 1)"},
    {"and", "(v > 0) & (w > 0)"},
    {"arange", "n = iota(7)"},
    {"arccos", "acos(x)"},
    {"arccosh", "acosh(1 + x)"},
    {"arcsin", "asin(x)"},
    {"arcsinh", "asinh(x)"},
    {"arctan", "atan(x)"},
    {"arctan2", "atan2(v, w)"},
    {"arctanh", "atanh(x)"},
    {"argpartition", "argsort(v, 0)"},
    {"argwhere", "nonzero(v > 0)"},
    {"around", "round(x)"},
    {"array", "n = [[1, 2], [3, 4]]"},
    {"array_equal", "all(v == w)"},
    {"asarray", "n = [[1, 2], [3, 4]]"},
    {"astype", "f32(x)"},
    {"average", "mean(x)"},
    {"avg_pool2d", "mean(k(0, 2), l(0, 2), x[2 * i + k, 2 * j + l])"},
    {"batch_norm", "(x[i, j] - mean(x, 0)[j]) / stddev(x, 0)[j]"},
    {"bincount", "z[at[i]] += 1"},
    {"bitwise_and", "at & 1"},
    {"bitwise_not", "~at"},
    {"bitwise_or", "at | 1"},
    {"bitwise_xor", "at ^ 1"},
    {"bmm", "sum(k, x[i, k] * y[k, j])"},
    {"broadcast_to", "square[i, j] = square[0, j]"},
    {"cast", "f32(x)"},
    {"cdist", "sqrt(sum(k, sq(x[i, k] - x[j, k])))"},
    {"choose", "where(v > 0, v, w)"},
    {"clamp", "clip(x, 0, 1)"},
    {"concat", "n[i(0, 14)] = where(i < 7, fill(v, 0)[i], fill(w, 0)[i - 7])"},
    {"concatenate", "n[i(0, 14)] = where(i < 7, fill(v, 0)[i], fill(w, 0)[i - 7])"},
    {"conv1d", "sum(k, v[i + k] * w[k])"},
    {"conv2d", "sum(k, l, x[i + k, j + l] * square[k, l])"},
    {"convolve", "sum(k, v[i + k] * w[k])"},
    {"correlate", "sum(k, v[i + k] * w[k])"},
    {"cosine_similarity", "sum(k, v[k] * w[k]) / (norm(v) * norm(w))"},
    {"count_nonzero", "count(x != 0)"},
    {"cov", "sum(k, (x[i, k] - mean(x, 1)[i]) * (x[j, k] - mean(x, 1)[j]))"},
    {"cross_entropy", "mean(i, logsumexp(x, 1)[i] - x[i, pair[i, 0]])"},
    {"deg2rad", "x * 3.141592653589793 / 180"},
    {"degrees", "x * 180 / 3.141592653589793"},
    {"diag", "square[i, i]"},
    {"diagonal", "square[i, i]"},
    {"diff", "v[1:] - v[:-1]"},
    {"digitize", "count(k, v[k] <= w[i])"},
    {"divmod", "q, r = at // 2, at % 2"},
    {"dot", "sum(k, v[k] * w[k])"},
    {"einsum", "sum(k, x[i, k] * y[k, j])"},
    {"elu", "where(x > 0, x, expm1(x))"},
    {"embedding", "x[at[i], j]"},
    {"empty", "n = zeros(4, 5)"},
    {"erfc", "1 - erf(x)"},
    {"exp10", "pow(10, x)"},
    {"expand", "square[i, j] = square[0, j]"},
    {"expand_dims", "x[..., newaxis]"},
    {"eye", "n[i(0, 4), j(0, 4)] = delta(i, j)"},
    {"fabs", "abs(x)"},
    {"fill_diagonal", "square[i, i] = 0"},
    {"fix", "trunc(x)"},
    {"flatnonzero", "nonzero(v > 0)"},
    {"flatten", "n[i(0, 20)] = x[i // 5, i % 5]"},
    {"flip", "v[::-1]"},
    {"float_power", "pow(x, 2)"},
    {"full_like", "n = 0 * x + 7"},
    {"gather", "x[i, pair[i, j]]"},
    {"gather_nd", "x[at[i], at[i]]"},
    {"gelu", "x * (1 + erf(x / sqrt(2))) / 2"},
    {"heaviside", "where(x > 0, 1, where(x < 0, 0, 0.5))"},
    {"histogram", "z[at[i]] += 1"},
    {"hstack", "n[i(0, 14)] = where(i < 7, fill(v, 0)[i], fill(w, 0)[i - 7])"},
    {"identity", "n[i(0, 4), j(0, 4)] = delta(i, j)"},
    {"if", "where(v > 0, v, w)"},
    {"index_add", "z[at[i]] += v[i]"},
    {"index_select", "x[at[i], j]"},
    {"indices", "n[i(0, 3), j(0, 4)] = 10 * i + j"},
    {"inner", "sum(k, v[k] * w[k])"},
    {"invert", "~at"},
    {"isclose", "abs(v - w) < 1e-6"},
    {"kron", "x[i, j] * y[k, l]"},
    {"layer_norm", "(x[i, j] - mean(x, 1)[i]) / stddev(x, 1)[i]"},
    {"leaky_relu", "where(x > 0, x, 0.01 * x)"},
    {"left_shift", "at << 1"},
    {"lerp", "v + 0.5 * (w - v)"},
    {"linspace", "n[i(0, 7)] = i / 6"},
    {"log_sigmoid", "-log1p(exp(-x))"},
    {"log_softmax", "x[i, j] - logsumexp(x, 1)[i]"},
    {"logaddexp", "maximum(v, w) + log1p(exp(-abs(v - w)))"},
    {"masked_fill", "x[x > 0] = 0"},
    {"matmul", "sum(k, x[i, k] * y[k, j])"},
    {"matvec", "sum(k, x[i, k] * y[k, 0])"},
    {"max_pool2d", "max(k(0, 2), l(0, 2), x[2 * i + k, 2 * j + l])"},
    {"median", "s = sort(v); s[3]"},
    {"meshgrid", "n[i(0, 3), j(0, 4)] = 10 * i + j"},
    {"mgrid", "n[i(0, 3), j(0, 4)] = 10 * i + j"},
    {"mm", "sum(k, x[i, k] * y[k, j])"},
    {"mod", "at % 2"},
    {"mse_loss", "mean(sq(v - w))"},
    {"mv", "sum(k, x[i, k] * y[k, 0])"},
    {"nan_to_num", "where(isnan(x), 0, x)"},
    {"nanmax", "max(where(isnan(x), -inf, x))"},
    {"nanmean", "sum(where(isnan(x), 0, x)) / count(!isnan(x))"},
    {"nanmin", "min(where(isnan(x), inf, x))"},
    {"nansum", "sum(where(isnan(x), 0, x))"},
    {"negative", "-x"},
    {"nll_loss", "-mean(i, x[i, pair[i, 0]])"},
    {"normalize", "x[i, j] / norm(x, 1)[i]"},
    {"not", "!(v > 0)"},
    {"ogrid", "n[i(0, 3), j(0, 4)] = 10 * i + j"},
    {"ones", "n = full(4, 5, 1)"},
    {"ones_like", "n = 0 * x + 1"},
    {"or", "(v > 0) | (w > 0)"},
    {"outer", "v[i] * w[j]"},
    {"pad", "n[i(0, 9)] = fill(v, 0)[i - 1]"},
    {"partition", "sort(v, 0)"},
    {"permute", "y[j, i] = x[i, j]"},
    {"positive", "x"},
    {"power", "pow(x, 2)"},
    {"print", "x"},
    {"ptp", "max(x) - min(x)"},
    {"put", "z[at[i]] = v[i]"},
    {"put_along_axis", "x[i, pair[i, j]] = 0"},
    {"rad2deg", "x * 180 / 3.141592653589793"},
    {"radians", "x * 3.141592653589793 / 180"},
    {"rand", "n = random(4, 5)"},
    {"ravel", "n[i(0, 20)] = x[i // 5, i % 5]"},
    {"reciprocal", "1 / x"},
    {"relu", "maximum(x, 0)"},
    {"repeat", "n[i(0, 14)] = v[i // 2]"},
    {"reshape", "n[i(0, 20)] = x[i // 5, i % 5]"},
    {"right_shift", "at >> 1"},
    {"rint", "round(x)"},
    {"roll", "z[i] = wrap(v)[i - 1]"},
    {"rsqrt", "1 / sqrt(x)"},
    {"scatter", "z[at[i]] = v[i]"},
    {"scatter_add", "z[at[i]] += v[i]"},
    {"searchsorted", "count(k, v[k] < w[i])"},
    {"sgn", "sign(x)"},
    {"sigmoid", "1 / (1 + exp(-x))"},
    {"signbit", "copysign(1, x) < 0"},
    {"silu", "x / (1 + exp(-x))"},
    {"softplus", "log1p(exp(x))"},
    {"square", "sq(x)"},
    {"squeeze", "x[:, 0]"},
    {"stack", "n[c(0, 2), i] = where(c == 0, v[i], w[i])"},
    {"std", "stddev(x)"},
    {"swapaxes", "y[j, i] = x[i, j]"},
    {"take", "x[at[i], j]"},
    {"take_along_axis", "x[i, pair[i, j]]"},
    {"tensor", "n = [[1, 2], [3, 4]]"},
    {"tensordot", "sum(k, x[i, k] * y[k, j])"},
    {"tile", "n[i(0, 14)] = wrap(v)[i]"},
    {"to", "f32(x)"},
    {"trace", "sum(i, square[i, i])"},
    {"transpose", "y[j, i] = x[i, j]"},
    {"tril", "where(i >= j, x[i, j], 0)"},
    {"triu", "where(i <= j, x[i, j], 0)"},
    {"true_divide", "x / 2"},
    {"uniform", "n = random(4, 5)"},
    {"unsqueeze", "x[..., newaxis]"},
    {"vdot", "sum(k, v[k] * w[k])"},
    {"view", "n[i(0, 20)] = x[i // 5, i % 5]"},
    {"zeros_like", "n = 0 * x"},
    {"||", "(v > 0) | (w > 0)"},
};

constexpr std::string_view words_of_python[] = {"None", "True", "False", "and", "or",    "not",
                                                "if",   "else", "for",   "in",  "lambda"};

}  // namespace

std::span<const Spelling> spellings() { return table; }

std::string_view spelling_of(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Spelling::name);
  return found == std::end(table) ? std::string_view() : found->here;
}

std::optional<DType> dtype_elsewhere(std::string_view name) {
  constexpr std::pair<std::string_view, DType> names[] = {
      {"bool", DType::b1},    {"bool_", DType::b1},   {"boolean", DType::b1}, {"int8", DType::i8},
      {"i1", DType::i8},      {"int16", DType::i16},  {"i2", DType::i16},     {"short", DType::i16},
      {"int32", DType::i32},  {"i4", DType::i32},     {"int64", DType::i64},  {"int", DType::i64},
      {"long", DType::i64},   {"uint8", DType::u8},   {"u1", DType::u8},      {"byte", DType::u8},
      {"uint16", DType::u16}, {"u2", DType::u16},     {"uint32", DType::u32}, {"u4", DType::u32},
      {"uint64", DType::u64}, {"uint", DType::u64},   {"float16", DType::f16}, {"f2", DType::f16},
      {"half", DType::f16},   {"bfloat16", DType::bf16}, {"float32", DType::f32}, {"f4", DType::f32},
      {"float", DType::f32},  {"single", DType::f32}, {"float64", DType::f64}, {"f8", DType::f64},
      {"double", DType::f64}};
  const auto found = std::ranges::find(names, name, &std::pair<std::string_view, DType>::first);
  return found == std::end(names) ? std::nullopt : std::optional(found->second);
}

std::string with_spelling(std::string message, std::string_view here) {
  return here.empty() ? message : message.append("; here: ").append(here);
}

std::string_view foreign_symbol(std::string_view text) {
  std::string_view longest;
  for (const Spelling& spelling : table)
    if (!is_name(spelling.name) && spelling.name.size() > longest.size() && text.starts_with(spelling.name))
      longest = spelling.name;
  return longest;
}

bool is_word_of_python(std::string_view name) {
  return std::ranges::find(words_of_python, name) != std::end(words_of_python);
}

}  // namespace ricci::text
