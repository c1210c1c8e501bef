// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/telling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace uprobesim {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr double kNothing = 1e-9;  // a sensitivity: the figure is in no row
constexpr double kRidge = 1e-12;   // what a direction that no row has counts as
constexpr double kUnknown = 100;   // an error: no row says anything

// How well rows determine a parameter: the standard error that rows with kRowNoise give it, as a
// part of its value, and the other that it trades off against most.
struct Telling {
    double error = 0;
    double correlation = 0;
    std::size_t tied_to = 0;

    bool is_within(const TellingLimit& limit) const {
        return error <= limit.error && std::fabs(correlation) <= limit.correlation;
    }
};

// `sensitivity`: d ln cycles / d ln parameter, by row and parameter.
std::vector<Telling> tell(const MatrixXd& sensitivity) {
    const Index count = sensitivity.cols();
    std::vector<Telling> all(static_cast<std::size_t>(count));
    // Columns of length 1, so that only their directions are in the covariance.
    const Eigen::RowVectorXd length = sensitivity.colwise().norm().cwiseMax(kNothing);
    const MatrixXd unit = sensitivity.array().rowwise() / length.array();
    const MatrixXd covariance =
        (unit.transpose() * unit + kRidge * MatrixXd::Identity(count, count)).inverse();
    for (Index p = 0; p < count; ++p) {
        Telling& one = all[static_cast<std::size_t>(p)];
        one.error = kRowNoise * std::sqrt(covariance(p, p)) / length[p];
        for (Index q = 0; q < count; ++q) {
            const double r =
                q == p ? 0 : covariance(p, q) / std::sqrt(covariance(p, p) * covariance(q, q));
            if (std::fabs(r) <= std::fabs(one.correlation)) continue;
            one.correlation = r;
            one.tied_to = static_cast<std::size_t>(q);
        }
    }
    return all;
}

}  // namespace

MatrixXd columns(const MatrixXd& all, const Columns& which) {
    MatrixXd some(all.rows(), static_cast<Index>(which.size()));
    for (std::size_t i = 0; i < which.size(); ++i)
        some.col(static_cast<Index>(i)) = all.col(static_cast<Index>(which[i]));
    return some;
}

bool all_told(const MatrixXd& sensitivity, const TellingLimit& limit) {
    const auto all = tell(sensitivity);
    // A row more than parameters, or the fit says nothing of its error.
    return sensitivity.rows() > sensitivity.cols() &&
           std::all_of(all.begin(), all.end(),
                       [&](const Telling& t) { return t.is_within(limit); });
}

Columns told_columns(const MatrixXd& sensitivity, const TellingLimit& limit) {
    Columns taken;
    for (Index p = 0; p < sensitivity.cols(); ++p) {
        taken.push_back(static_cast<std::size_t>(p));
        if (!all_told(columns(sensitivity, taken), limit)) taken.pop_back();
    }
    return taken;
}

std::string why_untold(const MatrixXd& sensitivity, Columns told, std::size_t column,
                       const TellingLimit& limit, const std::vector<std::string>& keys) {
    told.push_back(column);
    const Telling telling = tell(columns(sensitivity, told)).back();
    if (std::fabs(telling.correlation) > limit.correlation)
        return fmt::format("the rows cannot tell it from {} (r = {:+.3f})",
                           keys[told[telling.tied_to]], telling.correlation);
    if (telling.error > kUnknown) return "no row hangs on it";
    if (telling.error > limit.error)
        return fmt::format("the rows tell it to ± {:.0f} % only", telling.error * 100);
    if (static_cast<std::size_t>(sensitivity.rows()) <= told.size())
        return fmt::format("a fit needs more rows than parameters, and there {} {}",
                           sensitivity.rows() == 1 ? "is" : "are", sensitivity.rows());
    return fmt::format("with it the rows, {} of them, tell another no more", sensitivity.rows());
}

}  // namespace uprobesim
