// SPDX-License-Identifier: GPL-2.0-or-later
// What a sweep keeps of a report: numbers with names. docs/sweep.md lists them by command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/report/report_read.h"

namespace uprobesim {

struct NamedFigure {
    std::string name;
    double value = 0;
};
using Figures = std::vector<NamedFigure>;  // in an order that is the command's

// Of the runs of `run` (one) or `compare` (the first is what the others are compared with).
// `labels` of all but the first; none for a single run.
Figures figures_of_runs(const std::vector<const RunReport*>& runs,
                        const std::vector<std::string>& labels);
// The same in two parts, for many prices of the same runs: the names stay, and so does how many
// values there are. Adds to `values`.
std::vector<std::string> figure_names(const std::vector<const RunReport*>& runs,
                                      const std::vector<std::string>& labels);
void add_figure_values(const std::vector<const RunReport*>& runs, std::vector<double>& values);
// Of any command's JSON report.
Result<Figures> figures_of_report(std::string_view command, const std::string& json);
// Why a run is no result: it did not end by itself. Empty: it is one.
std::string unfinished(const std::vector<SavedRun>& runs);

std::string figures_json(const Figures& figures);

// The same text for names that are written again and again.
class FigureWriter {
public:
    FigureWriter() = default;
    explicit FigureWriter(const std::vector<std::string>& names);
    void add(const std::vector<double>& values, std::string& json) const;

private:
    std::vector<std::string> heads_;  // "\"total_ns\":"
};

// What figures_json() wrote; a figure that is not finite is left out.
Figures parse_figures(const std::string& json);

}  // namespace uprobesim
