#pragma once
// From tokens to surface syntax: the same nodes and the same rules as those of C++ expressions.
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parse_token.hpp"
#include "ricci/session.hpp"
#include "ricci/statement.hpp"

namespace ricci::text {

inline constexpr int max_depth = 256;       // brackets and prefix operators around one another
inline constexpr int max_height = 1000;     // operators applied to one another's results, as in a + b + c + ...
inline constexpr std::size_t max_nodes = 100'000;

struct Node : Syntax {
  int height = 0;
};

/// start:stop:step along one axis of a tensor, ends that are left out replaced; see sliced() of views.hpp.
struct AxisSlice {
  int axis;
  std::int64_t start, stop, step;
};

/// A variable, or the view of it that slices leave.
struct TensorLeaf {
  std::string_view name;
  std::string_view shown;  // in messages: the name, or of a view the text with its subscripts
  std::vector<AxisSlice> slices;
};

/// The nodes of one statement, and what its leaves stand for by Syntax::leaf. Moving it keeps the addresses.
struct Tree {
  std::deque<IndexName> names;
  std::deque<Node> nodes;
  std::vector<TensorLeaf> tensors;
  std::vector<AxisSlice> slices;  // while a list of subscripts is read: those seen, their axes not yet known
  std::vector<Scalar> scalars;
  std::vector<std::int64_t> axes;
};

/// A new tensor that needs no kernel: zeros, full, iota, random, listed elements or a number.
struct Construction {
  enum class Source : std::uint8_t { listed, counted, drawn };

  std::vector<std::int64_t> extents;
  DType dtype = DType::f32;
  Source source = Source::listed;
  std::vector<Scalar> elements;  // listed: in row-major order, or one that is the value of all
};

/// A statement that breaks no rule.
struct Statement {
  std::uint32_t offset = 0;
  std::string text;       // without comments, on one line
  std::string name;       // the variable on the left; empty for a bare expression
  bool is_new = true;     // the statement makes a tensor; otherwise it writes into one
  bool is_number = false;  // and that is a number of the program text
  Tree tree;
  std::vector<std::string> other_names;  // m, i = ...: the variables after the first, which are new too
  std::vector<StatementSyntax> syntax;   // of each; a target that is new has subscripts that are different indices
  std::optional<Construction> construction;  // then the syntax is not needed
};

/// Parses one statement; `tokens` starts with it, and what it takes is removed, its `end` included.
/// Throws TextError for whatever is wrong with it.
Statement parse_statement(std::string_view source, std::span<const Token>& tokens, const Variables& variables);

}  // namespace ricci::text
