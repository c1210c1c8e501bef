// SPDX-License-Identifier: GPL-2.0-or-later
// Which parameters a set of rows can tell, before anything is fitted: from the derivatives alone.
// Rows in which two parameters always rise together cannot tell one from the other.
#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "tools/calibrate/calibrate.h"
#include "tools/calibrate/fit_model.h"

namespace uprobesim {

struct ToldParameters {
    std::vector<std::string> keys;  // to be fitted
    std::vector<UntoldParameter> untold;
};

// Of request.free, taken in order: those that the rows with `pull` 1 tell together. Where the
// request does not choose, one that is not told is an error, which says what to measure.
Result<ToldParameters> told_parameters(const FitRequest& request, const FitModel& model,
                                       const Eigen::VectorXd& pull);

}  // namespace uprobesim
