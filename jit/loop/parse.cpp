// The inverse of loop/print.cpp: a recursive descent over one token of lookahead. It accepts every kernel that can be
// written, also ill-formed ones (`verify` judges those), and no text makes it do more than throw.
#include <algorithm>

#include "loop/operands.hpp"

namespace ricci::loop {
namespace {

struct Parser : Operands {
  static constexpr int deepest = 256;

  Kernel kernel{};
  int depth = 0;

  // --- statements ---
  static std::optional<Op> op_named(std::string_view text) {
    const auto found = std::ranges::find(op_table, text, &OpInfo::name);
    return found == std::end(op_table) ? std::nullopt : std::optional(static_cast<Op>(found - op_table));
  }
  std::optional<Op> op_written(int arity) const {
    const auto fits = [&](const OpInfo& op) { return op.arity == arity && op.text == token.text; };
    const auto found = std::ranges::find_if(op_table, fits);
    return found == std::end(op_table) || token.kind != Token::Kind::mark
               ? std::nullopt
               : std::optional(static_cast<Op>(found - op_table));
  }
  Statement compute(Value result) {
    if (const auto op = op_written(1)) {
      take();
      return Compute{result, *op, {use()}};
    }
    if (token.kind == Token::Kind::value) {
      const Value a = use();
      const auto op = op_written(2);
      if (!op) fail("an operator");
      take();
      return Compute{result, *op, {a, use()}};
    }
    const auto op = op_named(token.text);
    if (!op) fail("an operation");
    take();
    expect("(");
    Compute s{result, *op, {}};
    if (!is(")")) list(",", [&] { s.args.push_back(use()); });
    expect(")");
    return s;
  }
  /// After `%result: type =`.
  Statement definition(Value result) {
    const bool is_literal = token.kind == Token::Kind::number || is("true") || is("false") || is("inf") || is("bits") ||
                            dtype_from_string(token.text);
    if (is_literal) return Constant{result, literal(phase->types[result].dtype)};
    if (is_symbol()) return Argument{result, symbol()};
    if (accept("splat")) return Splat{result, use()};
    if (accept("iota")) return Iota{result};
    if (accept("lanes")) {
      expect("<");
      const Value count = use();
      return LaneMask{result, count, accept("few")};
    }
    if (accept("lower")) return Half{result, use(), false};
    if (accept("upper")) return Half{result, use(), true};
    if (accept("slide")) {
      const Value low = use();
      expect(",");
      const Value high = use();
      expect("from");
      return Slide{result, low, high, number<int>("a lane")};
    }
    if (accept("pick")) {
      Pick pick{result, use(), {}};
      expect("at");
      list(",", [&] { pick.lanes.push_back(number<int>("a lane")); });
      return pick;
    }
    if (accept("any")) return AnyLane{result, use()};
    if (accept("count")) return CountLanes{result, use()};
    if (accept("to_line")) {
      const BufferId of = buffer();
      return ToLine{result, of, subscript()};
    }
    if (accept("load")) {
      const BufferId from = buffer();
      const Value offset = subscript();
      return Load{result, from, offset, mask()};
    }
    if (accept("gather")) {
      const BufferId from = buffer();
      const auto [base, offsets] = subscripts();
      return Gather{result, from, base, offsets, mask()};
    }
    return compute(result);
  }
  Statement loop() {
    For s{};
    if (accept("(")) {
      list(",", [&] { s.carried.push_back({none, none, none, define()}); });
      expect(")");
      expect("=");
    }
    expect("for");
    s.variable = define(Type{});
    expect("in");
    expect("[");
    s.begin = use();
    expect(",");
    s.end = use();
    expect(")");
    expect("step");
    s.step = number<std::int64_t>("the step");

    // The two lists that repeat the results, one entry for each.
    const auto for_each_result = [&](std::string_view keyword, auto entry) {
      if (s.carried.empty()) return;
      expect(keyword);
      for (Carried& c : s.carried) {
        if (&c != &s.carried.front()) expect(",");
        entry(c);
      }
    };
    for_each_result("carry", [&](Carried& c) {
      if (&c == &s.carried.front()) expect("(");
      c.variable = define(phase->types[c.result]);
      expect("=");
      c.initial = use();
      if (&c == &s.carried.back()) expect(")");
    });
    s.body = block();
    for_each_result("next", [&](Carried& c) { c.next = use(); });
    if (accept("until")) s.until = use();
    expect("}");
    return s;
  }
  Statement scatter() {
    std::optional<Op> combine;
    if (Lexer ahead = lexer; ahead.next().text != "[") {  // else the word is the buffer, though it may name an op
      combine = op_named(token.text);
      if (!combine) fail("an op that combines");
      take();
    }
    const BufferId to = buffer();
    const auto [base, offsets] = subscripts();
    expect(",");
    const Value value = use();
    return Scatter{to, base, offsets, value, mask(), combine};
  }
  /// argsort order[%1 by %2 by %3] limit %4, keys[%5 by %6 by %7] count %8 rows %9 descending, or sort y[%1 ...
  Statement sort_rows(bool indices) {
    SortRows s{};
    s.to = buffer();
    std::tie(s.first, s.pitch, s.step) = steps_of_rows();
    s.limit = none;
    if (indices) {
      expect("limit");
      s.limit = use();
    }
    expect(",");
    s.keys = buffer();
    std::tie(s.offset, s.stride, s.key_step) = steps_of_rows();
    expect("count");
    s.count = use();
    expect("rows");
    s.rows = use();
    s.descending = accept("descending");
    return s;
  }
  /// transpose tile[%1 by %2], x[%3 by %4] rows %5 columns %6 ahead [%7 by %8 by %9] alternate streaming
  Statement transpose() {
    Transpose s{};
    s.to = buffer();
    std::tie(s.first, s.pitch) = steps();
    expect(",");
    s.from = buffer();
    std::tie(s.offset, s.stride) = steps();
    expect("rows");
    s.rows = use();
    expect("columns");
    s.columns = use();
    if (accept("ahead")) std::tie(s.ahead, s.ahead_apart, s.ahead_step) = steps_of_rows();
    s.alternate = accept("alternate");
    s.streaming = accept("streaming");
    return s;
  }
  Statement statement() {
    if (token.kind == Token::Kind::value) {
      const Value result = define();
      expect("=");
      return definition(result);
    }
    if (is("(") || is("for")) return loop();
    if (accept("scatter")) return scatter();
    if (accept("sort")) return sort_rows(false);
    if (accept("argsort")) return sort_rows(true);
    if (accept("transpose")) return transpose();
    if (accept("prefetch")) {
      const BufferId of = buffer();
      const Value offset = subscript();
      return Prefetch{of, offset, accept("later")};
    }
    if (accept("store")) {
      const BufferId to = buffer();
      const Value offset = subscript();
      expect(",");
      const Value value = use(), lanes = mask();
      return Store{to, offset, value, lanes, accept("streaming") ? use() : none};
    }
    if (accept("append")) {
      const BufferId to = buffer();
      const auto [first, stride] = steps();
      expect("before");
      const Value end = use();
      expect(",");
      const Value value = use();
      return Append{to, first, stride, end, value, mask()};
    }
    if (accept("check")) {
      const auto id = number<std::uint32_t>("the number of a check");
      expect(":");
      const Value ok = use();
      return Check{id, ok, mask()};
    }
    if (accept("if")) {
      If s{use(), block()};
      expect("}");
      return s;
    }
    fail("a statement");
  }
  /// From the opening brace to before the closing one (or `next` or `until`).
  Block block() {
    if (++depth > deepest) fail("at most " + std::to_string(deepest) + " nested blocks");
    Block statements;
    expect("{");
    while (!is("}") && !is("next") && !is("until")) statements.push_back(statement());
    --depth;
    return statements;
  }

  // --- the header ---
  std::vector<std::uint32_t> symbols(std::string_view keyword) {
    std::vector<std::uint32_t> ids;
    if (accept(keyword)) list("*", [&] { ids.push_back(symbol()); });
    return ids;
  }
  std::vector<TripFactor> factors(std::string_view keyword) {
    std::vector<TripFactor> out;
    const auto factor = [&] {
      if (!accept("ceil")) {
        out.push_back({symbol(), 1});
        return;
      }
      expect("(");
      const std::uint32_t id = symbol();
      expect("/");
      out.push_back({id, number<std::int64_t>("the divisor")});
      expect(")");
    };
    if (accept(keyword)) list("*", factor);
    return out;
  }
  Symbol symbol_meaning() {
    const auto found = std::ranges::find_if(symbol_kinds, [&](const auto& kind) { return kind.name == token.text; });
    if (found == std::end(symbol_kinds)) fail("extent, size, stride, param, tables, shares, ways or pitch");
    take();
    Symbol s{static_cast<Symbol::Kind>(found - symbol_kinds), {}};
    if (token.kind == Token::Kind::number) list(",", [&] { s.ids.push_back(number<std::uint32_t>("a number")); });
    return s;
  }
  void header() {
    KernelInfo& info = kernel.info;
    expect("kernel");
    kernel.disjoint = is("disjoint");
    if (!kernel.disjoint && !is("may_overlap")) fail("disjoint or may_overlap");
    take();
    const auto in_order = [&](std::size_t number, std::size_t expected) {
      if (number != expected) fail("number " + std::to_string(expected) + " before this");
    };
    while (accept("symbol")) {
      in_order(symbol(), info.symbols.size());
      expect("=");
      info.symbols.push_back(symbol_meaning());
    }
    while (accept("buffer")) {
      if (token.kind != Token::Kind::word) fail("the name of a buffer");
      BufferInfo b{std::string(token.text), {}, false, {}};
      if (!labels.emplace(b.name, static_cast<BufferId>(info.buffers.size())).second) fail("a new name");
      take();
      if (!is(":")) b.name = string();
      expect(":");
      b.dtype = type().dtype;
      b.writable = accept("writable");
      b.extents = symbols("extents");
      if (accept("scratch")) b.scratch = number<std::int64_t>("a number of elements");
      info.buffers.push_back(std::move(b));
    }
    while (accept("slices")) {
      expect("of");
      expect("phases");
      SliceInfo s{number<std::uint32_t>("a number of a phase"), 0, {}};
      expect("to");
      s.end = number<std::uint32_t>("a number of a phase");
      expect("with");
      do s.temporaries.push_back(buffer());
      while (accept(","));
      info.slices.push_back(std::move(s));
    }
    while (accept("check")) {
      in_order(number<std::uint32_t>("the number of a check"), info.checks.size());
      info.checks.push_back(string());
    }
    expect("proved");
    info.proved = number<int>("a number of checks");
    expect("loops");
    info.loops = number<int>("a number of loops");
  }
  Kernel parse() {
    header();
    while (accept("phase")) {
      phase = &kernel.phases.emplace_back();
      PhaseInfo& facts = kernel.info.phases.emplace_back();
      facts.name = name();
      expect("[");
      phase->begin = define(Type{});
      expect(",");
      phase->end = define(Type{});
      expect(")");
      facts.trip = factors("trip");
      facts.work = symbols("work");
      facts.items = factors("items");
      while (accept("starts")) facts.starts.push_back(buffer());
      facts.early = accept("early");
      phase->body = block();
      expect("}");
    }
    if (token.kind != Token::Kind::end) fail("a phase");
    return std::move(kernel);
  }
};

}  // namespace

Kernel parse(std::string_view text) {
  return Parser{Operands{Reader{.lexer = {text}}}}.parse();
}

}  // namespace ricci::loop
