// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/calibrate.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "tools/calibrate/fit_model.h"
#include "tools/calibrate/told_parameters.h"
#include "tools/format/number_text.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kRounds = 6;          // it is nearly linear: three would do
constexpr double kSmallest = 1e-6;  // what a parameter at its bound counts as
constexpr double kSettled = 0.01;   // the last step, of the value or of its standard error

UserError unknown_table(const std::vector<PublishedTable>& published, const std::string& id) {
    std::vector<std::string> known;
    known.reserve(published.size());
    for (const PublishedTable& table : published) known.push_back(table.id);
    const std::string near = did_you_mean(id, known);
    return {fmt::format("no published table is named '{}'", id), "--tables",
            near.empty() ? "see uprobesim reproduce --list" : near};
}

Result<std::vector<CountedTable>> count_tables(const std::vector<PublishedTable>& published,
                                               const FitRequest& request, Fit& fit) {
    std::vector<CountedTable> counted;
    for (const PublishedTable& table : published) {
        const bool named = std::find(request.tables.begin(), request.tables.end(), table.id) !=
                           request.tables.end();
        if (!table.is_benchmark() || table.machine != request.machine) {
            if (named)
                return user_error(
                    fmt::format("'{}' has no benchmark rows of {}", table.id, request.machine),
                    "--tables");
            continue;
        }
        if (request.tables.empty() ? !table.fit : !named) {
            fit.not_used.push_back(table);
            continue;
        }
        CountedTable& one = counted.emplace_back(CountedTable{table, {}});
        fit.tables.push_back(table.id);
        for (const PublishedRow& row : table.rows) {
            auto counts = TRY(count_row(table, row.name));
            one.counts.push_back(std::move(counts));
        }
    }
    for (const std::string& id : request.tables) {
        if (std::find(fit.tables.begin(), fit.tables.end(), id) == fit.tables.end())
            return tl::make_unexpected(unknown_table(published, id));
    }
    return counted;
}

struct Solution {
    VectorXd parameters, cycles;
    MatrixXd derivatives;
    VectorXd last_step;  // of the last round, after bounds
};

// Least squares of published / model - 1 over the rows with `pull` 1; the others have 0.
Result<Solution> solve(const FitModel& model, const VectorXd& published, const VectorXd& pull,
                       VectorXd at) {
    Solution s;
    for (int round = 0; round <= kRounds; ++round) {
        auto cycles = TRY(model.cycles(at));
        auto slopes = TRY(model.derivatives(at, cycles));
        s = {at, std::move(cycles), std::move(slopes), s.last_step};
        if (round == kRounds) break;
        // d (published / model) = -published / model^2 d model
        const VectorXd weight = pull.array() * published.array() / s.cycles.array().square();
        const VectorXd residual = pull.array() * (published.array() / s.cycles.array() - 1);
        const VectorXd step =
            (weight.asDiagonal() * s.derivatives).colPivHouseholderQr().solve(residual);
        const VectorXd next = (at + step).cwiseMax(kSmallest);
        s.last_step = next - at;
        at = next;
    }
    return s;
}

void explain_parameters(const FitRequest& request, const VectorXd& start, const Solution& s,
                        const MatrixXd& jacobian, const VectorXd& residual, Fit& fit) {
    const Eigen::Index rows = jacobian.rows(), count = jacobian.cols();
    const MatrixXd covariance =
        (jacobian.transpose() * jacobian).completeOrthogonalDecomposition().pseudoInverse();
    const double variance =
        residual.squaredNorm() / static_cast<double>(std::max<Eigen::Index>(1, rows - count));
    for (Eigen::Index p = 0; p < count; ++p) {
        FittedParameter& one = fit.parameters.emplace_back();
        one.key = request.free[static_cast<std::size_t>(p)];
        one.start = start[p];
        one.at_bound = s.parameters[p] <= kSmallest;
        one.value = one.at_bound ? 0 : s.parameters[p];
        one.standard_error = std::sqrt(variance * covariance(p, p));
        one.unsettled = !(std::fabs(s.last_step[p]) <=
                          std::max(kSettled * s.parameters[p], kSettled * one.standard_error));
        const VectorXd share = (s.derivatives.col(p) * s.parameters[p]).array() / s.cycles.array();
        Eigen::Index most = 0;
        one.most_share = share.maxCoeff(&most);
        one.mean_share = share.mean();
        const FittedRow& row = fit.rows[static_cast<std::size_t>(most)];
        one.most_in = row.table + "/" + row.name;
        for (Eigen::Index q = 0; q < count; ++q) {
            const double correlation =
                covariance(p, q) / std::sqrt(covariance(p, p) * covariance(q, q));
            if (q != p && std::fabs(correlation) > std::fabs(one.correlation)) {
                one.correlation = correlation;
                one.tied_to = request.free[static_cast<std::size_t>(q)];
            }
        }
    }
}

}  // namespace

double Fit::mean_deviation() const {
    double sum = 0;
    for (const FittedRow& row : rows) sum += std::fabs(row.deviation);
    return sum / static_cast<double>(rows.size());
}

double Fit::rms_deviation() const {
    double sum = 0;
    for (const FittedRow& row : rows) sum += row.deviation * row.deviation;
    return std::sqrt(sum / static_cast<double>(rows.size()));
}

double Fit::worst_left_out() const {
    double worst = 0;
    for (const FittedRow& row : rows) {
        if (row.left_out.empty()) worst = std::max(worst, std::fabs(row.left_out_deviation));
    }
    return worst;
}

std::size_t Fit::fitted_rows() const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [](const FittedRow& row) { return row.left_out.empty(); }));
}

Outcome Fit::check_settled() const {
    for (const FittedParameter& one : parameters) {
        if (one.unsettled)
            return user_error(
                fmt::format("the fit of {} has not converged, so no profile is written", one.key),
                tables.front(),
                fmt::format(
                    "begin nearer: --machine with the same core, or hold it: --set {}=VALUE",
                    one.key));
    }
    return {};
}

Result<Fit> fit(const std::vector<PublishedTable>& published, const FitRequest& asked) {
    Fit fit;
    FitRequest request = asked;
    fit.machine = request.machine;
    fit.settings = request.settings;
    fit.stated = request.stated;
    auto counted = TRY(count_tables(published, request, fit));
    FitModel model(request, std::move(counted));
    if (model.tables().empty())
        return user_error(fmt::format("there are no published rows of {}", request.machine),
                          "--machine");

    const auto machine = TRY(load_machine_profile(request.machine, request.settings));
    std::vector<double> times;
    for (const CountedTable& table : model.tables()) {
        for (const PublishedRow& row : table.published.rows) {
            times.push_back(machine.frequency_hz.value / row.value / 1e6);
            fit.rows.push_back({table.published.id, row.name, times.back(), 0, 0, 0, row.left_out});
        }
    }
    // Of keys that there are not, nothing else is told.
    static_cast<void>(TRY(parameter_values(request, model.tables().front().published)));
    if (!request.choose && request.free.size() >= times.size())
        return user_error(fmt::format("{} cannot fit {}", uprobesim::counted(times.size(), "row"),
                                      uprobesim::counted(request.free.size(), "parameter")),
                          "--free", "name fewer, or measure more rows");
    const VectorXd wanted =
        Eigen::Map<VectorXd>(times.data(), static_cast<Eigen::Index>(times.size()));
    VectorXd pull(wanted.size());
    for (Eigen::Index r = 0; r < pull.size(); ++r)
        pull[r] = fit.rows[static_cast<std::size_t>(r)].left_out.empty() ? 1 : 0;
    auto told = TRY(told_parameters(request, model, pull));
    if (told.keys.empty()) {
        const UntoldParameter& first = told.untold.front();
        return user_error("the rows tell none of the parameters", fit.tables.front(),
                          first.measure.empty()
                              ? first.why
                              : fmt::format("measure {} too: {}", first.measure, first.why));
    }
    request.free = std::move(told.keys);
    fit.untold = std::move(told.untold);
    model = FitModel(request, model.tables());
    const auto start = TRY(parameter_values(request, model.tables().front().published));
    const auto solved = TRY(solve(model, wanted, pull, start));

    const VectorXd weight = pull.array() * wanted.array() / solved.cycles.array().square();
    const MatrixXd jacobian = weight.asDiagonal() * solved.derivatives;
    const VectorXd residual = wanted.array() / solved.cycles.array() - 1;
    // The deviation a row would have without its own pull on the fit: residual / (1 - leverage).
    const MatrixXd hat = jacobian * jacobian.completeOrthogonalDecomposition().pseudoInverse();
    for (Eigen::Index r = 0; r < residual.size(); ++r) {
        FittedRow& row = fit.rows[static_cast<std::size_t>(r)];
        row.fitted_cycles = solved.cycles[r];
        row.deviation = residual[r];
        row.left_out_deviation = residual[r] / std::max(1 - hat(r, r), 1e-9);
    }
    explain_parameters(request, start, solved, jacobian, pull.cwiseProduct(residual), fit);
    return fit;
}

}  // namespace uprobesim
