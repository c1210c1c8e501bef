// SPDX-License-Identifier: GPL-2.0-or-later
// The benchmark over producers: as its own lines, as tables with what CPUs wait for, as JSON and as
// a chart.
#pragma once

#include <string>
#include <vector>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/producers.h"
#include "tools/format/document.h"

namespace uprobesim {

struct ProducersSeries {
    TriggerVariant variant;
    RecordedHit hit;
    std::vector<ProducersRow> rows;
};

// One kernel on one machine.
struct ProducersTable {
    MachineProfile machine;
    KernelProfile kernel;
    std::string handler;  // empty: none was asked for
    std::vector<ProducersSeries> series;
};

struct ProducersReport {
    std::string version;
    std::vector<std::string> settings;
    std::uint64_t starts = kStarts;
    std::string pin;  // "compact"
    bool real_threads = false;
    std::vector<ProducersTable> tables;
};

// "uprobe-push ( 8 cpus): 4.030 ± 0.512M/s ( 0.504M/s/cpu)": the deviation is that of the starts.
std::string producers_line(const TriggerVariant& variant, const ProducersRow& row);
std::string producers_lines_text(const ProducersReport& report);
// CSV has a row for each variant and number of producers.
Document producers_document(const ProducersReport& report);
std::string producers_json(const ProducersReport& report);

}  // namespace uprobesim
