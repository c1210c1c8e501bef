// SPDX-License-Identifier: GPL-2.0-or-later
// bench --producers: many threads that hit one probe.
#pragma once

#include <string>
#include <vector>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/trigger_bench.h"
#include "tools/request/prepared_report.h"

namespace uprobesim {

// What is run over producers: each variant on each kernel, on each machine.
struct ProducersBench {
    TriggerRequest request;
    std::vector<std::string> kernel_names, machine_names;
    std::vector<MachineProfile> machines;
    std::vector<KernelProfile> kernels;
    std::vector<TriggerVariant> variants;
};

inline constexpr std::uint64_t kMostStarts = 10'000;

Result<PreparedReport> prepare_producers(const CommandLine& line, const ProducersBench& bench);

}  // namespace uprobesim
