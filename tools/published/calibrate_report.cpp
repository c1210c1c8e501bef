// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "tools/format/json_number.h"
#include "tools/format/text_table.h"
#include "tools/published/calibrate.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

std::string signed_percent(double part) {
    return fmt::format("{:+.1f} %", part * 100);
}
}  // namespace

std::string fit_text(const Fit& fit) {
    std::string text = fmt::format(
        "{}: {} parameters fitted to {} of {} rows, {} tables\n"
        "deviation of all rows: mean {:.2f} %, rms {:.2f} %; worst fitted row when left out {:.1f} "
        "%\n\n",
        fit.machine, fit.parameters.size(), fit.fitted_rows(), fit.rows.size(), fit.tables.size(),
        fit.mean_deviation() * 100, fit.rms_deviation() * 100, fit.worst_left_out() * 100);
    TextTable parameters(
        {"parameter", "before", "fitted", "±", "of the cycles", "at most", "in", "tied to", ""});
    for (const FittedParameter& p : fit.parameters) {
        parameters.add({p.key, fmt::format("{:.4g}", p.start),
                        fmt::format("{:.4g}{}", p.value, p.at_bound ? " (bound)" : ""),
                        fmt::format("{:.2g}", p.standard_error), percent(p.mean_share, 1),
                        percent(p.most_share, 1), p.most_in, p.tied_to,
                        fmt::format("{:+.2f}", p.correlation)});
    }
    text += parameters.text(2) + "\n";
    TextTable rows({"row", "published cycles", "fitted cycles", "deviation", "left out"});
    for (const FittedRow& r : fit.rows) {
        rows.add({r.table + "/" + r.name, grouped(r.published_cycles), grouped(r.fitted_cycles),
                  signed_percent(r.deviation), signed_percent(r.left_out_deviation)});
    }
    text += rows.text(2);
    text += "\nNot used:\n";
    for (const FittedRow& r : fit.rows) {
        if (!r.left_out.empty()) text += fmt::format("  {}/{}: {}\n", r.table, r.name, r.left_out);
    }
    for (const PublishedTable& table : fit.not_used)
        text += fmt::format("  {}: {}\n", table.id,
                            table.left_out.empty() ? "not named" : table.left_out);
    return text;
}

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
