// SPDX-License-Identifier: GPL-2.0-or-later
// The list for programs. Its keys are described in docs/json.md; a change that breaks a reader
// changes the schema's number.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/list/list_report.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

Json optional_json(const std::optional<std::uint64_t>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json probe_json(const ListedProbe& probe) {
    Json verdicts = Json::array();
    for (const AuditVerdict& v : probe.verdicts) {
        Json row = {{"verdict", audit_word(v.kind)}};
        if (v.kind == VerdictKind::Emulate) row["handler"] = v.detail;
        if (v.kind == VerdictKind::Reject) row["reason"] = v.detail;
        verdicts.push_back(std::move(row));
    }
    const ProbePlace& place = probe.place;
    Json json = {{"spec", probe.spec},
                 {"kind", place_kind_name(place.kind)},
                 {"name", place.name},
                 {"demangled", probe.demangled},
                 {"aliases", place.aliases},
                 {"file_offset_bytes", place.offset},
                 {"word", fmt::format("{:#010x}", probe.word)},
                 {"instruction", probe.instruction},
                 {"verdicts", std::move(verdicts)}};
    if (place.kind == ProbePlace::Kind::Usdt) {
        json["arguments"] = place.arguments;
        json["semaphore_offset_bytes"] = optional_json(place.semaphore);
    }
    if (!probe.warning.empty()) json["warning"] = probe.warning;
    return json;
}

Json kernel_json(const ListReport& report, std::size_t k) {
    const AuditKernel& kernel = report.kernels[k];
    const AuditCounts counts = list_verdicts(report, k);
    return {{"name", kernel.name},         {"description", kernel.description},
            {"hash_fnv1a64", kernel.hash}, {"decode_table", kernel.decode_table},
            {"emulated", counts.emulated}, {"stepped", counts.stepped},
            {"refused", counts.refused}};
}

}  // namespace

std::string list_report_json(const ListReport& report) {
    Json kernels = Json::array(), binaries = Json::array(), unreadable = Json::array();
    for (std::size_t k = 0; k < report.kernels.size(); ++k)
        kernels.push_back(kernel_json(report, k));
    for (const ListedBinary& binary : report.binaries) {
        Json probes = Json::array();
        for (const ListedProbe& probe : binary.probes) probes.push_back(probe_json(probe));
        binaries.push_back({{"path", binary.path},
                            {"size_bytes", binary.bytes},
                            {"names_from", binary.sources},
                            {"probes", std::move(probes)}});
    }
    for (const auto& file : report.skipped.unreadable)
        unreadable.push_back({{"path", file.path}, {"reason", file.reason}});
    const ListCounts counts = list_counts(report);
    const Json json = {{"schema", "uprobesim.list/1"},
                       {"tool", "uprobesim"},
                       {"version", report.version},
                       {"settings", report.settings},
                       {"kernels", std::move(kernels)},
                       {"totals",
                        {{"functions", counts.functions},
                         {"ifunc_resolvers", counts.indirect},
                         {"plt_entries", counts.plt},
                         {"usdt_places", counts.usdt},
                         {"other_places", counts.others},
                         {"aliases", counts.aliases},
                         {"refused", counts.refused}}},
                       {"left_out",
                        {{"plt_entries", counts.plt_left_out},
                         {"not_elf", report.skipped.not_elf},
                         {"other_machine", report.skipped.other_machine},
                         {"unreadable", std::move(unreadable)},
                         {"not_uprobes", report.not_uprobes}}},
                       {"binaries", std::move(binaries)}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
