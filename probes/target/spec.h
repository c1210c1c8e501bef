// SPDX-License-Identifier: GPL-2.0-or-later
// Probe specs as bpftrace and perf users write them; no file is looked at here.
//   uprobe:BIN:FUNC  u:BIN:FUNC+OFF  uretprobe:BIN:FUNC  ur:BIN:FUNC  uprobe:BIN:FUNC%return
//   uprobe:BIN:0xFILEOFFSET  uprobe:BIN:cpp:"ns::f(int)"  uprobe:BIN@file.c:LINE
//   usdt:BIN:PROVIDER:NAME  usdt:BIN:NAME  U:BIN:PROVIDER:NAME
//   -x BIN FUNC (perf probe)  p:GROUP/EVENT BIN:OFFSET (uprobe_events)
// Names may hold * and ?. Commas separate more: whole probes, or more functions of one binary.
// What stands in brackets or in "..." belongs to a name, whatever it holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

struct ProbeSpec {
    enum class Kind { Uprobe, Uretprobe, Usdt };
    // The language whose source names the symbol is one of; Any: as the symbol table has it, else
    // as either source has it.
    enum class Language { Any, Cpp, Rust };
    Kind kind = Kind::Uprobe;
    Language language = Language::Any;
    std::string binary;                       // guest path; "a.zip!/lib.so": a member of an archive
    std::string provider;                     // of USDT; empty: any
    std::string symbol;                       // empty with a raw offset or a line
    std::uint64_t offset = 0;                 // SYM+OFF
    std::string place;                        // what `symbol` and `offset` were read from
    std::optional<std::uint64_t> raw_offset;  // file offset
    std::string source;                       // source file, with `line`
    std::uint64_t line = 0;
    std::optional<std::uint64_t> semaphore;  // file offset of the counter, by uprobe_events
    std::string text;                        // "uprobe:/bin/grep:main+4", the long form

    bool has_wildcard() const { return symbol.find_first_of("*?") != std::string::npos; }
};

// Attach: a probe on a place of a binary, by absolute guest path. List: a spec may also leave out
// the place, and mean all of the binary's, and the path may be one of the host.
enum class SpecUse { Attach, List };

Result<std::vector<ProbeSpec>> parse_probe_specs(std::string_view text,
                                                 SpecUse use = SpecUse::Attach);

// An event as perf probe -x BINARY takes it, in one word: "main", "mine=main+4", "a.c:12".
Result<ProbeSpec> parse_perf_event(const std::string& binary, std::string_view event,
                                   SpecUse use = SpecUse::Attach);

// The long form, such that it reads as the spec again: quoted where it has to be.
std::string spec_text(const ProbeSpec& spec, SpecUse use = SpecUse::Attach);

// "uprobe", "uretprobe", "usdt"
std::string_view probe_kind_name(ProbeSpec::Kind kind);
// Whether the text begins as a probe does: "u:...", "-x ...", "p:...".
bool begins_as_probe(std::string_view text);

// Where the place that is being written begins, for completion: after the last separator that is
// one. `binary` is empty as long as it is the binary that is being written.
struct UnfinishedSpec {
    ProbeSpec::Kind kind;
    std::string_view binary;  // "/bin/grep"
    std::size_t word = 0;     // position of what is being written
};
// nullopt: it does not begin as a probe does, or has quotes.
std::optional<UnfinishedSpec> unfinished_spec(std::string_view text);

// * stands for any run of characters, ? for one.
bool matches_wildcard(std::string_view pattern, std::string_view name);

}  // namespace uprobesim
