// SPDX-License-Identifier: GPL-2.0-or-later
// Reports for programs. The keys are described in tools/README.md; a change that breaks a reader
// changes the schema's number. Cycles have two decimals at most, the ledger's own resolution.
#include <nlohmann/json.hpp>

#include "tools/format/json_number.h"
#include "tools/report/contention_report.h"
#include "tools/report/report.h"

namespace uprobesim {
namespace {

// Keys in the order they are written: the same bytes every time.
using Json = nlohmann::ordered_json;

Json profile_json(const ProfileId& id) {
    Json behaviour = Json::object();
    for (const KeyText& row : id.behaviour) behaviour[row.key] = row.value;
    return {{"name", id.name},
            {"description", id.description},
            {"hash_fnv1a64", id.hash},
            {"given_as", id.given_as},
            {"behaviour", std::move(behaviour)}};
}

Json provenance_json(const Provenance& p) {
    Json programs = Json::array();
    for (const ScenarioProgram& program : p.programs)
        programs.push_back({{"name", program.name}, {"command", program.arguments}});
    return {{"tool", "uprobesim"},
            {"version", p.version},
            {"kernel", profile_json(p.kernel)},
            {"machine", profile_json(p.machine)},
            {"seed", p.seed},
            {"command", p.arguments},
            {"programs", std::move(programs)},
            {"probes", p.probes},
            {"settings", p.settings},
            {"options", p.options},
            {"program", {{"path", p.program}, {"hash_fnv1a64", p.program_hash}}}};
}

Json guest_json(const RunReport& r) {
    Json waiting = Json::array();
    for (const WaitingTask& w : r.exit.waiting) {
        waiting.push_back({{"task", w.task},
                           {"process", w.process},
                           {"comm", w.comm},
                           {"syscall", w.call},
                           {"waits_for", w.waits_for}});
    }
    return {{"end", exit_kind_name(r.exit.kind)},
            {"status", r.exit.status},
            {"detail", r.exit.detail},
            {"waiting", std::move(waiting)},
            {"exit_code", exit_code_of(r.exit)},
            {"memory_peak_bytes", r.memory_peak_bytes}};
}

Json time_json(const RunReport& r, const Totals& t) {
    return {{"total_ns", rounded(t.total_ns, 3)},
            {"user_ns", rounded(t.user_ns, 3)},
            {"kernel_ns", rounded(t.kernel_ns, 3)},
            {"idle_ns", r.idle_ns},
            {"cpus", r.cpus},
            {"cpu_busy_ns", r.cpu_busy_ns},
            {"frequency_hz", r.frequency_hz}};
}

Json user_json(const RunReport& r) {
    Json classes = Json::object();
    for (const NamedCount& c : r.classes) classes[c.name] = c.times;
    return {{"insns", r.user_insns.value},
            {"cycles", in_cycles(r.user_cycles)},
            {"counter_reads", r.counter_reads},
            {"insns_by_class", std::move(classes)}};
}

// What is not the guest's; nothing where all of it is.
void add_accounts(Json& row, const AccountShares& accounts, bool with_units) {
    for (std::size_t a = 0; a < kAccountCount; ++a) {
        const AccountShare& share = accounts[a];
        if (static_cast<Account>(a) == Account::Guest || share.times == 0) continue;
        Json& json = row["accounts"][account_name(static_cast<Account>(a))];
        json["times"] = share.times;
        if (with_units) json["units"] = share.units;
        json["cycles"] = in_cycles(share.cycles);
    }
}

Json kernel_json(const RunReport& r, const Totals& t) {
    Json exceptions = Json::array();
    for (const ExceptionRow& e : r.exceptions) {
        Json row = {
            {"class", e.name}, {"times", e.times}, {"entry_return_cycles", in_cycles(e.cycles)}};
        if (e.insns != 0) row["el1_insns"] = rounded(e.insns, 3);
        add_accounts(row, e.accounts, false);
        exceptions.push_back(std::move(row));
    }
    Json paths = Json::array();
    for (const PathRow& p : r.paths) {
        Json row = {{"path", p.name}, {"group", work_group_name(p.group)}, {"times", p.times}};
        if (!p.unit.empty()) {
            row["unit"] = p.unit;
            row["units"] = p.units;
        }
        row["el1_insns"] = rounded(p.insns, 3);
        row["cycles"] = in_cycles(p.cycles);
        add_accounts(row, p.accounts, !p.unit.empty());
        paths.push_back(std::move(row));
    }
    Json calls = Json::object();
    for (const NamedCount& s : r.syscalls) calls[s.name] = s.times;
    Json accounts = Json::object();
    for (std::size_t a = 0; a < kAccountCount; ++a)
        accounts[account_name(static_cast<Account>(a))] = in_cycles(t.account_cycles[a]);
    return {{"cycles", in_cycles(t.kernel_cycles)},
            {"path_cycles", in_cycles(t.path_cycles)},
            {"exception_cycles", in_cycles(t.exception_cycles)},
            {"el1_insns", rounded(t.kernel_insns, 3)},
            {"account_cycles", std::move(accounts)},
            {"exceptions_total", t.exceptions},
            {"exceptions", std::move(exceptions)},
            {"paths", std::move(paths)},
            {"syscalls", std::move(calls)}};
}

Json figures_json(const TaskFigures& figures, double hz) {
    return {{"cpu_ns", rounded(to_ns(figures.cycles(), hz), 3)},
            {"user_ns", rounded(to_ns(figures.user_cycles, hz), 3)},
            {"kernel_ns", rounded(to_ns(figures.kernel_cycles, hz), 3)},
            {"insns", figures.insns.value},
            {"exceptions", figures.exceptions},
            {"hits", figures.hits},
            {"probe_cycles", in_cycles(figures.probe_cycles)},
            {"probe_ns", rounded(to_ns(figures.probe_cycles, hz), 3)}};
}

Json processes_json(const RunReport& r) {
    Json processes = Json::array();
    for (const ProcessRow& process : r.processes) {
        Json threads = Json::array();
        for (const ThreadRow& thread : process.threads) {
            Json row = {{"tid", thread.id}, {"name", thread.name}};
            row.update(figures_json(thread.figures, r.frequency_hz));
            threads.push_back(std::move(row));
        }
        Json row = {{"pid", process.pid}, {"name", process.name}};
        row.update(figures_json(process.figures(), r.frequency_hz));
        row["threads"] = std::move(threads);
        processes.push_back(std::move(row));
    }
    return processes;
}

Json probes_json(const RunReport& r, const Totals& t) {
    Json rows = Json::array();
    for (const ProbeRow& p : r.probes) {
        const double mean = p.hits == 0 ? 0 : in_cycles(p.cycles) / static_cast<double>(p.hits);
        Json row = {{"probe", p.name},
                    {"binary", p.binary},
                    {"file_offset_bytes", p.file_offset},
                    {"instruction", p.instruction},
                    {"verdict", p.verdict},
                    {"hits", p.hits},
                    {"stepped", p.stepped},
                    {"emulated", p.emulated},
                    {"cycles", in_cycles(p.cycles)},
                    {"mean_hit_cycles", rounded(mean, 3)},
                    {"mean_hit_ns", rounded(mean * 1e9 / r.frequency_hz, 3)}};
        if (p.is_return) {
            row["returns"] = p.returns;
            row["missed_returns"] = p.missed_returns;
        }
        for (const NotPlacedRow& miss : p.not_placed) row["not_placed"][miss.reason] = miss.times;
        if (r.contention) row["shared_lines"] = line_use_json(p.shared);
        rows.push_back(std::move(row));
    }
    Json specs = Json::array();
    for (const SpecRow& spec : r.specs) {
        Json refused = Json::array();
        for (const RefusedRow& row : spec.refused) {
            refused.push_back({{"symbol", row.symbol},
                               {"file_offset_bytes", row.file_offset},
                               {"instruction", row.instruction},
                               {"reason", row.reason}});
        }
        specs.push_back(
            {{"spec", spec.spec}, {"attached", spec.attached}, {"refused", std::move(refused)}});
    }
    const double overhead_ns = to_ns(t.hit_cycles + t.placing_cycles, r.frequency_hz);
    return {{"hits", t.hits},
            {"stepped", t.stepped},
            {"emulated", t.emulated},
            {"hit_cycles", in_cycles(t.hit_cycles)},
            {"placing_cycles", in_cycles(t.placing_cycles)},
            {"mean_hit_cycles", rounded(t.mean_hit_cycles(), 3)},
            {"mean_hit_ns", rounded(t.mean_hit_cycles() * 1e9 / r.frequency_hz, 3)},
            {"overhead_ns", rounded(overhead_ns, 3)},
            {"by_spec", std::move(specs)},
            {"by_probe", std::move(rows)}};
}

Json registration_json(const RegistrationRow& row, double hz) {
    Json json = {{"point", row.point}, {"reached", row.at_ns.has_value()}};
    if (!row.at_ns) {
        json["why_not"] = row.not_reached;
        return json;
    }
    Json paths = Json::array();
    double insns = 0;
    for (const PathRow& p : row.paths) {
        Json path = {{"path", p.name}, {"times", p.times}};
        if (!p.unit.empty()) {
            path["unit"] = p.unit;
            path["units"] = p.units;
        }
        path["el1_insns"] = rounded(p.insns, 3);
        path["cycles"] = in_cycles(p.cycles);
        insns += p.insns;
        paths.push_back(std::move(path));
    }
    const CentiCycles cycles = cycles_of(row);
    json.update({{"at_ns", *row.at_ns},
                 {"events", row.events},
                 {"processes", row.processes},
                 {"mappings", row.mappings},
                 {"pages", row.pages},
                 {"pages_read_in", row.read_in},
                 {"breakpoints", row.breakpoints},
                 {"el1_insns", rounded(insns, 3)},
                 {"cycles", in_cycles(cycles)},
                 {"ns", rounded(to_ns(cycles, hz), 3)},
                 {"asleep_ns", rounded(row.wait_ns, 3)},
                 {"paths", std::move(paths)}});
    for (const FailedProbeRow& failed : row.failed)
        json["failed"].push_back({{"probe", failed.probe}, {"reason", failed.reason}});
    return json;
}

Json attachment_json(const RunReport& r) {
    const AttachReport& attachment = *r.attachment;
    return {{"counted", attachment.roi ? "attach" : "all"},
            {"attach", registration_json(attachment.attach, r.frequency_hz)},
            {"detach",
             attachment.detach ? registration_json(*attachment.detach, r.frequency_hz) : Json()},
            {"late_returns", attachment.late_returns}};
}

Json run_json(const RunReport& r) {
    const Totals t = totals_of(r);
    Json unmodelled = Json::array();
    for (const UnmodelledRow& u : r.unmodelled)
        unmodelled.push_back({{"name", u.name}, {"times", u.times}, {"note", u.note}});
    Json lost = Json::array();
    for (const LostWriteRow& row : r.lost_writes)
        lost.push_back({{"path", row.path}, {"error", row.error}});
    Json results = Json::array();
    for (const ResultRow& row : r.results) {
        results.push_back({{"name", row.name},
                           {"unit", row.unit},
                           {"better", row.higher_is_better ? "higher" : "lower"},
                           {"value", row.value ? Json(*row.value) : Json()}});
    }
    Json json = {{"provenance", provenance_json(r.provenance)},
                 {"results", std::move(results)},
                 {"guest", guest_json(r)},
                 {"time", time_json(r, t)},
                 {"user", user_json(r)},
                 {"kernel", kernel_json(r, t)},
                 {"probes", probes_json(r, t)},
                 {"processes", processes_json(r)},
                 {"partly_modelled", std::move(unmodelled)},
                 {"lost_writes", std::move(lost)}};
    if (r.attachment) json["attachment"] = attachment_json(r);
    if (r.cpus > 1) json["contention"] = contention_json(r);
    return json;
}

// Guest strings may hold any bytes: invalid UTF-8 becomes U+FFFD instead of an exception.
std::string dump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json compare_json(const CompareReport& report) {
    Json runs = Json::array();
    const double base_ns = report.runs.empty() ? 0 : totals_of(report.runs.front().report).total_ns;
    for (const ComparedRun& run : report.runs) {
        const double slowdown = base_ns > 0 ? totals_of(run.report).total_ns / base_ns : 0;
        Json row = {{"label", run.label},
                    {"slowdown", rounded(slowdown, 6)},
                    {"stdout", {{"bytes", run.stdout_bytes}, {"hash_fnv1a64", run.stdout_hash}}},
                    {"stderr", {{"bytes", run.stderr_bytes}, {"hash_fnv1a64", run.stderr_hash}}}};
        if (run.repriced) row["repriced"] = true;
        row.update(run_json(run.report));
        runs.push_back(std::move(row));
    }
    const std::vector<std::string> differing = differences(report);
    return {{"schema", "uprobesim.compare/2"},
            {"title", report.title},
            {"same_behaviour", differing.empty()},
            {"differences", differing},
            {"runs", std::move(runs)}};
}

}  // namespace

std::string run_report_json(const RunReport& report) {
    Json json = {{"schema", "uprobesim.run/2"}};
    json.update(run_json(report));
    return dump(json);
}

std::string compare_report_json(const CompareReport& report) {
    return dump(compare_json(report));
}

std::string compare_grid_json(const CompareGrid& grid) {
    Json machines = Json::array();
    for (const CompareReport& machine : grid.machines) machines.push_back(compare_json(machine));
    return dump({{"schema", "uprobesim.compare-grid/1"}, {"machines", std::move(machines)}});
}

}  // namespace uprobesim
