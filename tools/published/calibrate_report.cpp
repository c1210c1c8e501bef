// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "tools/format/json_number.h"
#include "tools/published/calibrate.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string fit_json(const Fit& fit) {
    Json parameters = Json::array(), rows = Json::array(), not_used = Json::array();
    for (const FittedParameter& p : fit.parameters) {
        parameters.push_back({{"key", p.key},
                              {"before", p.start},
                              {"fitted", rounded(p.value, 5)},
                              {"standard_error", rounded(p.standard_error, 5)},
                              {"at_bound", p.at_bound},
                              {"mean_share_of_cycles", rounded(p.mean_share, 5)},
                              {"largest_share_of_cycles", rounded(p.most_share, 5)},
                              {"largest_share_in", p.most_in},
                              {"tied_to", p.tied_to},
                              {"correlation", rounded(p.correlation, 5)}});
    }
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
                      {"rows", std::move(rows)},
                      {"not_used", std::move(not_used)}};
    return all.dump(2) + "\n";
}

Result<std::string> fitted_profile(const Fit& fit) {
    constexpr std::string_view kMachine = "machine.", kOps = "ops.";
    const auto machine = TRY(load_machine_profile(fit.machine, {}));
    std::string text = fmt::format(
        "# Written by uprobesim calibrate.\nname = \"{0}-fitted\"\nbased-on = \"{0}\"\ndescription "
        "= \"{1}, fitted\"\n",
        machine.name, machine.description);
    std::string ops, kernel;
    for (const FittedParameter& p : fit.parameters) {
        if (!p.key.starts_with(kMachine)) {
            kernel += fmt::format("# --set {}={:.6g}\n", p.key, p.value);
            continue;
        }
        const std::string key = p.key.substr(kMachine.size());
        const bool op = key.starts_with(kOps);
        (op ? ops : text) += fmt::format(
            "{} = {{ value = {:.6g}, unit = \"{}\", source = \"fitted: {} rows of {}, mean "
            "deviation {:.1f} %, "
            "standard error "
            "{:.2g}\", confidence = \"medium\" }}\n",
            op ? key.substr(kOps.size()) : key, p.value, machine.figures.at(key).unit,
            fit.fitted_rows(), fmt::join(fit.tables, ", "), fit.mean_deviation() * 100,
            p.standard_error);
    }
    if (!ops.empty()) text += "\n[ops]\n" + ops;
    if (!kernel.empty()) text += "\n# Fitted with them, figures of the kernel:\n" + kernel;
    return text;
}

}  // namespace uprobesim
