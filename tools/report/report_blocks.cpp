// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/report_blocks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "sim/base/text.h"
#include "tools/format/number_text.h"

namespace uprobesim {

std::string profile_text(const ProfileId& id) {
    return fmt::format("{} [{}] {}", id.name, id.hash, id.description);
}

Facts provenance_facts(const Provenance& p) {
    Facts facts;
    facts.add("uprobesim", p.version);
    facts.add("command", fmt::format("{}", fmt::join(p.arguments, " ")));
    for (const ScenarioProgram& program : p.programs)
        facts.add("", fmt::format("{}: {}", program.name, fmt::join(program.arguments, " ")));
    for (const std::string& probe : p.probes) facts.add("probe", probe);
    // What is done at a hit; options and their values take turns.
    for (std::size_t i = 0; i + 1 < p.options.size(); i += 2) {
        for (const std::string_view name : {"handler", "bpftrace", "bpf"}) {
            if (p.options[i] == fmt::format("--{}", name))
                facts.add(std::string(name), printable(p.options[i + 1]));
        }
    }
    for (const std::string& setting : p.settings) facts.add("set", setting);
    const std::string given = p.programs.empty() && !p.arguments.empty() ? p.arguments.front() : "";
    const bool is_link = given.starts_with('/') && given != p.program;
    facts.add("program", fmt::format("{} [{}]{}", p.program,
                                     p.program_hash.empty() ? "not hashed" : p.program_hash,
                                     is_link ? fmt::format(", by the link {}", given) : ""));
    facts.add("machine", profile_text(p.machine));
    facts.add("seed", std::to_string(p.seed));
    return facts;
}

Lines refused_lines(const RunReport& report) {
    Lines lines{"places refused by the kernel"};
    for (const SpecRow& spec : report.specs) {
        if (spec.refused.empty()) continue;
        std::map<std::string, std::uint64_t> reasons;
        for (const RefusedRow& r : spec.refused) ++reasons[r.reason];
        lines.lines.push_back(fmt::format("{}: {}, {} refused", spec.spec,
                                          counted(spec.attached, "probe"),
                                          counted(spec.refused.size(), "place")));
        for (const auto& [reason, times] : reasons)
            lines.lines.push_back(fmt::format("  {}: {}", counted(times, "place"), reason));
    }
    return lines;
}

Lines not_placed_lines(const RunReport& report) {
    Lines lines{"breakpoints that could not be placed"};
    for (const ProbeRow& probe : report.probes) {
        for (const NotPlacedRow& miss : probe.not_placed)
            lines.lines.push_back(fmt::format("{}, {}: {}", printable(probe.name),
                                              counted(miss.times, "time"), miss.meaning));
    }
    return lines;
}

Lines unmodelled_lines(const RunReport& report) {
    Lines lines{"partially modelled features used"};
    for (const UnmodelledRow& row : report.unmodelled)
        lines.lines.push_back(fmt::format("{} ({}){}", row.name, counted(row.times, "time"),
                                          row.note.empty() ? "" : ": " + row.note));
    return lines;
}

Lines lost_write_lines(const RunReport& report) {
    Lines lines{"writes that the host's disk refused"};
    for (const LostWriteRow& row : report.lost_writes)
        lines.lines.push_back(fmt::format("{}: {}", row.path, row.error));
    return lines;
}

std::string result_text(const ResultRow& row) {
    return row.value ? fmt::format("{:.2f}", *row.value) : "-";
}

std::string busy_share(const RunReport& report, const Totals& totals, std::size_t cpu) {
    return cpu < report.cpu_busy_ns.size()
               ? percent(static_cast<double>(report.cpu_busy_ns[cpu]), totals.total_ns)
               : "-";
}

ProbeNames probe_names(const std::vector<ProbeRow>& probes) {
    for (const std::string_view kind : {"uprobe", "uretprobe"}) {
        const std::string prefix = fmt::format("{}:", kind);
        if (!probes.empty() && std::all_of(probes.begin(), probes.end(), [&](const ProbeRow& p) {
                return p.name.starts_with(prefix);
            }))
            return {fmt::format("{}s", kind), prefix.size()};
    }
    return {"probes", 0};
}

Cell mean_cycles_cell(const ProbeRow& probe) {
    if (probe.hits == 0) return no_cell();
    const double mean = in_cycles(probe.cycles) / static_cast<double>(probe.hits);
    return number_cell(grouped(mean), fmt::format("{:.2f}", mean));
}

bool placing_counts(const Totals& totals) {
    return 10 * totals.placing_cycles.value > totals.hit_cycles.value;
}

bool placing_counts(const CompareReport& report) {
    return std::any_of(report.runs.begin(), report.runs.end(), [](const ComparedRun& run) {
        return placing_counts(totals_of(run.report));
    });
}

bool none_was_hit(const CompareReport& report) {
    const auto hit = [](const ComparedRun& run) { return totals_of(run.report).hits != 0; };
    const auto probed = [](const ComparedRun& run) { return !run.report.probes.empty(); };
    return std::any_of(report.runs.begin(), report.runs.end(), probed) &&
           std::none_of(report.runs.begin(), report.runs.end(), hit);
}

}  // namespace uprobesim
