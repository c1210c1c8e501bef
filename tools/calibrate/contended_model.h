// SPDX-License-Identifier: GPL-2.0-or-later
// Cycles of rows of several CPUs as a function of what the way of lines between them costs.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/producers.h"
#include "tools/calibrate/least_squares.h"
#include "tools/calibrate/transfer_fit.h"

namespace uprobesim {

class ContendedModel final : public RowModel {
public:
    // Records a hit of each series. `machine` has [contention].
    static Result<ContendedModel> make(std::vector<ContendedSeries> series,
                                       const TransferRequest& request, MachineProfile machine);

    // Of [contention], the costs that the rows are a function of.
    void set_parameters(std::vector<TransferParameter> parameters) {
        parameters_ = std::move(parameters);
    }
    const std::vector<TransferParameter>& parameters() const { return parameters_; }
    // Of the profile.
    Eigen::VectorXd values() const;

    Result<Eigen::VectorXd> cycles(const Eigen::VectorXd& parameters) const override;

    const std::vector<ContendedSeries>& series() const { return series_; }
    // Of every row: how far one start, or the measurement, may be from the mean, as a part of it.
    Result<Eigen::VectorXd> scatter() const;

private:
    // Rates are no smooth function of a cost: another order of the CPUs is another rate.
    double step() const override { return 0.1; }
    ContendedModel(std::vector<ContendedSeries> series, MachineProfile machine)
        : series_(std::move(series)), machine_(std::move(machine)) {}
    Result<std::vector<ProducersRow>> rows(const MachineProfile& machine) const;

    std::vector<ContendedSeries> series_;
    std::vector<TriggerRequest> requests_;  // by series
    std::vector<RecordedHit> hits_;
    MachineProfile machine_;
    std::vector<TransferParameter> parameters_;
};

// The figure of a key of [contention].
Figure& contention_figure(ContentionFigures& figures, std::string_view key);

}  // namespace uprobesim
