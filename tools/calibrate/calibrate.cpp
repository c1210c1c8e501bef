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
#include "tools/calibrate/least_squares.h"
#include "tools/calibrate/told_parameters.h"
#include "tools/format/number_text.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

using Eigen::VectorXd;

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

}  // namespace

double Fit::mean_deviation() const {
    return mean_deviation_of(rows);
}

double Fit::rms_deviation() const {
    double sum = 0;
    for (const FittedRow& row : rows) sum += row.deviation * row.deviation;
    return rows.empty() ? 0 : std::sqrt(sum / static_cast<double>(rows.size()));
}

double Fit::worst_left_out() const {
    double worst = 0;
    for (const FittedRow& row : rows) {
        if (row.left_out.empty() && row.left_out_deviation)
            worst = std::max(worst, std::fabs(*row.left_out_deviation));
    }
    return worst;
}

std::size_t Fit::fitted_rows() const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [](const FittedRow& row) { return row.left_out.empty(); }));
}

std::vector<FittedParameter> Fit::all_parameters() const {
    std::vector<FittedParameter> all = parameters;
    if (transfers)
        all.insert(all.end(), transfers->parameters.begin(), transfers->parameters.end());
    return all;
}

Outcome Fit::check_settled() const {
    for (const FittedParameter& one : all_parameters()) {
        if (one.unsettled)
            return user_error(
                fmt::format("the fit of {} has not converged, so no profile is written", one.key),
                machine,
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
    for (const CountedTable& table : model.tables()) {
        for (const PublishedRow& row : table.published.rows)
            fit.rows.push_back({.table = table.published.id,
                                .name = row.name,
                                .published_cycles = machine.frequency_hz.value / row.value / 1e6,
                                .left_out = row.left_out});
    }
    // Of keys that there are not, nothing else is told.
    static_cast<void>(TRY(parameter_values(request, model.tables().front().published)));
    if (!request.choose && request.free.size() >= fit.rows.size())
        return user_error(
            fmt::format("{} cannot fit {}", uprobesim::counted(fit.rows.size(), "row"),
                        uprobesim::counted(request.free.size(), "parameter")),
            "--free", "name fewer, or measure more rows");
    VectorXd pull(static_cast<Eigen::Index>(fit.rows.size()));
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
    auto solved = TRY(least_squares({model, request.free, start, std::move(fit.rows), pull}));
    fit.parameters = std::move(solved.parameters);
    fit.rows = std::move(solved.rows);
    return fit;
}

}  // namespace uprobesim
