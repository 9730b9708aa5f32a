#include "support/arguments.hpp"

#include <algorithm>

#include "support/naive.hpp"

namespace ricci::test {

using namespace ir;

Arguments fresh_arguments(const Program& program, std::span<const TensorView> tensors) {
  Arguments copies;
  const std::vector<bool> written = written_tensors(program);
  if (share_memory(tensors, written)) {
    copies.together.emplace(tensors, Flush::end);
    copies.views = copies.together->views;
    copies.written = written;
    return copies;
  }
  for (std::size_t t = 0; t < written.size(); ++t) {
    const TensorView& source = tensors[t];
    copies.views.push_back(source);
    if (!written[t]) continue;
    GuardedTensor copy(source.layout);
    for (std::int64_t n = 0; n < source.layout.size(); ++n)
      Scalar::load(source.layout.dtype, element(source, n)).store(element(copy.view(), n));
    copies.views.back() = copy.view();
    copies.owned.push_back(std::move(copy));
  }
  return copies;
}

std::string first_difference(const Program& p, std::span<const TensorView> expected,
                             std::span<const TensorView> actual) {
  const std::vector<bool> written = written_tensors(p);
  for (std::size_t t = 0; t < written.size(); ++t) {
    if (!written[t]) continue;
    const std::vector<Scalar> wanted = elements(expected[t]), found = elements(actual[t]);
    for (std::size_t n = 0; n < wanted.size(); ++n)
      if (!same_value(wanted[n], found[n]))
        return p.tensors[t].name + ": element " + std::to_string(n) + " is " + text(found[n]) + ", expected " +
               text(wanted[n]);
  }
  return "";
}

bool gaps_intact(const Arguments& arguments) {
  if (arguments.together && !arguments.together->others_unchanged(arguments.written)) return false;
  return std::ranges::all_of(arguments.owned, [](const GuardedTensor& tensor) { return tensor.gaps_intact(); });
}

}  // namespace ricci::test
