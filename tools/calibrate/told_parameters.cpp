// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/told_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/base/try.h"
#include "tools/calibrate/bench_lines.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Columns = std::vector<std::size_t>;

// By how much repeated runs of the kernel's benchmark differ (published plus-minus: 0.1 to 0.6 %).
constexpr double kRowNoise = 0.005;
// What is fitted unasked, and what where somebody asks for it.
struct Limit {
    double error;        // of the parameter, as a part of it
    double correlation;  // with another, by amount
};
constexpr Limit kChosen{0.25, 0.97}, kAsked{0.6, 0.995};

constexpr double kNothing = 1e-9;     // a sensitivity: the figure is in no row
constexpr double kRidge = 1e-12;      // what a direction that no row has counts as
constexpr double kUnknown = 100;      // an error: no row says anything
constexpr double kZeroWeight = 0.05;  // of a row's cycles: a figure that is 0 is looked for there

// How well rows determine a parameter: the standard error that rows with kRowNoise give it, as a
// part of its value, and the other that it trades off against most.
struct Telling {
    double error = 0;
    double correlation = 0;
    std::size_t tied_to = 0;

    bool is_within(const Limit& limit) const {
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

MatrixXd columns(const MatrixXd& all, const Columns& which) {
    MatrixXd some(all.rows(), static_cast<Index>(which.size()));
    for (std::size_t i = 0; i < which.size(); ++i)
        some.col(static_cast<Index>(i)) = all.col(static_cast<Index>(which[i]));
    return some;
}

MatrixXd below(const MatrixXd& top, const MatrixXd& bottom) {
    MatrixXd both(top.rows() + bottom.rows(), top.cols());
    both << top, bottom;
    return both;
}

bool all_told(const MatrixXd& sensitivity, const Limit& limit) {
    const auto all = tell(sensitivity);
    // A row more than parameters, or the fit says nothing of its error.
    return sensitivity.rows() > sensitivity.cols() &&
           std::all_of(all.begin(), all.end(),
                       [&](const Telling& t) { return t.is_within(limit); });
}

Columns told_columns(const MatrixXd& sensitivity, const Limit& limit) {
    Columns taken;
    for (Index p = 0; p < sensitivity.cols(); ++p) {
        taken.push_back(static_cast<std::size_t>(p));
        if (!all_told(columns(sensitivity, taken), limit)) taken.pop_back();
    }
    return taken;
}

bool has_row(const FitModel& model, const std::string& kernel, const std::string& name) {
    const auto& tables = model.tables();
    return std::any_of(tables.begin(), tables.end(), [&](const CountedTable& table) {
        return table.published.kernel == kernel && table.published.row(name) != nullptr;
    });
}

class Judge {
public:
    Judge(const FitRequest& request, const FitModel& model, const VectorXd& start)
        : request_(request), model_(model), start_(start) {}

    Result<MatrixXd> sensitivity(const FitModel& model) {
        const auto cycles = TRY(model.cycles(start_));
        const auto slopes = TRY(model.derivatives(start_, cycles));
        const MatrixXd parts = slopes.array().colwise() / cycles.array();
        // A figure of 0 has no relative change: one that would be a small part of a row has.
        if (scale_.size() == 0) {
            scale_ = start_;
            for (Index p = 0; p < scale_.size(); ++p) {
                const double most = parts.col(p).cwiseAbs().maxCoeff();
                if (!(scale_[p] > 0)) scale_[p] = most > 0 ? kZeroWeight / most : 0;
            }
        }
        return MatrixXd(parts.array().rowwise() * scale_.transpose().array());
    }

    // Why `column` is not told beside `told`.
    std::string why(const MatrixXd& sensitivity, Columns told, std::size_t column,
                    const Limit& limit) const {
        told.push_back(column);
        const Telling telling = tell(columns(sensitivity, told)).back();
        if (std::fabs(telling.correlation) > limit.correlation)
            return fmt::format("the rows cannot tell it from {} (r = {:+.3f})",
                               request_.free[told[telling.tied_to]], telling.correlation);
        if (telling.error > kUnknown) return "no row hangs on it";
        if (telling.error > limit.error)
            return fmt::format("the rows tell it to ± {:.0f} % only", telling.error * 100);
        if (static_cast<std::size_t>(sensitivity.rows()) <= told.size())
            return fmt::format("a fit needs more rows than parameters, and there {} {}",
                               sensitivity.rows() == 1 ? "is" : "are", sensitivity.rows());
        return fmt::format("with it the rows, {} of them, tell another no more",
                           sensitivity.rows());
    }

    // What would tell it: "uprobe-push on v6.12"; all rows of a kernel where no single one does;
    // empty where none does.
    Result<std::string> row_to_measure(const MatrixXd& sensitivity, Columns told,
                                       std::size_t column, const Limit& limit) {
        told.push_back(column);
        const MatrixXd known = columns(sensitivity, told);
        // Another row on the same kernel is easier to have than another kernel.
        std::vector<std::string> kernels;
        for (const CountedTable& table : model_.tables()) kernels.push_back(table.published.kernel);
        const std::vector<std::string> released = released_kernels();
        kernels.insert(kernels.end(), released.begin(), released.end());
        std::string whole_kernel;
        std::set<std::string> seen;
        for (const std::string& kernel : kernels) {
            if (!seen.insert(kernel).second) continue;
            const auto table = TRY(rows_not_measured(kernel));
            if (table.counts.empty()) continue;
            const auto all = TRY(this->sensitivity(FitModel(request_, {table})));
            const MatrixXd added = columns(all, told);
            for (Index r = 0; r < added.rows(); ++r) {
                if (all_told(below(known, added.row(r)), limit))
                    return fmt::format(
                        "{} on {}", table.published.rows[static_cast<std::size_t>(r)].name, kernel);
            }
            if (whole_kernel.empty() && all_told(below(known, added), limit))
                whole_kernel = fmt::format("all of bench on {}", kernel);
        }
        return whole_kernel;
    }

private:
    Result<CountedTable> rows_not_measured(const std::string& kernel) const {
        CountedTable table;
        table.published.machine = request_.machine;
        table.published.kernel = kernel;
        table.published.handler = model_.tables().front().published.handler;
        for (const TriggerVariant& variant : all_trigger_variants()) {
            if (has_row(model_, kernel, variant.name())) continue;
            table.published.rows.push_back({variant.name(), 1, std::nullopt, "", {}});
            table.counts.push_back(TRY(count_row(table.published, variant.name())));
        }
        return table;
    }

    const FitRequest& request_;
    const FitModel& model_;
    const VectorXd& start_;
    VectorXd scale_;
};

}  // namespace

Result<ToldParameters> told_parameters(const FitRequest& request, const FitModel& model,
                                       const VectorXd& pull) {
    const auto start = TRY(parameter_values(request, model.tables().front().published));
    Judge judge(request, model, start);
    const auto all_rows = TRY(judge.sensitivity(model));
    const MatrixXd sensitivity = pull.asDiagonal() * all_rows;
    const Limit& limit = request.choose ? kChosen : kAsked;
    const Columns told = told_columns(sensitivity, limit);
    ToldParameters parameters;
    for (const std::size_t p : told) parameters.keys.push_back(request.free[p]);
    for (std::size_t p = 0; p < request.free.size(); ++p) {
        if (std::find(told.begin(), told.end(), p) != told.end()) continue;
        const std::string why = judge.why(sensitivity, told, p, limit);
        const auto row = TRY(judge.row_to_measure(sensitivity, told, p, limit));
        if (!request.choose)
            return user_error(fmt::format("{}: {}", request.free[p], why), "--free",
                              row.empty() ? "leave it out: no row of the benchmark tells it"
                                          : fmt::format("leave it out, or measure {} too", row));
        parameters.untold.push_back({request.free[p], start[static_cast<Index>(p)], why, row});
    }
    return parameters;
}

}  // namespace uprobesim
