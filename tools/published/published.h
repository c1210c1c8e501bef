// SPDX-License-Identifier: GPL-2.0-or-later
// Measurements that other people published, as data: sim/data/published/*.toml. What the simulator
// is calibrated with and held against.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/handlers/handler.h"
#include "sim/base/error.h"
#include "sim/profile/data_files.h"
#include "sim/profile/figure.h"

namespace uprobesim {

// A program's row without probes, the base of comparison for its other rows.
inline constexpr std::string_view kNoProbeRow = "no-uprobe";

struct PublishedRow {
    std::string name;  // of the benchmark's variants: "uprobe-push"
    double value = 0;  // in the table's unit
    std::optional<double> plus_minus;
    // Why this row of a fitted table is not used for the fit; empty: it is used.
    std::string left_out;
    // For a program's row: the benchmark's tables of kernels that it may have run on; their
    // uprobe-push rows give the cost of its probe hits.
    std::vector<std::string> hit_cost;
};

struct PublishedTable {
    std::string id;
    std::string title;
    std::string source;
    // The simulated counterpart.
    std::string machine;
    std::string kernel;
    std::vector<Setting> settings;
    HandlerPtr handler;  // of its probes; null: the kernel profile's consumer
    std::string unit;    // "M/s" (benchmark rows), "s", "RPS" or "hits"
    bool outside_thread = false;
    bool fit = false;      // used to calibrate the machine
    std::string left_out;  // why not
    // For a table of hits, with rows named "ROW/FUNCTION": the table of rates that has ROW, and the
    // function that is called once per request.
    std::string hits_of;
    std::string request;
    std::vector<PublishedRow> rows;

    bool is_benchmark() const { return unit == "M/s"; }
    bool is_hits() const { return unit == "hits"; }
    const PublishedRow* row(std::string_view name) const;
};

const PublishedTable* find_published(const std::vector<PublishedTable>& tables,
                                     std::string_view id);

// `name_or_path`: built in ("linux-arm-kernel-2024") or a TOML file of the same form. Errors name
// file, line and key.
Result<std::vector<PublishedTable>> load_published(std::string_view name_or_path);
// From text, as above after finding it.
Result<std::vector<PublishedTable>> parse_published(const DataFile& file);

}  // namespace uprobesim
