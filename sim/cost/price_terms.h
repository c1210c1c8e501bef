// SPDX-License-Identifier: GPL-2.0-or-later
// What a price is made of: counts and the figures that they are multiplied by. PriceList has the
// sums.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

struct PriceTerm {
    std::string figure;  // key of the machine profile: "kernel-cpi", "ops.ic-ivau"
    double count = 0;
    double each = 0;     // cycles: the figure, and so many of `also`
    std::string also{};  // a second figure: what a core or a trap adds; empty: none
    double also_times = 0;
    bool per_unit = false;  // of PriceList::path_units, which is rounded apart

    double cycles() const { return count * each; }
};

// Of PriceList::exception, and of PriceList::path with path_units.
std::vector<PriceTerm> exception_terms(const MachineProfile& machine, ExceptionClass ec);
std::vector<PriceTerm> path_terms(const MachineProfile& machine, const KernelProfile& kernel,
                                  KernelPath path, std::uint64_t units);

}  // namespace uprobesim
