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
        std::uint64_t filter = 0;
        std::uint64_t assign = 0;
        std::uint64_t increment = 0;
        std::uint64_t read_map = 0;
        std::uint64_t remove = 0;
        std::uint64_t print = 0;
        std::uint64_t printed_value = 0;
        std::uint64_t text = 0;
        std::uint64_t stack = 0;
        std::uint64_t dereference = 0;
        std::uint64_t sign = 0;
        std::uint64_t value = 0;
    };
    struct Aggregation {
        std::uint64_t insns = 0;
        std::uint64_t maps = 0;
    };
    struct Word {
        std::uint64_t insns = 0;
        std::uint64_t size = 0;  // bytes
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
