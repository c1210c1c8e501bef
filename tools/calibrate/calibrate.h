// SPDX-License-Identifier: GPL-2.0-or-later
// Fits a few figures of a profile to published benchmark rows. What a hit does is counted by
// running it; only what things cost is fitted. Rows of one CPU say what a hit costs; rows of
// several CPUs, what CPUs wait for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/calibrate/fitted.h"
#include "tools/calibrate/transfer_fit.h"
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
    std::optional<TransferFit> transfers;  // of rows of several CPUs, where there are any

    std::vector<FittedParameter> all_parameters() const;  // those of `transfers` too
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
