// SPDX-License-Identifier: GPL-2.0-or-later
// The options of run, compare and explain as values, and the readers that other verbs share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/cli/command_line.h"
#include "tools/format/document_writers.h"
#include "tools/simulation/simulation.h"
#include "tools/views/view_options.h"

namespace uprobesim {

enum class GuestVerb { Run, Compare, Explain };

struct Options {
    bool help = false;             // asked for: nothing else was read
    SimulationRequest simulation;  // compare and explain set the kernel for each run
    std::vector<std::string>
        kernels;        // compare: one run each, after the one without probes; explain: one each
    std::string title;  // of a scenario's table; empty: the program's name
    std::uint64_t hit = 0;             // explain; 0: not given
    std::optional<bool> return_probe;  // explain, of a target
    bool branch_protection = false;    // explain, of a target
    std::string output;                // empty: stderr
    ViewOptions view;                  // run
    ReportStyle style;
    bool per_process = false;  // run, compare: the report has figures of processes and threads
};

// Environment and sysroot defaults come in by argument: nothing here asks the host.
struct OptionDefaults {
    std::string root;
};
Result<Options> parse_guest_options(GuestVerb verb, const Words& words,
                                    const OptionDefaults& defaults);
std::string guest_option_list(GuestVerb verb);

}  // namespace uprobesim
