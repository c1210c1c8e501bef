// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <filesystem>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/sub_command.h"
#include "tools/model/machine_text.h"

namespace uprobesim {
namespace {

const std::vector<SubCommand> kMachineSubCommands = {
    {"init", "NAME", "a machine profile to fill in"},
};

constexpr std::string_view kMachineDescription =
    R"(init writes NAME.toml, a whole machine profile with a comment at every figure: what --machine
takes. Its figures are those of --machine, the profile that it begins with; give what you know of
your machine and, with it, your own source and confidence. A file that is there is kept.

What a hit costs is better measured than filled in: see uprobesim calibrate.)";

constexpr std::string_view kMachineExamples = R"(uprobesim machine init my-server
uprobesim machine init my-server --machine neoverse-n1 --set machine.frequency=2.8e9
uprobesim run --machine ./my-server.toml -p 'uprobe:/bin/ls:*' /bin/ls)";

constexpr std::string_view kHead =
    R"(A machine profile of uprobesim. Fill in what you know, with its source and your confidence in it
(high, medium, low, assumption): reports tell their ranges by it. What a figure is unknown for may
be left out if based-on names a profile that has it.
First: frequency (lscpu, or cpufreq's scaling_cur_freq under load), shareability-cores (lscpu: all
cores of the machine), idc and dic (bits 28 and 29 of CTR_EL0), kpti and bhb (the files below
/sys/devices/system/cpu/vulnerabilities). Then measure, and let uprobesim calibrate fit the rest.)";

OptionTable machine_options_table() {
    OptionTable table;
    add_machine_option(table, "machine profile to begin with (default generic-a72)");
    add_set_option(table, "change one key, machine.KEY; can be repeated");
    table.text("output", "FILE", "write to FILE (default: NAME.toml); - is stdout")
        .short_name('o')
        .from(ValueSource::File);
    add_help_option(table);
    return table;
}

Result<int> run_machine(const CommandLine& line, const OptionDefaults&) {
    const auto action = TRY(sub_command("machine", kMachineSubCommands, line.rest()));
    const Words words(line.rest().begin() + 1, line.rest().end());
    if (words.size() != 1)
        return user_error(fmt::format("machine {} needs one name", action), "",
                          "see uprobesim machine --help");
    const std::string& name = words.front();
    if (const auto good = check_profile_name(name); !good)
        return user_error(good.error().what, "machine init", good.error().hint);
    std::vector<Setting> settings;
    TRY(read_settings(line, settings));
    const auto from = TRY(line.name("machine", kDefaultMachine));
    auto machine = TRY(load_machine_profile(from, settings));
    const auto base = TRY(built_in_base(from));
    const std::string path = line.one("output", name + ".toml");
    std::error_code error;
    if (path != "-" && std::filesystem::exists(path, error))
        return user_error("there is such a file already", path,
                          "name another with -o, or remove it");
    machine.description = fmt::format("{}, from {}", name, machine.name);
    machine.name = name;
    mark_given(machine, settings);
    auto output = TRY(ReportOutput::open(path));
    output.write(machine_text(machine, base, kHead));
    if (path != "-")
        fmt::print("{}: written; use it as --machine {}{}\n", path,
                   path.find('/') == std::string::npos ? "./" : "", path);
    return 0;
}

}  // namespace

Command machine_command() {
    return {.name = "machine",
            .meaning = "write a profile of your own machine, to fill in",
            .help = {{"init NAME"}, kMachineDescription, kMachineExamples, {}},
            .sub_commands = kMachineSubCommands,
            .options = machine_options_table,
            .run = run_machine};
}

}  // namespace uprobesim
