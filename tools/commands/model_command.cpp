// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/cost/core_table.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/sub_command.h"
#include "tools/format/text_table.h"
#include "tools/html/report_text.h"
#include "tools/model/model_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kModelDescription =
    R"(Shows machine profiles (--machine) and kernel profiles (--kernel). PROFILE is the name of a
built-in one or the path of a TOML file.

show prints every key of one profile as --set takes it, with its value, unit, confidence and
source, and the file and line that set it, in the chain of based-on. check reads profiles and core
tables as strictly as run does, and prints one line for each: "FILE: ok", or file, line and
mistake with exit status 2.)";

constexpr std::string_view kModelExamples = R"(uprobesim model show kunpeng916
uprobesim model show v6.12 --set kernel.paths.uprobe.lookup.insns=100
uprobesim model diff next-20241104 v6.13
uprobesim model diff kunpeng916 ./my-machine.toml -f json
uprobesim model check ./my-machine.toml ./my-kernel.toml)";

OptionTable model_options_table() {
    OptionTable table;
    add_set_option(table,
                   "show and diff: change one key, machine.KEY or kernel.KEY; can be repeated");
    add_report_options(table, all_formats());
    return table;
}

struct ModelOptions {
    Words words;  // after the sub-command
    std::vector<Setting> settings;
    ReportOptions report;
    bool on_terminal = false;
};

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
    return report_text({.document = [&] { return profile_list_document(profiles); },
                        .json = [&] { return profile_list_json(profiles); }},
                       options.report, options.on_terminal);
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
    return report_text({.document = [&] { return profile_document(profile); },
                        .json = [&] { return profile_json(profile); }},
                       options.report, options.on_terminal);
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
    return report_text({.document = [&] { return profile_diff_document(a, b); },
                        .json = [&] { return profile_diff_json(a, b); }},
                       options.report, options.on_terminal);
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

struct Action {
    SubCommand what;
    std::size_t words;
    std::string_view needs;
    Result<std::string> (*report)(const ModelOptions& options);  // null: check
};
constexpr Action kActions[] = {
    {{"list", "", "the built-in profiles"}, 0, "no more words", list},
    {{"show", "PROFILE", "every key of one profile"}, 1, "one name or file", show},
    {{"diff", "A B", "the differences of two machines or two kernels"},
     2,
     "two names or files",
     diff},
    {{"check", "FILE...", "profiles and core tables that you wrote"}, 0, "", nullptr},
};

std::vector<SubCommand> sub_commands() {
    std::vector<SubCommand> all;
    for (const Action& action : kActions) all.push_back(action.what);
    return all;
}

Result<int> run_model(const CommandLine& line, const OptionDefaults& defaults) {
    const auto report = TRY(read_report_options(line, all_formats(), defaults.no_color));
    const auto name = TRY(sub_command("model", sub_commands(), line.rest()));
    ModelOptions options{Words(line.rest().begin() + 1, line.rest().end()), {}, {}, false};
    TRY(read_settings(line, options.settings));
    const auto* const action = std::find_if(std::begin(kActions), std::end(kActions),
                                            [&](const Action& a) { return a.what.name == name; });
    if (action->report == nullptr) {
        if (options.words.empty())
            return user_error("model check needs at least one file", "",
                              "see uprobesim model --help");
        TRY(refuse_report_options(line, "model check prints a line for each file, no report",
                                  LinesGo::ToStdout));
        return check(options.words);
    }
    if (options.words.size() != action->words)
        return user_error(fmt::format("model {} needs {}", name, action->needs), "",
                          "see uprobesim model --help");
    auto output = TRY(ReportOutput::open(report.output, stdout));
    options.report = report;
    options.on_terminal = output.on_terminal();
    const auto text = TRY(action->report(options));
    output.write(text);
    return 0;
}

}  // namespace

Command model_command() {
    return {.name = "model",
            .meaning = "machine and kernel profiles: their keys, values and sources",
            .help = {{"list", "show PROFILE", "diff A B", "check FILE..."},
                     kModelDescription,
                     kModelExamples,
                     {}},
            .sub_commands = sub_commands(),
            .words = ValueSource::Profile,
            .options = model_options_table,
            .run = run_model};
}

}  // namespace uprobesim
