// SPDX-License-Identifier: GPL-2.0-or-later
// Phase H of a hit: the handler chain, and the handlers at a return.
#include <algorithm>

#include "probes/hit/uprobes.h"
#include "probes/hit/user_stack.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {
namespace {

// nullopt: nobody asks.
std::optional<std::uint64_t> frames_wanted(const Task& task,
                                           const std::vector<HandlerPart>& parts) {
    if (!walks_stack(parts)) return std::nullopt;
    std::uint64_t most = 0;
    for (const HandlerPart& part : parts) {
        // One more than is kept tells that there are more.
        if (part.walks_stack) most = std::max(most, part.use.units + 2);
    }
    return user_stack_frames(task, most);
}

}  // namespace

void Uprobes::run_consumers(Task& task, const Uprobe& uprobe) {
    const HandlerWork& handlers = uprobe.handlers;
    const KernelProfile& profile = kernel_.machine().kernel_profile;
    if (!handlers.given) {
        spend(task, consumer_path(profile.consumer), uprobe.consumers);
    } else {
        for (const PathUse& use :
             entry_uses(handlers, uprobe.consumers, frames_wanted(task, handlers.entry)))
            spend(task, use.path, use.units);
    }
    for (const PathUse& use :
         entry_statistics(profile, handlers, uprobe.consumers, uprobe.return_consumers))
        spend(task, use.path, use.units);
}

void Uprobes::run_return_consumers(Task& task, const Uprobe& uprobe) {
    const HandlerWork& handlers = uprobe.handlers;
    if (handlers.given) {
        for (const PathUse& use :
             return_uses(handlers, uprobe.return_consumers, frames_wanted(task, handlers.returns)))
            spend(task, use.path, use.units);
    }
    for (const PathUse& use :
         return_statistics(kernel_.machine().kernel_profile, handlers, uprobe.return_consumers))
        spend(task, use.path, use.units);
}

}  // namespace uprobesim
