// SPDX-License-Identifier: GPL-2.0-or-later
// What probes will cost, before any is attached.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "tools/charts/charts.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/handler_option.h"
#include "tools/cli/quantity.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/estimate/estimate.h"
#include "tools/estimate/estimate_targets.h"
#include "tools/html/report_text.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDescription =
    R"(Tells what probes would cost, from a binary and a rate. Nothing is run and nothing is attached: the
first instruction of each function decides what the kernel does at a hit (emulate it, or step it
out of line), and the kernel and machine profiles say what that takes. Each figure comes with the
range that the confidence of its cost parameters leaves (see uprobesim model show), with the three
parameters that it hangs on most, and with changes that would make the probes cheaper.

SPEC is a probe as list takes it, uprobe:BINARY:FUNCTION, with wildcards. --rate is for each probe
alike. --counts reads how often functions were called: what perf stat -x, printed (with -I it has
the time too), a map that bpftrace printed (@[func]: 123), a uftrace report, lines of a name and a
count, or a report of uprobesim (-f json). --over says in which time they were counted.

What attaching the probes takes and detaching them is in a section of its own: the time on the
CPU of whoever attaches them, by an event for each probe or by one uprobe_multi link, with
--processes that have the probed files mapped already; and what that sleeps for grace periods of
RCU, of which the order of magnitude is known only.

What a first hit takes in addition is not in the figures (uprobesim explain --hit 1 shows it), and
neither is the time that CPUs wait for each other when many hit one probe.)";

constexpr std::string_view kExamples =
    R"(uprobesim estimate --root build/sysroot uprobe:/usr/bin/redis-server:processCommand --rate 100k
uprobesim estimate uprobe:./server:handle_* --counts perf.csv --over 10s --budget 2%
uprobesim estimate --kernels v6.12,v6.13,new uprobe:./server:main uretprobe:/opt/server:main)";

constexpr std::string_view kExitStatus =
    R"(0  estimated, and within the budget where there is one
1  the probes take more than the budget
2  usage error: one line on stderr names it, nothing else is printed
3  host failure)";

constexpr std::uint64_t kMostProcesses = 1'000'000;

OptionTable options_table() {
    OptionTable table;
    table.text("rate", "N", "hits of each probe a second: 250, 100k, 2.5M");
    table.text("counts", "FILE", "how often each function was called, as other tools count it")
        .from(ValueSource::File);
    table.text("over", "TIME",
               "the time in which --counts were counted, such as 10s (default: as the file says)");
    table.text("processes", "M",
               "processes that have the probed files mapped when the probes are attached (default "
               "1)");
    table.text("budget", "SHARE", "of one CPU, such as 2%: status 1 if the probes take more");
    add_handler_option(table);
    add_program_options(table);
    add_kernels_option(
        table, fmt::format("kernel profiles: names or TOML files (default {})", kDefaultKernel));
    table
        .text("machine", "NAMES",
              fmt::format("machine profiles: names or TOML files (default {})", kDefaultMachine))
        .also("machines")
        .several_from(ValueSource::Machine);
    add_set_option(table, "change one key, machine.KEY or kernel.KEY; can be repeated");
    table
        .text("root", "DIR",
              "look up absolute paths inside this host folder, as a guest sees it (default: see "
              "uprobesim sysroot list)")
        .from(ValueSource::Folder);
    add_report_options(table, charted_formats());
    return table;
}

// How often the probes are hit, as far as the command line tells.
struct Rates {
    std::optional<double> of_each;
    std::optional<HitCounts> counts;
    double seconds = 0;  // in which they were counted

    bool known() const { return of_each || counts; }
};

Result<Rates> read_rates(const CommandLine& line) {
    Rates rates;
    if (line.given("rate") && line.given("counts"))
        return user_error("a rate and counts are given", "--rate", "give one of them");
    if (line.given("over") && !line.given("counts"))
        return user_error("there are no counts that it is about", "--over", "give --counts FILE");
    if (line.given("rate")) {
        const double rate = TRY(parse_rate(line.one("rate", ""), "--rate"));
        rates.of_each = rate;
    }
    if (!line.given("counts")) return rates;
    const std::string file = line.one("counts", "");
    auto counts = TRY(read_hit_counts(file));
    std::optional<double> seconds = counts.seconds;
    if (line.given("over")) {
        const auto ns = TRY(parse_duration(line.one("over", ""), "--over"));
        seconds = static_cast<double>(ns) / 1e9;
    }
    if (!seconds || *seconds <= 0)
        return user_error("the file does not say in which time they were counted", file,
                          "give it: --over 10s");
    rates.counts = std::move(counts);
    rates.seconds = *seconds;
    return rates;
}

Result<std::optional<double>> read_budget(const CommandLine& line, const Rates& rates) {
    if (!line.given("budget")) return std::nullopt;
    const double budget = TRY(parse_share(line.one("budget", ""), "--budget"));
    if (!rates.known())
        return user_error("a budget needs a rate", "--budget", "give --rate or --counts");
    return budget;
}

Result<int> run_estimate(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
    EstimateRequest request;
    TRY(read_settings(line, request.settings));
    auto kernels = TRY(line.names("kernels", kDefaultKernel));
    auto machines = TRY(line.names("machine", kDefaultMachine));
    request.kernels = std::move(kernels);
    request.machines = std::move(machines);
    const auto rates = TRY(read_rates(line));
    request.budget = TRY(read_budget(line, rates));
    request.processes = TRY(line.number("processes", 1, kMostProcesses));
    ProbeList probes;
    for (const std::string& program : line.all("bpftrace"))
        TRY(probes.add_program(program, SpecUse::List));
    for (const std::string& object : line.all("bpf")) TRY(probes.add_object(object, SpecUse::List));
    for (const std::string& word : line.rest()) TRY(probes.add(word, SpecUse::List));
    if (probes.empty())
        return user_error("no probe is given", "",
                          "for example: uprobesim estimate uprobe:./server:main --rate 100k");
    const auto handler = TRY(read_handler_option(line));
    probes.handle_others(handler);
    if (line.given("root") && line.one("root", "").empty())
        return user_error("the folder's name is empty", "--root", "");
    const ListFiles files(line.one("root", defaults.root), line.given("root"));

    std::vector<std::string> notes = probes.notes;
    auto targets = TRY(estimate_targets(probes.specs, files, notes));
    request.targets = std::move(targets);
    for (EstimateTarget& target : request.targets) target.rate = rates.of_each;
    if (rates.counts) TRY(apply_counts(request.targets, *rates.counts, rates.seconds, notes));
    auto output = TRY(ReportOutput::open(options.output, stdout));
    auto report = TRY(estimate(request));
    report.settings = line.all("set");
    report.notes = std::move(notes);
    output.write(TRY(report_text(
        {.document = [&] { return estimate_document(report); },
         .json = [&] { return estimate_json(report); },
         .charts = [&] { return estimate_charts(report); },
         .costs = [&] { return estimate_sheet(report, typed_command("estimate", line)); }},
        options, output.on_terminal())));
    const bool over = std::any_of(report.places.begin(), report.places.end(),
                                  [&](const PlaceEstimate& p) { return report.over_budget(p); });
    return over ? kExitDiffers : kExitSuccess;
}

}  // namespace

Command estimate_command() {
    return {.name = "estimate",
            .meaning = "what probes will cost at a rate, before any is attached",
            .help = {{"[options] SPEC..."}, kDescription, kExamples, kExitStatus},
            .words = ValueSource::ListedProbe,
            .options = options_table,
            .run = run_estimate};
}

}  // namespace uprobesim
