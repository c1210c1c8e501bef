// SPDX-License-Identifier: GPL-2.0-or-later
// What the actions of a bpftrace program do at a hit, as handlers. What is not understood is named
// and not in the price.
#pragma once

#include <string>
#include <vector>

#include "probes/handlers/handler.h"
#include "probes/target/bpftrace_program.h"

namespace uprobesim {

// The length that a text read by str() is taken to have, in characters: it is not known before the
// hit.
inline constexpr std::uint64_t kAssumedTextLength = 20;

struct BpftraceHandler {
    HandlerPtr handler;
    std::vector<std::string> notes;  // what is not in the price, and what was assumed
};

// One for each clause, in order. Of a filter it is assumed that it lets every hit through.
std::vector<BpftraceHandler> bpftrace_handlers(const std::vector<BpftraceClause>& clauses);

}  // namespace uprobesim
