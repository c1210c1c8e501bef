// SPDX-License-Identifier: GPL-2.0-or-later
// How far off the cost of some work may be, from the confidence of each figure that it follows from
// (sim/profile/uncertainty.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/cost/access_plan.h"
#include "sim/profile/uncertainty.h"
#include "tools/estimate/hit_work.h"

namespace uprobesim {

// What the lines cost that CPUs share.
struct LineCosts {
    ContentionFigures figures;
    AccessPlan plan;
};

// The prices of one kernel on one machine, and those with each of their figures at the ends of its
// range.
class VariedPrices {
public:
    // `waiting`: also what shared lines cost, if the machine's profile says it.
    static Result<VariedPrices> load(const std::string& machine, const std::string& kernel,
                                     const std::vector<Setting>& settings, bool waiting);

    const KernelProfile& kernel() const { return uncertainty_.profiles().kernel; }
    const MachineProfile& machine() const { return uncertainty_.profiles().machine; }
    const PriceList& prices() const { return all_.prices; }
    struct All {
        PriceList prices;
        std::optional<LineCosts> lines;  // nothing: not asked for, or not known
    };
    const All& all() const { return all_; }

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

    // A figure at the ends of its range.
    struct Ends {
        std::optional<KernelPath> path;  // of which it is the instructions; nothing: of the machine
        bool of_lines = false;           // it changes nothing but what shared lines cost
        All low, high;
    };
    const std::vector<Ends>& ends() const { return ends_; }  // by figure
    // Of a time that is `ns`, and with each figure at its ends what `at_ends` says.
    Sensitivity sensitivity(
        double ns, const std::function<std::pair<double, double>(std::size_t)>& at_ends) const;

private:
    VariedPrices(Uncertainty uncertainty, All all, std::vector<Ends> ends);

    Uncertainty uncertainty_;
    All all_;
    std::vector<Ends> ends_;
};

}  // namespace uprobesim
