// SPDX-License-Identifier: GPL-2.0-or-later
// Cycles of benchmark rows as a function of cost parameters: each row is counted once, by running
// its loop, and priced at any setting of the parameters.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "sim/base/error.h"
#include "tools/bench/trigger_bench.h"
#include "tools/calibrate/calibrate.h"
#include "tools/published/published.h"

namespace uprobesim {

// Published rows with what their loops do.
struct CountedTable {
    PublishedTable published;
    std::vector<TriggerCounts> counts;  // by row
};

class FitModel {
public:
    FitModel(const FitRequest& request, std::vector<CountedTable> tables)
        : request_(request), tables_(std::move(tables)) {}

    const std::vector<CountedTable>& tables() const { return tables_; }
    // Of every row, in order, with the parameters of request.free at `parameters`.
    Result<Eigen::VectorXd> cycles(const Eigen::VectorXd& parameters) const;
    // d cycles / d parameter, by differences from `base`, the cycles at `at`.
    Result<Eigen::MatrixXd> derivatives(const Eigen::VectorXd& at,
                                        const Eigen::VectorXd& base) const;

private:
    FitRequest request_;
    std::vector<CountedTable> tables_;
};

// The values that request.free have in the profiles: figures of the machine, or a path's
// instructions on the kernel of `table`.
Result<Eigen::VectorXd> parameter_values(const FitRequest& request, const PublishedTable& table);

}  // namespace uprobesim
