// SPDX-License-Identifier: GPL-2.0-or-later
// What bpftrace makes of words and statements, read from sim/data/bpftrace.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "probes/handlers/program_parts.h"

namespace uprobesim {

struct BpftraceCosts {
    // Instructions beside the calls.
    struct Statements {
        std::uint64_t filter, assign, increment, read_map, remove, print, printed_value, text,
            stack, dereference, sign, value;
    };
    struct Aggregation {
        std::uint64_t insns;
        std::uint64_t maps;
    };
    struct Word {
        std::uint64_t insns;
        std::uint64_t size;  // bytes
        std::optional<HandlerCall> call;
    };
    Statements statements;
    std::map<std::string, Aggregation, std::less<>> aggregations;
    std::map<std::string, Word, std::less<>> words;
    std::string source;
};

// It is a bug when the table is not well-formed.
BpftraceCosts bpftrace_costs();

}  // namespace uprobesim
