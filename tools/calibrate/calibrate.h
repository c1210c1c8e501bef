// SPDX-License-Identifier: GPL-2.0-or-later
// Fits a few figures of a profile to published benchmark rows. What a hit does is counted by
// running it; only what things cost is fitted, by least squares of the relative deviation
// (Gauss-Newton).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/format/document.h"
#include "tools/published/published.h"

namespace uprobesim {

struct FitRequest {
    std::string machine;
    std::vector<Setting> settings;              // held, over those of the profiles
    std::map<std::string, std::string> stated;  // of these, what a file states: key, file and line
    std::vector<std::string> tables;  // ids; empty: those of the machine that are marked for it
    std::vector<std::string> free;    // keys as --set has them: "machine.kernel-cpi"
    // `free` are candidates, the most wanted first: those are fitted that the rows tell. Otherwise
    // all are, or the fit is refused.
    bool choose = false;
};

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
    // the fit.
    double deviation = 0;
    double left_out_deviation = 0;
    std::string left_out;  // why it does not pull on the fit; empty: it does
};

struct Fit {
    std::string machine;
    std::vector<Setting> settings;              // held
    std::map<std::string, std::string> stated;  // of these, as FitRequest has it
    bool measured = false;                      // rows of one's own, not published ones
    std::vector<std::string> tables;
    std::vector<PublishedTable> not_used;  // of the machine, with their reason
    std::vector<FittedParameter> parameters;
    std::vector<UntoldParameter> untold;
    std::vector<FittedRow> rows;

    double mean_deviation() const;
    double rms_deviation() const;
    double worst_left_out() const;  // of the rows that were fitted
    std::size_t fitted_rows() const;
    // A fit that has not converged is shown, but is no profile.
    Outcome check_settled() const;
};

Result<Fit> fit(const std::vector<PublishedTable>& published, const FitRequest& request);

// CSV has the fitted parameters.
Document calibrate_document(const Fit& fit);
std::string fit_json(const Fit& fit);

}  // namespace uprobesim
