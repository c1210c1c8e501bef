// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/fit_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {
namespace {

using Eigen::VectorXd;

Result<double> parameter_value(const std::string& key, const FitRequest& request,
                               const PublishedTable& table) {
    constexpr std::string_view kMachine = "machine.", kPaths = "kernel.paths.", kInsns = ".insns";
    if (key.starts_with(kMachine)) {
        const auto machine = TRY(load_machine_profile(request.machine, request.settings));
        const auto figure = machine.figures.find(key.substr(kMachine.size()));
        if (figure != machine.figures.end()) return figure->second.value;
    } else if (key.starts_with(kPaths) && key.ends_with(kInsns)) {
        const auto kernel = TRY(load_kernel_profile(table.kernel, request.settings));
        const auto path =
            find_kernel_path(key.substr(kPaths.size(), key.size() - kPaths.size() - kInsns.size()));
        if (path) return kernel.paths[static_cast<std::size_t>(*path)].insns;
    }
    return user_error(fmt::format("'{}' cannot be fitted", key), "--free",
                      "a figure of the machine (machine.ops.isb) or the instructions of a path "
                      "(kernel.paths.uprobe.lookup.insns)");
}

}  // namespace

Result<VectorXd> FitModel::cycles(const VectorXd& parameters) const {
    std::vector<double> all;
    for (const CountedTable& table : tables_) {
        std::vector<Setting> settings = table.published.settings;
        settings.insert(settings.end(), request_.settings.begin(), request_.settings.end());
        for (std::size_t p = 0; p < request_.free.size(); ++p)
            settings.push_back({request_.free[p],
                                fmt::format("{:.17g}", parameters[static_cast<Eigen::Index>(p)])});
        const auto machine = TRY(load_machine_profile(request_.machine, settings));
        const auto kernel = TRY(load_kernel_profile(table.published.kernel, settings));
        const PriceList prices(machine, kernel);
        // Rates are published, so time is what is fitted: cycles at the profile's frequency.
        for (const TriggerCounts& counts : table.counts)
            all.push_back(price_trigger(counts, prices).cycles());
    }
    return VectorXd(Eigen::Map<VectorXd>(all.data(), static_cast<Eigen::Index>(all.size())));
}

Result<VectorXd> parameter_values(const FitRequest& request, const PublishedTable& table) {
    VectorXd values(static_cast<Eigen::Index>(request.free.size()));
    for (std::size_t p = 0; p < request.free.size(); ++p) {
        const auto now = TRY(parameter_value(request.free[p], request, table));
        values[static_cast<Eigen::Index>(p)] = now;
    }
    return values;
}

}  // namespace uprobesim
