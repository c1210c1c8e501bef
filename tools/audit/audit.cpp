// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/audit/audit.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "sim/base/try.h"
#include "tools/audit/insn_form.h"
#include "tools/cli/build_info.h"

namespace uprobesim {
namespace {

void count(AuditCounts& counts, const AuditForm& form, std::size_t kernel, std::uint64_t entries) {
    switch (form.verdicts[kernel].kind) {
        case VerdictKind::Emulate: counts.emulated += entries; return;
        case VerdictKind::Reject: counts.refused += entries; return;
        case VerdictKind::Step: counts.stepped += entries; break;
    }
    if (form.stp_emulation) counts.stepped_stp += entries;
}

}  // namespace

std::vector<AuditVerdict> verdicts_of(std::optional<std::uint32_t> word, std::uint64_t offset,
                                      const std::vector<KernelProfile>& kernels) {
    if (!word || offset % 4 != 0)
        return std::vector(kernels.size(),
                           AuditVerdict{VerdictKind::Reject, word ? "not at a multiple of 4"
                                                                  : "past the end of the file"});
    std::vector<AuditVerdict> verdicts;
    for (const KernelProfile& kernel : kernels) {
        const Verdict v = decide(*word, kernel);
        const std::string_view detail = v.kind == VerdictKind::Emulate  ? handler_name(v.handler)
                                        : v.kind == VerdictKind::Reject ? v.reason
                                                                        : std::string_view();
        verdicts.push_back({v.kind, std::string(detail)});
    }
    return verdicts;
}

std::vector<AuditKernel> audit_kernels(const std::vector<KernelProfile>& kernels) {
    std::vector<AuditKernel> rows;
    rows.reserve(kernels.size());
    for (const KernelProfile& k : kernels)
        rows.push_back(
            {k.name, k.description, k.text_hash, std::string(decode_table_word(k.decode_table))});
    return rows;
}

std::size_t Auditor::form_of(AuditForm form) {
    auto& alike = by_text_[form.text];
    for (const std::size_t known : alike) {
        if (forms_[known].verdicts == form.verdicts &&
            forms_[known].stp_emulation == form.stp_emulation)
            return known;
    }
    alike.push_back(forms_.size());
    forms_.push_back(std::move(form));
    return forms_.size() - 1;
}

std::size_t Auditor::form_of(AuditEntry& entry, std::optional<std::uint32_t> word) {
    AuditForm form;
    form.verdicts = verdicts_of(word, entry.file_offset, kernels_);
    form.text = "(none)";
    if (word && entry.file_offset % 4 == 0) {
        entry.word = *word;
        entry.instruction = decoder_.disassemble(*word, entry.file_offset);
        form.text = insn_form(entry.instruction);
        form.stp_emulation = decide(*word, DecodeTable::V613Stp).handler == Handler::StpFpLr;
    }
    return form_of(std::move(form));
}

Outcome Auditor::add(std::vector<std::byte> bytes, const std::string& path) {
    AuditBinary binary{path, bytes.size(), {}};
    const auto index = TRY(SymbolIndex::build(std::move(bytes), path));
    for (const Function& f : index.functions()) {
        if (!binary.entries.empty() && binary.entries.back().file_offset == f.offset) {
            ++binary.entries.back().aliases;
            continue;
        }
        AuditEntry entry;
        entry.name = f.name;
        entry.file_offset = f.offset;
        entry.form = form_of(entry, index.word_at(f.offset));
        ++forms_[entry.form].entries;
        binary.entries.push_back(std::move(entry));
    }
    binaries_.push_back(std::move(binary));
    return {};
}

AuditReport Auditor::report() {
    std::vector<std::size_t> order(forms_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::tie(forms_[b].entries, forms_[a].text, a) <
               std::tie(forms_[a].entries, forms_[b].text, b);
    });
    std::vector<std::size_t> place(forms_.size());
    AuditReport report;
    report.version = tool_version();
    for (const std::size_t form : order) {
        place[form] = report.forms.size();
        report.forms.push_back(std::move(forms_[form]));
    }
    report.binaries = std::move(binaries_);
    for (AuditBinary& binary : report.binaries) {
        for (AuditEntry& entry : binary.entries) entry.form = place[entry.form];
    }
    report.kernels = audit_kernels(kernels_);
    return report;
}

AuditCounts audit_counts(const AuditReport& report, std::size_t kernel) {
    AuditCounts counts;
    for (const AuditForm& form : report.forms) count(counts, form, kernel, form.entries);
    return counts;
}

AuditCounts audit_counts(const AuditReport& report, const AuditBinary& binary, std::size_t kernel) {
    AuditCounts counts;
    for (const AuditEntry& entry : binary.entries)
        count(counts, report.forms[entry.form], kernel, 1);
    return counts;
}

std::vector<NextForm> next_forms(const AuditReport& report, std::size_t kernel) {
    std::vector<NextForm> next;
    std::uint64_t emulated = audit_counts(report, kernel).emulated;
    for (const AuditForm& form : report.forms) {
        if (form.verdicts[kernel].kind != VerdictKind::Step) continue;
        emulated += form.entries;
        next.push_back({&form, emulated});
    }
    return next;
}

std::string_view audit_word(VerdictKind kind) {
    switch (kind) {
        case VerdictKind::Emulate: return "emulated";
        case VerdictKind::Step: return "stepped";
        case VerdictKind::Reject: return "refused";
    }
    return "";
}

}  // namespace uprobesim
