// The loop IR as text: a header with the kernel's facts, then one line per statement. It shows the types of values
// where they are defined, so a value that nothing defines leaves no trace.
#include <algorithm>
#include <charconv>

#include "loop/text.hpp"

namespace ricci::loop {
namespace {

std::string quoted(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += static_cast<char>(c);
    else if (c < ' ' || c == 0x7f)
      ((out += "\\x") += digits[c >> 4]) += digits[c & 15];
    else
      out += static_cast<char>(c);
  }
  return out + '"';
}

bool is_identifier(std::string_view s) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !s.empty() && letter(s[0]) && std::ranges::all_of(s, [&](char c) { return letter(c) || digit(c); });
}

/// The name, where it is an identifier that only this buffer has; else b and the buffer's number.
std::string label(const KernelInfo& info, BufferId id) {
  const std::string number = "b" + std::to_string(id);
  if (id >= info.buffers.size()) return number;
  const std::string& name = info.buffers[id].name;
  const bool like_a_number = name.starts_with('b') && name.find_first_not_of("0123456789", 1) == std::string::npos;
  const bool unique = std::ranges::count(info.buffers, name, &BufferInfo::name) == 1;
  return is_identifier(name) && !like_a_number && unique ? name : number;
}

std::string text_of(Type type) {
  return std::string(to_string(type.dtype)) + (type.lanes == 1 ? "" : "x" + std::to_string(type.lanes));
}

/// The shortest decimal number that reads back as the same bits; bits(0x...) where no number does.
std::string text_of(Scalar s) {
  return visit_dtype(s.dtype, [&]<class T>(std::type_identity<T>) -> std::string {
    char buffer[64];
    if constexpr (std::is_same_v<T, bool>) {
      if (s.bits <= 1) return s.bits ? "true" : "false";
    } else if (const T value = s.get<T>(); value == value && s == Scalar::of(value)) {
      return {buffer, std::to_chars(buffer, std::end(buffer), value).ptr};
    }
    return "bits(0x" + std::string(buffer, std::to_chars(buffer, std::end(buffer), s.bits, 16).ptr) + ")";
  });
}

std::string use(Value v) {
  return "%" + std::to_string(v);
}

template <class List, class F>
std::string join(const List& list, std::string_view separator, F f) {
  std::string out;
  for (const auto& x : list) {
    if (!out.empty()) out += separator;
    out += f(x);
  }
  return out;
}

/// " keyword s0 * s1", or nothing for an empty product.
std::string product(std::string_view keyword, const std::vector<std::uint32_t>& symbols) {
  if (symbols.empty()) return "";
  return " " + std::string(keyword) + " " + join(symbols, " * ", [](auto s) { return "s" + std::to_string(s); });
}
std::string product(std::string_view keyword, const std::vector<TripFactor>& factors) {
  if (factors.empty()) return "";
  return " " + std::string(keyword) + " " + join(factors, " * ", [](const TripFactor& f) {
           const std::string symbol = "s" + std::to_string(f.symbol);
           return f.divisor == 1 ? symbol : "ceil(" + symbol + " / " + std::to_string(f.divisor) + ")";
         });
}

struct Printer {
  const Kernel& kernel;
  const Phase& phase;

  std::string type(Value v) const { return v < phase.types.size() ? text_of(phase.types[v]) : "?"; }
  std::string define(Value v) const { return use(v) + ": " + type(v); }
  /// A definition whose type the context tells.
  std::string define(Value v, const std::string& expected) const { return type(v) == expected ? use(v) : define(v); }
  std::string element(BufferId b, Value offset) const { return label(kernel.info, b) + "[" + use(offset) + "]"; }
  std::string element(BufferId b, Value base, Value offsets) const {
    return label(kernel.info, b) + "[" + use(base) + " + " + use(offsets) + "]";
  }
  static std::string mask(Value m) { return m == none ? "" : " mask " + use(m); }

  std::string constant(const Constant& s) const {
    const bool told = s.result < phase.types.size() && phase.types[s.result].dtype == s.value.dtype;
    return (told ? "" : std::string(to_string(s.value.dtype)) + " ") + text_of(s.value);
  }

  std::string compute(const Compute& s) const {
    const OpInfo& op = info(s.op);
    if (!op.text.empty() && s.args.size() == static_cast<std::size_t>(op.arity))
      return op.arity == 1 ? std::string(op.text) + use(s.args[0])
                           : use(s.args[0]) + " " + std::string(op.text) + " " + use(s.args[1]);
    return std::string(op.name) + "(" + join(s.args, ", ", use) + ")";
  }

  std::string head(const For& s) const {
    std::string out;
    if (!s.carried.empty())
      out = "(" + join(s.carried, ", ", [&](const Carried& c) { return define(c.result); }) + ") = ";
    out += "for " + define(s.variable, "i64") + " in [" + use(s.begin) + ", " + use(s.end) + ") step " +
           std::to_string(s.step);
    const auto start = [&](const Carried& c) { return define(c.variable, type(c.result)) + " = " + use(c.initial); };
    if (!s.carried.empty()) out += " carry (" + join(s.carried, ", ", start) + ")";
    return out;
  }

  /// The line of a statement; of a block statement all before its brace.
  std::string head(const Statement& statement) const {
    return visit(
        statement, [&](const Constant& s) { return define(s.result) + " = " + constant(s); },
        [&](const Argument& s) { return define(s.result) + " = s" + std::to_string(s.symbol); },
        [&](const Compute& s) { return define(s.result) + " = " + compute(s); },
        [&](const Splat& s) { return define(s.result) + " = splat " + use(s.scalar); },
        [&](const Iota& s) { return define(s.result) + " = iota"; },
        [&](const LaneMask& s) { return define(s.result) + " = lanes < " + use(s.count) + (s.few ? " few" : ""); },
        [&](const Half& s) { return define(s.result) + (s.upper ? " = upper " : " = lower ") + use(s.vector); },
        [&](const Slide& s) {
          return define(s.result) + " = slide " + use(s.low) + ", " + use(s.high) + " from " + std::to_string(s.from);
        },
        [&](const Pick& s) {
          const auto lane = [](int number) { return std::to_string(number); };
          return define(s.result) + " = pick " + use(s.vector) + " at " + join(s.lanes, ", ", lane);
        },
        [&](const AnyLane& s) { return define(s.result) + " = any " + use(s.mask); },
        [&](const CountLanes& s) { return define(s.result) + " = count " + use(s.mask); },
        [&](const ToLine& s) { return define(s.result) + " = to_line " + element(s.buffer, s.offset); },
        [&](const Load& s) { return define(s.result) + " = load " + element(s.buffer, s.offset) + mask(s.mask); },
        [&](const Gather& s) {
          return define(s.result) + " = gather " + element(s.buffer, s.base, s.offsets) + mask(s.mask);
        },
        [&](const Store& s) {
          return "store " + element(s.buffer, s.offset) + ", " + use(s.value) + mask(s.mask) +
                 (s.streaming == none ? "" : " streaming " + use(s.streaming));
        },
        [&](const Scatter& s) {
          return "scatter " + (s.combine ? std::string(to_string(*s.combine)) + " " : "") +
                 element(s.buffer, s.base, s.offsets) + ", " + use(s.value) + mask(s.mask);
        },
        [&](const Append& s) {
          return "append " + label(kernel.info, s.buffer) + "[" + use(s.first) + " by " + use(s.stride) + "] before " +
                 use(s.end) + ", " + use(s.value) + mask(s.mask);
        },
        [&](const SortRows& s) {
          const auto rows = [&](BufferId b, Value first, Value step, Value row_step) {
            return label(kernel.info, b) + "[" + use(first) + " by " + use(step) + " by " + use(row_step) + "]";
          };
          return (s.limit == none ? "sort " : "argsort ") + rows(s.to, s.first, s.pitch, s.step) +
                 (s.limit == none ? "" : " limit " + use(s.limit)) + ", " +
                 rows(s.keys, s.offset, s.stride, s.key_step) + " count " + use(s.count) + " rows " + use(s.rows) +
                 (s.descending ? " descending" : "");
        },
        [&](const Transpose& s) {
          return "transpose " + label(kernel.info, s.to) + "[" + use(s.first) + " by " + use(s.pitch) + "], " +
                 label(kernel.info, s.from) + "[" + use(s.offset) + " by " + use(s.stride) + "] rows " + use(s.rows) +
                 " columns " + use(s.columns) +
                 (s.ahead == none ? ""
                                  : " ahead [" + use(s.ahead) + " by " + use(s.ahead_apart) + " by " +
                                        use(s.ahead_step) + "]") +
                 (s.alternate ? " alternate" : "") + (s.streaming ? " streaming" : "");
        },
        [&](const Prefetch& s) { return "prefetch " + element(s.buffer, s.offset) + (s.later ? " later" : ""); },
        [&](const Check& s) { return "check " + std::to_string(s.number) + ": " + use(s.ok) + mask(s.mask); },
        [&](const For& s) { return head(s); }, [&](const If& s) { return "if " + use(s.condition); });
  }

  void block(std::string& out, const Block& statements, std::size_t depth) const {
    const std::string indent(2 * depth, ' ');
    const auto nested = [&](const Block& body) {
      out += " {\n";
      block(out, body, depth + 1);
    };
    for (const Statement& statement : statements) {
      out += indent + head(statement);
      if (const For* loop = statement.as<For>()) {
        nested(loop->body);
        if (!loop->carried.empty())
          out += indent + "  next " + join(loop->carried, ", ", [](const Carried& c) { return use(c.next); }) + "\n";
        if (loop->until != none) out += indent + "  until " + use(loop->until) + "\n";
        out += indent + "}";
      } else if (const If* branch = statement.as<If>()) {
        nested(branch->body);
        out += indent + "}";
      }
      out += "\n";
    }
  }
};

std::string text_of(const Symbol& symbol) {
  return std::string(symbol_kinds[static_cast<int>(symbol.kind)].name) + (symbol.ids.empty() ? "" : " ") +
         join(symbol.ids, ", ", [](std::uint32_t id) { return std::to_string(id); });
}

void header(std::string& out, const Kernel& kernel) {
  const KernelInfo& info = kernel.info;
  out += kernel.disjoint ? "kernel disjoint\n" : "kernel may_overlap\n";
  for (std::size_t i = 0; i < info.symbols.size(); ++i)
    out += "symbol s" + std::to_string(i) + " = " + text_of(info.symbols[i]) + "\n";
  for (BufferId i = 0; i < info.buffers.size(); ++i) {
    const BufferInfo& buffer = info.buffers[i];
    const std::string name = label(info, i);
    out += "buffer " + name + (name == buffer.name ? "" : " " + quoted(buffer.name)) + ": " +
           std::string(to_string(buffer.dtype)) + (buffer.writable ? " writable" : "") +
           product("extents", buffer.extents) +
           (buffer.scratch != 0 ? " scratch " + std::to_string(buffer.scratch) : "") + "\n";
  }
  for (const SliceInfo& s : info.slices)
    out += "slices of phases " + std::to_string(s.first) + " to " + std::to_string(s.end) + " with " +
           join(s.temporaries, ", ", [&](BufferId id) { return label(info, id); }) + "\n";
  for (std::size_t i = 0; i < info.checks.size(); ++i)
    out += "check " + std::to_string(i) + " " + quoted(info.checks[i]) + "\n";
  out += "proved " + std::to_string(info.proved) + "\nloops " + std::to_string(info.loops) + "\n";
}

}  // namespace

std::string to_string(const Kernel& kernel) {
  std::string out;
  header(out, kernel);
  for (std::size_t i = 0; i < kernel.phases.size(); ++i) {
    const PhaseInfo facts = i < kernel.info.phases.size() ? kernel.info.phases[i] : PhaseInfo{};
    const Printer printer{kernel, kernel.phases[i]};
    out += "\nphase " + (is_identifier(facts.name) ? facts.name : quoted(facts.name)) + " [" +
           printer.define(printer.phase.begin, "i64") + ", " + printer.define(printer.phase.end, "i64") + ")" +
           product("trip", facts.trip) + product("work", facts.work) + product("items", facts.items);
    for (const BufferId id : facts.starts) out += " starts " + label(kernel.info, id);
    if (facts.early) out += " early";
    out += " {\n";
    printer.block(out, printer.phase.body, 1);
    out += "}\n";
  }
  return out;
}

std::string quote(const Kernel& kernel, const Phase& phase, const Statement& statement) {
  return "'" + Printer{kernel, phase}.head(statement) + "'";
}

std::string title(const Kernel& kernel, const Phase& phase) {
  const std::size_t i = &phase - kernel.phases.data();
  const std::string name = i < kernel.info.phases.size() ? kernel.info.phases[i].name : "";
  return "phase " + std::to_string(i) + (name.empty() ? "" : " (" + name + ")");
}

}  // namespace ricci::loop
