// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/try.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/doctor/doctor.h"

namespace uprobesim {
namespace {

const std::vector<ReportFormat> kFormats = {ReportFormat::Text, ReportFormat::Json};

constexpr std::string_view kDoctorDescription =
    R"(Examines the installation: the engine and the self-tests of its fast paths, the disassembler, what
is built in, the arm64 programs, and the host's programs that only developers need. Each check is
ok, missing, or optional (absent, and not needed to simulate), and comes with its remedy.)";

constexpr std::string_view kDoctorExamples = R"(uprobesim doctor
uprobesim doctor -f json)";

constexpr std::string_view kDoctorExitStatus = R"(0  nothing that is needed is missing
1  something is)";

OptionTable doctor_options_table() {
    OptionTable table;
    add_file_options(table, kFormats);
    add_color_option(table);
    add_help_option(table);
    return table;
}

Result<int> run_doctor(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, kFormats, defaults.no_color));
    if (!line.rest().empty())
        return user_error("doctor takes no words", line.rest().front(),
                          "see uprobesim doctor --help");
    auto output = TRY(ReportOutput::open(options.output, stdout));
    const auto checks = examine({defaults.host, defaults.root, defaults.search_path});
    output.write(options.format == ReportFormat::Json ? doctor_json(checks) : doctor_text(checks));
    return is_healthy(checks) ? 0 : 1;
}

}  // namespace

Command doctor_command() {
    return {.name = "doctor",
            .meaning = "what this installation lacks, with the remedy",
            .help = {{"[options]"}, kDoctorDescription, kDoctorExamples, kDoctorExitStatus},
            .options = doctor_options_table,
            .run = run_doctor};
}

}  // namespace uprobesim
