// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel profile: what one kernel does for a probe and for each named path of its code, with
// sources. Reading refuses what a machine profile's reading refuses, in the same words.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/figure.h"
#include "sim/profile/kernel_op.h"
#include "sim/profile/kernel_path.h"
#include "sim/profile/simulate_also.h"

namespace uprobesim {

enum class SlotCopyPolicy { Always, IfChanged };
enum class StpForm { None, PinAndMap, CopyToUser };
// What ends the run of an instruction in its slot.
enum class StepEnd { Hardware, BrkAfterSlot };
// Who has a slot: the hit while it lasts; the uprobe once it has been hit; a common instruction,
// for all processes.
enum class SlotOwner { Hit, Uprobe, Prefilled };
// How the uprobe is found, and what its consumers are.
enum class Lookup { MmapLock, Lockless };
enum class Consumer { BpfEmpty, Perf, Ftrace, kCount };
// The handler chain of each kind of consumer. One is charged for each hit.
inline constexpr std::array<KernelPath, static_cast<std::size_t>(Consumer::kCount)> kConsumerPaths =
    {
        KernelPath::UprobeConsumers,
        KernelPath::UprobeConsumersPerf,
        KernelPath::UprobeConsumersFtrace,
};
constexpr KernelPath consumer_path(Consumer consumer) {
    return kConsumerPaths[static_cast<std::size_t>(consumer)];
}
constexpr bool runs_consumers(KernelPath path) {
    return std::find(kConsumerPaths.begin(), kConsumerPaths.end(), path) != kConsumerPaths.end();
}
// How a pending return keeps its uprobe alive.
enum class ReturnHold { Refcount, Lease };

struct PathCost {
    double insns = 0;  // EL1 instructions, fixed part
    double insns_per_unit = 0;
    std::array<double, kKernelOpCount> ops{};  // fixed part
    std::string source;
    Confidence confidence = Confidence::Assumption;
};

struct KernelProfile {
    std::string name;
    std::string description;
    std::string text_hash;
    std::string release;       // what uname answers
    std::string decode_table;  // verdict column: "6.1", "6.12", "6.13", "6.13+stp", "new"
    StpForm stp = StpForm::None;
    AlsoSimulatedSet simulate_also;  // beyond the decode table
    SlotCopyPolicy slot_copy = SlotCopyPolicy::Always;
    StepEnd step = StepEnd::Hardware;
    SlotOwner slots = SlotOwner::Hit;
    Lookup lookup = Lookup::MmapLock;
    Consumer consumer = Consumer::BpfEmpty;
    ReturnHold return_instance = ReturnHold::Refcount;
    std::array<PathCost, kKernelPathCount> paths;
};

// `name_or_path`: a built-in profile's name, or a file (anything with a '/' or ending in .toml).
Result<KernelProfile> load_kernel_profile(std::string_view name_or_path,
                                          const std::vector<Setting>& settings);
// From text, as above after finding it; `file_name` is for messages. The fuzz target's entry point.
Result<KernelProfile> parse_kernel_profile(std::string_view text, std::string_view file_name,
                                           const std::vector<Setting>& settings);
std::vector<std::string> builtin_kernel_profiles();

}  // namespace uprobesim
