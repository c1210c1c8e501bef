// SPDX-License-Identifier: GPL-2.0-or-later
// The requests of run, compare and explain, as values: the options parsed and checked, and the
// scenario if there is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/cli/report_options.h"
#include "tools/explain/exception_kind.h"
#include "tools/gdb/gdb_options.h"
#include "tools/report/report_document.h"
#include "tools/request/command.h"
#include "tools/request/guest_options.h"
#include "tools/simulation/simulation.h"
#include "tools/views/view_options.h"

namespace uprobesim {

struct GuestRequest {
    SimulationRequest simulation;  // compare and explain set the kernel for each run
    // compare: one run each, after the one without probes; explain: one each.
    std::vector<std::string> kernels;
    std::vector<std::string> machines;         // compare: each kernel on each; explain: one
    std::string title;                         // of a scenario's table; empty: the program's name
    std::uint64_t hit = 0;                     // explain; 0: not given
    const ExceptionKind* exception = nullptr;  // explain, of a program; `hit` says which one
    std::optional<bool> return_probe;          // explain, of a target
    bool branch_protection = false;            // explain, of a target
    HandlerPtr handler;             // of what has none of its own; null: the kernel profile's
    ViewOptions view;               // run
    std::optional<GdbOptions> gdb;  // run
    ReportOptions report;
    ProcessDetail processes = ProcessDetail::None;  // run, compare
    // compare
    std::size_t jobs = 1;
    bool share = true;  // starts
    bool verbose = false;
};

Result<GuestRequest> read_guest_request(GuestCommand command, const CommandLine& line,
                                        const OptionDefaults& defaults);

}  // namespace uprobesim
