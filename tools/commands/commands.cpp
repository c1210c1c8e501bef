// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/text.h"
#include "tools/cli/build_info.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/commands/command_help.h"

namespace uprobesim {
namespace {

// "run, compare": the commands that take the option; empty: none.
std::string commands_with(std::string_view option) {
    std::string names;
    for (const Command& command : commands()) {
        const OptionTable options = command.options();
        const OptionRow* row = options.find(option);
        if (row == nullptr || row->hidden) continue;
        names += (names.empty() ? "" : ", ") + std::string(command.name);
    }
    return names;
}

// Options that stand without a command, and what other programs call them.
struct OptionWord {
    std::string_view other, ours;
};
constexpr std::array kOptionWords = {OptionWord{"--version", "--version"},
                                     OptionWord{"-V", "--version"}, OptionWord{"-v", "--version"},
                                     OptionWord{"--help", "--help"}, OptionWord{"-?", "--help"}};

UserError unknown_option(const std::string& name) {
    Words others;
    for (const OptionWord& word : kOptionWords) {
        if (word.other == name)
            return {"no such option", name, fmt::format("did you mean '{}'?", word.ours)};
        others.emplace_back(word.other);
    }
    const std::string near = did_you_mean(name, others);
    if (!near.empty()) return {"no such option", name, near};
    return {"the command comes first, its options after it", name,
            "for example: uprobesim run --all /bin/true"};
}

UserError unknown_command(const std::string& name) {
    if (name.starts_with('-')) return unknown_option(name);
    Words names{"help"};
    for (const Command& command : commands()) names.emplace_back(command.name);
    const std::string near = did_you_mean(name, names);
    return {fmt::format("unknown command '{}'", name), "",
            near.empty() ? "see uprobesim --help" : near};
}

Result<int> run_parsed(const Command& command, const Words& words, const OptionDefaults& defaults) {
    const CommandSyntax syntax{command.name, command.rest, command.is_scenario,
                               command.program_needs, commands_with};
    const auto line = CommandLine::parse(syntax, command.options(), words);
    if (!line) return tl::make_unexpected(line.error());
    if (line->given("help")) {
        fmt::print("{}", command_help(command));
        return kExitSuccess;
    }
    return command.run(*line, defaults);
}

int help(const Words& topics) {
    if (topics.empty()) {
        fmt::print("{}", tool_help());
        return kExitSuccess;
    }
    const Command* topic = find_command(topics.front());
    if (topic == nullptr) return refuse(unknown_command(topics.front()));
    fmt::print("{}", command_help(*topic));
    return kExitSuccess;
}

}  // namespace

std::span<const Command> commands() {
    static const std::vector<Command> all = {
        run_command(),       compare_command(),  bench_command(),   reproduce_command(),
        calibrate_command(), whatif_command(),   sweep_command(),   audit_command(),
        list_command(),      estimate_command(), explain_command(), scenario_command(),
        model_command(),     machine_command(),  sysroot_command(), doctor_command()};
    return all;
}

const Command* find_command(std::string_view name) {
    const auto all = commands();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.name == name; });
    return found == all.end() ? nullptr : &*found;
}

int run_tool(const Words& words, const OptionDefaults& defaults) {
    if (words.empty()) return refuse({"no command is given", "", "see uprobesim --help"});
    const std::string& name = words.front();
    const Words rest(words.begin() + 1, words.end());
    if (name == "--version") {
        fmt::print("{}", version_text());
        return kExitSuccess;
    }
    if (name == "--help" || name == "-h" || name == "help") return help(rest);
    // bpftrace's own spelling.
    const Command* command = find_command(name == "-l" ? "list" : name);
    if (command == nullptr) return refuse(unknown_command(name));
    const auto status = run_parsed(*command, rest, defaults);
    return status ? *status : refuse(status.error());
}

}  // namespace uprobesim
