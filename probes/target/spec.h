// SPDX-License-Identifier: GPL-2.0-or-later
// Probe specs as bpftrace and perf users write them:
//   uprobe:BIN:SYM  u:BIN:SYM  uprobe:BIN:SYM+OFF  uprobe:BIN:0xOFFSET  uretprobe:BIN:SYM (ur:)
// SYM may hold the wildcards * and ?. Commas separate more: whole probes, or more symbols of the
// same binary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

struct ProbeSpec {
    enum class Kind { Uprobe, Uretprobe };
    Kind kind = Kind::Uprobe;
    std::string binary;                       // guest path
    std::string symbol;                       // empty with a raw offset
    std::uint64_t offset = 0;                 // SYM+OFF
    std::optional<std::uint64_t> raw_offset;  // file offset
    std::string text;                         // "uprobe:/bin/grep:main+4", the long form

    bool has_wildcard() const { return symbol.find_first_of("*?") != std::string::npos; }
};

Result<std::vector<ProbeSpec>> parse_probe_specs(std::string_view text);

// * stands for any run of characters, ? for one.
bool matches_wildcard(std::string_view pattern, std::string_view name);

}  // namespace uprobesim
