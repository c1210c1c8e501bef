// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/told_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/base/try.h"
#include "tools/calibrate/bench_lines.h"
#include "tools/calibrate/telling.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kZeroWeight = 0.05;  // of a row's cycles: a figure that is 0 is looked for there

MatrixXd below(const MatrixXd& top, const MatrixXd& bottom) {
    MatrixXd both(top.rows() + bottom.rows(), top.cols());
    both << top, bottom;
    return both;
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

    // What would tell it: "uprobe-push on v6.12"; all rows of a kernel where no single one does;
    // empty where none does.
    Result<std::string> row_to_measure(const MatrixXd& sensitivity, Columns told,
                                       std::size_t column, const TellingLimit& limit) {
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
    const TellingLimit& limit = request.choose ? kChosenLimit : kAskedLimit;
    const Columns told = told_columns(sensitivity, limit);
    ToldParameters parameters;
    for (const std::size_t p : told) parameters.keys.push_back(request.free[p]);
    for (std::size_t p = 0; p < request.free.size(); ++p) {
        if (std::find(told.begin(), told.end(), p) != told.end()) continue;
        const std::string why = why_untold(sensitivity, told, p, limit, request.free);
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
