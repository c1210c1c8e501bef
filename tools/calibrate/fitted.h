// SPDX-License-Identifier: GPL-2.0-or-later
// What a fit says of parameters and rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace uprobesim {

struct FittedParameter {
    std::string key;
    double start = 0;
    double value = 0;
    double standard_error = 0;
    bool at_bound = false;  // would be negative; held at 0
    // Cycles of a row that this parameter stands for, as a part of all of them: over the rows, and
    // where most.
    double mean_share = 0;
    double most_share = 0;
    std::string most_in;
    // The other parameter it trades off against most, and how much (correlation)
    std::string tied_to;
    double correlation = 0;
    // Rounds of the fit still moved it, by more than it would matter: the value is no solution.
    bool unsettled = false;
};

// A candidate that the rows do not tell.
struct UntoldParameter {
    std::string key;
    double value = 0;  // kept
    std::string why;
    std::string measure;  // what would tell it; empty: no row of the benchmark would
};

struct FittedRow {
    std::string table;
    std::string name;
    double published_cycles = 0;
    double fitted_cycles = 0;
    // Of the rate, as `reproduce` has it: fitted / published - 1; and when this row is left out of
    // the fit. None: it alone tells a parameter, so that there is no fit without it.
    double deviation = 0;
    std::optional<double> left_out_deviation = std::nullopt;
    std::string left_out;  // why it does not pull on the fit; empty: it does

    std::string full_name() const { return table + "/" + name; }
};

// Of rows, absolute. 0 where there are none.
double mean_deviation_of(const std::vector<FittedRow>& rows);

}  // namespace uprobesim
