// SPDX-License-Identifier: GPL-2.0-or-later
// Trigger benchmark results as people paste them (the kernel benchmark's own line) and as JSON.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/trigger_bench.h"
#include "tools/format/document.h"
#include "tools/report/report.h"

namespace uprobesim {

struct BenchRow {
    TriggerVariant variant;
    TriggerCounts counts;
    TriggerCost cost;
};

// One kernel on one machine.
struct BenchTable {
    MachineProfile machine;
    KernelProfile kernel;
    bool branch_protection = false;
    std::vector<BenchRow> rows;
    std::string handler = {};  // empty: none was asked for
};

struct BenchReport {
    std::string version;
    std::vector<std::string> settings;
    std::vector<BenchTable> tables;
};

double million_hits_per_second(const TriggerCost& cost, const MachineProfile& machine);
// "uprobe-nop ( 1 cpus): 2.044 ± 0.000M/s ( 2.044M/s/cpu)": no newline. The deviation is that of a
// simulated run.
std::string bench_line(const TriggerVariant& variant, double million_per_second);

// Costly operations of one hit, all paths together.
std::array<double, kKernelOpCount> bench_operations(const BenchTable& table, const BenchRow& row);

// The benchmark's lines alone, with a heading for each kernel.
std::string bench_lines_text(const BenchReport& report);
// CSV has a row for each variant on each kernel.
Document bench_document(const BenchReport& report);
std::string bench_report_json(const BenchReport& report);

}  // namespace uprobesim
