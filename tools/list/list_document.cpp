// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/format/number_text.h"
#include "tools/list/list_report.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

Cell verdict_cell(const AuditVerdict& verdict) {
    Cell cell = std::string(audit_word(verdict.kind));
    if (verdict.kind == VerdictKind::Reject) cell.tone = Tone::Alarm;
    return cell;
}

// In a column; a function needs no word.
std::string_view short_kind(ProbePlace::Kind kind) {
    switch (kind) {
        case ProbePlace::Kind::Indirect: return "IFUNC";
        case ProbePlace::Kind::Plt: return "PLT";
        case ProbePlace::Kind::Usdt: return "USDT";
        case ProbePlace::Kind::Function:
        case ProbePlace::Kind::Offset:
        case ProbePlace::Kind::Line: break;
    }
    return "";
}

// "84 functions, 3 IFUNC resolvers and 12 PLT entries"
std::string kinds_text(const ListCounts& counts) {
    std::vector<std::string> parts;
    const auto add = [&](std::uint64_t n, std::string_view one, std::string_view many) {
        if (n != 0) parts.push_back(fmt::format("{} {}", grouped(n), n == 1 ? one : many));
    };
    add(counts.functions, "function", "functions");
    add(counts.indirect, "IFUNC resolver", "IFUNC resolvers");
    add(counts.plt, "PLT entry", "PLT entries");
    add(counts.usdt, "place of USDT probes", "places of USDT probes");
    add(counts.others, "other place", "other places");
    if (parts.empty()) return "nothing";
    if (parts.size() == 1) return parts.front();
    const std::string last = parts.back();
    parts.pop_back();
    return fmt::format("{} and {}", fmt::join(parts, ", "), last);
}

std::string answer(const ListReport& report) {
    const ListCounts counts = list_counts(report);
    const std::size_t binaries = report.binaries.size();
    return fmt::format("{} in {} {}{}", kinds_text(counts), grouped(std::uint64_t{binaries}),
                       binaries == 1 ? "binary" : "binaries",
                       counts.refused == 0
                           ? std::string()
                           : fmt::format("; {} refused by a kernel", grouped(counts.refused)));
}

std::string note_text(const ListedProbe& probe) {
    std::vector<std::string> parts;
    if (!probe.demangled.empty()) parts.push_back(probe.demangled);
    if (!probe.place.aliases.empty())
        parts.push_back(fmt::format("also {}", fmt::join(probe.place.aliases, ", ")));
    if (probe.place.kind == ProbePlace::Kind::Usdt)
        parts.push_back(probe.place.arguments.empty()
                            ? std::string("no arguments")
                            : fmt::format("arguments {}", probe.place.arguments));
    if (probe.place.semaphore)
        parts.push_back(fmt::format("semaphore at file offset {:#x}", *probe.place.semaphore));
    for (const AuditVerdict& v : probe.verdicts) {
        if (v.kind != VerdictKind::Reject) continue;
        parts.push_back(fmt::format("refused: {}", v.detail));
        break;
    }
    if (!probe.warning.empty()) parts.push_back(probe.warning);
    return fmt::format("{}", fmt::join(parts, "; "));
}

Table probes(const ListReport& report, const ListedBinary& binary) {
    Table table{.title = binary.path,
                .columns = {{"probe", ColumnKind::Name},
                            {"kind", ColumnKind::Name},
                            {"offset"},
                            {"instruction", ColumnKind::Name}},
                .is_list = true};
    for (const AuditKernel& kernel : report.kernels)
        table.columns.push_back({kernel.name, ColumnKind::Name});
    table.columns.push_back({"", ColumnKind::Note});
    for (const ListedProbe& probe : binary.probes) {
        std::vector<Cell> row{probe.place.name, std::string(short_kind(probe.place.kind)),
                              fmt::format("{:#x}", probe.place.offset), probe.instruction};
        for (const AuditVerdict& v : probe.verdicts) row.push_back(verdict_cell(v));
        row.emplace_back(note_text(probe));
        table.add(std::move(row));
    }
    return table;
}

Table totals(const ListReport& report) {
    Table table{.title = "A probe on them is",
                .columns = {{"kernel", ColumnKind::Name}, {"emulated"}, {"stepped"}, {"refused"}}};
    for (std::size_t k = 0; k < report.kernels.size(); ++k) {
        const AuditCounts counts = list_verdicts(report, k);
        table.add({report.kernels[k].name, count_cell(counts.emulated), count_cell(counts.stepped),
                   count_cell(counts.refused)});
    }
    return table;
}

Lines remarks(const ListReport& report) {
    Lines lines;
    const ListCounts counts = list_counts(report);
    if (counts.indirect != 0)
        lines.lines.emplace_back(
            "IFUNC resolvers run once, when the program starts: run leaves them out, a probe on "
            "the "
            "function belongs on what they return.");
    if (counts.plt_left_out != 0)
        lines.lines.push_back(
            fmt::format("Left out: {} that the wildcard matches too; '*@plt' names them.",
                        counts.plt_left_out == 1
                            ? std::string("a PLT entry")
                            : fmt::format("{} PLT entries", grouped(counts.plt_left_out))));
    if (counts.aliases != 0)
        lines.lines.push_back(fmt::format("{} of the same places are not counted.",
                                          counted(counts.aliases, "other name")));
    for (const ListedBinary& binary : report.binaries) {
        if (binary.sources.empty()) continue;
        lines.lines.push_back(
            fmt::format("Names of {}: {}", binary.path, fmt::join(binary.sources, ", ")));
    }
    const AuditSkips& skipped = report.skipped;
    if (skipped.not_elf + skipped.other_machine != 0)
        lines.lines.push_back(fmt::format(
            "Left out: {} that {} no ELF, {} for other machines", counted(skipped.not_elf, "file"),
            skipped.not_elf == 1 ? "is" : "are", counted(skipped.other_machine, "ELF file")));
    for (const auto& file : skipped.unreadable)
        lines.lines.push_back(fmt::format("Left out: {}: {}", file.path, file.reason));
    if (!report.not_uprobes.empty())
        lines.lines.push_back(
            fmt::format("No probes of user programs: {}", fmt::join(report.not_uprobes, ", ")));
    return lines;
}

Table all_probes(const ListReport& report) {
    Table table{.columns = {{"spec", ColumnKind::Name},
                            {"binary", ColumnKind::Name},
                            {"kind", ColumnKind::Name},
                            {"name", ColumnKind::Name},
                            {"demangled", ColumnKind::Name},
                            {"aliases", ColumnKind::Name},
                            {"file_offset_bytes"},
                            {"word", ColumnKind::Name},
                            {"instruction", ColumnKind::Name},
                            {"arguments", ColumnKind::Name},
                            {"semaphore_offset_bytes"},
                            {"warning", ColumnKind::Name}}};
    for (const AuditKernel& k : report.kernels) {
        table.columns.push_back({"verdict " + k.name, ColumnKind::Name});
        table.columns.push_back({"detail " + k.name, ColumnKind::Name});
    }
    for (const ListedBinary& binary : report.binaries) {
        for (const ListedProbe& probe : binary.probes) {
            const ProbePlace& place = probe.place;
            std::vector<Cell> row{probe.spec,
                                  binary.path,
                                  std::string(place_kind_name(place.kind)),
                                  place.name,
                                  probe.demangled,
                                  fmt::format("{}", fmt::join(place.aliases, " ")),
                                  count_cell(place.offset),
                                  fmt::format("{:#010x}", probe.word),
                                  probe.instruction,
                                  place.arguments,
                                  place.semaphore ? count_cell(*place.semaphore) : no_cell(),
                                  probe.warning};
            for (const AuditVerdict& v : probe.verdicts) {
                row.push_back(verdict_cell(v));
                row.emplace_back(v.detail);
            }
            table.add(std::move(row));
        }
    }
    return table;
}

}  // namespace

Document list_document(const ListReport& report) {
    Document document{fmt::format("uprobesim {}: list", report.version), answer(report)};
    document.data = all_probes(report);
    for (const ListedBinary& binary : report.binaries) document.add(probes(report, binary));
    if (list_counts(report).total() > 1) document.add(totals(report));
    document.add(remarks(report));
    return document;
}

}  // namespace uprobesim
