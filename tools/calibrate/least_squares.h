// SPDX-License-Identifier: GPL-2.0-or-later
// Least squares of the relative deviation of rows (Gauss-Newton), and what the fit says of itself:
// standard errors, correlations, and how well each row would have been predicted without it.
#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/calibrate/fitted.h"

namespace uprobesim {

// Cycles of rows as a function of parameters.
class RowModel {
public:
    virtual ~RowModel() = default;
    RowModel() = default;
    RowModel(const RowModel&) = default;
    RowModel(RowModel&&) = default;
    RowModel& operator=(const RowModel&) = default;
    RowModel& operator=(RowModel&&) = default;

    // Of every row, in order.
    virtual Result<Eigen::VectorXd> cycles(const Eigen::VectorXd& parameters) const = 0;
    // d cycles / d parameter, by differences from `base`, the cycles at `at`.
    Result<Eigen::MatrixXd> derivatives(const Eigen::VectorXd& at,
                                        const Eigen::VectorXd& base) const;

private:
    virtual double step() const = 0;  // of differences, as a part of the parameter
};

struct FitProblem {
    const RowModel& model;
    std::vector<std::string> keys;  // of the parameters
    Eigen::VectorXd start;
    std::vector<FittedRow> rows;  // with name, published_cycles, left_out
    Eigen::VectorXd pull;         // of each row: 1 / what it is known to; 0: it is left out
    // A step that makes the fit worse is halved, or not taken: for models that are not smooth.
    bool careful = false;
};

struct SolvedFit {
    std::vector<FittedParameter> parameters;
    std::vector<FittedRow> rows;
};
Result<SolvedFit> least_squares(const FitProblem& problem);

}  // namespace uprobesim
