// SPDX-License-Identifier: GPL-2.0-or-later
// The calls of one task whose return addresses were replaced: the kernel's return_instances. Which
// of them are still live is told from sp alone, as arm64 does it; across an alternate signal stack
// that is a guess there too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/units.h"

namespace uprobesim {

struct Uprobe;

struct ReturnInstance {
    Uprobe* uprobe = nullptr;
    VAddr function;           // the probed address
    std::uint64_t stack = 0;  // sp at the hit
    VAddr caller;             // where the call really returns to
    bool chained = false;     // x30 was the trampoline already: a tail call, or a probe on a label
                              // that is jumped to
};

class ReturnStack {
public:
    static constexpr std::size_t kMaxDepth = 64;  // MAX_URETPROBE_DEPTH

    enum class Hijack {
        Recorded,
        TooDeep,  // x30 stays: no return event for this call
        Lost,     // x30 is the trampoline and nobody knows the caller: the return will die
    };
    // prepare_uretprobe, with x30 as `link`. The caller of this replaces x30 unless it is TooDeep.
    Hijack record(Uprobe& uprobe, VAddr function, std::uint64_t sp, VAddr link, VAddr trampoline);

    struct Return {
        VAddr to;
        std::vector<Uprobe*> finished;  // return handlers run for these, innermost call first
    };
    // uprobe_handle_trampoline. Calls that longjmp left behind are dropped without their handlers.
    // nullopt: no call is pending.
    std::optional<Return> take(std::uint64_t sp);

    bool empty() const { return instances_.empty(); }
    std::size_t depth() const { return instances_.size(); }

private:
    std::vector<ReturnInstance> instances_;  // the last is the innermost call
};

}  // namespace uprobesim
