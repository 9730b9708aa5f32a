#pragma once
// Expressions: precedence climbing over the operators of ops.def, calls by the names of the tables.
#include <map>
#include <span>
#include <string_view>

#include "parse.hpp"

namespace ricci::text {

class Parser {
 public:
  /// `tokens`: one statement with its `end`.
  Parser(std::string_view source, std::span<const Token> tokens, const Variables& variables, Tree& tree);

  // --- tokens ---------------------------------------------------------------------------------------------------
  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  bool accept(std::string_view symbol);
  void expect(std::string_view symbol, std::string_view where);
  [[noreturn]] void fail(const Token&, Error::Kind, const std::string& message) const;
  [[noreturn]] void unexpected(std::string_view wanted) const;
  /// Throws the fault, if there is one, as one of this token.
  void require(const Token&, const Fault&) const;
  const Variable* variable(std::string_view name) const;
  [[noreturn]] void unknown_tensor(const Token&, std::string_view advice = {}) const;

  // --- expressions ----------------------------------------------------------------------------------------------
  const Node& expression() { return binary(0); }
  /// The bracketed list after a tensor's name, or without one all of the tensor, as a target; `writes`: it is one;
  /// `filler` is the value of fill().
  const Node& access(const Token& name, DType dtype, int rank, bool writes = false, Outside = Outside::check,
                     const Syntax* filler = nullptr);
  /// The rest of clip(x)[...] and its siblings after the function's name.
  const Node& bounded_access(const Token& function, Outside, bool writes = false);
  /// scan(t, e), the right-hand side of a recurrence.
  const Node& scan();
  const Node& add(const Token&, const Syntax& node);
  /// A number, perhaps negative, or a variable that is one; nothing is taken otherwise.
  std::optional<Scalar> scalar();

 private:
  friend class Call;
  const Node& binary(int lowest);
  const Node& unary();
  const Node& postfix();
  const Node& primary();
  const Node& name();
  const Node& number(const Token&);
  const Node& scalar_leaf(const Token&, Syntax leaf, Scalar value);
  const Node& subscript();
  const Node* positional();
  std::optional<std::int64_t> slice_bound();
  void resolve_positional(std::vector<const Syntax*>& list, int rank, TensorLeaf& tensor);
  std::vector<const Syntax*> subscripts();
  const Node& apply(const Token&, Op op, std::initializer_list<const Syntax*> args);
  const Node& call(const Token& name);
  bool has_comma() const;
  const Node& range();
  const Node& index(std::string_view name);
  const IndexName* index_name(std::string_view name);
  void find_indices();
  bool looks_like_range(std::size_t i) const;

  std::string_view source_;
  std::span<const Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  const Variables& variables_;
  Tree& tree_;
  std::map<std::string_view, const IndexName*> indices_;  // the statement's; null until the name is needed
};

/// The value of a token of kind integer or real; nothing for an integer above 63 bits.
std::optional<Scalar> value_of(const Token&);

}  // namespace ricci::text
