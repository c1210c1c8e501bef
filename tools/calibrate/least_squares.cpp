// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/least_squares.h"

#include <algorithm>
#include <cmath>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kRounds = 6;            // it is nearly linear: three would do
constexpr int kHalvings = 3;          // of a step that makes it worse
constexpr double kSmallest = 1e-6;    // what a parameter at its bound counts as
constexpr double kSettled = 0.01;     // the last step, of the value or of its standard error
constexpr double kWorthwhile = 0.01;  // of what is made small: a careful fit ends with less
constexpr double kAlone = 1e-6;  // of the pull on a parameter that other rows have: there are none

struct Solution {
    VectorXd parameters, cycles;
    MatrixXd derivatives;
    VectorXd last_step;  // of the last round, after bounds
};

VectorXd published_cycles(const FitProblem& problem) {
    VectorXd all(static_cast<Index>(problem.rows.size()));
    for (Index r = 0; r < all.size(); ++r)
        all[r] = problem.rows[static_cast<std::size_t>(r)].published_cycles;
    return all;
}

// What is made small: published / model - 1, by the row's pull.
VectorXd residual(const FitProblem& problem, const VectorXd& published, const VectorXd& cycles) {
    return problem.pull.array() * (published.array() / cycles.array() - 1);
}

// Its derivative: d (published / model) = -published / model^2 d model
MatrixXd slopes(const FitProblem& problem, const VectorXd& published, const Solution& at) {
    const VectorXd weight = problem.pull.array() * published.array() / at.cycles.array().square();
    return weight.asDiagonal() * at.derivatives;
}

struct Next {
    VectorXd parameters;
    bool worthwhile = true;  // to go on from there
};
// The parameters after `step`; halved until the fit is no worse, where it is careful.
Result<Next> next_parameters(const FitProblem& problem, const VectorXd& published,
                             const Solution& at, VectorXd step) {
    const double now = residual(problem, published, at.cycles).norm();
    for (int halved = 0;; ++halved, step /= 2) {
        VectorXd next = (at.parameters + step).cwiseMax(kSmallest);
        if (!problem.careful) return Next{next};
        const auto cycles = TRY(problem.model.cycles(next));
        const double there = residual(problem, published, cycles).norm();
        if (there <= now) return Next{next, there < now * (1 - kWorthwhile)};
        if (halved == kHalvings) return Next{at.parameters, false};
    }
}

Result<Solution> solve(const FitProblem& problem, const VectorXd& published) {
    VectorXd at = problem.start;
    Solution s;
    for (int round = 0; round <= kRounds; ++round) {
        auto cycles = TRY(problem.model.cycles(at));
        auto derivatives = TRY(problem.model.derivatives(at, cycles));
        s = {at, std::move(cycles), std::move(derivatives), s.last_step};
        if (round == kRounds) break;
        const VectorXd step = slopes(problem, published, s)
                                  .colPivHouseholderQr()
                                  .solve(residual(problem, published, s.cycles));
        const Next next = TRY(next_parameters(problem, published, s, step));
        s.last_step = next.parameters - at;
        at = next.parameters;
        // What a careful fit gains no more is lost in the roughness of its model.
        if (!next.worthwhile) {
            s.last_step.setZero();
            break;
        }
    }
    return s;
}

void explain_parameters(const FitProblem& problem, const Solution& s, const MatrixXd& jacobian,
                        const VectorXd& residual, SolvedFit& fit) {
    const Index count = jacobian.cols();
    const MatrixXd covariance =
        (jacobian.transpose() * jacobian).completeOrthogonalDecomposition().pseudoInverse();
    const Index free_rows = (problem.pull.array() > 0).count() - count;
    const double variance =
        residual.squaredNorm() / static_cast<double>(std::max<Index>(1, free_rows));
    for (Index p = 0; p < count; ++p) {
        FittedParameter& one = fit.parameters.emplace_back();
        one.key = problem.keys[static_cast<std::size_t>(p)];
        one.start = problem.start[p];
        one.at_bound = s.parameters[p] <= kSmallest;
        one.value = one.at_bound ? 0 : s.parameters[p];
        one.standard_error = std::sqrt(variance * covariance(p, p));
        one.unsettled = !(std::fabs(s.last_step[p]) <=
                          std::max(kSettled * s.parameters[p], kSettled * one.standard_error));
        const VectorXd share = (s.derivatives.col(p) * s.parameters[p]).array() / s.cycles.array();
        Index most = 0;
        one.most_share = share.maxCoeff(&most);
        one.mean_share = share.mean();
        one.most_in = fit.rows[static_cast<std::size_t>(most)].full_name();
        for (Index q = 0; q < count; ++q) {
            const double correlation =
                covariance(p, q) / std::sqrt(covariance(p, p) * covariance(q, q));
            if (q != p && std::fabs(correlation) > std::fabs(one.correlation)) {
                one.correlation = correlation;
                one.tied_to = problem.keys[static_cast<std::size_t>(q)];
            }
        }
    }
}

}  // namespace

Result<MatrixXd> RowModel::derivatives(const VectorXd& at, const VectorXd& base) const {
    MatrixXd all(base.size(), at.size());
    for (Index p = 0; p < at.size(); ++p) {
        VectorXd moved = at;
        const double by = std::max(at[p], 1.0) * step();
        moved[p] += by;
        const auto there = TRY(cycles(moved));
        all.col(p) = (there - base) / by;
    }
    return all;
}

Result<SolvedFit> least_squares(const FitProblem& problem) {
    const VectorXd published = published_cycles(problem);
    const auto solved = TRY(solve(problem, published));
    const MatrixXd jacobian = slopes(problem, published, solved);
    // The deviation a row would have without its own pull on the fit: residual / (1 - leverage).
    const MatrixXd inverse = jacobian.completeOrthogonalDecomposition().pseudoInverse();
    const VectorXd leverage = jacobian.cwiseProduct(inverse.transpose()).rowwise().sum();
    SolvedFit fit;
    fit.rows = problem.rows;
    for (Index r = 0; r < published.size(); ++r) {
        FittedRow& row = fit.rows[static_cast<std::size_t>(r)];
        row.fitted_cycles = solved.cycles[r];
        row.deviation = published[r] / solved.cycles[r] - 1;
        if (leverage[r] < 1 - kAlone) row.left_out_deviation = row.deviation / (1 - leverage[r]);
    }
    explain_parameters(problem, solved, jacobian, residual(problem, published, solved.cycles), fit);
    return fit;
}

double mean_deviation_of(const std::vector<FittedRow>& rows) {
    double sum = 0;
    for (const FittedRow& row : rows) sum += std::fabs(row.deviation);
    return rows.empty() ? 0 : sum / static_cast<double>(rows.size());
}

}  // namespace uprobesim
