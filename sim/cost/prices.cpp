// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/prices.h"

#include <algorithm>

#include "sim/cost/kernel_counts.h"
#include "sim/cost/price_terms.h"

namespace uprobesim {

// The profile readers refuse negative and infinite figures. The cap (10^16 cycles, 48 days at 2.4
// GHz) only keeps absurd --set values times absurd unit counts inside the integer.
CentiCycles from_cycles(double cycles) {
    // As llround does, half away from zero, in line: a sweep comes here for every path and point.
    const double hundredths = std::min(cycles, 1e16) * 100;
    const auto whole = static_cast<std::uint64_t>(hundredths);
    return CentiCycles(whole + (hundredths - static_cast<double>(whole) >= 0.5 ? 1 : 0));
}

namespace {

using Ops = std::array<double, kKernelOpCount>;
double& at(Ops& ops, KernelOp op) {
    return ops[static_cast<std::size_t>(op)];
}
bool on(const Figure& flag) {
    return flag.value != 0;
}

// What one of each operation costs on this machine.
Ops op_prices(const MachineProfile& machine) {
    Ops prices{};
    for (std::size_t op = 0; op < kKernelOpCount; ++op) prices[op] = machine.ops[op].value;
    const double cores = machine.shareability_cores.value;
    at(prices, KernelOp::DsbIsh) += machine.dsb_ish_per_core.value * cores;
    if (on(machine.dic)) {
        at(prices, KernelOp::SlotRefetch) = machine.slot_refetch_coherent.value;
    } else {
        at(prices, KernelOp::SlotRefetch) += machine.slot_refetch_per_core.value * cores;
    }
    // The model does not distinguish which of a step's accesses trap: each is charged its share.
    const double trap =
        machine.debug_trap.value * machine.debug_register_traps.value / kMdscrAccessesPerStep;
    at(prices, KernelOp::MdscrRead) += trap;
    at(prices, KernelOp::MdscrWrite) += trap;
    return prices;
}

// What of a path's operations is left on this machine. Kernel paths list what a core without IDC
// and DIC needs to make written code visible: DC CVAU for each line and a DSB ISH, IC IVAU for each
// line and a DSB ISH, an ISB. Linux (arch/arm64/mm/cache.S, caches_clean_inval_pou) does DSB ISHST
// in place of the first pair where CTR_EL0.IDC is 1, and the ISB alone in place of the rest where
// CTR_EL0.DIC is 1. A path synchronises once; DSBs beyond those two belong to its TLB maintenance
// and stay.
Ops ops_needed(Ops ops, const MachineProfile& machine) {
    const auto spare_dsb = [&ops](KernelOp maintenance) {
        if (at(ops, maintenance) == 0) return 0.0;
        at(ops, maintenance) = 0;
        const double spared = std::min(1.0, at(ops, KernelOp::DsbIsh));
        at(ops, KernelOp::DsbIsh) -= spared;
        return spared;
    };
    if (on(machine.idc)) at(ops, KernelOp::DsbIshst) += spare_dsb(KernelOp::DcCvau);
    if (on(machine.dic)) spare_dsb(KernelOp::IcIvau);
    return ops;
}

// The figures that an exception costs one of each.
template <class Fn>
void each_exception_figure(const MachineProfile& machine, ExceptionClass ec, Fn fn) {
    fn("exception-entry", machine.exception_entry.value);
    fn("exception-return", machine.exception_return.value);
    if (ec != ExceptionClass::DataAbortSameEl) {
        if (on(machine.kpti)) fn("kpti-switch", machine.kpti_switch.value);
        if (on(machine.bhb)) fn("bhb-loop", machine.bhb_loop.value);
    }
    const bool debug = ec == ExceptionClass::Brk || ec == ExceptionClass::SoftwareStep;
    if (debug && on(machine.debug_exceptions_to_el2)) fn("debug-trap", machine.debug_trap.value);
}
}  // namespace

std::vector<PriceTerm> exception_terms(const MachineProfile& machine, ExceptionClass ec) {
    std::vector<PriceTerm> terms;
    each_exception_figure(machine, ec, [&](const char* figure, double cycles) {
        terms.push_back({figure, 1, cycles});
    });
    return terms;
}

namespace {

PriceTerm op_term(const MachineProfile& machine, KernelOp op, double count, double each) {
    PriceTerm term{"ops." + std::string(kernel_op_name(op)), count, each};
    const auto also = [&term](std::string figure, double times) {
        term.also = std::move(figure);
        term.also_times = times;
    };
    switch (op) {
        case KernelOp::DsbIsh: also("dsb-ish-per-core", machine.shareability_cores.value); break;
        case KernelOp::SlotRefetch:
            if (on(machine.dic)) {
                term.figure = "slot-refetch-coherent";
            } else {
                also("slot-refetch-per-core", machine.shareability_cores.value);
            }
            break;
        case KernelOp::MdscrRead:
        case KernelOp::MdscrWrite:
            also("debug-trap", machine.debug_register_traps.value / kMdscrAccessesPerStep);
            break;
        default: break;
    }
    return term;
}

}  // namespace

std::vector<PriceTerm> path_terms(const MachineProfile& machine, const KernelProfile& kernel,
                                  KernelPath path, std::uint64_t units) {
    const PathCost& cost = kernel.paths[static_cast<std::size_t>(path)];
    const double cpi = machine.kernel_cpi.value;
    std::vector<PriceTerm> terms{{"kernel-cpi", cost.insns, cpi}};
    const Ops prices = op_prices(machine);
    const Ops ops = ops_needed(cost.ops, machine);
    for (std::size_t op = 0; op < kKernelOpCount; ++op) {
        if (ops[op] != 0)
            terms.push_back(op_term(machine, static_cast<KernelOp>(op), ops[op], prices[op]));
    }
    if (units != 0 && cost.insns_per_unit != 0) {
        PriceTerm& term = terms.emplace_back(
            PriceTerm{"kernel-cpi", cost.insns_per_unit * static_cast<double>(units), cpi});
        term.per_unit = true;
    }
    return terms;
}

PriceList::PriceList(const MachineProfile& machine, const KernelProfile& kernel)
    : frequency_hz_(machine.frequency_hz.value) {
    for (std::size_t ec = 0; ec < kExceptionClassCount; ++ec) {
        double cycles = 0;
        each_exception_figure(machine, static_cast<ExceptionClass>(ec),
                              [&](const char* /*figure*/, double each) { cycles += each; });
        exceptions_[ec] = from_cycles(cycles);
        exception_insns_[ec] = uprobesim::exception_insns(machine, static_cast<ExceptionClass>(ec));
    }
    const Ops prices = op_prices(machine);
    const bool all_needed = !on(machine.idc) && !on(machine.dic);
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const PathCost& cost = kernel.paths[p];
        double cycles = cost.insns * machine.kernel_cpi.value;
        const auto add = [&](const Ops& ops) {
            for (std::size_t op = 0; op < kKernelOpCount; ++op) cycles += ops[op] * prices[op];
        };
        if (all_needed) {
            add(cost.ops);
        } else {
            add(ops_needed(cost.ops, machine));
        }
        fixed_[p] = from_cycles(cycles);
        per_unit_[p] = cost.insns_per_unit * machine.kernel_cpi.value;
        insns_[p] = fixed_insns(machine, cost);
        insns_per_unit_[p] = cost.insns_per_unit;
    }
}

CentiCycles PriceList::path_units(KernelPath p, std::uint64_t units) const {
    return from_cycles(per_unit_[static_cast<std::size_t>(p)] * static_cast<double>(units));
}

double PriceList::path_insns(KernelPath p, std::uint64_t times, std::uint64_t units) const {
    const auto i = static_cast<std::size_t>(p);
    return insns_[i] * static_cast<double>(times) + insns_per_unit_[i] * static_cast<double>(units);
}

}  // namespace uprobesim
