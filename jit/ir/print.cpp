// The text of index programs, for people and as cache keys.
//
//   tensor picked f32[3], feature f32[4], scores f32[4]
//   axis b = picked.0, feature.0, scores.0
//   axis c = scores.1
//   picked[b, h, w] = feature[b, argmax(c, scores[b, c, h, w]), h, w]   over b, h, w
//
// Without names, tensors, axes and params are t0, i0, p0 ... in the order of their declarations (a caller binds
// tensors and params by that order, so it is part of what the program is) and constants are bits. A node that is
// used twice and holds a fold or is large is written once, above its statement, as `%1 = ...`; it stands for its
// text, so it may mention axes that a fold around its use binds.
#include <algorithm>
#include <array>
#include <charconv>

#include "ricci/ir.hpp"

namespace ricci::ir {

namespace {

constexpr int largest_repeated = 8;  // nodes that an expression may have and still be written out at every use

/// A constant as a person writes it: 2, 2.0, -inf, true.
std::string readable(const Scalar& value) {
  if (value.dtype == DType::b1) return value.get<bool>() ? "true" : "false";
  return visit_dtype(value.dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, bool>) {
      return std::string();
    } else {
      std::array<char, 32> buffer;
      std::string text(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.get<T>()).ptr);
      const bool digits_only = text.find_first_not_of("-0123456789") == std::string::npos;
      return is_float(value.dtype) && digits_only ? text + ".0" : text;
    }
  });
}

/// A constant as its dtype and its bits: f32:0x3f800000.
std::string exact(const Scalar& value) {
  std::array<char, 16> buffer;
  char* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.bits, 16).ptr;
  return std::string(to_string(value.dtype)) + ":0x" + std::string(buffer.data(), end);
}

bool is_infix(Expr e) {
  const Apply* apply = e->as<Apply>();
  return apply && apply->args.size() == 2 && !info(apply->op).text.empty();
}

struct Printer {
  const Program& program;
  bool names;
  std::unordered_map<Expr, std::string> lets;  // of the statement at hand

  std::string tensor(TensorId id) const {
    return names && id < program.tensors.size() ? program.tensors[id].name : "t" + std::to_string(id);
  }
  std::string axis(AxisId id) const {
    return names && id < program.axes.size() ? program.axes[id].name : "i" + std::to_string(id);
  }
  std::string param(ParamId id) const {
    return names && id < program.params.size() ? program.params[id].name : "p" + std::to_string(id);
  }
  std::string list(const std::vector<AxisId>& axes) const {
    std::string text;
    for (AxisId id : axes) text += (text.empty() ? "" : ", ") + axis(id);
    return text;
  }

  /// A part of an expression's text: words, or (words empty) an expression, in parentheses when it is infix.
  struct Piece {
    std::string words;
    Expr expr = nullptr;
    bool nested = false;
  };
  using Pieces = std::vector<Piece>;

  static void comma_separated(Pieces& out, const std::vector<Expr>& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out.push_back({", "});
      out.push_back({"", items[i]});
    }
  }

  Pieces pieces(const Apply& n, DType dtype) const {
    const OpInfo& op = info(n.op);
    if (op.text.empty()) {
      Pieces out{{std::string(n.op == Op::cast ? to_string(dtype) : op.name) + "("}};
      comma_separated(out, n.args);
      out.push_back({")"});
      return out;
    }
    const std::string sign(op.text);
    if (n.args.size() == 1) return {{sign}, {"", n.args[0], true}};
    return {{"", n.args[0], true}, {" " + sign + " "}, {"", n.args[1], true}};
  }

  Pieces pieces(const Read& n) const {
    Pieces out{{(n.guard ? "(" : "") + tensor(n.tensor) + "["}};
    comma_separated(out, n.subscripts);
    out.push_back({n.policy == Policy::assume_inside ? "]!" : "]"});
    if (n.guard) out.insert(out.end(), {{" if "}, {"", n.guard}, {")"}});
    return out;
  }

  /// k(low, high), with _ for an end that is not given.
  static void append_range(Pieces& out, const Range& range) {
    if (range == Range{}) return;
    const auto bound = [](Expr e) { return e ? Piece{"", e} : Piece{"_"}; };
    out.insert(out.end(), {{"("}, bound(range.low), {", "}, bound(range.high), {")"}});
  }

  Pieces pieces(Expr e) const {
    return visit(
        e, [&](const Const& n) { return Pieces{{names ? readable(n.value) : exact(n.value)}}; },
        [&](const Axis& n) { return Pieces{{axis(n.axis)}}; },
        [&](const Extent& n) { return Pieces{{"extent(" + axis(n.axis) + ")"}}; },
        [&](const Param& n) { return Pieces{{param(n.param)}}; },
        [&](const Apply& n) { return pieces(n, e->dtype); }, [&](const Read& n) { return pieces(n); },
        [&](const Fold& n) {
          Pieces out{{std::string(to_string(n.reduction)) + "("}};
          for (std::size_t i = 0; i < n.axes.size(); ++i) {
            out.push_back({axis(n.axes[i])});
            if (i < n.ranges.size()) append_range(out, n.ranges[i]);
            out.push_back({", "});
          }
          out.insert(out.end(), {{"", n.body}, {")"}});
          return out;
        },
        [&](const Project& n) { return Pieces{{"", n.fold}, {n.result == 0 ? ".value" : ""}}; },
        [&](const Nonzero& n) {
          return Pieces{{"along(" + axis(n.axes[n.which]) + ", nonzero(" + list(n.axes) + ", "},
                        {"", n.condition},
                        {"))["},
                        {"", n.position},
                        {"]"}};
        },
        [&](const Sort& n) {
          return Pieces{{"argsort(" + list(n.axes) + ", "}, {"", n.key}, {n.descending ? ", descending)[" : ")["},
                        {"", n.position}, {"]"}};
        });
  }

  /// The text of `root`. The work list replaces recursion: a chain of 10^5 nodes prints.
  std::string expression(Expr root, bool use_let = true) const {
    std::string text;
    std::vector<Piece> work{{"", root}};
    while (!work.empty()) {
      Piece piece = std::move(work.back());
      work.pop_back();
      if (!piece.expr) {
        text += piece.words;
      } else if (auto let = lets.find(piece.expr); let != lets.end() && (use_let || piece.expr != root)) {
        text += let->second;
      } else {
        if (piece.nested && is_infix(piece.expr)) {
          text += "(";
          work.push_back({")"});
        }
        Pieces parts = pieces(piece.expr);
        work.insert(work.end(), std::move_iterator(parts.rbegin()), std::move_iterator(parts.rend()));
      }
    }
    return text;
  }

  std::string subscripts(const std::vector<Expr>& list) const {
    std::string text;
    for (Expr s : list) text += (text.empty() ? "" : ", ") + expression(s);
    return text;
  }

  /// Fills `lets` for an expression list and returns their definitions, each after those that it mentions.
  std::vector<std::string> define_lets(const std::vector<Expr>& roots) {
    struct Facts {
      int uses = 0, size = 0;
      bool folds = false, finished = false;
    };
    std::unordered_map<Expr, Facts> facts;
    std::vector<Expr> order, stack;  // order: children first, by the expressions alone, not by creation
    for (Expr root : roots) {
      ++facts[root].uses;
      stack.push_back(root);
      while (!stack.empty()) {
        Expr e = stack.back();
        const std::vector<Expr> below = children(e);
        auto waiting = std::ranges::find_if(below, [&](Expr child) { return !facts[child].finished; });
        if (waiting != below.end() && !facts[e].finished) {
          stack.push_back(*waiting);
          continue;
        }
        stack.pop_back();
        if (facts[e].finished) continue;
        Facts own = facts[e];
        own.finished = true;
        own.size = 1;
        own.folds = bound_axes(e);
        for (Expr child : below) {
          Facts& inner = facts[child];
          ++inner.uses;
          own.size = std::min(own.size + inner.size, largest_repeated + 1);
          own.folds |= inner.folds;
        }
        facts[e] = own;
        order.push_back(e);
      }
    }
    for (const auto& [e, fact] : facts)  // a projection is written as its fold is
      if (const Project* p = e->as<Project>(); p && fact.uses > 1) facts[p->fold].uses += fact.uses - 1;
    lets.clear();
    std::vector<std::string> definitions;
    for (Expr e : order) {
      const Facts& fact = facts[e];
      if (e->as<Project>() || fact.uses < 2 || !(fact.folds || fact.size > largest_repeated)) continue;
      const std::string name = "%" + std::to_string(definitions.size() + 1);
      lets.emplace(e, name);
      definitions.push_back(name + " = " + expression(e, false));
    }
    return definitions;
  }

  std::string statement(const Statement& s) {
    std::string text;
    for (const std::string& definition : define_lets(expressions(s))) text += "  " + definition + "\n";
    text += tensor(s.target) + "[" + (s.appends ? "append" : subscripts(s.subscripts)) +
            (s.policy == Policy::check ? "] " : "]! ");
    if (s.update) {
      const std::string_view sign = info(info(*s.update).step).text;
      text += sign.empty() ? to_string(*s.update) : sign;
    }
    text += "= " + expression(s.value);
    if (s.guard) text += "   if " + expression(s.guard);
    if (!s.domain.empty()) text += "   over " + list(s.domain);
    if (s.in_order) text += ", " + axis(*s.in_order) + " in order";
    if (s.stage) text += " by way of " + tensor(*s.stage);
    return text + "\n";
  }

  /// All that the extents of the shown axes follow from.
  std::vector<Expr> deciding(const std::vector<bool>& shown) const {
    std::vector<Expr> all;
    for (AxisId id = 0; id < program.axes.size(); ++id) {
      if (!shown[id]) continue;
      const AxisDecl& a = program.axes[id];
      if (a.limit) all.push_back(a.limit);
      for (const AffineUse& use : a.inside) all.push_back(use.rest);
      all.insert(all.end(), a.counts.begin(), a.counts.end());
    }
    return all;
  }

  std::string declarations(const std::vector<bool>& shown) {
    std::string text;
    for (TensorId id = 0; id < program.tensors.size(); ++id) {
      const TensorDecl& t = program.tensors[id];
      text += (id == 0 ? "tensor " : ", ") + tensor(id) + " " + std::string(to_string(t.dtype)) + "[" +
              std::to_string(t.rank) + "]" + (t.table.empty() ? "" : "{" + list(t.table) + "}");
    }
    if (!text.empty()) text += "\n";
    for (const std::string& definition : define_lets(deciding(shown))) text += "  " + definition + "\n";
    for (AxisId id = 0; id < program.axes.size(); ++id) {
      if (!shown[id]) continue;
      const AxisDecl& a = program.axes[id];
      text += "axis " + axis(id);
      std::string source;
      if (a.fixed >= 0) source += ", " + std::to_string(a.fixed);
      if (a.tables) source += ", tables";
      const auto place = [&](const TensorAxis& at) { return tensor(at.tensor) + "." + std::to_string(at.axis); };
      for (const TensorAxis& size : a.sizes) {
        const bool left = std::ranges::count(a.left, size) > 0 && !a.inside.empty();
        source += (left ? ", left " : ", ") + place(size);
      }
      if (a.limit) source += ", limit " + expression(a.limit);
      for (const AffineUse& use : a.inside)
        source += ", " + std::to_string(use.coefficient) + " * " + axis(id) + " + " + expression(use.rest) +
                  " inside " + place(use.at);
      for (Expr count : a.counts) source += ", " + expression(count);
      if (a.like && source.empty()) source = ", like " + axis(*a.like);
      text += (source.empty() ? "" : " = " + source.substr(2)) + "\n";
    }
    for (ParamId id = 0; id < program.params.size(); ++id)
      text += "param " + param(id) + " " + std::string(to_string(program.params[id].dtype)) + "\n";
    return text;
  }
};

/// By axis: whether a statement iterates it, a reduction binds it, or a table has it for a dimension.
std::vector<bool> used_axes(const Program& program) {
  std::vector<bool> used(program.axes.size());
  const auto use = [&](const std::vector<AxisId>& axes) {
    for (AxisId axis : axes) used[axis] = true;
  };
  for (const Statement& s : program.statements) {
    use(s.domain);
    use(program.tensors[s.target].table);
    for (Expr e : nodes(expressions(s)))
      if (const auto* bound = bound_axes(e)) use(*bound);
  }
  return used;
}

}  // namespace

std::string to_string(const Program& program, bool names, Axes axes) {
  Printer printer{program, names, {}};
  std::string text =
      printer.declarations(axes == Axes::all ? std::vector<bool>(program.axes.size(), true) : used_axes(program));
  for (const Statement& s : program.statements) text += printer.statement(s);
  return text;
}

std::string to_string(const Program& program, Expr e, bool names) {
  Printer printer{program, names, {}};
  const std::vector<std::string> definitions = printer.define_lets({e});
  std::string text = printer.expression(e);
  for (std::size_t i = 0; i < definitions.size(); ++i) text += (i == 0 ? "   where " : ", ") + definitions[i];
  return text;
}

}  // namespace ricci::ir
