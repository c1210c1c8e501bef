// SPDX-License-Identifier: GPL-2.0-or-later
// A run or a comparison as people read it. CSV has the probes of a run, the most expensive first,
// and the figures of a comparison, a column for each run.
#pragma once

#include "tools/format/document.h"
#include "tools/report/report.h"

namespace uprobesim {

// Whether the figures are also given by process and by thread.
enum class ProcessDetail { None, PerProcess };
Document run_document(const RunReport& report, ProcessDetail processes = ProcessDetail::None);
// A row for each process, and for each thread where a process has several.
Table process_table(const RunReport& report, const std::string& heading);

// Brief: what fits on half a screen. Full: every figure, every probe, and where they come from.
enum class CompareDetail { Brief, Full };
Document compare_document(const CompareReport& report, CompareDetail detail,
                          ProcessDetail processes = ProcessDetail::None);

// One table of all machines and kernels, a row for each run.
Document compare_grid_document(const CompareGrid& grid);

}  // namespace uprobesim
