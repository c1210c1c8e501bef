// SPDX-License-Identifier: GPL-2.0-or-later
// CBOR: numbers and strings are kept as they are, strings that are no UTF-8 too.
#include "tools/report/report_bytes.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace nlohmann {

template <class T>
struct adl_serializer<std::optional<T>> {
    static void to_json(json& j, const std::optional<T>& value) {
        j = json::array();
        if (value) j.push_back(*value);
    }
    static void from_json(const json& j, std::optional<T>& value) {
        value = j.empty() ? std::nullopt : std::optional<T>(j.front().get<T>());
    }
};

}  // namespace nlohmann

namespace uprobesim {

template <class Tag>
void to_json(nlohmann::json& j, const Count<Tag>& count) {
    j = count.value;
}
template <class Tag>
void from_json(const nlohmann::json& j, Count<Tag>& count) {
    j.get_to(count.value);
}

// One row for each struct of report.h, with all of its members.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NamedCount, name, times)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AccountShare, times, units, cycles)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ExceptionRow, name, times, cycles, accounts, insns)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PathRow, name, unit, group, times, units, insns, cycles,
                                   accounts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LineUse, accesses, transfers, retries, waited, queued)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LineRow, name, objects, use, accounts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NotPlacedRow, reason, meaning, times)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProbeRow, name, binary, file_offset, instruction, verdict, hits,
                                   stepped, emulated, cycles, is_return, returns, missed_returns,
                                   shared, not_placed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RefusedRow, symbol, file_offset, instruction, reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SpecRow, spec, attached, refused)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FailedProbeRow, probe, reason, meaning)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RegistrationRow, point, at_ns, not_reached, events, processes,
                                   mappings, pages, read_in, breakpoints, paths, wait_ns, failed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AttachReport, attach, detach, roi, late_returns)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LostWriteRow, path, error)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(UnmodelledRow, name, times, note)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeyText, key, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProfileId, name, description, hash, given_as, behaviour)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ScenarioProgram, name, arguments)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Provenance, version, kernel, machine, seed, arguments, programs,
                                   probes, settings, program, program_hash, options)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TaskFigures, insns, user_cycles, kernel_cycles, probe_cycles,
                                   exceptions, hits)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ThreadRow, id, name, figures)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProcessRow, pid, name, threads)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ResultRow, name, unit, higher_is_better, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WaitingTask, task, process, comm, call, waits_for)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ExitSummary, kind, status, detail, waiting)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunReport, provenance, attachment, results, exit, user_insns,
                                   user_cycles, classes, exceptions, paths, syscalls, specs, probes,
                                   processes, unmodelled, lost_writes, idle_ns, cpus, cpu_busy_ns,
                                   contention, lines, counter_reads, elapsed_ns, frequency_hz,
                                   memory_peak_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ComparedRun, label, report, stdout_hash, stderr_hash,
                                   stdout_bytes, stderr_bytes, repriced)

std::string bytes_of(const ComparedRun& run) {
    std::string bytes;
    nlohmann::json::to_cbor(nlohmann::json(run), bytes);
    return bytes;
}

ComparedRun run_of_bytes(std::string_view bytes) {
    return nlohmann::json::from_cbor(bytes).get<ComparedRun>();
}

}  // namespace uprobesim
