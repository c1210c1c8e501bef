// SPDX-License-Identifier: GPL-2.0-or-later
// The explained hit as JSON; docs/json.md describes the keys.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/profile/kernel_profile.h"
#include "tools/explain/explain.h"
#include "tools/format/json_number.h"
#include "tools/views/syndrome_text.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t v) {
    return fmt::format("{:#x}", v);
}

Json state_json(const HitState& s) {
    Json json = {{"pc", hex(s.registers.pc)},           {"sp", hex(s.registers.sp)},
                 {"x30", hex(s.registers.x[30])},       {"pstate", hex(s.registers.pstate)},
                 {"utask", step_state_name(s.step)},    {"tif_uprobe", s.tif_uprobe},
                 {"tif_singlestep", s.tif_singlestep},  {"tif_sigpending", s.tif_sigpending},
                 {"pending_returns", s.pending_returns}};
    if (s.xol_page) json["xol_page"] = hex(*s.xol_page);
    if (s.shared_page) json["shared_page"] = hex(*s.shared_page);
    if (s.slot) {
        json["slot"] = *s.slot;
        json["slot_word"] = hex(s.slot_word);
        json["slot_shared"] = s.slot_shared;
    }
    return json;
}

Json exception_json(const HitEvent& event) {
    const SyndromeText text = syndrome_text(event.registers.esr);
    Json json = {{"class", exception_class_name(event.exception)},
                 {"from_el", 0},
                 {"to_el", 1},
                 {"esr", hex(event.registers.esr)},
                 {"ec", text.ec},
                 {"ec_name", text.ec_name},
                 {"iss", text.iss},
                 {"iss_text", text.iss_text},
                 {"elr", hex(event.registers.elr)},
                 {"spsr", hex(event.registers.spsr)},
                 {"mdscr_el1_ss", event.state.tif_singlestep ? 1 : 0}};
    if (event.registers.far) json["far"] = hex(*event.registers.far);
    return json;
}

Json path_json(const KernelProfile& kernel, const HitEvent& event) {
    const KernelPathInfo& info = kernel_path_info(event.path);
    const PathCost& cost = kernel.paths[static_cast<std::size_t>(event.path)];
    Json ops = Json::object();
    for (std::size_t op = 0; op < kKernelOpCount; ++op) {
        if (cost.ops[op] != 0)
            ops[std::string(kernel_op_name(static_cast<KernelOp>(op)))] = cost.ops[op];
    }
    Json json = {
        {"path", info.name}, {"meaning", info.meaning}, {"el1_insns", path_insns(kernel, event)}};
    if (event.units != 0) {
        json["unit"] = info.unit;
        json["units"] = event.units;
    }
    json["operations"] = std::move(ops);
    return json;
}

Json event_json(const ExplainedRun& run, const HitEvent& event, const HitState& last) {
    Json json;
    switch (event.kind) {
        case HitEvent::Kind::Exception:
            json = {{"event", "exception"}};
            json.update(exception_json(event));
            break;
        case HitEvent::Kind::Nested:
            json = {{"event", "nested-exception"},
                    {"class", exception_class_name(event.exception)}};
            break;
        case HitEvent::Kind::Path:
            json = {{"event", "path"}};
            json.update(path_json(run.kernel, event));
            break;
        case HitEvent::Kind::ExitWork: json = {{"event", "exit-work"}}; break;
        case HitEvent::Kind::Eret:
            json = {{"event", "eret"},
                    {"elr", hex(event.registers.elr)},
                    {"spsr", hex(event.registers.spsr)},
                    {"mdscr_el1_ss", event.state.tif_singlestep ? 1 : 0}};
            break;
        case HitEvent::Kind::User:
            json = {{"event", event.own ? "slot" : "function"}, {"insns", event.insns.value}};
            if (!event.own) json["other_exceptions"] = event.others;
            break;
    }
    json["cycles"] = in_cycles(event.cycles);
    json["cycles_so_far"] = in_cycles(event.total);
    json["changes"] = state_changes(last, event.state);
    json["state"] = state_json(event.state);
    return json;
}

Json run_json(const ExplainReport& report, const ExplainedRun& run) {
    Json events = Json::array();
    const HitState* last = &run.before;
    for (const HitEvent& event : run.events) {
        events.push_back(event_json(run, event, *last));
        last = &event.state;
    }
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
            {"before", state_json(run.before)},
            {"events", std::move(events)}};
}

}  // namespace

std::string explain_report_json(const ExplainReport& report) {
    Json runs = Json::array();
    for (const ExplainedRun& run : report.runs) runs.push_back(run_json(report, run));
    const Json json = {{"schema", "uprobesim.explain/1"},
                       {"tool", "uprobesim"},
                       {"version", report.version},
                       {"machine",
                        {{"name", report.machine.name},
                         {"description", report.machine.description},
                         {"hash_fnv1a64", report.machine.text_hash}}},
                       {"settings", report.settings},
                       {"seed", report.seed},
                       {"command", report.command},
                       {"probes", report.probes},
                       {"hit", report.hit},
                       {"runs", std::move(runs)}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
