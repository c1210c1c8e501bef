// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/audit/audit_report.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

std::uint64_t total_entries(const AuditReport& report) {
    return report.kernels.empty() ? 0 : audit_counts(report, 0).total();
}

Cell share(std::uint64_t part, std::uint64_t whole) {
    return share_cell(static_cast<double>(part), static_cast<double>(whole));
}

Cell verdict(VerdictKind kind) {
    switch (kind) {
        case VerdictKind::Emulate: return "emulated";
        case VerdictKind::Step: return "stepped";
        case VerdictKind::Reject: return "refused";
    }
    return "";
}

std::string entries_text(std::uint64_t entries) {
    return fmt::format("{} function {}", grouped(entries), entries == 1 ? "entry" : "entries");
}

// "388", or "388 to 2,251" where the kernels differ.
std::string range_text(const AuditReport& report, std::uint64_t AuditCounts::*count) {
    std::uint64_t least = ~std::uint64_t{0}, most = 0;
    for (std::size_t k = 0; k < report.kernels.size(); ++k) {
        const std::uint64_t n = audit_counts(report, k).*count;
        least = std::min(least, n);
        most = std::max(most, n);
    }
    return least == most ? grouped(most) : fmt::format("{} to {}", grouped(least), grouped(most));
}

std::string answer(const AuditReport& report) {
    const std::uint64_t entries = total_entries(report);
    if (entries == 0) return entries_text(0);
    return fmt::format("of {}, {} would be emulated, {} stepped, {} refused", entries_text(entries),
                       range_text(report, &AuditCounts::emulated),
                       range_text(report, &AuditCounts::stepped),
                       range_text(report, &AuditCounts::refused));
}

Lines scope(const AuditReport& report) {
    Lines lines;
    if (report.binaries.size() == 1) {
        const AuditBinary& only = report.binaries.front();
        lines.lines.push_back(fmt::format("{}: {} in {}", only.path,
                                          entries_text(total_entries(report)),
                                          bytes_text(only.bytes)));
    } else {
        lines.lines.push_back(fmt::format("{} in {} binaries", entries_text(total_entries(report)),
                                          grouped(std::uint64_t{report.binaries.size()})));
    }
    const AuditSkips& skipped = report.skipped;
    if (skipped.not_elf + skipped.other_machine != 0) {
        lines.lines.push_back(fmt::format(
            "Left out: {} that {} no ELF, {} for other machines", counted(skipped.not_elf, "file"),
            skipped.not_elf == 1 ? "is" : "are", counted(skipped.other_machine, "ELF file")));
    }
    for (const auto& file : skipped.unreadable)
        lines.lines.push_back(fmt::format("Left out: {}: {}", file.path, file.reason));
    return lines;
}

Table totals(const AuditReport& report) {
    Table table{.title = "A probe on the first instruction is",
                .columns = {{"kernel", ColumnKind::Name},
                            {"emulated"},
                            {""},
                            {"stepped"},
                            {""},
                            {"refused"},
                            {""},
                            {"STP emulation adds"},
                            {""}}};
    for (std::size_t k = 0; k < report.kernels.size(); ++k) {
        const AuditCounts c = audit_counts(report, k);
        table.add({report.kernels[k].name, count_cell(c.emulated), share(c.emulated, c.total()),
                   count_cell(c.stepped), share(c.stepped, c.total()), count_cell(c.refused),
                   share(c.refused, c.total()), count_cell(c.stepped_stp),
                   share(c.stepped_stp, c.total())});
    }
    return table;
}

void add_kernels(Table& table, const AuditReport& report) {
    for (const AuditKernel& k : report.kernels) table.columns.push_back({k.name});
}

Table binaries(const AuditReport& report) {
    Table table{.title = "Emulated, by binary and kernel",
                .columns = {{"binary", ColumnKind::Name}, {"entries"}},
                .first = kFirstRows};
    add_kernels(table, report);
    std::vector<const AuditBinary*> sorted;
    for (const AuditBinary& binary : report.binaries) sorted.push_back(&binary);
    std::stable_sort(sorted.begin(), sorted.end(), [](const AuditBinary* a, const AuditBinary* b) {
        return a->entries.size() > b->entries.size();
    });
    for (const AuditBinary* binary : sorted) {
        std::vector<Cell> row{binary->path, count_cell(binary->entries.size())};
        for (std::size_t k = 0; k < report.kernels.size(); ++k)
            row.push_back(share(audit_counts(report, *binary, k).emulated, binary->entries.size()));
        table.add(std::move(row));
    }
    return table;
}

Table forms(const AuditReport& report) {
    Table table{.title = "First instructions",
                .columns = {{"instruction", ColumnKind::Name}, {"entries"}, {""}},
                .first = kFirstRows};
    add_kernels(table, report);
    for (const AuditForm& form : report.forms) {
        std::vector<Cell> row{form.text, count_cell(form.entries),
                              share(form.entries, total_entries(report))};
        for (const AuditVerdict& v : form.verdicts) row.push_back(verdict(v.kind));
        table.add(std::move(row));
    }
    return table;
}

Table refused(const AuditReport& report) {
    Table table{.title = "Refused",
                .columns = {{"instruction", ColumnKind::Name},
                            {"entries"},
                            {"because it is", ColumnKind::Prose},
                            {"by", ColumnKind::Prose}},
                .first = kFirstRows};
    for (const AuditForm& form : report.forms) {
        std::string kernels, reason;
        for (std::size_t k = 0; k < form.verdicts.size(); ++k) {
            if (form.verdicts[k].kind != VerdictKind::Reject) continue;
            kernels += (kernels.empty() ? "" : ", ") + report.kernels[k].name;
            reason = form.verdicts[k].detail;
        }
        if (!kernels.empty()) table.add({form.text, count_cell(form.entries), reason, kernels});
    }
    return table;
}

// On the kernel that emulates most already: elsewhere the answer begins with what that one has.
Table next(const AuditReport& report) {
    std::size_t widest = 0;
    for (std::size_t k = 1; k < report.kernels.size(); ++k) {
        if (audit_counts(report, k).emulated > audit_counts(report, widest).emulated) widest = k;
    }
    Table table{
        .title = fmt::format("What emulating one more instruction adds on {} ({} now)",
                             report.kernels[widest].name,
                             grouped(audit_counts(report, widest).emulated)),
        .columns = {{"instruction", ColumnKind::Name}, {"entries"}, {"emulated then"}, {""}},
        .first = kFirstRows};
    for (const NextForm& n : next_forms(report, widest)) {
        table.add({n.form->text, count_cell(n.form->entries), count_cell(n.emulated_then),
                   share(n.emulated_then, total_entries(report))});
    }
    return table;
}

Table costs(const AuditReport& report) {
    Table table{.title = "A hit takes, averaged over the functions",
                .columns = {{"kernel", ColumnKind::Name},
                            {"machine", ColumnKind::Name},
                            {"mean", ColumnKind::Number, "mean_ns"},
                            {"emulated", ColumnKind::Number, "emulated_ns"},
                            {"stepped", ColumnKind::Number, "stepped_ns"}},
                .is_list = true};
    const auto cell = [](double ns) { return ns > 0 ? duration_cell(ns) : no_cell(); };
    for (const AuditCost& cost : report.costs)
        table.add({cost.kernel, cost.machine, cell(cost.mean_ns), cell(cost.emulated_ns),
                   cell(cost.stepped_ns)});
    return table;
}

Table functions(const AuditReport& report, const AuditBinary& binary) {
    Table table{
        .title = binary.path,
        .columns = {{"function", ColumnKind::Name}, {"offset"}, {"instruction", ColumnKind::Name}},
        .is_list = true};
    add_kernels(table, report);
    for (const AuditEntry& entry : binary.entries) {
        std::vector<Cell> row{entry.name, fmt::format("{:#x}", entry.file_offset),
                              entry.instruction};
        for (const AuditVerdict& v : report.forms[entry.form].verdicts)
            row.push_back(verdict(v.kind));
        table.add(std::move(row));
    }
    return table;
}

// For CSV: all functions of all binaries.
Table all_functions(const AuditReport& report) {
    Table table{.columns = {{"binary", ColumnKind::Name},
                            {"function", ColumnKind::Name},
                            {"aliases"},
                            {"file_offset_bytes"},
                            {"word", ColumnKind::Name},
                            {"instruction", ColumnKind::Name},
                            {"form", ColumnKind::Name}}};
    for (const AuditKernel& k : report.kernels) {
        table.columns.push_back({"verdict " + k.name, ColumnKind::Name});
        table.columns.push_back({"detail " + k.name, ColumnKind::Name});
    }
    for (const AuditBinary& binary : report.binaries) {
        for (const AuditEntry& entry : binary.entries) {
            const AuditForm& form = report.forms[entry.form];
            std::vector<Cell> row{binary.path,
                                  entry.name,
                                  count_cell(entry.aliases),
                                  count_cell(entry.file_offset),
                                  fmt::format("{:#010x}", entry.word),
                                  entry.instruction,
                                  form.text};
            for (const AuditVerdict& v : form.verdicts) {
                row.push_back(verdict(v.kind));
                row.emplace_back(v.detail);
            }
            table.add(std::move(row));
        }
    }
    return table;
}

}  // namespace

Document audit_document(const AuditReport& report, bool with_functions) {
    Document document{fmt::format("uprobesim {}: audit", report.version), answer(report)};
    document.data = all_functions(report);
    document.add(scope(report));
    if (total_entries(report) == 0) return document;
    document.add(totals(report));
    if (!report.costs.empty()) {
        document.add(costs(report));
        document.data = costs(report);
    }
    document.add(forms(report));
    document.add(refused(report));
    document.add(next(report));
    if (report.binaries.size() > 1) document.add(binaries(report));
    if (with_functions) {
        for (const AuditBinary& binary : report.binaries) document.add(functions(report, binary));
    }
    return document;
}

}  // namespace uprobesim
