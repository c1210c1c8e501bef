// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/cost/core_table.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_command.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/format/text_table.h"
#include "tools/model/model_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kModel = R"(usage: uprobesim model list
       uprobesim model show NAME|FILE
       uprobesim model diff A B
       uprobesim model check FILE...

list   names the machine profiles (--machine) and kernel profiles (--kernel, --kernels) that are built in; a path to a
       TOML file of your own does as well as a name
show   every figure of one profile: its key as --set takes it, value, unit, confidence, source, and the file and line it
       comes from in the chain of based-on
diff   what differs between two machines or two kernels
check  reads profiles and core tables as strictly as run does: one line each, "FILE: ok" or what is wrong, where, with
       exit status 2

Examples:
  uprobesim model show kunpeng916
  uprobesim model show v6.12 --set kernel.paths.uprobe.lookup.insns=100
  uprobesim model diff next-20241104 v6.13
  uprobesim model diff kunpeng916 ./my-machine.toml -f json
  uprobesim model check ./my-machine.toml ./my-kernel.toml

Options:
)";

OptionTable visible_options() {
    OptionTable table = option_table();
    table.add_options()(
        "set", list_option("KEY=VALUE"),
        "show and diff: change one figure, machine.KEY or kernel.KEY; can be repeated");
    add_report_options(table, "text, json, csv or md (default text); check writes text only");
    return table;
}

struct ModelOptions {
    Words words;  // after the sub-command
    std::vector<Setting> settings;
    ReportStyle style;
};

bool is_json(const ModelOptions& options) {
    return options.style.format == ReportFormat::Json;
}

Result<std::string> list(const ModelOptions& options) {
    std::vector<NamedProfile> profiles;
    for (const std::string& name : builtin_machine_profiles()) {
        const auto profile = load_machine_profile(name, {});
        profiles.push_back(
            {ProfileKind::Machine, name, profile ? profile->description : profile.error().line()});
    }
    for (const std::string& name : builtin_kernel_profiles()) {
        const auto profile = load_kernel_profile(name, {});
        profiles.push_back(
            {ProfileKind::Kernel, name, profile ? profile->description : profile.error().line()});
    }
    return is_json(options) ? profile_list_json(profiles)
                            : written(profile_list_document(profiles), options.style);
}

Result<ProfileListing> read_profile(const std::string& name, const std::vector<Setting>& settings) {
    const auto kind = TRY(find_profile_kind(name));
    if (kind == ProfileKind::Core) {
        return user_error("a core table has no figures that --set takes", name,
                          "read the file; uprobesim model check takes it");
    }
    // The other profile's settings would change nothing unseen.
    for (const Setting& setting : settings) {
        if (!setting.key.starts_with(fmt::format("{}.", profile_kind_name(kind))))
            return user_error(fmt::format("{} is a {}", name, profile_kind_name(kind)),
                              "--set " + setting.key);
    }
    return list_profile(kind, name, settings);
}

Result<std::string> show(const ModelOptions& options) {
    const auto profile = TRY(read_profile(options.words[0], options.settings));
    return is_json(options) ? profile_json(profile)
                            : written(profile_document(profile), options.style);
}

Result<std::string> diff(const ModelOptions& options) {
    const auto a = TRY(read_profile(options.words[0], options.settings));
    const auto b = TRY(read_profile(options.words[1], options.settings));
    if (a.kind != b.kind) {
        return user_error(
            fmt::format("{} is a {} and {} a {}", options.words[0], profile_kind_name(a.kind),
                        options.words[1], profile_kind_name(b.kind)),
            "model diff", "give two of the same kind");
    }
    return is_json(options) ? profile_diff_json(a, b)
                            : written(profile_diff_document(a, b), options.style);
}

// "machine my-board", or what is wrong.
Result<std::string> checked(const std::string& file) {
    const auto kind = TRY(find_profile_kind(file));
    if (kind == ProfileKind::Core) {
        const auto core = TRY(load_core_table(file));
        return fmt::format("core {}", core.name);
    }
    const auto profile = TRY(list_profile(kind, file, {}));
    // The machine names a core: it must be there too.
    if (const ProfileKey* core = profile.find("core");
        core != nullptr && kind == ProfileKind::Machine) {
        if (const auto table = load_core_table(core->value); !table) {
            return user_error(fmt::format("core: {}", table.error().what), core->where,
                              table.error().hint);
        }
    }
    return fmt::format("{} {}, {}", profile_kind_name(kind), profile.name,
                       counted(profile.keys.size(), "key"));
}

// All files are read, whatever is wrong with the first.
int check(const Words& files) {
    int status = 0;
    for (const std::string& file : files) {
        if (const auto what = checked(file)) {
            fmt::print("{}: ok, {}\n", printable(file), printable(*what));
        } else {
            status = refuse(what.error());
        }
    }
    return status;
}

struct SubCommand {
    std::string_view name;
    std::size_t words;
    std::string_view needs;
    Result<std::string> (*report)(const ModelOptions& options);
};
constexpr SubCommand kSubCommands[] = {
    {"list", 0, "no more words", list},
    {"show", 1, "one name or file", show},
    {"diff", 2, "two names or files", diff},
};

Result<int> run_model(const ReportWords& words) {
    const UserError which{"model needs list, show, diff or check", "",
                          "see uprobesim model --help"};
    if (words.line.rest().empty()) return tl::make_unexpected(which);
    const std::string& name = words.line.rest().front();
    ModelOptions options{
        Words(words.line.rest().begin() + 1, words.line.rest().end()), {}, words.style};
    TRY(read_settings(words.line, options.settings));
    if (name == "check") {
        if (options.words.empty())
            return user_error("model check needs at least one file", "",
                              "see uprobesim model --help");
        return check(options.words);
    }
    const auto found = std::find_if(std::begin(kSubCommands), std::end(kSubCommands),
                                    [&](const SubCommand& s) { return s.name == name; });
    if (found == std::end(kSubCommands)) return tl::make_unexpected(which);
    if (options.words.size() != found->words)
        return user_error(fmt::format("model {} needs {}", name, found->needs), "",
                          "see uprobesim model --help");
    const auto text = TRY(found->report(options));
    auto output = TRY(ReportOutput::open(words.output, stdout));
    output.write(text);
    return 0;
}

}  // namespace

std::string model_help() {
    return std::string(kModel) + option_text(visible_options());
}

int model_command(const Words& words, const OptionDefaults&) {
    return run_report_verb(
        {"model", model_help, visible_options, {"text", "json", "csv", "md"}, run_model}, words);
}

}  // namespace uprobesim
