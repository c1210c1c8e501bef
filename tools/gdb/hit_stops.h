// SPDX-License-Identifier: GPL-2.0-or-later
// Stops inside hits of probes, as `monitor catch` asks for them: before the BRK is taken, before
// the instruction in the slot, before the return to the program.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/kernel/kernel.h"
#include "probes/hit/uprobes.h"
#include "sim/base/error.h"

namespace uprobesim {

enum class HitPhase : std::uint8_t { Brk, Slot, Return };
std::string_view phase_name(HitPhase phase);
std::optional<HitPhase> phase_named(std::string_view name);

class HitStops {
public:
    void use(Kernel& kernel, const Uprobes& uprobes);
    // `spec`: a probe's, or its symbol; empty: of all probes.
    Outcome add(HitPhase phase, const std::string& spec);
    void clear() { wanted_.clear(); }
    // "slot uprobe:/bin/ls:main", a line each.
    std::vector<std::string> lines() const;

    // The line that tells of it, where the task has come to a phase that is wanted.
    std::optional<std::string> at_brk(const Task& task, const Stop& stop);
    std::optional<std::string> at_return(const Task& task);

private:
    struct Wanted {
        HitPhase phase;
        std::string spec;
    };
    // A hit that has begun. The uprobe: null where a probed function returns.
    struct Hit {
        const Uprobe* uprobe = nullptr;
        bool in_slot = false;
    };
    std::optional<std::string> line(HitPhase phase, const Uprobe* uprobe) const;

    Kernel* kernel_ = nullptr;
    const Uprobes* uprobes_ = nullptr;
    std::vector<Wanted> wanted_;
    std::map<TaskId, Hit> hits_;
};

}  // namespace uprobesim
