// SPDX-License-Identifier: GPL-2.0-or-later
// Bars of work: a row's parts by what they are for, without the parts that no row has.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tools/explain/path_story.h"
#include "tools/picture/chart.h"
#include "tools/report/report.h"

namespace uprobesim {

// Cycles by kind of work, in the order of kWorkKinds.
using WorkSums = std::array<double, kWorkKinds.size()>;

// The mean hit of a run; zeros without hits.
WorkSums mean_hit(const RunReport& report);

// Where the cycles of a hit go; the kinds and their colours are those of the trap explorer.
class HitBars {
public:
    explicit HitBars(std::string title) { chart_.title = std::move(title); }

    void add(std::string name, const WorkSums& sums);
    Chart chart() &&;

private:
    Chart chart_{.kind = Chart::Kind::Stacked, .unit = "cycles a hit"};
};

// Where a run's time goes: the program, and the kernel's work by what it is for.
class TimeBars {
public:
    explicit TimeBars(std::string title) { chart_.title = std::move(title); }

    void add(std::string name, const RunReport& report);
    Chart chart() &&;

private:
    Chart chart_{.kind = Chart::Kind::Stacked};
    bool several_cpus_ = false;
};

}  // namespace uprobesim
