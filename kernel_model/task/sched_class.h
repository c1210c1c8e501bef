// SPDX-License-Identifier: GPL-2.0-or-later
// How a task wants to be scheduled: policy, priority, weight (sched(7)).
#pragma once

#include <array>
#include <cstdint>

#include "kernel_model/abi/sched.h"
#include "sim/base/units.h"

namespace uprobesim {

struct SchedClass {
    std::int32_t policy = abi::kSchedOther;
    std::int32_t priority = 0;  // 1 to 99 of FIFO and RR
    bool reset_on_fork = false;
    std::uint64_t runtime_ns = 0, deadline_ns = 0, period_ns = 0;  // of DEADLINE

    bool is_deadline() const { return policy == abi::kSchedDeadline; }
    bool is_real_time() const {
        return policy == abi::kSchedFifo || policy == abi::kSchedRr || is_deadline();
    }
    // What runs first: deadlines, then FIFO and RR by priority, then the others, idle ones last.
    std::int32_t rank() const {
        if (is_deadline()) return 1000;
        if (is_real_time()) return 100 + priority;
        return policy == abi::kSchedIdle ? 0 : 1;
    }
};

inline constexpr std::uint64_t kNiceZeroWeight = 1024;

// sched_prio_to_weight: each step of nice is a tenth of the CPU.
inline std::uint64_t weight_of(const SchedClass& sched, std::int32_t nice) {
    constexpr std::array<std::uint32_t, 40> kWeights{
        88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
        9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
        1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
        110,   87,    70,    56,    45,    36,    29,    23,    18,    15};
    constexpr std::uint64_t kIdleWeight = 3;
    if (sched.policy == abi::kSchedIdle) return kIdleWeight;
    return kWeights[static_cast<std::size_t>(nice - abi::kMinNice)];
}

// What the scheduler knows of a task's past.
struct SchedPast {
    std::uint64_t virtual_time = 0;                // centicycles on CPUs, by weight
    CentiCycles queued_at;                         // since when it waits for a CPU
    CentiCycles waited;                            // for CPUs
    std::uint64_t turns = 0;                       // times that it got one
    std::uint64_t voluntary = 0, involuntary = 0;  // context switches from it
};

}  // namespace uprobesim
