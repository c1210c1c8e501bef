// SPDX-License-Identifier: GPL-2.0-or-later
// What a command of uprobesim reports. It does not change, copying it is cheap, and threads may
// share it.
#pragma once

#include <uprobesim/export.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uprobesim {

// As -f takes them: text, json, csv, md, html.
enum class Format { Text, Json, Csv, Markdown, Html, Svg };

class UPROBESIM_API Report {
public:
    // "run", "bench", "audit", "estimate", "whatif".
    const std::string& command() const;
    // What `uprobesim COMMAND -f json` writes, to the byte (docs/json.md).
    const std::string& json() const;
    // What `uprobesim COMMAND -f FORMAT` writes to a file. `all`: every row of long lists, not only
    // the first ten. Svg is the charts alone; empty: a report of this kind has none.
    std::string text(Format format = Format::Text, bool all = false) const;

    // The value at a JSON pointer (RFC 6901), such as "/time/total_ns" or
    // "/probes/by_probe/0/hits". Nothing: there is none, or it is of another type. Integers are
    // exact up to 2^53.
    std::optional<double> number(std::string_view pointer) const;
    std::optional<std::string> string(std::string_view pointer) const;

    // The figures that a sweep keeps, by their names there (docs/sweep.md), in their order; of an
    // audit there are none.
    std::vector<std::pair<std::string, double>> figures() const;

    // What the command would exit with: of a run the program's own status, of an estimate 1 where
    // the probes take more than the budget.
    int status() const;
    // What the command prints on stderr beside the report, a line each.
    const std::vector<std::string>& warnings() const;

    // --- Of a run.
    // You ended it (RunControl), and the report is of what was done until then.
    bool interrupted() const;
    // What the program wrote, up to 64 MiB each; empty where it wrote to the host's streams.
    const std::string& output() const;
    const std::string& error_output() const;

    struct Data;  // the library's own
    explicit Report(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

private:
    std::shared_ptr<const Data> data_;
};

}  // namespace uprobesim
