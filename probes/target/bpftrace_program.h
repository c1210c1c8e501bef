// SPDX-License-Identifier: GPL-2.0-or-later
// A bpftrace program as its clauses: the probes of each, its predicate and its action as they are
// written. What an action does is not read here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

struct BpftraceClause {
    std::vector<std::string> probes;  // "uprobe:/bin/bash:readline", "BEGIN"; commas apart
    std::string predicate;            // without the slashes; empty: none
    std::string action;               // without the outer braces
    std::size_t line = 0;             // of its first probe, from 1
};

// Comments, preprocessor lines, declarations of types, functions and config blocks are left out.
// Errors: a comment, text or brace that does not end, a clause without an action.
Result<std::vector<BpftraceClause>> read_bpftrace_program(std::string_view text,
                                                          std::string_view name);

}  // namespace uprobesim
