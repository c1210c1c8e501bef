// SPDX-License-Identifier: GPL-2.0-or-later
// The explained hit as JSON; docs/json.md describes the keys.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/profile/kernel_profile.h"
#include "tools/explain/explain.h"
#include "tools/explain/hit_json.h"
#include "tools/explain/path_story.h"
#include "tools/format/json_number.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

Json work_kinds() {
    Json kinds = Json::array();
    for (const WorkKindInfo& info : kWorkKinds)
        kinds.push_back({{"name", info.name}, {"meaning", info.meaning}});
    return kinds;
}

Json run_json(const ExplainReport& report, const ExplainedRun& run) {
    HitJson hit(report.machine, run);
    const HitTotals totals = hit_totals(run);
    return {{"kernel",
             {{"name", run.kernel.name},
              {"description", run.kernel.description},
              {"hash_fnv1a64", run.kernel.text_hash}}},
            {"probe", run.probe},
            {"instruction", run.instruction},
            {"verdict", run.verdict},
            {"finished", run.finished},
            {"end", run.end},
            {"totals",
             {{"exceptions", totals.exceptions},
              {"el1_insns", totals.el1_insns},
              {"cycles", in_cycles(totals.cycles)},
              {"ns", rounded(to_ns(totals.cycles, report.machine.frequency_hz.value), 3)}}},
            {"before", hit.before()},
            {"events", hit.events()}};
}

}  // namespace

std::string explain_report_json(const ExplainReport& report, bool indent) {
    Json runs = Json::array();
    for (const ExplainedRun& run : report.runs) runs.push_back(run_json(report, run));
    const Json json = {{"schema", "uprobesim.explain/1"},
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
                       {"probes", report.probes},
                       {"hit", report.hit},
                       {"work_kinds", work_kinds()},
                       {"runs", std::move(runs)}};
    return json.dump(indent ? 2 : -1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
