// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/whatif/cost_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/profile/profile_keys.h"
#include "sim/profile/uncertainty.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

Json figure_row(const std::string& key, double value, std::string_view unit,
                const std::string& source, Confidence confidence) {
    const ConfidenceRange& range = confidence_range(confidence);
    return {{"key", key},
            {"value", value},
            {"unit", unit},
            {"low", value * range.low},
            {"high", value * range.high},
            {"source", source},
            {"confidence", confidence_name(confidence)}};
}

bool alike(const std::vector<CostPlace>& places, const auto& value_of) {
    return std::ranges::all_of(places, [&](const CostPlace& place) {
        return value_of(place) == value_of(places.front());
    });
}

void add_machine_row(const std::vector<CostPlace>& places, const std::string& key, Json& rows) {
    const auto value = [&](const CostPlace& place) { return place.machine.figures.at(key).value; };
    if (!alike(places, value)) return;
    const Figure& figure = places.front().machine.figures.at(key);
    rows.push_back(
        figure_row("machine." + key, figure.value, figure.unit, figure.source, figure.confidence));
}

void add_path_row(const std::vector<CostPlace>& places, KernelPath path, std::string_view key,
                  double PathCost::*part, Json& rows) {
    const auto cost = [path](const CostPlace& place) -> const PathCost& {
        return place.kernel.paths[static_cast<std::size_t>(path)];
    };
    const PathCost& first = cost(places.front());
    if (!alike(places, [&](const CostPlace& place) { return cost(place).*part; }) ||
        first.*part == 0)
        return;
    rows.push_back(figure_row(fmt::format("kernel.paths.{}.{}", kernel_path_info(path).name, key),
                              first.*part, "instructions", first.source, first.confidence));
}

}  // namespace

void CostFigures::note(const std::vector<PriceTerm>& terms) {
    for (const PriceTerm& term : terms) {
        keys_.insert(term.figure);
        if (term.also_times != 0) keys_.insert(term.also);
    }
}

void CostFigures::use(std::size_t place, KernelPath path) {
    note(path_terms(places_[place].machine, places_[place].kernel, path, 1));
    paths_.insert(path);
}

void CostFigures::use(std::size_t place, ExceptionClass exception) {
    note(exception_terms(places_[place].machine, exception));
}

Json CostFigures::rows() const {
    Json rows = Json::array();
    for (const std::string& key : keys_) add_machine_row(places_, key, rows);
    for (const KernelPath path : paths_) {
        add_path_row(places_, path, "insns", &PathCost::insns, rows);
        if (!kernel_path_info(path).unit.empty())
            add_path_row(places_, path, "insns-per-unit", &PathCost::insns_per_unit, rows);
    }
    return rows;
}

}  // namespace uprobesim
