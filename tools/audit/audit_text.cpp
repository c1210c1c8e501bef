// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/audit/audit_report.h"
#include "tools/format/text_table.h"

namespace uprobesim {
namespace {

std::uint64_t total_entries(const AuditReport& report) {
    return report.kernels.empty() ? 0 : audit_counts(report, 0).total();
}

std::string share(std::uint64_t part, std::uint64_t whole) {
    return percent(static_cast<double>(part), static_cast<double>(whole));
}

std::size_t shown_rows(std::size_t rows, const AuditDetail& detail) {
    return detail.rows == 0 ? rows : std::min(rows, detail.rows);
}

std::string heading(const AuditReport& report) {
    const std::string entries = fmt::format("{} function {}", grouped(total_entries(report)),
                                            total_entries(report) == 1 ? "entry" : "entries");
    if (report.binaries.size() == 1) {
        const AuditBinary& only = report.binaries.front();
        return fmt::format("{}: {} in {}\n", printable(only.path), entries, bytes_text(only.bytes));
    }
    return fmt::format("{} in {} binaries\n", entries,
                       grouped(std::uint64_t{report.binaries.size()}));
}

std::string skipped_text(const AuditSkips& skipped) {
    std::string text;
    if (skipped.not_elf + skipped.other_machine != 0) {
        text += fmt::format("Left out: {} that {} no ELF, {} for other machines\n",
                            counted(skipped.not_elf, "file"), skipped.not_elf == 1 ? "is" : "are",
                            counted(skipped.other_machine, "ELF file"));
    }
    for (const auto& file : skipped.unreadable)
        text += fmt::format("Left out: {}: {}\n", printable(file.path), printable(file.reason));
    return text;
}

std::string totals_text(const AuditReport& report) {
    TextTable table(
        {"kernel", "simulated", "", "stepped", "", "refused", "", "STP emulation adds", ""});
    for (std::size_t k = 0; k < report.kernels.size(); ++k) {
        const AuditCounts c = audit_counts(report, k);
        table.add({report.kernels[k].name, grouped(c.simulated), share(c.simulated, c.total()),
                   grouped(c.stepped), share(c.stepped, c.total()), grouped(c.refused),
                   share(c.refused, c.total()), grouped(c.stepped_stp),
                   share(c.stepped_stp, c.total())});
    }
    return "\nA probe on the first instruction is\n" + table.text(2);
}

std::vector<std::string> kernel_columns(const AuditReport& report, std::vector<std::string> head) {
    for (const AuditKernel& k : report.kernels) head.push_back(k.name);
    return head;
}

std::string binaries_text(const AuditReport& report) {
    TextTable table(kernel_columns(report, {"binary", "entries"}));
    for (const AuditBinary& binary : report.binaries) {
        std::vector<std::string> row{printable(binary.path),
                                     grouped(std::uint64_t{binary.entries.size()})};
        for (std::size_t k = 0; k < report.kernels.size(); ++k)
            row.push_back(share(audit_counts(report, binary, k).simulated, binary.entries.size()));
        table.add(std::move(row));
    }
    return "\nSimulated, by binary and kernel\n" + table.text(2);
}

std::string forms_text(const AuditReport& report, const AuditDetail& detail) {
    TextTable table(kernel_columns(report, {"instruction", "entries", ""}));
    const std::size_t shown = shown_rows(report.forms.size(), detail);
    std::uint64_t others = total_entries(report);
    for (std::size_t f = 0; f < shown; ++f) {
        const AuditForm& form = report.forms[f];
        std::vector<std::string> row{form.text, grouped(form.entries),
                                     share(form.entries, total_entries(report))};
        for (const AuditVerdict& v : form.verdicts) row.emplace_back(audit_word(v.kind));
        table.add(std::move(row));
        others -= form.entries;
    }
    if (shown < report.forms.size()) {
        table.add({counted(report.forms.size() - shown, "other form"), grouped(others),
                   share(others, total_entries(report))});
    }
    return "\nFirst instructions\n" + table.text(2);
}

std::string refused_text(const AuditReport& report) {
    TextTable table({"instruction", "entries", "refused by", "because it is"});
    for (const AuditForm& form : report.forms) {
        std::string kernels, reason;
        for (std::size_t k = 0; k < form.verdicts.size(); ++k) {
            if (form.verdicts[k].kind != VerdictKind::Reject) continue;
            kernels += (kernels.empty() ? "" : ",") + report.kernels[k].name;
            reason = form.verdicts[k].detail;
        }
        if (!kernels.empty()) table.add({form.text, grouped(form.entries), kernels, reason});
    }
    return table.empty() ? "" : "\nRefused\n" + table.text(2);
}

// On the kernel that simulates most already: elsewhere the answer begins with what that one has.
std::string next_text(const AuditReport& report, const AuditDetail& detail) {
    std::size_t widest = 0;
    for (std::size_t k = 1; k < report.kernels.size(); ++k) {
        if (audit_counts(report, k).simulated > audit_counts(report, widest).simulated) widest = k;
    }
    const auto next = next_forms(report, widest);
    if (next.empty()) return {};
    TextTable table({"instruction", "entries", "simulated then", ""});
    const std::uint64_t now = audit_counts(report, widest).simulated;
    table.add({"(now)", "", grouped(now), share(now, total_entries(report))});
    for (std::size_t i = 0; i < shown_rows(next.size(), detail); ++i) {
        table.add({next[i].form->text, grouped(next[i].form->entries),
                   grouped(next[i].simulated_then),
                   share(next[i].simulated_then, total_entries(report))});
    }
    return fmt::format("\nWhat simulating one more instruction would buy on {}\n{}",
                       report.kernels[widest].name, table.text(2));
}

std::string functions_text(const AuditReport& report, const AuditBinary& binary) {
    TextTable table(kernel_columns(report, {"function", "offset", "instruction"}));
    for (const AuditEntry& entry : binary.entries) {
        std::vector<std::string> row{printable(entry.name), fmt::format("{:#x}", entry.file_offset),
                                     entry.instruction};
        for (const AuditVerdict& v : report.forms[entry.form].verdicts)
            row.emplace_back(audit_word(v.kind));
        table.add(std::move(row));
    }
    return fmt::format("\n{}\n{}", printable(binary.path), table.text(2));
}

}  // namespace

std::string audit_report_text(const AuditReport& report, const AuditDetail& detail) {
    std::string text = heading(report) + skipped_text(report.skipped);
    if (total_entries(report) == 0) return text;
    text += totals_text(report);
    text += forms_text(report, detail) + refused_text(report) + next_text(report, detail);
    if (report.binaries.size() > 1) text += binaries_text(report);
    if (detail.functions) {
        for (const AuditBinary& binary : report.binaries) text += functions_text(report, binary);
    }
    return text;
}

}  // namespace uprobesim
