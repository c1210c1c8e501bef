// SPDX-License-Identifier: GPL-2.0-or-later
// A task's calls whose return addresses were replaced: the kernel's return_instances. As in arm64's
// kernel, liveness is derived from sp alone, which can be wrong on an alternate signal stack.
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
    VAddr caller;             // the real return address
    bool chained =
        false;  // x30 was the trampoline already: a tail call, or a probe on a jump target
};

class ReturnStack {
public:
    static constexpr std::size_t kMaxDepth = 64;  // MAX_URETPROBE_DEPTH

    enum class Hijack {
        Recorded,
        TooDeep,  // x30 is not replaced: no return event
        Lost,     // x30 is the trampoline without an instance: the return ends in SIGILL
    };
    // prepare_uretprobe; `link` is x30. Unless the result is TooDeep, the caller replaces x30.
    Hijack record(Uprobe& uprobe, VAddr function, std::uint64_t sp, VAddr link, VAddr trampoline);

    struct Return {
        VAddr to;
        std::vector<Uprobe*> finished;  // whose return handlers run, innermost call first
    };
    // uprobe_handle_trampoline. Calls abandoned by longjmp are dropped without running handlers.
    // nullopt: no pending call.
    std::optional<Return> take(std::uint64_t sp);

    bool empty() const { return instances_.empty(); }
    // Not of an empty one.
    const ReturnInstance& innermost() const { return instances_.back(); }
    std::size_t depth() const { return instances_.size(); }

private:
    std::vector<ReturnInstance> instances_;  // the last is the innermost call
};

}  // namespace uprobesim
