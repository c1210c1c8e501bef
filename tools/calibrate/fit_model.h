// SPDX-License-Identifier: GPL-2.0-or-later
// Cycles of benchmark rows as a function of cost parameters: each row is counted once, by running
// its loop, and priced at any setting of the parameters.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "sim/base/error.h"
#include "tools/bench/trigger_bench.h"
#include "tools/calibrate/calibrate.h"
#include "tools/calibrate/least_squares.h"
#include "tools/published/published.h"

namespace uprobesim {

// Published rows with what their loops do.
struct CountedTable {
    PublishedTable published;
    std::vector<TriggerCounts> counts;  // by row
};

class FitModel final : public RowModel {
public:
    FitModel(const FitRequest& request, std::vector<CountedTable> tables)
        : request_(request), tables_(std::move(tables)) {}

    const std::vector<CountedTable>& tables() const { return tables_; }
    // The parameters are those of request.free.
    Result<Eigen::VectorXd> cycles(const Eigen::VectorXd& parameters) const override;

private:
    double step() const override { return 0.01; }

    FitRequest request_;
    std::vector<CountedTable> tables_;
};

// The values that request.free have in the profiles: figures of the machine, or a path's
// instructions on the kernel of `table`.
Result<Eigen::VectorXd> parameter_values(const FitRequest& request, const PublishedTable& table);

}  // namespace uprobesim
