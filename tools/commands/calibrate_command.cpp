// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "tools/calibrate/bench_lines.h"
#include "tools/calibrate/calibrate.h"
#include "tools/calibrate/fitted_profile.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"
#include "tools/model/machine_text.h"

namespace uprobesim {
namespace {

// What the thread's rows can tell apart. The exception pair is not among them: it trades off
// against kernel-cpi along a line, and round trips through a thin kernel (138 to 230 cycles on
// Cortex-A53 to A76) say where on it.
constexpr const char* kFree =
    "machine.kernel-cpi,machine.ops.mdscr-write,machine.slot-refetch-per-core,machine.ops.user-"
    "access,"
    "kernel.paths.uprobe.emulate.stp.pin.insns,kernel.paths.uretprobe.lease.insns";
// What a machine's own rows may tell, the most wanted first: all of a hit hangs on the first, a
// stepped one on the next two.
constexpr const char* kCandidates[] = {"machine.kernel-cpi", "machine.slot-refetch-per-core",
                                       "machine.ops.mdscr-write", "machine.exception-return",
                                       "machine.ops.user-access"};

constexpr std::string_view kFrequency = "machine.frequency";

constexpr std::string_view kCalibrateDescription =
    R"(Fits a few cost parameters to benchmark rows: the operations of a hit are counted by running it,
their costs are fitted by least squares of the relative deviation. Prints the fitted values with
their standard errors, the share of the cycles that each accounts for and the parameter it
correlates with most, the deviation of every row (also when that row is left out of the fit, which
is how well it would have been predicted), and what was not used and why. With -o the machine
profile is written to a file, whole; -o - writes it to stdout, and the report then goes to stderr.

FILE is what the benchmark printed on a machine of your own: bench of the kernel's selftests/bpf
(trig-uprobe-nop and so on, or its run_bench_uprobes.sh), or tools/measure. A line '# kernel: ' with
what uname -r prints says on which kernel, or --kernel does; give one file for each kernel. Those
parameters are fitted that the rows tell; for the others it is said what to measure. The fit
begins with --machine: take one with the same core, and tell the frequency with --set or in a line
'# frequency: 2.4 GHz'. docs/your-machine.md goes through all of it.

Without FILE the rows are those of the list thread, or of a TOML file of the same form (--rows).)";

constexpr std::string_view kCalibrateExamples = R"(uprobesim calibrate
uprobesim calibrate bench-6.12.txt bench-6.1.txt --name my-server -o my-server.toml
uprobesim calibrate bench.txt --kernel v6.12 --machine neoverse-n1 --set machine.frequency=2.8e9
uprobesim calibrate --rows rows.toml --machine mine.toml --free machine.kernel-cpi)";

OptionTable calibrate_options_table() {
    OptionTable table;
    add_machine_option(table,
                       "machine profile to start from (default kunpeng916; generic-a72 with FILE)");
    table
        .text("kernel", "NAME",
              "kernel profile, or release, that the rows of FILE were measured on")
        .from(ValueSource::Kernel);
    table
        .text("rows", "FILE",
              "published rows, a TOML file (default linux-arm-kernel-2024, built in)")
        .from(ValueSource::File);
    table.text("tables", "A,B,...", "tables to use (default: those of the machine marked for it)")
        .several_from(ValueSource::Table);
    table.text(
        "free", "KEY,...",
        "parameters to fit, as --set names them (default: six of a Cortex-A72 machine; of FILE, "
        "those that the rows tell)");
    add_set_option(table, "fix one key, machine.KEY or kernel.KEY; can be repeated");
    table.section("Report");
    table
        .text(
            "output", "FILE",
            "write the fitted machine profile to FILE; - is stdout, and the report goes to stderr")
        .short_name('o')
        .from(ValueSource::File);
    table.text("name", "NAME", "name of that profile (default: as FILE of --output)");
    add_format_option(table, all_formats());
    add_row_options(table);
    add_color_option(table);
    add_help_option(table);
    return table;
}

struct Rows {
    std::vector<PublishedTable> tables;
    std::vector<PublishedTable> unused;  // lines of files that no fit takes
};

// Those of bench's own files. What they say of the machine is held as --set would.
Result<Rows> measured_rows(const CommandLine& line, FitRequest& request) {
    Rows rows;
    std::optional<double> frequency;
    std::string place;
    const std::string kernel = line.one("kernel", "");
    for (const std::string& path : line.rest()) {
        auto file = TRY(read_bench_file(path, kernel, request.machine));
        if (file.frequency_hz && frequency && *file.frequency_hz != *frequency)
            return user_error("another frequency than in the file before", path,
                              "calibrate one machine at a time");
        if (file.frequency_hz && !frequency) {
            frequency = file.frequency_hz;
            place = file.frequency_place;
        }
        for (auto& [what, why] : file.unused) {
            PublishedTable& one = rows.unused.emplace_back();
            one.id = fmt::format("{}/{}", file.table.id, what);
            one.left_out = why;
        }
        rows.tables.push_back(std::move(file.table));
    }
    const bool is_set =
        std::any_of(request.settings.begin(), request.settings.end(),
                    [](const Setting& setting) { return setting.key == kFrequency; });
    if (frequency && !is_set) {
        request.settings.insert(request.settings.begin(),
                                {std::string(kFrequency), fmt::format("{}", *frequency)});
        request.stated.emplace(kFrequency, place);
    }
    return rows;
}

Result<Rows> published_rows(const CommandLine& line) {
    if (line.given("kernel"))
        return user_error("it is for rows of a FILE of bench", "--kernel",
                          "published rows say their kernel");
    auto tables =
        TRY(line.about("rows", load_published(line.one("rows", "linux-arm-kernel-2024"))));
    return Rows{std::move(tables), {}};
}

Outcome read_parameters(const CommandLine& line, FitRequest& request) {
    request.choose = !line.rest().empty() && !line.given("free");
    if (request.choose) {
        request.free.assign(std::begin(kCandidates), std::end(kCandidates));
        return {};
    }
    request.free = TRY(line.names("free", kFree));
    return {};
}

// --name, or what the file is called.
Result<std::string> profile_name(const CommandLine& line, const std::string& output,
                                 const std::string& machine) {
    if (line.given("name")) {
        const std::string name = line.one("name", "");
        TRY(line.about("name", check_profile_name(name)));
        return name;
    }
    const std::string stem = std::filesystem::path(output).stem().string();
    return output != "-" && check_profile_name(stem) ? stem : machine + "-fitted";
}

Result<int> run_calibrate(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    const bool measured = !line.rest().empty();
    for (const char* option : {"rows", "tables"}) {
        if (measured && line.given(option))
            return user_error("it chooses among published rows, and a FILE has rows of its own",
                              fmt::format("--{}", option));
    }
    FitRequest request;
    request.machine = TRY(line.name("machine", measured ? kDefaultMachine : "kunpeng916"));
    TRY(read_settings(line, request.settings));
    TRY(read_parameters(line, request));
    if (line.given("tables")) request.tables = TRY(line.names("tables", ""));
    static_cast<void>(
        TRY(line.about("machine", load_machine_profile(request.machine, request.settings))));
    const auto rows = measured ? TRY(measured_rows(line, request)) : TRY(published_rows(line));
    // Before the fit, which takes long: it is not lost to a folder that does not exist.
    const auto machine = TRY(load_machine_profile(request.machine, request.settings));
    const auto name = TRY(profile_name(line, options.output, machine.name));
    std::optional<ReportOutput> output;
    if (!options.output.empty()) output = TRY(ReportOutput::open(options.output));
    auto done = TRY(fit(rows.tables, request));
    done.measured = measured;
    done.not_used.insert(done.not_used.end(), rows.unused.begin(), rows.unused.end());
    if (output) TRY(done.check_settled());
    // One of the two on stdout.
    auto printed = TRY(ReportOutput::open("", options.output == "-" ? stderr : stdout));
    printed.write(TRY(report_text({.document = [&] { return calibrate_document(done); },
                                   .json = [&] { return fit_json(done); }},
                                  options, printed.on_terminal())));
    if (output) output->write(TRY(fitted_profile(done, name)));
    return 0;
}

}  // namespace

Command calibrate_command() {
    return {.name = "calibrate",
            .meaning = "fit a machine's cost parameters to benchmark rows",
            .help = {{"[options] [FILE...]"}, kCalibrateDescription, kCalibrateExamples, {}},
            .words = ValueSource::File,
            .options = calibrate_options_table,
            .run = run_calibrate};
}

}  // namespace uprobesim
