// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/try.h"
#include "tools/cli/report_options.h"
#include "tools/commands/commands.h"
#include "tools/request/prepared_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kWhatifDescription =
    R"(Computes the cost of a saved run with different cost parameters, in milliseconds and without
running it again: the counts of the report times the costs of another machine or kernel, or of
--set. With unchanged parameters the result is the run's own, to the cycle; with --set it is what
run --set reports. A change that would alter the counts (another decode table, STP form, slot
policy or core) is refused with the run command to use instead. The settings of the run stay
unless --set changes them.

--low, --high and --range tell how far the result moves if every parameter is as far off as its
confidence allows (high 2 %, medium 15 %, low 40 %, assumption: half to double), and which
parameters dominate it.)";

constexpr std::string_view kWhatifExamples =
    R"(uprobesim run -f json -o report.json -p 'uprobe:/bin/ls:*' /bin/ls /usr
uprobesim whatif report.json --set machine.ops.ic-ivau=0 --set machine.ops.dsb-ish=60
uprobesim whatif report.json --machine generic-a72
uprobesim whatif report.json --range
uprobesim whatif report.json --range -f html -o range.html
uprobesim whatif table.json --run 'emulated STP' --set machine.kernel-cpi=1.3)";

Result<int> run_whatif(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
    return write_report(TRY(prepare_whatif(line, defaults)), options, false);
}

}  // namespace

Command whatif_command() {
    return {.name = "whatif",
            .meaning = "the cost of a saved run with different cost parameters, without running",
            .help = {{"[options] REPORT.json"}, kWhatifDescription, kWhatifExamples, {}},
            .words = ValueSource::File,
            .options = whatif_options,
            .run = run_whatif};
}

}  // namespace uprobesim
