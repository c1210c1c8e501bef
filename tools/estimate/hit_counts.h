// SPDX-License-Identifier: GPL-2.0-or-later
// How often functions are called, as other tools have counted it: perf stat -x, (with or without
// -I), maps that bpftrace prints, uftrace's report, lines of a name and a count, and reports of our
// own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

struct HitCount {
    std::string name;  // of a function, an event or a probe, as the file has it
    double count = 0;
    std::size_t line = 0;  // in the file; 0: a report has none
};

struct HitCounts {
    std::string
        format;  // "perf stat", "bpftrace map", "uftrace report", "names and counts", "report"
    std::vector<HitCount> rows;
    std::optional<double> seconds;  // they were counted in, where the file says
};

Result<HitCounts> read_hit_counts(const std::string& path);
// `file_name`: for messages.
Result<HitCounts> parse_hit_counts(std::string_view text, std::string_view file_name);

// The function of a counted name: perf's event "probe_redis:processCommand_1" and bpftrace's
// "uprobe:/usr/bin/redis-server:processCommand" are processCommand.
std::string_view counted_function(std::string_view name);

}  // namespace uprobesim
