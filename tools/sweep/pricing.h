// SPDX-License-Identifier: GPL-2.0-or-later
// One run's counts at the cost parameters of many points, as `whatif` prices them. What does not
// change from point to point is done once: profiles are read, checked and looked up by key.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/cost/prices.h"
#include "sim/profile/uncertainty.h"
#include "tools/report/report_read.h"
#include "tools/sweep/figures.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {

class RunPricing {
public:
    // `settings`: the keys that differ between the points, with any values that they have. Error:
    // the run has to be made again for each.
    static Result<RunPricing> make(const std::vector<SavedRun>& runs,
                                   const std::vector<Setting>& settings);

    // What it cannot know, as whatif says it; one text for all runs.
    const std::vector<std::string>& notes() const { return notes_; }
    // One value for each of the settings.
    Figures at(const std::vector<double>& values);
    // The same as figures_json() writes it, without making anything anew.
    void add_json(const std::vector<double>& values, std::string& json);

private:
    struct Priced {
        Repricer repricer;
        std::size_t pair = 0;  // of pairs_
    };
    // A kernel and a machine of the runs, with the numbers that the settings are.
    struct Pair {
        ProfilePair profiles;
        std::vector<std::string> names;  // of kernel and machine, and what was set
        std::vector<double*> numbers;
        PriceList prices;
    };
    Outcome add(const SavedRun& run, const std::vector<Setting>& settings);
    Result<std::size_t> pair_of(const RunReport& run, const std::vector<Setting>& settings);

    void set_prices(const std::vector<double>& values);

    std::vector<std::unique_ptr<Pair>> pairs_;  // the numbers point into them
    std::vector<Priced> runs_;
    std::vector<std::string> labels_;
    std::vector<std::string> notes_;
    FigureWriter writer_;
    std::vector<const RunReport*> reports_;  // of the last prices, and their figures
    std::vector<double> values_;
};

}  // namespace uprobesim
