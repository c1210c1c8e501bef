// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `run` that show what happens while it happens: --strace and --log-exceptions with
// their own, --stacks, --trace.
#pragma once

#include <cstdint>
#include <string>

#include "tools/cli/command_line.h"
#include "tools/strace/call_filter.h"
#include "tools/views/exception_log.h"

namespace uprobesim {

struct ViewOptions {
    bool strace = false;
    std::string strace_output;  // empty: stderr
    CallFilter strace_filter;
    std::uint64_t strace_limit = 100'000;
    bool exceptions = false;
    std::string exceptions_output;  // empty: stderr
    ExceptionFilter exceptions_filter;
    std::uint64_t exceptions_limit = 100'000;
    std::string stacks;                                    // a file; empty: none
    std::string trace;                                     // the same
    std::uint64_t trace_limit = std::uint64_t{256} << 20;  // bytes
};

void add_view_options(OptionTable& table);
Result<ViewOptions> read_view_options(const CommandLine& line);

}  // namespace uprobesim
