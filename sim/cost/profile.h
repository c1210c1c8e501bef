// SPDX-License-Identifier: GPL-2.0-or-later
// Machine and kernel profiles: TOML data, every figure with value, unit, source
// and confidence. A machine profile says what things cost, a kernel profile says
// what the kernel does. Reading refuses a wrong key, unit, type or a missing
// figure with one line naming file, line and key.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/cost/exception_class.h"
#include "sim/cost/kernel_path.h"
#include "sim/cost/simulate_also.h"

namespace uprobesim {

enum class Confidence { High, Medium, Low, Assumption };

// One figure as the file gives it.
struct Figure {
    double value = 0;
    std::string unit;
    std::string source;
    Confidence confidence = Confidence::Assumption;
};

// Costly operations a kernel path performs, beyond its instructions.
enum class KernelOp : std::uint8_t {
    Isb,
    DsbIsh,
    DsbIshst,
    DsbNsh,
    Dmb,
    DaifWrite,
    MdscrRead,
    MdscrWrite,
    Exclusive,
    LoadAcquire,
    DcCvau,
    IcIvau,
    Tlbi,
    TtbrWrite,
    UserAccess,
    SlotRefetch,  // I-side miss on the slot just written
    kCount
};
inline constexpr std::size_t kKernelOpCount = static_cast<std::size_t>(KernelOp::kCount);
std::string_view kernel_op_name(KernelOp);  // "isb", "dsb-ish", ...

// Of a stepped hit: MDSCR_EL1 is read and written on the way to the step and again on the way in from it.
inline constexpr double kMdscrAccessesPerStep = 4;

struct MachineProfile {
    std::string name;
    std::string description;
    std::string core_file;  // name of the core's pipeline data, e.g. "cortex-a72"
    std::string text_hash;  // of the profile as read, for provenance
    Figure frequency_hz;
    Figure kernel_cpi;        // cycles per EL1 instruction
    Figure exception_entry;   // cycles, hardware part
    Figure exception_return;  // cycles, hardware part
    Figure kpti;              // flag: the kernel is unmapped at EL0
    Figure kpti_switch;       // cycles per exception from EL0, where on
    Figure bhb;               // flag: branch history is overwritten on entry
    Figure bhb_loop;          // cycles per exception from EL0, where on
    Figure idc;               // flag, CTR_EL0.IDC: no clean of written code to the point of unification
    Figure dic;               // flag, CTR_EL0.DIC: no invalidation of instruction caches
    Figure dic_hidden;        // flag: Linux traps reads of CTR_EL0 and answers without DIC (it relies on it itself)
    Figure slot_refetch_coherent;            // cycles, in place of the slot-refetch operation where DIC is 1
    Figure shareability_cores;               // cores a broadcast in the inner-shareable domain reaches
    Figure dsb_ish_per_core;                 // cycles, on top of the operation's own price
    Figure slot_refetch_per_core;            // cycles, on top of the operation's own price
    Figure debug_register_traps;             // of the four MDSCR_EL1 accesses of a stepped hit, how many trap to EL2
    Figure debug_exceptions_to_el2;          // flag, MDCR_EL2.TDE: BRK and software step go through EL2
    Figure debug_trap;                       // cycles, a round trip to EL2
    Figure vdso_clock;                       // flag: the vDSO reads the clock, clock_gettime does not trap
    std::array<Figure, kKernelOpCount> ops;  // cycles each, the part that does not grow with the domain
    Figure counter_hz;                       // CNTFRQ_EL0
    std::map<std::string, Figure> figures;   // all of the above by key, for reports and --set
};

enum class SlotCopyPolicy { Always, IfChanged };
enum class StpForm { None, PinAndMap, CopyToUser };
// What ends the run of an instruction in its slot.
enum class StepEnd { Hardware, BrkAfterSlot };
// Who has a slot: the hit while it lasts; the uprobe once it has been hit; a common instruction, for all processes.
enum class SlotOwner { Hit, Uprobe, Prefilled };
// How the uprobe is found, and what its consumers are.
enum class Lookup { MmapLock, Lockless };
enum class Consumer { BpfEmpty, Perf, Ftrace, kCount };
// The handler chain of each kind of consumer. One is charged for each hit.
inline constexpr std::array<KernelPath, static_cast<std::size_t>(Consumer::kCount)> kConsumerPaths = {
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

// A setting from --set: "machine.ops.ic-ivau=0", "kernel.slot-copy=if-changed", "kernel.paths.uprobe.lookup.insns=100".
struct Setting {
    std::string key;
    std::string value;
};

// `name_or_path`: a built-in profile's name, or a file (anything with a '/' or ending in .toml).
Result<MachineProfile> load_machine_profile(std::string_view name_or_path, const std::vector<Setting>& settings);
Result<KernelProfile> load_kernel_profile(std::string_view name_or_path, const std::vector<Setting>& settings);
// From text, as the two above do after finding it; `file_name` is for messages. The fuzz target's door.
Result<MachineProfile> parse_machine_profile(std::string_view text, std::string_view file_name,
                                             const std::vector<Setting>& settings);
Result<KernelProfile> parse_kernel_profile(std::string_view text, std::string_view file_name,
                                           const std::vector<Setting>& settings);
std::vector<std::string> builtin_machine_profiles();
std::vector<std::string> builtin_kernel_profiles();

}  // namespace uprobesim
