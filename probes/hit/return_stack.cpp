// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/hit/return_stack.h"

namespace uprobesim {

ReturnStack::Hijack ReturnStack::record(Uprobe& uprobe, VAddr function, std::uint64_t sp,
                                        VAddr link, VAddr trampoline) {
    if (instances_.size() >= kMaxDepth) return Hijack::TooDeep;
    const bool chained = link == trampoline;
    // Drops calls that were left without a return. A chained call has the sp of its caller's
    // instance.
    while (!instances_.empty()) {
        const std::uint64_t stack = instances_.back().stack;
        if (chained ? sp <= stack : sp < stack) break;
        instances_.pop_back();
    }
    if (chained) {
        if (instances_.empty()) return Hijack::Lost;
        link = instances_.back().caller;
    }
    instances_.push_back({&uprobe, function, sp, link, chained});
    return Hijack::Recorded;
}

std::optional<ReturnStack::Return> ReturnStack::take(std::uint64_t sp) {
    if (instances_.empty()) return std::nullopt;
    Return result;
    for (bool valid = false; !valid;) {
        // A chain: the innermost call and the calls that led to it by tail calls, down to the one
        // that was made with a return address.
        std::size_t first = instances_.size() - 1;
        while (first > 0 && instances_[first].chained) --first;
        valid = first == 0 || sp < instances_[first - 1].stack;
        result.to = instances_.back().caller;
        while (instances_.size() > first) {
            if (valid) result.finished.push_back(instances_.back().uprobe);
            instances_.pop_back();
        }
    }
    return result;
}

}  // namespace uprobesim
