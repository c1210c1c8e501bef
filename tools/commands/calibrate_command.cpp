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
#include "tools/calibrate/contended_rows.h"
#include "tools/calibrate/fitted_profile.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"
#include "tools/model/machine_text.h"
#include "tools/published/scaling.h"

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

Rows of several CPUs ("uprobe-push ( 8 cpus): ...") tell what CPUs wait for: the costs of
machine.contention, over those of one CPU. Tiers that cost the same in the profile keep one cost,
unless --free names them. Each takes many starts: some 30 rows are a minute or two.

Without FILE the rows are those of the list thread, or of a TOML file of the same form (--rows).
--tables scaling takes those of many CPUs; of these, rows that the profile's costs were not fitted
to are held out.)";

constexpr std::string_view kCalibrateExamples = R"(uprobesim calibrate
uprobesim calibrate bench-6.12.txt bench-6.1.txt --name my-server -o my-server.toml
uprobesim calibrate bench.txt --kernel v6.12 --machine neoverse-n1 --set machine.frequency=2.8e9
uprobesim calibrate --rows rows.toml --machine mine.toml --free machine.kernel-cpi
uprobesim calibrate --tables scaling)";

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
    std::vector<PublishedTable> unused;      // lines of files that no fit takes
    std::vector<ContendedSeries> contended;  // of several CPUs

    void leave_out(std::string what, std::string why) {
        PublishedTable& one = unused.emplace_back();
        one.id = std::move(what);
        one.left_out = std::move(why);
    }
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
        for (auto& [what, why] : file.unused)
            rows.leave_out(fmt::format("{}/{}", file.table.id, what), why);
        rows.contended.insert(rows.contended.end(), file.contended.begin(), file.contended.end());
        if (!file.table.rows.empty()) rows.tables.push_back(std::move(file.table));
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

Result<Rows> published_rows(const CommandLine& line, const FitRequest& request) {
    if (line.given("kernel"))
        return user_error("it is for rows of a FILE of bench", "--kernel",
                          "published rows say their kernel");
    if (request.tables == std::vector<std::string>{std::string(kScaling)}) {
        const auto data =
            TRY(line.about("rows", load_scaling(line.one("rows", std::string(kScalingRows)))));
        if (request.machine != data.machine && request.machine != data.other_machine)
            return user_error(fmt::format("'{}' has no rows of {}", kScaling, request.machine),
                              "--tables");
        return Rows{{}, {}, contended_series(data)};
    }
    if (std::find(request.tables.begin(), request.tables.end(), kScaling) != request.tables.end())
        return user_error(fmt::format("'{}' has rows of several CPUs and stands alone", kScaling),
                          "--tables", "fit the others first, and give their costs with --set");
    auto tables =
        TRY(line.about("rows", load_published(line.one("rows", "linux-arm-kernel-2024"))));
    return Rows{std::move(tables), {}, {}};
}

// What is fitted to rows of one CPU, and to those of several.
struct Free {
    FitRequest one_cpu;  // whose `choose` is for both
    TransferRequest several;
};

Outcome read_parameters(const CommandLine& line, Free& free) {
    free.one_cpu.choose = !line.rest().empty() && !line.given("free");
    if (free.one_cpu.choose) {
        free.one_cpu.free.assign(std::begin(kCandidates), std::end(kCandidates));
        return {};
    }
    for (std::string& key : TRY(line.names("free", kFree)))
        (key.starts_with(kContentionKeys) ? free.several.free : free.one_cpu.free)
            .push_back(std::move(key));
    return {};
}

// The costs of one CPU first: those of several are fitted over them.
Result<Fit> fit_rows(const CommandLine& line, Free& free, Rows& rows) {
    const bool scaling = rows.tables.empty() && line.rest().empty();
    if (scaling && line.given("free") && free.several.free.empty())
        return user_error("rows of several CPUs tell none of these", "--free",
                          "name keys of machine.contention, or leave it out");
    Fit done;
    done.machine = free.one_cpu.machine;
    done.settings = free.one_cpu.settings;
    done.stated = free.one_cpu.stated;
    if (rows.tables.empty() ? rows.contended.empty() : !free.one_cpu.free.empty())
        done = TRY(fit(rows.tables, free.one_cpu));
    const bool wanted = free.one_cpu.choose || scaling || !free.several.free.empty();
    const auto machine = TRY(load_machine_profile(done.machine, done.settings));
    if (wanted && !rows.contended.empty() && (machine.contention || !free.one_cpu.choose)) {
        free.several.machine = done.machine;
        free.several.settings = done.settings;
        for (const FittedParameter& one : done.parameters)
            free.several.settings.push_back({one.key, fmt::format("{:.17g}", one.value)});
        done.transfers = TRY(fit_transfers(std::move(rows.contended), free.several));
    } else if (!free.several.free.empty()) {
        return user_error("no row is of several CPUs", "--free",
                          "--tables scaling has some, or give a FILE of bench that has");
    } else {
        for (const ContendedSeries& one : rows.contended)
            rows.leave_out(fmt::format("{}/{}, rows of several CPUs", one.table, one.name),
                           machine.contention
                               ? "--free names no cost that they tell"
                               : fmt::format("{} has no [contention] to begin with: kunpeng916 and "
                                             "neoverse-n1 have",
                                             machine.name));
    }
    if (done.rows.empty() && !done.transfers)
        return user_error("there is nothing to fit", rows.unused.front().id,
                          rows.unused.front().left_out);
    done.not_used.insert(done.not_used.end(), rows.unused.begin(), rows.unused.end());
    return done;
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
    Free free;
    FitRequest& request = free.one_cpu;
    request.machine = TRY(line.name("machine", measured ? kDefaultMachine : "kunpeng916"));
    TRY(read_settings(line, request.settings));
    TRY(read_parameters(line, free));
    if (line.given("tables")) request.tables = TRY(line.names("tables", ""));
    static_cast<void>(
        TRY(line.about("machine", load_machine_profile(request.machine, request.settings))));
    auto rows = measured ? TRY(measured_rows(line, request)) : TRY(published_rows(line, request));
    // Before the fit, which takes long: it is not lost to a folder that does not exist.
    const auto machine = TRY(load_machine_profile(request.machine, request.settings));
    const auto name = TRY(profile_name(line, options.output, machine.name));
    std::optional<ReportOutput> output;
    if (!options.output.empty()) output = TRY(ReportOutput::open(options.output));
    auto done = TRY(fit_rows(line, free, rows));
    done.measured = measured;
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
