// SPDX-License-Identifier: GPL-2.0-or-later
// What pages and -f svg draw of a report: its figures as charts. Nothing is computed that the
// report's tables or JSON do not have, but for means, shares and what stands for "all others".
#pragma once

#include <vector>

#include "tools/bench/bench_report.h"
#include "tools/bench/producers_report.h"
#include "tools/estimate/estimate.h"
#include "tools/picture/chart.h"
#include "tools/published/reproduce.h"
#include "tools/published/scaling.h"
#include "tools/report/report.h"
#include "tools/sweep/plot_data.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {

std::vector<Chart> run_charts(const RunReport& report);
std::vector<Chart> compare_charts(const CompareReport& report);
std::vector<Chart> compare_grid_charts(const CompareGrid& grid);
std::vector<Chart> bench_charts(const BenchReport& report);
std::vector<Chart> whatif_charts(const WhatIfReport& report);
std::vector<Chart> estimate_charts(const EstimateReport& report);
std::vector<Chart> reproduce_charts(const Reproduction& reproduction);  // one of each table
// Throughput over the numbers of CPUs; of a hit, what it does and waits for.
std::vector<Chart> producers_charts(const ProducersReport& report);
// Published rows with their scatter, and simulated ones with the range of the starts.
std::vector<Chart> scaling_charts(const Scaling& scaling);

// Of each plot: which axis matters, lines and heat maps over those that matter most, all points.
std::vector<Chart> sweep_charts(const SweepResults& results, const std::vector<PlotData>& plots);

}  // namespace uprobesim
