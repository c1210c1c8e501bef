// SPDX-License-Identifier: GPL-2.0-or-later
// The audit for programs. JSON keys are described in tools/README.md; a change that breaks a reader
// changes the schema's number.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/audit/audit_report.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

double percent_of(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return 0;
    return std::round(1e5 * static_cast<double>(part) / static_cast<double>(whole)) / 1e3;
}

Json counts_json(const AuditCounts& c) {
    return {{"entries", c.total()},
            {"emulated", c.emulated},
            {"emulated_percent", percent_of(c.emulated, c.total())},
            {"stepped", c.stepped},
            {"stepped_percent", percent_of(c.stepped, c.total())},
            {"refused", c.refused},
            {"refused_percent", percent_of(c.refused, c.total())},
            {"stp_emulation_adds", c.stepped_stp}};
}

Json kernel_json(const AuditReport& report, std::size_t k) {
    const AuditKernel& kernel = report.kernels[k];
    Json next = Json::array();
    for (const NextForm& n : next_forms(report, k)) {
        next.push_back({{"instruction", n.form->text},
                        {"entries", n.form->entries},
                        {"emulated_then", n.emulated_then},
                        {"emulated_then_percent",
                         percent_of(n.emulated_then, audit_counts(report, k).total())}});
    }
    return {{"name", kernel.name},
            {"description", kernel.description},
            {"hash_fnv1a64", kernel.hash},
            {"decode_table", kernel.decode_table},
            {"totals", counts_json(audit_counts(report, k))},
            {"next_to_emulate", std::move(next)}};
}

Json form_json(const AuditForm& form) {
    Json verdicts = Json::array();
    for (const AuditVerdict& v : form.verdicts) {
        Json row = {{"verdict", audit_word(v.kind)}};
        if (v.kind == VerdictKind::Emulate) row["handler"] = v.detail;
        if (v.kind == VerdictKind::Reject) row["reason"] = v.detail;
        verdicts.push_back(std::move(row));
    }
    return {{"instruction", form.text},
            {"entries", form.entries},
            {"stp_emulation", form.stp_emulation},
            {"verdicts", std::move(verdicts)}};
}

Json binary_json(const AuditReport& report, const AuditBinary& binary) {
    Json totals = Json::array();
    for (std::size_t k = 0; k < report.kernels.size(); ++k)
        totals.push_back(counts_json(audit_counts(report, binary, k)));
    Json functions = Json::array();
    for (const AuditEntry& entry : binary.entries) {
        Json verdicts = Json::array();
        for (const AuditVerdict& v : report.forms[entry.form].verdicts)
            verdicts.push_back(audit_word(v.kind));
        functions.push_back({{"function", entry.name},
                             {"aliases", entry.aliases},
                             {"file_offset_bytes", entry.file_offset},
                             {"word", fmt::format("{:#010x}", entry.word)},
                             {"instruction", entry.instruction},
                             {"form", entry.form},
                             {"verdicts", std::move(verdicts)}});
    }
    return {{"path", binary.path},
            {"size_bytes", binary.bytes},
            {"totals", std::move(totals)},
            {"functions", std::move(functions)}};
}

}  // namespace

std::string audit_report_json(const AuditReport& report) {
    Json kernels = Json::array(), forms = Json::array(), binaries = Json::array(),
         unreadable = Json::array();
    for (std::size_t k = 0; k < report.kernels.size(); ++k)
        kernels.push_back(kernel_json(report, k));
    for (const AuditForm& form : report.forms) forms.push_back(form_json(form));
    for (const AuditBinary& binary : report.binaries)
        binaries.push_back(binary_json(report, binary));
    for (const auto& file : report.skipped.unreadable)
        unreadable.push_back({{"path", file.path}, {"reason", file.reason}});
    Json costs = Json::array();
    for (const AuditCost& cost : report.costs)
        costs.push_back({{"kernel", cost.kernel},
                         {"machine", cost.machine},
                         {"mean_ns", cost.mean_ns},
                         {"emulated_ns", cost.emulated_ns},
                         {"stepped_ns", cost.stepped_ns}});
    const Json json = {{"schema", "uprobesim.audit/2"},
                       {"tool", "uprobesim"},
                       {"version", report.version},
                       {"settings", report.settings},
                       {"kernels", std::move(kernels)},
                       {"costs", std::move(costs)},
                       {"forms", std::move(forms)},
                       {"left_out",
                        {{"not_elf", report.skipped.not_elf},
                         {"other_machine", report.skipped.other_machine},
                         {"unreadable", std::move(unreadable)}}},
                       {"binaries", std::move(binaries)}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
