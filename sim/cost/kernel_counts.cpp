// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/kernel_counts.h"

#include <algorithm>
#include <cmath>

namespace uprobesim {

namespace {

bool is_on(const Figure& flag) {
    return flag.value != 0;
}

// Entry with the trampoline mapped and exit through it, in place of direct ones: 33 more
// instructions of a Debian 6.12 that was started with kpti=1.
constexpr double kKptiInsns = 33;

// __mitigate_spectre_bhb_loop: a counter, three instructions each time, and a barrier: SB, or
// DSB NSH and ISB where the core has no SB. 80 instructions with 24 iterations on a Neoverse N1,
// with what follows.
constexpr double kBhbEach = 3, kBhbCounter = 1;
// tramp_ventry without KPTI: X30 put aside and taken back (3 instructions, less the branch past
// that), the address of the vectors (3) and the jump there.
constexpr double kOwnVectors = 6;
// CLRBHB and ISB.
constexpr double kBhbInstruction = 2;

// apply_ssbd: a core with SSBS branches past the question whether firmware is to be called, on the
// way in and out; others read a per-CPU word.
constexpr double kSsbdSaves = 5;
// The user's key in place of the kernel's, or its own; 10 NOPs on a core without pointer
// authentication, of which 3 are branched over with it.
constexpr double kPacSaves = 3;

// caches_clean_inval_pou. By line: the operation, the next address, compare, branch. Beside that:
// CTR_EL0 read, the line's size, the first line, the barrier, less what skips it.
constexpr double kLineInsns = 4, kCleanInsns = 10, kInvalidateInsns = 9;
constexpr double kLinesOfPage = 64;

// LDXR or STXR, with its share of the loop around it and of the branch to it, less the atomic
// instruction that takes its place: the mean of the hits, faults and signals counted on both.
constexpr double kLseSavesEach = 1.9;

double maintenance(double lines, double once) {
    return lines == 0 ? 0 : kLineInsns * lines + once * std::ceil(lines / kLinesOfPage);
}
double count(const PathCost& cost, KernelOp op) {
    return cost.ops[static_cast<std::size_t>(op)];
}

double bhb_insns(const MachineProfile& machine) {
    if (!is_on(machine.bhb)) return 0;
    const double own_vectors = is_on(machine.kpti) ? 0 : kOwnVectors;
    if (machine.isa.has(IsaFeature::Clrbhb)) return own_vectors + kBhbInstruction;
    const double barrier = machine.isa.has(IsaFeature::Sb) ? 1 : 2;
    return own_vectors + kBhbCounter + kBhbEach * machine.isa.bhb_iterations.value + barrier;
}

}  // namespace

double exception_insns(const MachineProfile& machine, ExceptionClass ec) {
    if (ec == ExceptionClass::DataAbortSameEl) return 0;
    double insns = bhb_insns(machine);
    if (is_on(machine.kpti)) insns += kKptiInsns;
    if (machine.isa.has(IsaFeature::Ssbs)) insns -= 2 * kSsbdSaves;
    if (machine.isa.has(IsaFeature::Pac)) insns -= 2 * kPacSaves;
    return insns;
}

double fixed_insns(const MachineProfile& machine, const PathCost& cost) {
    double saved = 0;
    if (machine.isa.has(IsaFeature::Lse))
        saved += cost.lse_saves.value_or(kLseSavesEach * count(cost, KernelOp::Exclusive));
    if (is_on(machine.idc)) saved += maintenance(count(cost, KernelOp::DcCvau), kCleanInsns);
    if (is_on(machine.dic)) saved += maintenance(count(cost, KernelOp::IcIvau), kInvalidateInsns);
    return std::max(0.0, cost.insns - saved);
}

}  // namespace uprobesim
