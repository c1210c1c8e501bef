// SPDX-License-Identifier: GPL-2.0-or-later
// Counts times figures: what one exception and one unit of each kernel path cost on this machine
// under this kernel.
#pragma once

#include <array>

#include "sim/base/units.h"
#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

// To the nearest hundredth, as all costs are.
CentiCycles from_cycles(double cycles);

class PriceList {
public:
    PriceList(const MachineProfile& machine, const KernelProfile& kernel);

    // Hardware entry plus return; from EL0 with what KPTI and BHB add, a debug exception with its
    // way through EL2.
    CentiCycles exception(ExceptionClass ec) const {
        return exceptions_[static_cast<std::size_t>(ec)];
    }
    CentiCycles path(KernelPath p) const { return fixed_[static_cast<std::size_t>(p)]; }
    // `units` may be millions of bytes: one rounding for all of them.
    CentiCycles path_units(KernelPath p, std::uint64_t units) const;
    // EL1 instructions on this machine (kernel_counts.h).
    double exception_insns(ExceptionClass ec) const {
        return exception_insns_[static_cast<std::size_t>(ec)];
    }
    double path_insns(KernelPath p, std::uint64_t times, std::uint64_t units) const;
    double frequency_hz() const { return frequency_hz_; }
    // Whether as many cycles are charged for it there.
    bool same(ExceptionClass ec, const PriceList& other) const {
        return exception(ec) == other.exception(ec);
    }
    bool same(KernelPath p, const PriceList& other) const {
        const auto i = static_cast<std::size_t>(p);
        return fixed_[i] == other.fixed_[i] && per_unit_[i] == other.per_unit_[i];
    }

private:
    std::array<CentiCycles, kExceptionClassCount> exceptions_{};
    std::array<CentiCycles, kKernelPathCount> fixed_{};
    std::array<double, kKernelPathCount> per_unit_{};
    std::array<double, kExceptionClassCount> exception_insns_{};
    std::array<double, kKernelPathCount> insns_{};
    std::array<double, kKernelPathCount> insns_per_unit_{};
    double frequency_hz_;
};

}  // namespace uprobesim
