#pragma once
// The index IR: what a program means, before any thought of loops.
//
//   Program   := tensors, axes, params, Statement*
//   Statement := target[subscripts] = value | target[subscripts] (update)= value, over the axes `domain`
//   Expr      := Const | Axis | Extent | Param | Apply(op, args) | Read(tensor, subscripts)
//              | Fold(reduction, axes in ranges, body) | Project(fold, k) | Nonzero(axes, condition, position, which)
//              | Sort(axes, key, position)
//
// A tensor is a function from subscripts to scalars; there are no shape operations. An Expr is a pointer into
// its program's Graph, which makes every node once: equal expressions are equal pointers, so expressions are
// graphs and must be walked with a memo. Nodes are immutable. Casts are explicit; subscripts are i64.
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "ricci/op.hpp"

namespace ricci::ir {

struct Node;
using Expr = const Node*;
using AxisId = std::uint32_t;
using TensorId = std::uint32_t;
using ParamId = std::uint32_t;

/// What happens when a computed subscript is outside its axis. Subscripts that are a bare axis always fit.
enum class Policy : std::uint8_t {
  check,          // an error that names tensor, axis, extent, value and iteration
  assume_inside,  // the user's promise; undefined otherwise
};

struct Const   { Scalar value;  bool operator==(const Const&) const = default; };
struct Axis    { AxisId axis;   bool operator==(const Axis&) const = default; };    // the loop variable, i64
struct Extent  { AxisId axis;   bool operator==(const Extent&) const = default; };  // its extent, i64
struct Param   { ParamId param; bool operator==(const Param&) const = default; };   // a run-time scalar
struct Apply   { Op op; std::vector<Expr> args; bool operator==(const Apply&) const = default; };
/// The element of `tensor` at `subscripts` (one i64 expression per axis). Where `guard` (b1, or null for
/// always) is false nothing is loaded or checked, and the value is zero.
struct Read    { TensorId tensor; std::vector<Expr> subscripts; Policy policy; Expr guard;
                 bool operator==(const Read&) const = default; };
/// The values low <= axis < high, as far as the axis has them; null: from its start, to its end.
struct Range   { Expr low = nullptr, high = nullptr; bool operator==(const Range&) const = default; };
/// `reduction` of `body` over all values of `axes`, first axis outermost; `ranges` is empty, or one per axis that may
/// use any axis but these. An arg-reduction has two results, reached only through Project: 0 the winning value, 1 its
/// index (i64; row-major over `axes` when several). A range that turns out to be empty gives the identity, and the
/// index of the value of each axis next to `low`.
struct Fold    { Reduction reduction; std::vector<AxisId> axes; Expr body; std::vector<Range> ranges = {};
                 bool operator==(const Fold&) const = default; };
struct Project { Expr fold; std::uint32_t result; bool operator==(const Project&) const = default; };
/// Of the iterations of `axes` (row-major) at which `condition` holds, the one numbered `position`: the value of
/// axes[which] there, i64. The condition has no other free axes. `along` is an axis with as many elements as there are
/// such iterations (AxisDecl::counts); every position is inside it.
struct Nonzero { std::vector<AxisId> axes; Expr condition; Expr position; std::uint32_t which; AxisId along;
                 bool operator==(const Nonzero&) const = default; };

/// The row-major index over `axes`, which it binds in `key` alone, of the element at `position` (i64) in the stable
/// order of `key`: equals by smallest index, also when `descending`; NaN is the largest; -0 equals 0. 0 where the
/// position is outside.
struct Sort    { std::vector<AxisId> axes; Expr key; Expr position; bool descending;
                 bool operator==(const Sort&) const = default; };

struct Node : std::variant<Const, Axis, Extent, Param, Apply, Read, Fold, Project, Nonzero, Sort> {
  using Kind = variant;
  DType dtype;               // of the value; part of the node's identity
  std::uint32_t id;          // order of creation in its graph: children come before parents
  std::vector<AxisId> free;  // the axes that occur free in it, ascending (an Extent is not a use)
  bool may_fail;             // whether it contains a checked read with a subscript that is no bare axis

  template <class T>
  const T* as() const { return std::get_if<T>(static_cast<const Kind*>(this)); }
};

/// Owns the nodes of a program and makes each only once. Copies share the nodes, so a program can be copied and
/// rewritten cheaply; sharing copies are not to be extended from two threads at once.
class Graph {
 public:
  Graph();
  /// The node with this content; the pointer lives as long as the graph.
  Expr intern(Node::Kind kind, DType dtype);

 private:
  struct Table;
  std::shared_ptr<Table> table_;
};

// Makers: they check dtypes by assertion, fold constants and drop neutral elements (exactly: never a float law
// that a NaN, an infinity or a signed zero would break). What may fail and would have been evaluated is never dropped.
Expr constant(Graph&, Scalar value);
Expr constant(Graph&, std::int64_t value);
Expr axis(Graph&, AxisId);
Expr extent(Graph&, AxisId);
Expr param(Graph&, ParamId, DType);
Expr apply(Graph&, Op, std::vector<Expr> args);         // any op but cast
Expr cast(Graph&, DType, Expr);                         // to and from f16 and bf16: by way of f32
Expr read(Graph&, TensorId, DType, std::vector<Expr> subscripts, Policy = Policy::check, Expr guard = nullptr);
/// The value; for arg-reductions the index.
Expr fold(Graph&, Reduction, std::vector<AxisId> axes, Expr body, std::vector<Range> ranges = {});
/// The Fold itself, also of an arg-reduction: for passes that rebuild one.
Expr fold_node(Graph&, Fold);
Expr project(Graph&, Expr fold, std::uint32_t result);
Expr nonzero(Graph&, std::vector<AxisId> axes, Expr condition, Expr position, std::uint32_t which, AxisId along);
/// How many iterations of `axes` the condition holds at: what AxisDecl::counts has for the positions of a Nonzero.
Expr count(Graph&, std::vector<AxisId> axes, Expr condition);
Expr sort(Graph&, std::vector<AxisId> axes, Expr key, Expr position, bool descending);

struct TensorDecl {
  std::string name;
  DType dtype;
  int rank;
  std::vector<AxisId> table;  // accumulation tables made by the compiler: one axis per dimension; else empty
};

/// One use of an axis that gives it an extent.
struct TensorAxis {
  TensorId tensor;
  std::uint32_t axis;
  bool operator==(const TensorAxis&) const = default;
};

/// A subscript coefficient * axis + rest, with a coefficient that is not 0.
struct AffineUse {
  TensorAxis at;
  std::int64_t coefficient;
  Expr rest;
};

/// The extent of an axis is that of the axis `like`, if there is one. Else it is `fixed`, or what its bare uses on the
/// right say, or `limit`, which must agree with them; less, where a use of `inside` that has no other axis needs it to
/// be within its tensor, unless it is a limit of an axis on the left. Bare uses on the left must agree with that.
/// Without any of these it is the largest for which all of `inside` are within their tensors, whatever the other axes
/// in them are.
struct AxisDecl {
  std::string name;
  std::vector<TensorAxis> sizes;  // bare uses; they must agree at bind time
  std::int64_t fixed = -1;        // an extent known when compiling, or -1
  bool tables = false;            // made by the compiler: counts the private accumulation tables
  Expr limit = nullptr;           // i64 of constants, params and extents; a negative one means 0
  std::vector<AffineUse> inside = {};
  std::vector<TensorAxis> left = {};  // those of `sizes` that are subscripts of a target
  std::optional<AxisId> like = {};
  std::vector<Expr> counts = {};  // closed i64 expressions that decide the extent before anything runs; they must agree
  std::string_view of = {};       // for messages: of what function a reduction over it, in place of `like`, is a part
};

struct ParamDecl {
  std::string name;
  DType dtype;
};

struct Statement {
  TensorId target;
  std::vector<Expr> subscripts;     // i64, one per axis of the target
  std::optional<Reduction> update;  // none: assignment, the last of duplicates stays; else accumulate all of them
  Expr value;                       // of the target's dtype; in an update, of the dtype in which that accumulates
  Expr guard = nullptr;             // b1; where false nothing is written (subscripts are not checked either)
  std::vector<AxisId> domain;       // iterated row-major, first axis outermost
  Policy policy = Policy::check;    // of the subscripts
  /// A recurrence: this axis of the domain runs in increasing order, outside of the others. What it reads of the target
  /// is what earlier positions of the axis left there, and elsewhere the elements from before the statement.
  std::optional<AxisId> in_order = std::nullopt;
  /// A temporary that holds the values of one position of `in_order` until all of them are known (in_order.hpp).
  std::optional<TensorId> stage = std::nullopt;
  /// The target has rank 1 and no subscripts: the values where the guard holds lie behind each other, in the order of
  /// the iterations. Made by the compiler.
  bool appends = false;
  TensorId starts = 0;              // appends: a private table of how many values each chunk of the iterations has
};

struct Program {
  Graph graph;
  std::vector<TensorDecl> tensors;
  std::vector<AxisDecl> axes;
  std::vector<ParamDecl> params;
  std::vector<Statement> statements;
};

/// Which axes a printed program declares: all of them, or those that something iterates.
enum class Axes : bool { all, used };

/// The program as text, one line per statement; equal programs give equal text. User-given names of tensors,
/// axes and params appear when `names` is set; otherwise they are numbered in order of declaration (a cache key).
std::string to_string(const Program&, bool names = true, Axes = Axes::all);
std::string to_string(const Program&, Expr, bool names = true);

// --- walking -------------------------------------------------------------------------------------------------

/// Calls one of the lambdas with the node's content. A forgotten kind is a compile-time error.
template <class... Fs>
decltype(auto) visit(Expr e, Fs&&... fs) {
  struct Overloaded : Fs... { using Fs::operator()...; };
  return std::visit(Overloaded{std::forward<Fs>(fs)...}, static_cast<const Node::Kind&>(*e));
}

/// The direct children, in order; a guard that is present is the last child of its Read, and the bounds of ranges that
/// are present follow the body of their Fold.
std::vector<Expr> children(Expr);

/// The expressions of a statement: its subscripts, its value, its guard if it has one.
std::vector<Expr> expressions(const Statement&);
/// Puts f(e) in the place of each of them.
void replace_expressions(Statement&, const std::function<Expr(Expr)>& f);

/// Calls `f` on every node of these expressions, each once, parents before children. Below a node for which `f` returns
/// false it does not go.
void walk(std::vector<Expr> roots, const std::function<bool(Expr)>& f);
/// All nodes of these expressions, each once, parents before children.
std::vector<Expr> nodes(std::vector<Expr> roots);

/// Rebuilds `e` bottom-up: `f(old, rebuilt)` receives every node with its children already rebuilt and returns
/// its replacement. Each node is visited once; `memo` may be kept between calls with the same `f`.
using Rewrite = std::function<Expr(Expr original, Expr rebuilt)>;
using Memo = std::unordered_map<Expr, Expr>;
Expr rewrite(Graph&, Expr, Memo& memo, const Rewrite& f);
/// Rebuilds `e` top-down: what `f` gives stands for a node and all below it; null: its children are rebuilt.
Expr replace(Graph&, Expr, Memo& memo, const std::function<Expr(Expr)>& f);

/// Calls `f` for every bound of the ranges, to replace it.
template <class F>
std::vector<Range> map_bounds(std::vector<Range> ranges, const F& f) {
  for (Range& range : ranges) {
    if (range.low) range.low = f(range.low);
    if (range.high) range.high = f(range.high);
  }
  return ranges;
}

/// Replaces free uses of axes by expressions of the same graph (capture is avoided by the caller: binders must not
/// bind an axis that a replacement mentions).
Expr substitute(Graph&, Expr, const std::unordered_map<AxisId, Expr>&);

bool uses_axis(Expr, AxisId);

/// Whether the expression reads elements of the tensor.
bool reads(Expr, TensorId);

/// coefficient * axis + rest, where rest does not use the axis.
struct Affine {
  std::int64_t coefficient;
  Expr rest;
};

/// `e` as an affine expression of `axis`; nothing when it is not one.
std::optional<Affine> affine_in(Graph&, Expr e, AxisId axis);

/// The value of each axis at the row-major index `flat` over `axes`.
std::unordered_map<AxisId, Expr> coordinates(Graph&, Expr flat, const std::vector<AxisId>& axes);

/// The axes that a Fold, a Nonzero or a Sort binds, in its first child; null for every other node.
const std::vector<AxisId>* bound_axes(Expr);

}  // namespace ricci::ir
