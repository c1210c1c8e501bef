// SPDX-License-Identifier: GPL-2.0-or-later
#include <nlohmann/json.hpp>

#include "tools/calibrate/calibrate.h"
#include "tools/format/json_number.h"

namespace uprobesim {
using Json = nlohmann::ordered_json;

std::string fit_json(const Fit& fit) {
    Json parameters = Json::array(), untold = Json::array(), rows = Json::array(),
         not_used = Json::array();
    for (const FittedParameter& p : fit.parameters) {
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
    for (const UntoldParameter& p : fit.untold)
        untold.push_back(
            {{"key", p.key}, {"value", p.value}, {"why", p.why}, {"measure", p.measure}});
    for (const FittedRow& r : fit.rows) {
        rows.push_back({{"table", r.table},
                        {"row", r.name},
                        {"published_cycles", rounded(r.published_cycles, 5)},
                        {"fitted_cycles", rounded(r.fitted_cycles, 5)},
                        {"deviation", rounded(r.deviation, 5)},
                        {"left_out_deviation", rounded(r.left_out_deviation, 5)},
                        {"left_out", r.left_out}});
    }
    for (const PublishedTable& table : fit.not_used)
        not_used.push_back({{"table", table.id}, {"reason", table.left_out}});
    const Json all = {{"schema", "uprobesim.calibrate/1"},
                      {"machine", fit.machine},
                      {"tables", fit.tables},
                      {"mean_deviation", rounded(fit.mean_deviation(), 5)},
                      {"rms_deviation", rounded(fit.rms_deviation(), 5)},
                      {"worst_left_out_deviation", rounded(fit.worst_left_out(), 5)},
                      {"parameters", std::move(parameters)},
                      {"not_fitted", std::move(untold)},
                      {"rows", std::move(rows)},
                      {"not_used", std::move(not_used)}};
    return all.dump(2) + "\n";
}

}  // namespace uprobesim
