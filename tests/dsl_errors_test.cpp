// What the text language refuses: the exact sentence, and the line and column, of everything that a text can do wrong.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/faults.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// What breaks a rule of rules.def.
const std::vector<FaultyText> broken_rules = {
    // Subscripts and axes.
    {"m[i]",
     "1:1: the number of subscripts must equal the rank of the tensor; "
     "an ellipsis stands for the others: 1 subscripts, rank 2"},
    {"m[i, j, k]",
     "1:1: the number of subscripts must equal the rank of the tensor; "
     "an ellipsis stands for the others: 3 subscripts, rank 2"},
    {"x[]",
     "1:1: the number of subscripts must equal the rank of the tensor; "
     "an ellipsis stands for the others: 0 subscripts, rank 1"},
    {"x[newaxis]",
     "1:1: the number of subscripts must equal the rank of the tensor; "
     "an ellipsis stands for the others: 0 subscripts, rank 1"},
    {"m[..., 0, 0, 0]",
     "1:1: the number of subscripts must equal the rank of the tensor; "
     "an ellipsis stands for the others: 3 subscripts, rank 2"},
    {"x[1.5]", "1:1: a subscript must be an integer; write i64(...), or floor_index(...) of a float: f64"},
    {"x[yes[i]]", "1:1: a subscript must be an integer; write i64(...), or floor_index(...) of a float: b1"},
    {"m[i, j] + at",
     "1:1: an array without subscripts takes the indices of the place where it stands, one per axis; write them "
     "out, as in argmax(scores, 1)[b, h, w]: 1 unnamed axes, indices i,j"},
    {"where(yes[i], m, x[i])",
     "1:1: an array without subscripts takes the indices of the place where it stands, one per axis; write them "
     "out, as in argmax(scores, 1)[b, h, w]: 2 unnamed axes, indices i"},
    {"(m + 1)[i]",
     "1:8: an expression is subscripted by different indices, one per unnamed axis; to take an element or a "
     "slice, make it a tensor first, as in s = sort(x); s[5]: rank 2, subscripts 1"},
    {"(m + 1)[i, i]",
     "1:8: an expression is subscripted by different indices, one per unnamed axis; to take an element or a "
     "slice, make it a tensor first, as in s = sort(x); s[5]: rank 2, subscripts 2"},
    {"softmax(m)", "1:1: of an array with several axes this needs one, as in softmax(x, 1), or the index before the "
                   "argument: softmax, rank 2"},
    {"topk(m, 2)", "1:1: of an array with several axes this needs one, as in softmax(x, 1), or the index before the "
                   "argument: topk, rank 2"},
    {"m + x",
     "1:3: arrays without subscripts combine only when their ranks are equal; write subscripts, as in "
     "x[i, j] - y[j]: ranks 1 and 2"},
    {"m[at, m]",
     "1:1: arrays without subscripts combine only when their ranks are equal; write subscripts, as in "
     "x[i, j] - y[j]: ranks 1 and 2"},
    {"m[:, i]",
     "1:1: a list of subscripts is named or positional; indices do not stand beside all, slices, ellipsis, "
     "newaxis or masks: indices i"},
    {"m[m > 2] = m[m > 3]",
     "1:1: what is written where a mask of several axes holds has the axes of the tensor, or is chosen by the same "
     "mask"},
    {"m[..., ...]", "1:8: a list of subscripts may have one ellipsis"},
    {"nonzero(i, m[i, j])",
     "1:1: the condition of nonzero may use no other index than those that it lists; where it holds for each value of "
     "another one is no array: indices i,j against i"},
    {"t8[a, b, c, d, e, f, g, h] * x[i]", "1:1: a tensor may have at most 8 axes: 9 axes"},
    {"q[a, b, c, d, e, f, g, h, i] = 1", "1:1: a tensor may have at most 8 axes: 9 axes"},
    {"sum(a, t8[a, b, c, d, e, f, g, h] * t8[i, j, k, l, n, o, p, q] * x[r] * x[s])",
     "1:64: an expression may have at most 16 free indices"},

    // Reductions and ranges.
    {"sum(k, x[i])", "1:1: a reduced index must occur in what is reduced: k"},
    {"sum(i, i, m[i, i])", "1:8: a reduction may name each of its indices once: i"},
    {"cumsum(i, j, m[i, j])",
     "1:1: cumsum, cumprod, cummax and cummin run along all of one index, as in cumsum(j, x[i, j]): cumsum along i,j"},
    {"sum(1)", "1:1: this has no unnamed axis to reduce; name the index, as in sum(k, x[i, k]): sum"},
    {"sum(x, 1)", "1:8: the axis is outside the rank of the array; negative axes count from the end: axis 1, rank 1"},
    {"sum(m[i, j], 0)",
     "1:14: the axis is outside the rank of the array; negative axes count from the end: axis 0, rank 0"},
    {"softmax(x, 3)",
     "1:12: the axis is outside the rank of the array; negative axes count from the end: axis 3, rank 1"},
    {"sum(m, (0, 2))",
     "1:8: the axis is outside the rank of the array; negative axes count from the end: axis 2, rank 2"},
    {"var(m, (1, 0, -1))",
     "1:8: a reduction may list each of its axes once; negative axes count from the end: axis -1, rank 2"},
    {"cumsum(m, (0, 1))",
     "1:1: cumsum, cumprod, cummax and cummin run along all of one index, as in cumsum(j, x[i, j]): cumsum along 2 "
     "axes"},
    {"sum(i, i)", "1:1: nothing gives this index its extent; use it as a plain subscript of a tensor: i"},
    {"argsort(j(0, 3), m[i, j])",
     "1:1: sort, argsort, topk and argtopk order all of an index, as in argsort(j, x[i, j]): argsort along j"},
    {"topk(m, 0, 1)", "1:1: topk and argtopk take a whole number of elements above 0: topk"},
    {"1 + topk(j, m[i, j], 2)", "1:3: a new axis beside named indices is named at once, as in topk(...)[p]: indices i"},
    {"x[k(0, 2)]",
     "1:1: a range such as k(0, n) stands where its index is bound: before the argument of a reduction, or as a "
     "subscript on the left"},
    {"sum(k(0, 1.5), x[k])", "1:5: the bounds of a range are integers; write i64(...): f64"},
    {"sum(k(0, k), x[k])",
     "1:5: the bounds of a range cannot use an index that the same reduction or the range itself binds: k"},
    {"x[n(0, at[n])] = 1",
     "1:3: the bounds of a range cannot use an index that the same reduction or the range itself binds: n"},
    {"along(k, argmax(i, j, m[i, j]))",
     "1:7: along(h, e) is for an index h over which e searches, as in along(h, argmax(h, w, x[h, w])): k is not among "
     "i,j"},
    {"along(i, max(i, j, m[i, j]))",
     "1:10: along(h, e) is for e = argmax, argmin, argsort, argtopk or nonzero over named indices, as in along(h, "
     "argmax(h, w, x[h, w]))"},
    {"x[along(i, at[i])]",
     "1:12: along(h, e) is for e = argmax, argmin, argsort, argtopk or nonzero over named indices, as in along(h, "
     "argmax(h, w, x[h, w]))"},
    {"order(m[i, j], i)", "1:1: order(e, ...) names each free index of e once: indices i,j, order i"},

    // Assignments.
    {"x[i] + 1 = 2", "1:10: only a tensor with subscripts can be assigned to"},
    {"sum(x) = 1", "1:8: only a tensor with subscripts can be assigned to"},
    {"y[i] = 3", "1:6: nothing gives this index its extent; use it as a plain subscript of a tensor: i"},
    {"m[i, j] = x[k]",
     "1:9: an index on the right is neither reduced nor on the left; reduce it, as in sum(k, ...), or add it to "
     "the left: k is not among i,j"},
    {"m[i, j] + m[j, i]",
     "1:1: the operands use the free indices in opposite orders; write t[i, j] = ... to fix the order of the "
     "axes: i,j"},
    {"m[i, j] = x[j]",
     "1:9: the assignment would change the kind of the elements; write a cast, as in i64(...): f32 to i32"},
    {"bytes[i] = at[i]",
     "1:10: the assignment would change the kind of the elements; write a cast, as in i64(...): i64 to u8"},
    {"full(2, 0.5, i32)",
     "1:1: the assignment would change the kind of the elements; write a cast, as in i64(...): f64 to i32"},
    {"m[i, j] = scan(k, m[i, j])",
     "1:9: the index of a scan is one subscript of the tensor on the left, by itself or shifted, as in d[t, k] "
     "or d[n - t, k]: k, indices i,j"},
    {"m[t, at[t]] = scan(t, m[t, 0])",
     "1:13: the index of a scan is one subscript of the tensor on the left, by itself or shifted, as in d[t, k] "
     "or d[n - t, k]: t, indices t"},
    {"m[t, m[0, k]] = scan(t, m[t, 0] + k)",
     "1:1: the subscripts on the left of a scan cannot read the tensor that it writes"},

    // dtypes.
    {"u[i] + at[i]",
     "1:6: u64 and a signed integer have no common type; write a cast, as in i64(...) on one of them: u64 and "
     "i64"},
    {"u[i] == at[i]",
     "1:6: u64 and a signed integer have no common type; write a cast, as in i64(...) on one of them: u64 and "
     "i64"},
    {"0 < x[i] < 1", "1:10: a comparison has no order with a number; write (0 < x) & (x < 1)"},
    {"x == m[0, :] == 1", "1:14: a comparison has no order with a number; write (0 < x) & (x < 1)"},
    {"yes < 1", "1:5: a comparison has no order with a number; write (0 < x) & (x < 1)"},
    {"-yes[i]", "1:1: the operation does not exist for this element type; write a cast, as in i64(...): negate of b1"},
    {"x[i] & 2",
     "1:6: the operation does not exist for this element type; write a cast, as in i64(...): logical_and of f32"},
    {"sort(x)[5]", "1:8: an expression is subscripted by different indices, one per unnamed axis; to take an element "
                   "or a slice, make it a tensor first, as in s = sort(x); s[5]: rank 1, subscripts 1"},
    {"sq(yes)", "1:1: the operation does not exist for this element type; write a cast, as in i64(...): sq of b1"},
    {"yes += 1", "1:5: the operation does not exist for this element type; write a cast, as in i64(...): update of b1"},
    {"x[i] |= true",
     "1:6: the operation does not exist for this element type; write a cast, as in i64(...): update of f32"},

    // Policies.
    {"clip(x + 1)[i]", "1:6: clip, wrap, fill, drop and assume_inside are for tensors; evaluate the expression first"},
    {"fill(at, 0.5)[n + 1]",
     "1:6: the value of fill(x, v) would change the kind of the elements; write a cast, as in i64(...): f64 for "
     "i64"},
    {"fill(x, 0)[i] = 1", "1:15: fill(x, v)[...] is for reading; a write outside is left out by drop(x)[...]"},
    {"y[n] = drop(x)[at[n]]", "1:6: drop(x)[...] is for writing; read with fill(x, v), clip(x) or wrap(x)"},
};

/// What is not a text of the language, and names that are not what they are used as.
const std::vector<FaultyText> malformed = {
    // Brackets, numbers and symbols.
    {")", "1:1: this bracket closes none"},
    {"x[i", "1:2: this bracket is not closed"},
    {"(x[i)]", "1:5: this bracket is not of the kind of the one it closes"},
    {"1; (2; 3", "1:4: this bracket is not closed"},
    {"2x", "1:2: a malformed number"},
    {"1.2.3", "1:4: a malformed number"},
    {"1e", "1:1: a malformed number: its exponent has no digits"},
    {"99999999999999999999", "1:1: an integer must fit 64 bits, with sign"},
    {"x $ 2", "1:3: unexpected '$'"},
    {"x \x1b", "1:3: unexpected '\\x1b'"},
    {R"("x")", "1:1: unexpected '\"'"},

    // What stands where something else is expected.
    {"1 +", "1:4: expected an expression, found the end of the statement"},
    {"1 2", "1:3: expected an operator or the end of the statement, found '2'"},
    {"= 3", "1:1: expected an expression, found '='"},
    {"a = b = 1", "1:5: unknown name 'b'"},
    {"m[(0, 1)]", "1:5: expected ')' after the expression in brackets, found ','"},
    {"x[[0]]", "1:3: [...] makes a whole tensor and stands alone: name = [...]"},
    {"m[i i]", "1:5: expected ']' after subscripts, found 'i'"},
    {"x[1:2:3:4]", "1:8: expected ']' after subscripts, found ':'"},
    {"x[1.5:]", "1:3: the bounds of a slice are integers"},
    {"sum(i x[i])", "1:7: expected ')' after the arguments of sum, found 'x'"},
    {"sum(, x)", "1:5: expected an expression, found ','"},
    {"sum(k(0), x[k])", "1:8: expected ',' between the bounds of a range, found ')'"},
    {"sum(m, 0, keep)", "1:11: expected keepdims, found 'keep'"},
    {"sum(m, 0, keepdims, 1)", "1:19: expected ')' after the arguments of sum, found ','"},
    {"along(0, argmax(i, j, m[i, j]))", "1:7: expected an index, found '0'"},
    {"along(i)", "1:8: expected ',' and what searches over the index, found ')'"},
    {"order(m[i, j], 1)", "1:16: expected an index, found '1'"},
    {"fill(x)[i]", "1:7: expected ',' and the value outside, found ')'"},
    {"clip(x)", "1:8: expected '[' and subscripts, found the end of the statement"},

    // Calls.
    {"sq(1, 2)", "1:1: sq takes 1 argument, found 2"},
    {"where(x, 1)", "1:1: where takes 3 arguments, found 2"},
    {"f32()", "1:1: f32 takes 1 argument, found 0"},
    {"sum(x, m)",
     "1:8: the second argument of sum must be an axis, that is an integer; an index cannot have the name of a "
     "variable"},
    {"sum(x, n)",
     "1:8: the second argument of sum must be an axis, that is an integer; an index cannot have the name of a "
     "variable"},
    {"sum(x, 1.5)",
     "1:8: the second argument of sum must be an axis, that is an integer; an index cannot have the name of a "
     "variable"},
    {"sum(m, ())",
     "1:9: the second argument of sum must be an axis, that is an integer, or several as in (0, 1)"},
    {"sum(m, (0, x))",
     "1:12: the second argument of sum must be an axis, that is an integer, or several as in (0, 1)"},
    {"sum(m, (0 1))", "1:11: expected ')' after the axes, found '1'"},
    {"max(x[i], 0)", "1:1: max reduces over an axis or an index; the greater of two values is maximum(a, b)"},
    {"min(x[i], 0)", "1:1: min reduces over an axis or an index; the lesser of two values is minimum(a, b)"},
    {"1 + zeros(3)", "1:5: zeros(...) makes a whole tensor and stands alone: name = zeros(...)"},
    {"x(1)", "1:1: 'x' is a tensor; its subscripts stand in [ ]"},
    {"1 + scan(i, x[i])", "1:5: scan(t, ...) is all of the right-hand side of an assignment with ="},
    {"x[i] += scan(i, x[i])", "1:9: scan(t, ...) is all of the right-hand side of an assignment with ="},

    // Names.
    {"xs[i]", "1:1: unknown name 'xs'; did you mean 'x'?"},
    {"nowhere[i]", "1:1: unknown name 'nowhere'"},
    {"x[i] + k", "1:8: unknown name 'k'"},
    {"b = argmx(m, 0)", "1:5: unknown function 'argmx'; did you mean 'argmax'?"},
    {"k(0, 2)", "1:1: unknown function 'k'; an index gets a range where it is bound, as in t[i, k(0, 9)] = ..."},
    {"sum + 1", "1:1: 'sum' is a function; its arguments follow in brackets: sum(...)"},
    {"hist[i] += 1", "1:1: unknown name 'hist'; an update needs a tensor that exists, as made by hist = zeros(10)"},
    {"drop(hist)[i] += 1",
     "1:6: unknown name 'hist'; an update needs a tensor that exists, as made by hist = zeros(10)"},
    {"d[t] = scan(t, x[t] + d[t - 1])",
     "1:1: unknown name 'd'; a scan needs a tensor that exists, as made by d = zeros(10)"},
    {"true = 1", "1:1: 'true' is a constant; choose another name"},
    {"a, a = 1, 2", "1:4: the names on the left must be different"},
    {"a, b = 1, 2, 3", "1:1: 2 names on the left and 3 on the right"},
    {"y[i, i] = m[i, i]", "1:1: the subscripts of a new tensor must be different indices"},
    {"y[i + 1] = x[i]",
     "1:1: unknown name 'y'; the subscripts of a new tensor are indices, as in i, or in i(0, 10) with an extent"},
    {"y[i(1, 3)] = i",
     "1:1: unknown name 'y'; the subscripts of a new tensor are indices, as in i, or in i(0, 10) with an extent"},
    {"y[i(0, -1)] = i",
     "1:1: unknown name 'y'; the subscripts of a new tensor are indices, as in i, or in i(0, 10) with an extent"},
    {"y[i(0, at[0])] = i",
     "1:1: unknown name 'y'; the subscripts of a new tensor are indices, as in i, or in i(0, 10) with an extent"},
    {"y[i(0, 3), j] = 1", "1:15: nothing gives this index its extent; use it as a plain subscript of a tensor: j"},

    // New tensors.
    {"zeros(3, f32, 2)", "1:15: the dtype is the last argument of zeros"},
    {"zeros(x)", "1:7: expected a number or a dtype, found 'x'"},
    {"zeros(2.5)", "1:1: an extent must be an integer"},
    {"zeros(-1)", "1:1: an array of shape (-1,) has the negative extent -1, expected 0 or more"},
    {"zeros(1, 1, 1, 1, 1, 1, 1, 1, 1)",
     "1:1: an array of shape (1, 1, 1, 1, 1, 1, 1, 1, 1) has 9 axes, at most 8 are possible"},
    {"zeros(4000000000, 4000000000)",
     "1:1: an array of shape (4000000000, 4000000000) and dtype f32 is larger than 2^62 bytes"},
    {"zeros(1000000000000000000)", "1:1: there is no memory for an array of 4000000000000000192 bytes"},
    {"full()", "1:1: full takes extents and a value, as in full(3, 4, 7.5)"},
    {"iota(1, 2)", "1:1: iota takes one extent, as in iota(10)"},
};

struct RuleRow {
  const char* name;
  const char* sentence;
};

constexpr RuleRow rules[] = {
#define RICCI_RULE(name, kind, sentence) {#name, sentence},
#include "ricci/rules.def"
#undef RICCI_RULE
};

/// Rules that no text can break, and why.
constexpr RuleRow not_of_texts[] = {
    {"not_a_subscript", "the grammar has expressions, slices and ranges as subscripts, nothing else"},
    {"not_an_operand", "the grammar combines expressions only"},
    {"rank_mismatch_in_assignment", "a name takes a new tensor of any rank"},
    {"read_only_tensor", "no variable is const"},
};

std::string repeated(const std::string& piece, int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("a text that breaks a rule is refused with the rule's sentence and the details") {
  for (const FaultyText& row : broken_rules) {
    CAPTURE(row.text);
    CHECK(fault(row.text) == row.answer);
  }
}

TEST_CASE("every rule is broken by a text of the table, unless no text can") {
  for (const RuleRow& rule : rules) {
    CAPTURE(rule.name);
    const auto is_this = [&](const RuleRow& other) { return std::string(rule.name) == other.name; };
    const std::string sentence = rule.sentence, beginning = sentence.substr(0, sentence.find("cast<"));
    const bool broken = std::ranges::any_of(broken_rules, [&](const FaultyText& row) {
      return std::string(row.answer).find(": " + beginning) != std::string::npos;
    });
    CHECK(broken != std::ranges::any_of(not_of_texts, is_this));
  }
}

TEST_CASE("a malformed text is refused with what stands there and what was expected") {
  for (const FaultyText& row : malformed) {
    CAPTURE(row.text);
    CHECK(fault(row.text) == row.answer);
  }
}

TEST_CASE("texts beyond the limits are refused with the limit") {
  CHECK(fault(repeated("(", 257) + "1" + repeated(")", 257)) ==
        "1:257: brackets and prefix operators may be nested at most 256 deep");
  CHECK(fault("1" + repeated(" + 1", 1001)) ==
        "1:4003: a chain of operators may be at most 1000 long; split the expression");
  const std::string chain = "(1" + repeated("+1", 900) + ")";
  CHECK(fault(chain + repeated("+" + chain, 60)).ends_with(": a statement may have at most 100000 operations"));
  Session s = session_of_faults(Backend::reference);
  s.run("v = full(2, 1)");
  CHECK(fault(s, "v" + repeated(" + v", 254)) == "none");
  CHECK(fault(s, "v" + repeated(" + v", 255)) ==
        "1:1: a statement may mention tensors at most 255 times: 256; store parts of it first");
}

TEST_CASE("a statement of a hundred tensors is computed") {
  Session s;
  std::string sum = "r[i] = 0";
  for (int k = 0; k < 100; ++k) {
    const std::string name = "v" + std::to_string(k);
    s.run(name + " = full(70, " + std::to_string(k) + ")");
    sum += " + " + name + "[i]";
  }
  s.run(sum);
  s.run("same = all(r == 4950)");
  CHECK(*static_cast<const bool*>(s.find("same")->view().data));
}
