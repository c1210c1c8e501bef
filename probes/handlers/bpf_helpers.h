// SPDX-License-Identifier: GPL-2.0-or-later
// The helpers and kinds of maps that BPF programs name by number, read from sim/data/bpf.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "probes/handlers/program_parts.h"

namespace uprobesim {

struct BpfHelper {
    enum class Work {
        Unknown,
        Call,
        Lookup,
        Update,
        Delete,
        Text,
        Stack,
        PerfOutput,
        Ringbuf,
        Printk,
        TailCall,
        Loop
    };
    std::string name;
    Work work = Work::Unknown;
    std::optional<HandlerCall> call;
    // The arguments that hold them, from 1; 0: none does.
    unsigned map = 0, size = 0, flags = 0;
    std::uint64_t bytes_per_unit = 1;  // of the size
};

struct BpfMapKind {
    std::string name;
    std::string calls;  // "hash": the prefix of its calls; empty: they have no price
    std::uint64_t found = 0, missing = 0;  // instructions that the verifier adds to a lookup
    bool unmeasured = false;               // its prices are those of its relatives
};

struct BpfTables {
    std::map<std::int32_t, BpfHelper> helpers;
    std::map<std::uint32_t, BpfMapKind> map_kinds;
    // Functions of the kernel that the verifier replaces, with the instructions that it puts there.
    std::map<std::string, std::uint64_t> inlined_kfuncs;
    std::string source;
};

// It is a bug when the table is not well-formed.
BpfTables bpf_tables();

}  // namespace uprobesim
