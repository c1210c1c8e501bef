// SPDX-License-Identifier: GPL-2.0-or-later
// The sheets of run, compare and whatif: what `whatif` prices again.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/sliders/price_sheet.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {
namespace {

// What the button under the page saves.
constexpr std::string_view kSavedReport = "report.json";

SheetRow row_of(std::variant<KernelPath, ExceptionClass> work, std::uint64_t times,
                std::uint64_t units, const AccountShares& accounts) {
    SheetRow row{work, static_cast<double>(times), static_cast<double>(units)};
    for (std::size_t a = 0; a < kAccountCount; ++a)
        row.accounts[a] = {static_cast<double>(accounts[a].times),
                           static_cast<double>(accounts[a].units)};
    return row;
}

// Readers of reports refuse a row without a known name.
std::vector<SheetRow> rows_of(const RunReport& run) {
    std::vector<SheetRow> rows;
    for (const ExceptionRow& row : run.exceptions)
        rows.push_back(row_of(find_exception_class(row.name).value(), row.times, 0, row.accounts));
    for (const PathRow& row : run.paths)
        rows.push_back(
            row_of(find_kernel_path(row.name).value(), row.times, row.units, row.accounts));
    return rows;
}

SheetItem item_of(const RunReport& run, std::string label, std::size_t place, std::string command) {
    const Totals totals = totals_of(run);
    const auto hits = static_cast<double>(totals.hits);
    SheetItem item{.label = std::move(label),
                   .place = place,
                   .rows = rows_of(run),
                   .user_cycles = in_cycles(run.user_cycles),
                   .hits = hits,
                   .command = std::move(command)};
    item.answers.push_back({"simulated time",
                            AnswerUnit::Nanoseconds,
                            {"user", "kernel"},
                            1,
                            static_cast<double>(run.idle_ns)});
    item.answers.push_back({"kernel cycles", AnswerUnit::Cycles, {"kernel"}});
    if (hits == 0) return item;
    const std::string hit(account_name(Account::ProbeHit)),
        placing(account_name(Account::ProbePlace));
    item.answers.push_back({"probe overhead", AnswerUnit::Nanoseconds, {hit, placing}});
    item.answers.push_back({"mean cost of a hit", AnswerUnit::Cycles, {hit}, hits});
    return item;
}

struct SheetRun {
    const RunReport& run;
    std::string label;
    std::string command;
};

std::string why_not(const UserError& error) {
    return fmt::format("{}{}{}", error.what, error.hint.empty() ? "" : ": ", error.hint);
}

std::string sheet_of(const std::vector<SheetRun>& runs) {
    std::vector<ProfilePair> profiles;
    for (const SheetRun& one : runs) {
        // Refuses what cannot be priced again.
        if (const auto same = price_again(one.run, {}); !same)
            return no_sliders_json(why_not(same.error()));
        auto pair = profiles_of(one.run);
        if (!pair) return no_sliders_json(why_not(pair.error()));
        profiles.push_back(*std::move(pair));
    }
    PriceSheet sheet;
    for (std::size_t r = 0; r < runs.size(); ++r) {
        sheet.places.push_back({profiles[r].machine, profiles[r].kernel});
        sheet.items.push_back(item_of(runs[r].run, runs[r].label, r, runs[r].command));
    }
    const Provenance& last = runs.back().run.provenance;
    for (const std::string& setting : last.settings)
        sheet.known.push_back(setting.substr(0, setting.find('=')));
    sheet.run_instead = command_to_run_again(runs.back().run, {"KEY", "VALUE"});
    for (const KeyText& key : last.machine.behaviour)
        sheet.behaviour.push_back("machine." + key.key);
    for (const KeyText& key : last.kernel.behaviour) sheet.behaviour.push_back("kernel." + key.key);
    return sheet.json();
}

}  // namespace

std::string run_sheet(const RunReport& report) {
    return sheet_of({{report, "this run", fmt::format("uprobesim whatif {}", kSavedReport)}});
}

std::string compare_sheet(const CompareReport& report) {
    std::vector<SheetRun> runs;
    for (const ComparedRun& run : report.runs)
        runs.push_back(
            {run.report, run.label,
             fmt::format("uprobesim whatif {} --run {}", kSavedReport, shell_word(run.label))});
    if (runs.empty()) return no_sliders_json("the report has no run");
    return sheet_of(runs);
}

std::string whatif_sheet(const WhatIfReport& report) {
    const RunReport& after = report.result.after;
    const Provenance& p = after.provenance;
    std::string command = fmt::format("uprobesim whatif {}", shell_word(report.file));
    const auto add = [&command](const char* option, const std::string& value) {
        if (!value.empty()) command += fmt::format(" {} {}", option, shell_word(value));
    };
    add("--run", report.label);
    add("--machine", p.machine.given_as);
    add("--kernel", p.kernel.given_as);
    for (const std::string& setting : p.settings) add("--set", setting);
    return sheet_of({{after, "after", command}});
}

}  // namespace uprobesim
