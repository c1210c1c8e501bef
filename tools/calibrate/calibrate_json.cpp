// SPDX-License-Identifier: GPL-2.0-or-later
#include <nlohmann/json.hpp>

#include "tools/calibrate/calibrate.h"
#include "tools/format/json_number.h"

namespace uprobesim {
using Json = nlohmann::ordered_json;

namespace {

Json parameters_json(const std::vector<FittedParameter>& all) {
    Json parameters = Json::array();
    for (const FittedParameter& p : all) {
        parameters.push_back({{"key", p.key},
                              {"before", p.start},
                              {"fitted", rounded(p.value, 5)},
                              {"standard_error", rounded(p.standard_error, 5)},
                              {"at_bound", p.at_bound},
                              {"unsettled", p.unsettled},
                              {"mean_share_of_cycles", rounded(p.mean_share, 5)},
                              {"largest_share_of_cycles", rounded(p.most_share, 5)},
                              {"largest_share_in", p.most_in},
                              {"tied_to", p.tied_to},
                              {"correlation", rounded(p.correlation, 5)}});
    }
    return parameters;
}

Json untold_json(const std::vector<UntoldParameter>& all) {
    Json untold = Json::array();
    for (const UntoldParameter& p : all)
        untold.push_back(
            {{"key", p.key}, {"value", p.value}, {"why", p.why}, {"measure", p.measure}});
    return untold;
}

Json rows_json(const std::vector<FittedRow>& all) {
    Json rows = Json::array();
    for (const FittedRow& r : all) {
        rows.push_back(
            {{"table", r.table},
             {"row", r.name},
             {"published_cycles", rounded(r.published_cycles, 5)},
             {"fitted_cycles", rounded(r.fitted_cycles, 5)},
             {"deviation", rounded(r.deviation, 5)},
             {"left_out_deviation",
              r.left_out_deviation ? Json(rounded(*r.left_out_deviation, 5)) : Json(nullptr)},
             {"left_out", r.left_out}});
    }
    return rows;
}

// Each parameter with the keys of [contention] that it is.
Json transfers_json(const TransferFit& fit) {
    Json parameters = parameters_json(fit.parameters);
    for (std::size_t p = 0; p < fit.fitted.size(); ++p) parameters[p]["keys"] = fit.fitted[p].keys;
    return {{"mean_deviation", rounded(fit.mean_deviation(), 5)},
            {"parameters", std::move(parameters)},
            {"not_fitted", untold_json(fit.untold)},
            {"rows", rows_json(fit.rows)}};
}

}  // namespace

std::string fit_json(const Fit& fit) {
    Json not_used = Json::array();
    for (const PublishedTable& table : fit.not_used)
        not_used.push_back({{"table", table.id}, {"reason", table.left_out}});
    Json all = {{"schema", "uprobesim.calibrate/1"},
                {"machine", fit.machine},
                {"tables", fit.tables},
                {"mean_deviation", rounded(fit.mean_deviation(), 5)},
                {"rms_deviation", rounded(fit.rms_deviation(), 5)},
                {"worst_left_out_deviation", rounded(fit.worst_left_out(), 5)},
                {"parameters", parameters_json(fit.parameters)},
                {"not_fitted", untold_json(fit.untold)},
                {"rows", rows_json(fit.rows)},
                {"not_used", std::move(not_used)}};
    if (fit.transfers) all["transfers"] = transfers_json(*fit.transfers);
    return all.dump(2) + "\n";
}

}  // namespace uprobesim
