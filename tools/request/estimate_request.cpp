// SPDX-License-Identifier: GPL-2.0-or-later
// What probes will cost, before any is attached.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/charts/charts.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/handler_option.h"
#include "tools/cli/pin_option.h"
#include "tools/cli/quantity.h"
#include "tools/cli/report_options.h"
#include "tools/estimate/estimate.h"
#include "tools/estimate/estimate_targets.h"
#include "tools/request/prepared_report.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMostProcesses = 1'000'000;

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

Result<std::optional<HittingCpus>> read_cpus(const CommandLine& line,
                                             const EstimateRequest& request) {
    if (!line.given("cpus")) {
        if (line.given("pin")) return user_error("an option of --cpus", "--pin", "add --cpus 8");
        return std::nullopt;
    }
    HittingCpus hitting;
    const auto cpus = TRY(line.number("cpus", 1, kMostCpus));
    if (cpus == 0) return user_error("no CPU takes the hits", "--cpus", "1 to 64");
    hitting.cpus = static_cast<unsigned>(cpus);
    hitting.pin = TRY(read_pin(line));
    for (const std::string& name : request.machines) {
        const auto machine = TRY(load_machine_profile(name, request.settings));
        if (!machine.contention)
            return user_error(fmt::format("the profile of {} does not say what sharing lines costs",
                                          machine.name),
                              "--machine", "give it [contention], or base it on one that has it");
        TRY(places_for(hitting.pin, *machine.contention, hitting.cpus));
    }
    return hitting;
}

Result<ProbeList> read_probes(const CommandLine& line) {
    ProbeList probes;
    for (const std::string& program : line.all("bpftrace"))
        TRY(probes.add_program(program, SpecUse::List));
    for (const std::string& object : line.all("bpf")) TRY(probes.add_object(object, SpecUse::List));
    for (const std::string& word : line.rest()) TRY(probes.add(word, SpecUse::List));
    if (probes.empty())
        return user_error("no probe is given", "",
                          "for example: uprobesim estimate uprobe:./server:main --rate 100k");
    probes.handle_others(TRY(read_handler_option(line)));
    return probes;
}

}  // namespace

OptionTable estimate_options() {
    OptionTable table;
    table.text("rate", "N", "hits of each probe a second: 250, 100k, 2.5M");
    table.text("counts", "FILE", "how often each function was called, as other tools count it")
        .from(ValueSource::File);
    table.text("over", "TIME",
               "the time in which --counts were counted, such as 10s (default: as the file says)");
    table.text("processes", "M",
               "processes that have the probed files mapped when the probes are attached (default "
               "1)");
    table.text(
        "cpus", "N",
        "CPUs that take the hits in threads of one process, and wait for each other at shared "
        "lines (1 to 64); rates are of all together");
    table.text("pin", "WORD",
               "of --cpus: compact (default), scatter, or a list of the machine's CPUs");
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

Result<PreparedReport> prepare_estimate(const CommandLine& line, const OptionDefaults& defaults) {
    EstimateRequest request;
    TRY(read_settings(line, request.settings));
    auto kernels = TRY(profile_names(line, "kernels", ProfileKind::Kernel, kDefaultKernel));
    auto machines = TRY(profile_names(line, "machine", ProfileKind::Machine, kDefaultMachine));
    for (const std::string& name : kernels)
        TRY(line.about("kernels", load_kernel_profile(name, request.settings)));
    for (const std::string& name : machines)
        TRY(line.about("machine", load_machine_profile(name, request.settings)));
    request.kernels = std::move(kernels);
    request.machines = std::move(machines);
    const auto rates = TRY(read_rates(line));
    request.budget = TRY(read_budget(line, rates));
    request.processes = TRY(line.number("processes", 1, kMostProcesses));
    request.hitting = TRY(read_cpus(line, request));
    const auto probes = TRY(read_probes(line));
    if (line.given("root") && line.one("root", "").empty())
        return user_error("the folder's name is empty", "--root", "");
    const ListFiles files(line.one("root", defaults.root), line.given("root"));

    std::vector<std::string> notes = probes.notes;
    auto targets = TRY(estimate_targets(probes.specs, files, notes));
    request.targets = std::move(targets);
    for (EstimateTarget& target : request.targets) target.rate = rates.of_each;
    if (rates.counts) TRY(apply_counts(request.targets, *rates.counts, rates.seconds, notes));
    return [request, notes, settings = line.all("set"),
            typed = typed_command("estimate", line)]() -> Result<ComputedReport> {
        const auto report = std::make_shared<EstimateReport>(TRY(estimate(request)));
        report->settings = settings;
        report->notes = notes;
        const bool over =
            std::any_of(report->places.begin(), report->places.end(),
                        [&](const PlaceEstimate& p) { return report->over_budget(p); });
        return ComputedReport{
            .forms = {.document = [=] { return estimate_document(*report); },
                      .json = [=] { return estimate_json(*report); },
                      .charts = [=] { return estimate_charts(*report); },
                      .costs = [=] { return estimate_sheet(*report, typed); }},
            .figures = [=] { return figures_of_report("estimate", estimate_json(*report)); },
            .status = over ? kExitDiffers : kExitSuccess};
    };
}

}  // namespace uprobesim
