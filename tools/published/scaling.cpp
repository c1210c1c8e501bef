// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/published/scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/toml_reader.h"
#include "sim/profile/toml_values.h"

namespace uprobesim {
namespace {

// Positive numbers.
std::vector<double> numbers(TomlReader& reader, const toml::table& table, std::string_view key,
                            std::string_view path) {
    std::vector<double> all;
    const toml::array* list = table.get_as<toml::array>(key);
    if (list == nullptr || list->empty()) {
        reader.fail(&table, fmt::format("'{}' must be an array of numbers", key_path(path, key)));
        return all;
    }
    for (const toml::node& node : *list) {
        const auto number = node.value<double>();
        if (!number || !(*number > 0))
            reader.fail(&node, fmt::format("'{}' holds no positive number", key_path(path, key)));
        all.push_back(number.value_or(1));
    }
    return all;
}

ScalingSeries read_series(TomlReader& reader, const toml::table& row, const std::string& path,
                          std::size_t places) {
    reader.only(row, path, {"name", "variant", "kernel", "fit", "values"});
    ScalingSeries series;
    series.name = reader.string(row, "name", path);
    series.kernel = reader.string(row, "kernel", path);
    auto variant = parse_trigger_variant(reader.string(row, "variant", path));
    if (variant) {
        series.variant = std::move(*variant);
    } else {
        reader.fail(row.get("variant"), variant.error().what, variant.error().hint);
    }
    series.fit = toml_flag(reader, row, "fit", path, false);
    series.values = numbers(reader, row, "values", path);
    if (reader.ok() && series.values.size() != places)
        reader.fail(row.get("values"),
                    fmt::format("'{}.values' has {} numbers", path, series.values.size()),
                    fmt::format("one for each of the {} producers", places));
    return series;
}

constexpr unsigned kGroups[][2] = {{1, 4}, {8, 16}, {32, 64}};

}  // namespace

Result<ScalingData> parse_scaling(const DataFile& file) {
    TomlReader reader("scaling", "file of rows", file, {});
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();
    reader.only(root, "",
                {"title", "source", "machine", "other-machine", "producers", "tolerance", "rows"});
    ScalingData data;
    data.title = reader.string(root, "title", "");
    data.source = reader.string(root, "source", "");
    data.machine = reader.string(root, "machine", "");
    data.other_machine = reader.string(root, "other-machine", "");
    for (const double n : numbers(reader, root, "producers", "")) {
        if (!(n <= SharedLines::kMaxCpus) || n != std::floor(n))
            reader.fail(root.get("producers"), "'producers' are whole numbers up to 64");
        else
            data.producers.push_back(static_cast<unsigned>(n));
    }
    data.tolerance = numbers(reader, root, "tolerance", "");
    if (reader.ok() && data.tolerance.size() != data.producers.size())
        reader.fail(root.get("tolerance"),
                    "'tolerance' has not one number for each of 'producers'");
    const toml::array* rows = root.get_as<toml::array>("rows");
    if (rows == nullptr) reader.fail(&root, "'rows' must be an array of tables");
    for (std::size_t i = 0; reader.ok() && i < rows->size(); ++i) {
        const std::string path = fmt::format("rows[{}]", i);
        const toml::table* row = (*rows)[i].as_table();
        if (row == nullptr) {
            reader.fail(rows, fmt::format("'{}' is no table", path));
        } else {
            data.series.push_back(read_series(reader, *row, path, data.producers.size()));
        }
    }
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return data;
}

Result<ScalingData> load_scaling(std::string_view name_or_path) {
    const auto file = TRY(find_data_file("scaling", "file of rows", name_or_path));
    return parse_scaling(file);
}

std::vector<ScalingGroup> Scaling::groups() const {
    std::vector<ScalingGroup> all;
    for (const bool fit : {true, false}) {
        for (const auto& [from, to] : kGroups) {
            ScalingGroup group{.fit = fit, .from = from, .to = to};
            double count = 0;
            for (const ScalingRow& row : rows) {
                const unsigned producers = data.producers[row.place];
                if (data.series[row.series].fit != fit || producers < from || producers > to)
                    continue;
                const double off = std::fabs(row.deviation());
                const double other_off = std::fabs(row.other_deviation());
                group.mean += off;
                group.other_mean += other_off;
                group.worst = std::max(group.worst, off);
                group.other_worst = std::max(group.other_worst, other_off);
                ++count;
            }
            if (count == 0) continue;
            group.mean /= count;
            group.other_mean /= count;
            all.push_back(group);
        }
    }
    return all;
}

std::size_t Scaling::outside() const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(),
        [&](const ScalingRow& row) { return std::fabs(row.deviation()) > tolerance(row); }));
}

std::size_t Scaling::other_outside() const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(),
        [&](const ScalingRow& row) { return std::fabs(row.other_deviation()) > tolerance(row); }));
}

Result<Scaling> reproduce_scaling(const ScalingData& data, const ScalingRequest& request) {
    Scaling scaling{data, request.starts, {}};
    ProducersRequest wanted;
    wanted.producers = data.producers;
    wanted.starts = request.starts;
    wanted.first_seed = request.first_seed;
    for (std::size_t s = 0; s < data.series.size(); ++s) {
        const ScalingSeries& series = data.series[s];
        std::vector<std::vector<ProducersRow>> by_machine;
        for (const std::string& name : {data.machine, data.other_machine}) {
            const auto machine = TRY(load_machine_profile(name, request.settings));
            if (!machine.contention)
                return user_error("the machine's profile has no [contention]", name, "");
            TriggerRequest trigger;
            trigger.variant = series.variant;
            trigger.kernel = series.kernel;
            trigger.machine = name;
            trigger.settings = request.settings;
            const auto hit = TRY(record_hit(trigger));
            auto rows = TRY(sweep(trigger, hit, machine, wanted));
            by_machine.push_back(std::move(rows));
        }
        for (std::size_t place = 0; place < data.producers.size(); ++place) {
            scaling.rows.push_back({s, place, series.values[place], std::move(by_machine[0][place]),
                                    std::move(by_machine[1][place])});
        }
    }
    return scaling;
}

}  // namespace uprobesim
