#include "ricci/rules.hpp"

#include <string>

#include "ricci/error.hpp"

namespace ricci {
namespace {

struct RuleInfo {
  Error::Kind kind;
  std::string_view sentence;
};

constexpr RuleInfo rule_table[] = {
#define RICCI_RULE(name, kind, sentence) {Error::Kind::kind, sentence},
#include "ricci/rules.def"
#undef RICCI_RULE
};

}  // namespace

void throw_fault(const Fault& fault) {
  RICCI_ASSERT(fault, "an error was raised for something that breaks no rule");
  const RuleInfo& rule = rule_table[static_cast<int>(fault.rule) - 1];
  std::string message(rule.sentence);
  if (fault.detail.size > 0) message.append(": ").append(fault.detail.view());
  throw Error(rule.kind, message);
}

}  // namespace ricci
