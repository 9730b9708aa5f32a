#include "spellings.hpp"

#include <algorithm>

namespace ricci::text {
namespace {

constexpr Spelling table[] = {
    {"absolute", "abs(x)"},
    {"amax", "max(x, 1)"},
    {"amin", "min(x, 1)"},
    {"arange", "n = iota(7)"},
    {"argwhere", "nonzero(v > 0)"},
    {"bincount", "z[at[i]] += 1"},
    {"bmm", "sum(k, x[i, k] * y[k, j])"},
    {"bool", "x != 0"},
    {"cdist", "sqrt(sum(k, sq(x[i, k] - x[j, k])))"},
    {"count_nonzero", "count(x != 0)"},
    {"diag", "square[i, i]"},
    {"diagonal", "square[i, i]"},
    {"dot", "sum(k, v[k] * w[k])"},
    {"double", "f64(x)"},
    {"einsum", "sum(k, x[i, k] * y[k, j])"},
    {"embedding", "x[at[i], j]"},
    {"exp2", "pow(2, x)"},
    {"expand_dims", "x[..., newaxis]"},
    {"flatnonzero", "nonzero(v > 0)"},
    {"flip", "v[::-1]"},
    {"float", "f32(x)"},
    {"gather", "x[i, pair[i, j]]"},
    {"histogram", "z[at[i]] += 1"},
    {"index_add", "z[at[i]] += v[i]"},
    {"index_select", "x[at[i], j]"},
    {"inner", "sum(k, v[k] * w[k])"},
    {"int", "i64(x)"},
    {"isfinite", "abs(x) < inf"},
    {"isinf", "abs(x) == inf"},
    {"isnan", "x != x"},
    {"log1p", "log(1 + x)"},
    {"log_softmax", "x[i, j] - logsumexp(x, 1)[i]"},
    {"masked_fill", "x[x > 0] = 0"},
    {"matmul", "sum(k, x[i, k] * y[k, j])"},
    {"mm", "sum(k, x[i, k] * y[k, j])"},
    {"nansum", "sum(where(x == x, x, 0))"},
    {"outer", "v[i] * w[j]"},
    {"pad", "z[i] = fill(v, 0)[i - 1]"},
    {"permute", "y[j, i] = x[i, j]"},
    {"power", "pow(x, 2)"},
    {"put", "z[at[i]] = v[i]"},
    {"relu", "maximum(x, 0)"},
    {"reshape", "z[i] = x[i // 5, i % 5]"},
    {"roll", "z[i] = wrap(v)[i - 1]"},
    {"scatter", "z[at[i]] = v[i]"},
    {"scatter_add", "z[at[i]] += v[i]"},
    {"sigmoid", "1 / (1 + exp(-x))"},
    {"sign", "where(x > 0, 1, where(x < 0, -1, x))"},
    {"square", "sq(x)"},
    {"squeeze", "x[:, 0]"},
    {"std", "stddev(x)"},
    {"swapaxes", "y[j, i] = x[i, j]"},
    {"take", "x[at[i], j]"},
    {"take_along_axis", "x[i, pair[i, j]]"},
    {"tensordot", "sum(k, x[i, k] * y[k, j])"},
    {"trace", "sum(i, square[i, i])"},
    {"transpose", "y[j, i] = x[i, j]"},
    {"tril", "where(i >= j, x[i, j], 0)"},
    {"triu", "where(i <= j, x[i, j], 0)"},
    {"unsqueeze", "x[..., newaxis]"},
};

}  // namespace

std::span<const Spelling> spellings() { return table; }

std::string_view spelling_of(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Spelling::name);
  return found == std::end(table) ? std::string_view() : found->here;
}

}  // namespace ricci::text
