// SPDX-License-Identifier: GPL-2.0-or-later
// How far off the cost of some work may be, from the confidence of each figure that it follows from
// (sim/profile/uncertainty.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/profile/uncertainty.h"
#include "tools/estimate/hit_work.h"

namespace uprobesim {

// The prices of one kernel on one machine, and those with each of their figures at the ends of its
// range.
class VariedPrices {
public:
    static Result<VariedPrices> load(const std::string& machine, const std::string& kernel,
                                     const std::vector<Setting>& settings);

    const KernelProfile& kernel() const { return uncertainty_.profiles().kernel; }
    const MachineProfile& machine() const { return uncertainty_.profiles().machine; }
    const PriceList& prices() const { return prices_; }

    // What a figure's range makes of the work's time.
    struct Swing {
        std::string key, unit;
        double value = 0;
        Confidence confidence = Confidence::Assumption;
        double ns_at_low = 0, ns_at_high = 0;

        double ns() const;
    };
    struct Range {
        double ns = 0;
        double low_ns = 0, high_ns = 0;  // as far as independent errors take it
    };
    struct Sensitivity {
        Range range;
        std::vector<Swing> swings;  // the largest first; without those that change nothing
    };
    Sensitivity sensitivity_of(const HitWork& work) const;

private:
    struct Ends {
        std::optional<KernelPath> path;  // of which it is the instructions; nothing: of the machine
        PriceList low, high;
    };
    VariedPrices(Uncertainty uncertainty, std::vector<Ends> ends);

    Uncertainty uncertainty_;
    PriceList prices_;
    std::vector<Ends> ends_;  // by figure
};

}  // namespace uprobesim
