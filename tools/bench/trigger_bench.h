// SPDX-License-Identifier: GPL-2.0-or-later
// What one iteration of a trigger loop does under a kernel: counted by running it, without any
// price. The same counts are priced on any machine, which is what `bench`, `reproduce` and
// `calibrate` do.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probes/handlers/handler.h"
#include "sim/base/error.h"
#include "sim/cost/ledger.h"
#include "sim/profile/figure.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

struct TriggerVariant {
    bool return_probe = false;
    std::string target;  // one of kTriggerTargets

    std::string name() const { return (return_probe ? "uretprobe-" : "uprobe-") + target; }
};
// "uprobe-push"; UserError for another word.
Result<TriggerVariant> parse_trigger_variant(std::string_view name);
// In the order of the kernel's benchmark script.
std::vector<TriggerVariant> all_trigger_variants();

struct TriggerRequest {
    TriggerVariant variant;
    bool branch_protection = false;
    std::string kernel;
    std::string machine;
    std::vector<Setting> settings;
    HandlerPtr handler;  // null: the kernel profile's consumer
    std::uint64_t seed = 1;
    std::uint64_t warm_up = 100;  // iterations that are not counted: first hits make the XOL page
    std::uint64_t hits = 1000;    // iterations that are
};

// Differences of two runs, so that neither start-up nor first hits are in them.
struct TriggerCounts {
    std::uint64_t iterations = 0;
    std::uint64_t user_insns = 0;
    CentiCycles user_cycles;
    std::array<std::uint64_t, kExceptionClassCount> exceptions{};
    std::array<PathCount, kKernelPathCount> paths{};
    std::string instruction;  // the probed one
    std::string verdict;      // "step", or the handler that emulates

    std::uint64_t exceptions_taken() const;
};
Result<TriggerCounts> count_trigger(const TriggerRequest& request);
// A run of the target's program under the probe; the caller adds its arguments.
struct SimulationRequest;
class TriggerTree;
SimulationRequest trigger_simulation(const TriggerRequest& request, const TriggerTree& tree);

// A path's part of one iteration.
struct PathShare {
    KernelPath path{};
    double times = 0;
    double insns = 0;
    double cycles = 0;
};

// The counts at the prices of a machine and a kernel, per iteration.
struct TriggerCost {
    double user_cycles = 0;
    double exception_cycles = 0;
    double path_cycles = 0;  // of all `paths`
    double kernel_insns = 0;
    std::vector<PathShare> paths;  // those that were gone

    double cycles() const { return user_cycles + exception_cycles + path_cycles; }
};
TriggerCost price_trigger(const TriggerCounts& counts, const PriceList& prices);

}  // namespace uprobesim
