// SPDX-License-Identifier: GPL-2.0-or-later
// What the consumers of one probe do, where handlers were asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "probes/handlers/handler.h"
#include "probes/target/spec.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {

// All handlers of one place together: they run one after the other.
struct HandlerWork {
    bool given = false;  // of one consumer at least; else they are what the kernel profile says
    unsigned idle = 0;   // consumers that are there without their work
    // Of the consumers, those by uprobe_multi links: of entries, of returns, of both.
    unsigned links = 0, return_links = 0, sessions = 0;
    // BPF programs that run at the entry and at the return.
    unsigned programs = 0, return_programs = 0;
    std::vector<HandlerPart> entry;
    std::vector<HandlerPart> returns;

    // Null: an empty BPF program.
    void add(const ProbeHandler* handler, bool of_return);
    void join(const HandlerWork& other);
    bool operator==(const HandlerWork&) const = default;
};

// The consumers that a spec brings: those that are called at the entry, and of these the ones that
// want the return.
struct NewConsumers {
    unsigned entry = 1;
    unsigned returns = 0;
};
// A handler for returns is for a probe that has some.
Outcome check_handler(const ProbeHandler* handler, const ProbeSpec& spec);
NewConsumers consumers_of(const ProbeHandler* handler, bool of_return);

// The handler chain at the entry of a function, with `consumers` on it, and what follows
// uretprobe.return at the return. `frames`: of the user stack, as in uses_of.
std::vector<PathUse> entry_uses(const HandlerWork& work, unsigned consumers,
                                std::optional<std::uint64_t> frames);
std::vector<PathUse> return_uses(const HandlerWork& work, unsigned returns,
                                 std::optional<std::uint64_t> frames);
// What a kernel with kernel.bpf_stats_enabled takes for the programs that run at the entry and at
// the return.
std::vector<PathUse> entry_statistics(const KernelProfile& kernel, const HandlerWork& work,
                                      unsigned consumers, unsigned returns);
std::vector<PathUse> return_statistics(const KernelProfile& kernel, const HandlerWork& work,
                                       unsigned returns);

}  // namespace uprobesim
