// Lists of subscripts: named ones, and NumPy's positional ones: `:`, `1:5:2`, `...`, `newaxis`.
#include <algorithm>
#include <limits>

#include "parse_call.hpp"
#include "parse_expression.hpp"

namespace ricci::text {
namespace {

constexpr int ellipsis = -1;       // the axes of an ellipsis whose list is still being read
constexpr std::uint32_t slice = 1; // Syntax::leaf of a slice

bool is_ellipsis(const Syntax* s) { return s->form == Form::all && s->tensor_rank == ellipsis; }

}  // namespace

const Node& Parser::access(const Token& name, DType dtype, int rank, bool writes, Outside outside,
                           const Syntax* filler) {
  const auto leaf = static_cast<std::uint32_t>(tree_.tensors.size());
  tree_.tensors.push_back({name.text, name.text, {}});
  std::vector<const Syntax*> list;
  if (peek().is("[")) list = subscripts();
  else list.push_back(&add(name, make_all(rank)));
  TensorLeaf& tensor = tree_.tensors[leaf];
  resolve_positional(list, rank, tensor);
  const Token& last = tokens_[at_ - 1];
  if (!tensor.slices.empty()) tensor.shown = source_.substr(name.offset, last.offset + 1 - name.offset);
  if (filler) list.push_back(filler);
  Syntax node = make_access(dtype, rank, list.data(), static_cast<int>(list.size()), writes, outside);
  node.leaf = leaf;
  return add(name, node);
}

std::vector<const Syntax*> Parser::subscripts() {
  expect("[", "before subscripts");
  std::vector<const Syntax*> list;
  if (!peek().is("]")) {
    do {
      const Token& token = peek();
      if (token.is("...") && std::ranges::any_of(list, is_ellipsis)) require(token, {Rule::several_ellipses, {}});
      list.push_back(&subscript());
    } while (accept(","));
  }
  expect("]", "after subscripts");
  return list;
}

/// A whole number alone counts from the end when it is negative; within an expression it is just a value.
const Node& Parser::subscript() {
  if (const Node* whole = positional()) return *whole;
  if (peek().kind == Token::Kind::name && peek(1).is("(") && indices_.contains(peek().text)) return range();
  const std::size_t before = at_;
  const Token& token = peek();
  const std::optional<Scalar> whole = scalar();
  if (!whole || whole->dtype != DType::i64 || !(peek().is(",") || peek().is("]"))) {
    at_ = before;
    return expression();
  }
  return scalar_leaf(token, make_integer(), *whole);
}

/// One bound of a slice; nothing if it is left out.
std::optional<std::int64_t> Parser::slice_bound() {
  const Token& token = peek();
  if (token.is(":") || token.is(",") || token.is("]")) return std::nullopt;
  const std::optional<Scalar> bound = scalar();
  if (!bound || bound->dtype != DType::i64) fail(token, Error::Kind::syntax, "the bounds of a slice are integers");
  return bound->as_int();
}

/// Slices, ellipses and new axes; null, and nothing taken, for every other subscript.
const Node* Parser::positional() {
  const Token& token = peek();
  if (accept("...")) return &add(token, make_all(ellipsis));
  if (token.text == "newaxis" && !variable("newaxis") && (peek(1).is(",") || peek(1).is("]"))) {
    take();
    return &add(token, make_newaxis());
  }
  const std::size_t before = at_;
  if (!token.is(":")) scalar();
  const bool is_slice = peek().is(":");
  at_ = before;
  if (!is_slice) return nullptr;
  const std::optional<std::int64_t> start = slice_bound();
  take();
  const std::optional<std::int64_t> stop = slice_bound();
  const std::int64_t step = accept(":") ? slice_bound().value_or(1) : 1;
  if (!start && !stop && step == 1) return &add(token, make_all(1));
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min(), last = ~first;
  tree_.slices.push_back({0, start.value_or(step > 0 ? 0 : last), stop.value_or(step > 0 ? last : first), step});
  Syntax node = make_all(1);
  node.leaf = slice;
  return &add(token, node);
}

/// Gives the ellipsis its axes, and the slices theirs.
void Parser::resolve_positional(std::vector<const Syntax*>& list, int rank, TensorLeaf& tensor) {
  const auto dots = std::ranges::find_if(list, is_ellipsis);
  if (dots != list.end()) {
    int left = rank;
    for (const Syntax* s : list) left -= s == *dots ? 0 : s->consumed();
    *dots = &add(peek(), make_all(std::max(left, 0)));
  }
  const auto is_slice = [](const Syntax* s) { return s->form == Form::all && s->leaf == slice; };
  const auto own = tree_.slices.end() - std::ranges::count_if(list, is_slice);  // before them: those of lists around
  tensor.slices.assign(own, tree_.slices.end());
  tree_.slices.erase(own, tree_.slices.end());
  int axis = 0;
  auto next = tensor.slices.begin();
  for (const Syntax* s : list) {
    if (is_slice(s)) (next++)->axis = axis;
    axis += s->consumed();
  }
}

}  // namespace ricci::text
