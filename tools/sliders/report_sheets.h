// SPDX-License-Identifier: GPL-2.0-or-later
// The sliders' data of each report, as JSON for its page.
#pragma once

#include <string>

#include "tools/bench/bench_report.h"
#include "tools/estimate/estimate.h"
#include "tools/report/report.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {

// The commands that -f json of these reports is for.
std::string run_sheet(const RunReport& report);
std::string compare_sheet(const CompareReport& report);
std::string whatif_sheet(const WhatIfReport& report);

// `command`: what was typed, without where and how the report is written.
std::string bench_sheet(const BenchReport& report, const std::string& command);
std::string estimate_sheet(const EstimateReport& report, const std::string& command);

}  // namespace uprobesim
