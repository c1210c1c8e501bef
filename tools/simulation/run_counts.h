// SPDX-License-Identifier: GPL-2.0-or-later
// What a run has counted so far, as the rows of its report.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernel_model/kernel/kernel.h"
#include "probes/hit/uprobes.h"
#include "tools/report/report.h"

namespace uprobesim {

// Of a scenario's program, by its process; empty: the process is none.
using ProgramNames = std::function<std::string(std::int32_t pid)>;

// Fills all rows and counts, but for what is known only at the end: results, exit, memory's peak.
void take_counts(const Kernel& kernel, const Uprobes& uprobes, const ProgramNames& program_name,
                 RunReport& report);

// "uprobe:/bin/grep:main"
std::string probe_name(const Uprobe& uprobe);

struct PathUseCount {
    KernelPath path{};
    std::uint64_t times = 0;
    std::uint64_t units = 0;
};
// Kernel work that is on no ledger, priced; on the account ProbePlace.
std::vector<PathRow> path_rows(const PriceList& prices, const std::vector<PathUseCount>& uses);

}  // namespace uprobesim
