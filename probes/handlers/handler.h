// SPDX-License-Identifier: GPL-2.0-or-later
// What the consumer of a probe does at a hit, as kernel paths: the parts of a BPF program beyond an
// empty one, or what a perf or ftrace event takes more than one. What a path costs on a kernel is
// in its profile; what a handler consists of is in sim/data/handlers, or in a file of the user's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

struct PathUse {
    KernelPath path{};
    std::uint64_t units = 0;
    bool operator==(const PathUse&) const = default;
};

// A use of a path. Of a walk of the user stack `units` is the most that is kept, in frames beyond
// the first: how many there are is seen at the hit.
struct HandlerPart {
    PathUse use;
    bool walks_stack = false;
    bool operator==(const HandlerPart&) const = default;
};

// How a consumer is attached: as an event of its own (perf_event_open), or by a uprobe_multi link.
// A session is such a link whose program runs at the entry and at the return.
enum class ConsumerLink { Event, UprobeMulti, UprobeSession };

struct ProbeHandler {
    std::string name;  // as it was asked for: "ustack:20"
    std::string meaning;
    bool runs = true;  // false: the uprobe alone, without a consumer's work
    ConsumerLink link = ConsumerLink::Event;
    std::vector<HandlerPart> parts;
    // Of a second program, on the entry of the function whose return the first one is for, or of a
    // session's at the entry.
    std::vector<HandlerPart> at_entry;
    // Of its figures that are not a kernel profile's; empty where it has none.
    std::string source;
    std::vector<std::string> notes;  // what is not in its price, and what was assumed
    // BPF programs on its event beyond the first, at the entry of a pair too.
    unsigned further = 0, further_at_entry = 0;

    // BPF programs that run where it is attached, and at the entry in addition. Without its work it
    // has none, and neither have perf and ftrace.
    unsigned programs() const;
    unsigned entry_programs() const;

    bool needs_return() const { return !at_entry.empty() || link == ConsumerLink::UprobeSession; }
};
using HandlerPtr = std::shared_ptr<const ProbeHandler>;

// A handler that is built in, "count", with its argument, "ustack:20", the path of a TOML file, or
// a program of a BPF object file, "a.bpf.o:program"; with + between them, several programs on one
// event.
Result<HandlerPtr> find_handler(std::string_view word);
Result<ProbeHandler> parse_handler(std::string_view text, std::string_view file_name,
                                   std::string_view word);
std::vector<std::string> builtin_handlers();
// As a user writes it: "ustack:DEPTH".
struct HandlerSynopsis {
    std::string form;
    std::string meaning;
};
std::vector<HandlerSynopsis> builtin_handler_forms();

// The paths that are gone on a user stack of `frames` frames, the pc included; nullopt: as deep as
// the handler keeps.
std::vector<PathUse> uses_of(const std::vector<HandlerPart>& parts,
                             std::optional<std::uint64_t> frames);
bool walks_stack(const std::vector<HandlerPart>& parts);

// "SPEC==HANDLER": the handler is what follows the last "==" that a handler's name, a path ending
// in .toml or a BPF object's program follows, up to the end. No spec ends like this: in operator==
// of C++ a bracket or the end follows, and a path with "==" is followed by the place.
struct SpecAndHandler {
    std::string spec;
    std::string handler;  // empty: none is given
};
SpecAndHandler split_handler(std::string_view word);

}  // namespace uprobesim
