// SPDX-License-Identifier: GPL-2.0-or-later
// Tables that explain a hit or an exception: its cost and where its cycles go, the kernels side by
// side, and then what happens on each of them, step by step.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "sim/profile/kernel_profile.h"
#include "tools/explain/explain.h"
#include "tools/explain/story_table.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

// A hit's cycles by what they are for, in the order of their first charge.
struct Part {
    std::string name, meaning;
    std::vector<double> cycles;  // by run

    double most() const { return *std::max_element(cycles.begin(), cycles.end()); }
};

class Parts {
public:
    explicit Parts(std::size_t runs) : runs_(runs) {}

    void add(const HitEvent& event, std::size_t run) {
        switch (event.kind) {
            case HitEvent::Kind::Exception:
            case HitEvent::Kind::Nested:
                return add("exceptions", "hardware entry and return", event, run);
            case HitEvent::Kind::Path: {
                const KernelPathInfo& info = kernel_path_info(event.path);
                return add(info.name, info.meaning, event, run);
            }
            case HitEvent::Kind::User:
                if (event.own) add("EL0", "the probed instruction in its slot", event, run);
                return;
            case HitEvent::Kind::More:
                return add("more", "kernel work that is not told piece by piece", event, run);
            case HitEvent::Kind::ExitWork:
            case HitEvent::Kind::Eret:
            case HitEvent::Kind::Call:
            case HitEvent::Kind::CallEnd:
            case HitEvent::Kind::Signal:
            case HitEvent::Kind::Frame:
            case HitEvent::Kind::Waits: return;
        }
    }
    std::vector<Part> by_cost() && {
        std::stable_sort(parts_.begin(), parts_.end(),
                         [](const Part& a, const Part& b) { return a.most() > b.most(); });
        return std::move(parts_);
    }

private:
    void add(std::string_view name, std::string_view meaning, const HitEvent& event,
             std::size_t run) {
        auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const Part& part) { return part.name == name; });
        if (found == parts_.end())
            found = parts_.insert(parts_.end(), {std::string(name), std::string(meaning),
                                                 std::vector<double>(runs_)});
        found->cycles[run] += in_cycles(event.cycles);
    }

    std::size_t runs_;
    std::vector<Part> parts_;
};

std::vector<Part> parts_of(const ExplainReport& report) {
    Parts parts(report.runs.size());
    for (std::size_t r = 0; r < report.runs.size(); ++r) {
        for (const HitEvent& event : report.runs[r].events) parts.add(event, r);
    }
    return std::move(parts).by_cost();
}

// What later hits of the task and of its process do not take.
constexpr KernelPath kOnce[] = {KernelPath::UprobeTaskCreate, KernelPath::UprobeAreaCreate,
                                KernelPath::UprobeSharedMap, KernelPath::FaultSpecialExec};

bool is_once(const Part& part) {
    return std::any_of(std::begin(kOnce), std::end(kOnce),
                       [&](KernelPath path) { return part.name == kernel_path_info(path).name; });
}

// ", 20,063 of them once (fault.special.exec, uprobe.area.create)"; empty: none.
std::string once(const ExplainReport& report, const std::vector<Part>& parts, std::size_t run) {
    double cycles = 0;
    std::vector<std::string> names;
    for (const Part& part : parts) {
        if (report.exception != nullptr || !is_once(part) || part.cycles[run] == 0) continue;
        cycles += part.cycles[run];
        names.push_back(part.name);
    }
    if (names.empty()) return "";
    return fmt::format(", {} of them once ({})", grouped(cycles), fmt::join(names, ", "));
}

// "a hit" is one like any other.
std::string subject(const ExplainReport& report) {
    if (report.exception != nullptr) return exception_title(report);
    return report.hit == 1 ? "the first hit" : "a hit";
}

// "a hit costs 5,750 cycles (2.4 us) on next-20241104: 402 exceptions + 5,346 kernel + 2 EL0".
std::string answer(const ExplainReport& report, const std::vector<Part>& parts) {
    std::string text = subject(report) + " costs";
    for (std::size_t r = 0; r < report.runs.size(); ++r) {
        double exceptions = 0, user = 0, kernel = 0;
        for (const Part& part : parts) {
            (part.name == "exceptions" ? exceptions
             : part.name == "EL0"      ? user
                                       : kernel) += part.cycles[r];
        }
        const HitTotals totals = hit_totals(report.machine, report.runs[r]);
        text += fmt::format("{} {} cycles ({}) on {}: {} exceptions + {} kernel{}{}",
                            r == 0 ? "" : ";", cycles_text(totals.cycles),
                            short_duration(to_ns(totals.cycles, report.machine.frequency_hz.value)),
                            report.runs[r].kernel.name, grouped(exceptions), grouped(kernel),
                            user == 0 ? "" : fmt::format(" + {} EL0", grouped(user)),
                            once(report, parts, r));
    }
    return text;
}

Table totals(const ExplainReport& report) {
    Table table{
        .columns = {{report.exception == nullptr ? "one hit" : "one exception", ColumnKind::Name},
                    {"exceptions"},
                    {"EL1 insns"},
                    {"cycles"},
                    {"time"}}};
    for (const ExplainedRun& run : report.runs) {
        const HitTotals t = hit_totals(report.machine, run);
        table.add({run.kernel.name, count_cell(t.exceptions), real_cell(t.el1_insns, 0),
                   cycles_cell(t.cycles),
                   duration_cell(to_ns(t.cycles, report.machine.frequency_hz.value))});
    }
    return table;
}

Table split(const ExplainReport& report, const std::vector<Part>& parts) {
    Table table{
        .columns = {{report.exception == nullptr ? "cycles of a hit" : "cycles", ColumnKind::Name}},
        .first = kFirstRows};
    for (const ExplainedRun& run : report.runs) table.columns.push_back({run.kernel.name});
    table.columns.push_back({"what it is", ColumnKind::Prose});
    for (const Part& part : parts) {
        std::vector<Cell> cells{part.name};
        for (const double cycles : part.cycles)
            cells.push_back(cycles == 0 ? no_cell() : real_cell(cycles, 0));
        cells.emplace_back(part.meaning);
        table.add(std::move(cells));
    }
    return table;
}

// For CSV: the steps of all runs.
Table all_steps(const std::vector<Table>& stories, const ExplainReport& report) {
    Table data{.columns = {{"kernel", ColumnKind::Name}}};
    for (std::size_t r = 0; r < stories.size(); ++r) {
        if (r == 0)
            data.columns.insert(data.columns.end(), stories[r].columns.begin(),
                                stories[r].columns.end());
        for (const std::vector<Cell>& row : stories[r].rows) {
            std::vector<Cell> cells{report.runs[r].kernel.name};
            cells.insert(cells.end(), row.begin(), row.end());
            data.add(std::move(cells));
        }
    }
    return data;
}

}  // namespace

Document explain_document(const ExplainReport& report) {
    const std::vector<Part> parts = parts_of(report);
    Document document{fmt::format("uprobesim {}: explain", report.version), answer(report, parts)};
    const ExplainedRun& first = report.runs.front();
    if (report.exception == nullptr) {
        // Not of which kind: a place may have probes of both.
        const std::string place = first.probe.substr(first.probe.find(':') + 1);
        document.add(Lines{
            .lines = {fmt::format("Hit {} of {} on {}", report.hit, place, report.machine.name)}});
    } else {
        std::string title = exception_title(report);
        title.front() = 'T';
        document.add(Lines{
            .lines = {fmt::format("{} of {} on {}", title, first.task, report.machine.name)}});
    }
    document.add(totals(report));
    document.add(split(report, parts));
    std::vector<Table> stories;
    for (const ExplainedRun& run : report.runs) stories.push_back(story_table(report.machine, run));
    document.data = all_steps(stories, report);
    for (Table& story : stories) document.add(std::move(story));
    return document;
}

}  // namespace uprobesim
