// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/command.h"

#include <fmt/format.h>

#include "tools/cli/build_info.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/commands/commands.h"
#include "tools/commands/help.h"

namespace uprobesim {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "[options] PROGRAM [ARGUMENTS...]", "one run, one report", run_help, run_command},
    {"compare", "[options] PROGRAM [ARGUMENTS...]", "without probes, then with them on each kernel",
     compare_help, compare_command},
    {"bench", "[options] [VARIANT...]", "the kernel's uprobe benchmark, with a break-down",
     bench_help, bench_command},
    {"reproduce", "[options] [TABLE]", "published tables beside simulated ones", reproduce_help,
     reproduce_command},
    {"calibrate", "[options]", "fit a machine to published rows", calibrate_help,
     calibrate_command},
    {"whatif", "[options] REPORT.json",
     "a saved run with different cost parameters, without running", whatif_help, whatif_command},
    {"audit", "[options] BINARY...", "what a probe on each function would be", audit_help,
     audit_command},
    {"explain", "[options] TARGET", "one hit, step by step", explain_help, explain_command},
    {"scenario", "list|show ...", "several programs in one run, for run and compare", scenario_help,
     scenario_command},
    {"model", "list|show|diff|check ...", "machines and kernels: their figures and sources",
     model_help, model_command},
};

std::string verb_names() {
    std::string names;
    for (const Verb& verb : kVerbs) names += (names.empty() ? "" : ", ") + std::string(verb.name);
    return names;
}

}  // namespace

std::span<const Verb> verbs() {
    return kVerbs;
}

const Verb* find_verb(std::string_view name) {
    for (const Verb& verb : kVerbs) {
        if (verb.name == name) return &verb;
    }
    return nullptr;
}

int refuse_run(const RunRefused& refused) {
    refuse(refused.error);
    return refused.exit_code;
}

int run_tool(const Words& words, const OptionDefaults& defaults) {
    const std::string hint = fmt::format("the verbs are {}; see uprobesim --help", verb_names());
    if (words.empty()) return refuse({"no verb is given", "", hint});
    const std::string& name = words.front();
    const Words rest(words.begin() + 1, words.end());
    if (name == "--version") {
        fmt::print("uprobesim {}\n", tool_version());
        return 0;
    }
    if (name == "--help" || name == "-h" || name == "help") {
        if (rest.empty()) {
            fmt::print("{}", tool_help());
            return 0;
        }
        const Verb* topic = find_verb(rest.front());
        if (topic == nullptr)
            return refuse({fmt::format("there is no help on '{}'", rest.front()), "", hint});
        fmt::print("{}", topic->help());
        return 0;
    }
    const Verb* verb = find_verb(name);
    if (verb == nullptr) return refuse({fmt::format("'{}' is not a verb", name), "", hint});
    return verb->run(rest, defaults);
}

}  // namespace uprobesim
