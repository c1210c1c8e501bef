// SPDX-License-Identifier: GPL-2.0-or-later
// The explained hit as JSON; docs/json.md describes the keys.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/profile/kernel_profile.h"
#include "tools/explain/explain.h"
#include "tools/explain/explain_grid.h"
#include "tools/explain/hit_json.h"
#include "tools/explain/path_story.h"
#include "tools/format/json_number.h"
#include "tools/whatif/cost_figures.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

Json work_kinds() {
    Json kinds = Json::array();
    for (const WorkKindInfo& info : kWorkKinds)
        kinds.push_back({{"name", info.name}, {"meaning", info.meaning}});
    return kinds;
}

// What the cycles of the hits follow from.
Json figures(const ExplainReport& report) {
    std::vector<CostPlace> places;
    for (const ExplainedRun& run : report.runs) places.push_back({report.machine, run.kernel});
    CostFigures figures(places);
    for (std::size_t r = 0; r < report.runs.size(); ++r) {
        for (const HitEvent& event : report.runs[r].events) {
            if (event.kind == HitEvent::Kind::Path) {
                figures.use(r, event.path);
            } else if (event.kind == HitEvent::Kind::Exception ||
                       event.kind == HitEvent::Kind::Nested) {
                figures.use(r, event.exception);
            }
        }
    }
    return figures.rows();
}

Json run_json(const ExplainReport& report, const ExplainedRun& run) {
    HitJson hit(report.machine, run);
    const HitTotals totals = hit_totals(report.machine, run);
    Json json = {{"kernel",
                  {{"name", run.kernel.name},
                   {"description", run.kernel.description},
                   {"hash_fnv1a64", run.kernel.text_hash}}}};
    if (run.is_hit()) {
        json["probe"] = run.probe;
    } else {
        json["place"] = run.place;
        json["task"] = run.task;
    }
    json["instruction"] = run.instruction;
    if (run.is_hit()) json["verdict"] = run.verdict;
    json["finished"] = run.finished;
    json["end"] = run.end;
    json["totals"] = {{"exceptions", totals.exceptions},
                      {"el1_insns", totals.el1_insns},
                      {"cycles", in_cycles(totals.cycles)},
                      {"ns", rounded(to_ns(totals.cycles, report.machine.frequency_hz.value), 3)}};
    json["before"] = hit.before();
    json["events"] = hit.events();
    return json;
}

// Kernel work like that which was charged, which was not: for questions.
Json other_work(const ExplainReport& report) {
    constexpr std::size_t kMost = 6;
    std::set<KernelPath> charged;
    std::set<WorkGroup> groups;
    for (const ExplainedRun& run : report.runs) {
        for (const HitEvent& event : run.events) {
            if (event.kind != HitEvent::Kind::Path) continue;
            charged.insert(event.path);
            groups.insert(work_group(event.path));
        }
    }
    Json rows = Json::array();
    for (std::size_t p = 0; p < kKernelPathCount && rows.size() < kMost; ++p) {
        const auto path = static_cast<KernelPath>(p);
        if (!charged.contains(path) && groups.contains(work_group(path)))
            rows.push_back(kernel_path_info(path).meaning);
    }
    return rows;
}

Json report_json(const ExplainReport& report) {
    Json runs = Json::array();
    for (const ExplainedRun& run : report.runs) runs.push_back(run_json(report, run));
    Json json = {{"schema", "uprobesim.explain/1"},
                 {"tool", "uprobesim"},
                 {"version", report.version},
                 {"machine",
                  {{"name", report.machine.name},
                   {"description", report.machine.description},
                   {"hash_fnv1a64", report.machine.text_hash},
                   {"frequency_hz", report.machine.frequency_hz.value}}},
                 {"settings", report.settings},
                 {"seed", report.seed},
                 {"command", report.command},
                 {"probes", report.probes}};
    if (report.exception == nullptr) {
        json["hit"] = report.hit;
    } else {
        json["exception"] = {{"kind", report.exception->word},
                             {"number", report.hit},
                             {"title", exception_title(report)}};
        json["other_work"] = other_work(report);
    }
    json["work_kinds"] = work_kinds();
    json["figures"] = figures(report);
    json["runs"] = std::move(runs);
    return json;
}

std::string dump(const Json& json, bool indent) {
    return json.dump(indent ? 2 : -1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string explain_report_json(const ExplainReport& report, bool indent) {
    return dump(report_json(report), indent);
}

std::string explain_grid_json(const ExplainGrid& grid) {
    Json machines = Json::array();
    for (const ExplainReport& machine : grid.machines) {
        Json json = report_json(machine);
        for (std::size_t r = 0; r < machine.runs.size(); ++r)
            json["runs"][r]["repriced"] = machine.runs[r].repriced;
        machines.push_back(std::move(json));
    }
    return dump({{"schema", "uprobesim.explain-grid/1"}, {"machines", std::move(machines)}}, true);
}

}  // namespace uprobesim
