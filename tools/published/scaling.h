// SPDX-License-Identifier: GPL-2.0-or-later
// The published rows of many CPUs next to simulated ones.
#pragma once

#include <string>
#include <vector>

#include "sim/profile/data_files.h"
#include "tools/bench/producers.h"
#include "tools/format/document.h"

namespace uprobesim {

// A variant before or after a change, over the numbers of producers.
struct ScalingSeries {
    std::string name;  // "uprobe-push before"
    TriggerVariant variant;
    std::string kernel;
    bool fit = false;              // used to fit the machine
    std::vector<double> values{};  // million hits a second, one for each number of producers
};

struct ScalingData {
    std::string title, source;
    std::string machine;        // the simulated counterpart
    std::string other_machine;  // another explanation of the same rows
    std::vector<unsigned> producers;
    std::vector<double> tolerance;  // of the deviation, for each number of producers
    std::vector<ScalingSeries> series;
};

inline constexpr std::string_view kScaling = "scaling";  // the table's name on the command line
inline constexpr std::string_view kScalingRows = "linux-arm-kernel-2024-08";
// `name_or_path`: built in, or a TOML file of the same form.
Result<ScalingData> load_scaling(std::string_view name_or_path);
Result<ScalingData> parse_scaling(const DataFile& file);

struct ScalingRequest {
    std::uint64_t starts = kStarts;
    std::uint64_t first_seed = 1;
    std::vector<Setting> settings;  // on top of both machines and all kernels
};

struct ScalingRow {
    std::size_t series = 0;  // of ScalingData
    std::size_t place = 0;   // of its numbers of producers
    double published = 0;
    ProducersRow simulated;
    ProducersRow other;  // on the other machine

    double deviation() const { return simulated.mean() / published - 1; }
    double other_deviation() const { return other.mean() / published - 1; }
};

// Deviations of rows taken together, absolute.
struct ScalingGroup {
    bool fit = false;
    unsigned from = 1, to = 1;  // producers
    double mean = 0, worst = 0;
    double other_mean = 0, other_worst = 0;
};

struct Scaling {
    ScalingData data;
    std::uint64_t starts = kStarts;
    std::vector<ScalingRow> rows;  // of each series, by producers

    double tolerance(const ScalingRow& row) const { return data.tolerance[row.place]; }
    std::vector<ScalingGroup> groups() const;
    std::size_t outside() const;  // rows beyond their tolerance
    std::size_t other_outside() const;
};

Result<Scaling> reproduce_scaling(const ScalingData& data, const ScalingRequest& request);

// CSV has the rows.
Document scaling_document(const Scaling& scaling);
std::string scaling_json(const Scaling& scaling);

}  // namespace uprobesim
