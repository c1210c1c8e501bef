// SPDX-License-Identifier: GPL-2.0-or-later
// Measurements that other people published, as data: sim/data/published/*.toml. What the simulator is calibrated with
// and held against.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/cost/profile.h"

namespace uprobesim {

struct PublishedRow {
    std::string name;  // of the benchmark's variants: "uprobe-push"
    double value = 0;  // in the table's unit
    std::optional<double> plus_minus;
    std::string left_out;  // why this row of a fitted table does not pull on the fit; empty: it does
};

struct PublishedTable {
    std::string id;
    std::string title;
    std::string source;
    // The simulated counterpart.
    std::string machine;
    std::string kernel;
    std::vector<Setting> settings;
    std::string unit;  // "M/s" (benchmark rows), "s", "RPS" or "hits"
    bool beside_thread = false;
    bool fit = false;      // used to calibrate the machine
    std::string left_out;  // why not
    std::vector<PublishedRow> rows;

    bool is_benchmark() const { return unit == "M/s"; }
    const PublishedRow* row(std::string_view name) const;
};

// `name_or_path`: built in ("linux-arm-kernel-2024") or a TOML file of the same form. Errors name file, line and key.
Result<std::vector<PublishedTable>> load_published(std::string_view name_or_path);

}  // namespace uprobesim
