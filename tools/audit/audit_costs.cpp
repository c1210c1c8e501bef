// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/hit/steady_hit.h"
#include "sim/cost/prices.h"
#include "tools/audit/audit.h"

namespace uprobesim {
namespace {

double cycles_of(const SteadyHit& hit, const PriceList& prices) {
    CentiCycles sum;
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        for (unsigned i = 0; i < hit.exceptions[e]; ++i)
            sum += prices.exception(static_cast<ExceptionClass>(e));
    }
    for (const PathUse& use : hit.paths)
        sum += prices.path(use.path) + prices.path_units(use.path, use.units);
    return in_cycles(sum);
}

struct Mean {
    double sum = 0;
    std::uint64_t count = 0;

    void add(double value, std::uint64_t times) {
        sum += value * static_cast<double>(times);
        count += times;
    }
    double value() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
};

// One instruction of each form: what looks alike and is treated alike is charged alike.
std::vector<std::uint32_t> words_of(const AuditReport& report) {
    std::vector<std::uint32_t> words(report.forms.size());
    for (const AuditBinary& binary : report.binaries) {
        for (const AuditEntry& entry : binary.entries) words[entry.form] = entry.word;
    }
    return words;
}

}  // namespace

std::vector<AuditCost> audit_costs(const AuditReport& report,
                                   const std::vector<KernelProfile>& kernels,
                                   const std::vector<MachineProfile>& machines) {
    const auto words = words_of(report);
    std::vector<AuditCost> costs;
    for (std::size_t k = 0; k < kernels.size(); ++k) {
        std::vector<SteadyHit> hits(report.forms.size());
        for (std::size_t f = 0; f < hits.size(); ++f) {
            if (report.forms[f].verdicts[k].kind != VerdictKind::Reject)
                hits[f] = steady_hit(kernels[k], words[f], {});
        }
        for (const MachineProfile& machine : machines) {
            const PriceList prices(machine, kernels[k]);
            Mean all, emulated, stepped;
            for (std::size_t f = 0; f < hits.size(); ++f) {
                const AuditForm& form = report.forms[f];
                if (form.verdicts[k].kind == VerdictKind::Reject) continue;
                const double ns = cycles_of(hits[f], prices) * 1e9 / prices.frequency_hz();
                all.add(ns, form.entries);
                (form.verdicts[k].kind == VerdictKind::Emulate ? emulated : stepped)
                    .add(ns, form.entries);
            }
            costs.push_back(
                {kernels[k].name, machine.name, all.value(), emulated.value(), stepped.value()});
        }
    }
    return costs;
}

}  // namespace uprobesim
