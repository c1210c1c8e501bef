// SPDX-License-Identifier: GPL-2.0-or-later
// Fits what CPUs wait for ([contention] of a machine's profile) to rows of several CPUs: each row's
// hit is recorded from a run, and repeated on so many CPUs at any setting of the costs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probes/handlers/handler.h"
#include "sim/base/error.h"
#include "sim/profile/contention.h"
#include "tools/bench/trigger_bench.h"
#include "tools/calibrate/fitted.h"

namespace uprobesim {

struct MachineProfile;

// What --free calls the costs: "machine.contention.transfer-machine".
inline constexpr std::string_view kContentionKeys = "machine.contention.";

struct ContendedRow {
    unsigned cpus = 2;
    double rate = 0;       // million hits a second, of all CPUs
    double tolerance = 0;  // how well measurements repeat, as a part of the rate; 0: not known
};

// A variant on a kernel, over numbers of CPUs.
struct ContendedSeries {
    std::string table;  // where the rows are from
    std::string name;   // "uprobe-push"
    TriggerVariant variant;
    std::string kernel;
    HandlerPtr handler;    // null: the kernel profile's consumer
    std::string left_out;  // why it does not pull on the fit; empty: it does
    std::vector<ContendedRow> rows;
};

struct TransferRequest {
    std::string machine;
    std::vector<Setting> settings;  // held, over those of the profile
    // Keys as --free has them. Empty: all costs that are not 0; those that the rows tell are
    // fitted, and tiers that cost the same keep one cost.
    std::vector<std::string> free;
};

// A cost, or several tiers' that are one: "contention.transfer-{die,socket}".
struct TransferParameter {
    std::string name;
    std::vector<std::string> keys;  // of the table: "transfer-die"
};

struct TransferFit {
    std::vector<TransferParameter> fitted;    // as `parameters`
    std::vector<FittedParameter> parameters;  // cycles, or times
    std::vector<UntoldParameter> untold;
    // Cycles in which all CPUs together take one hit; none where nothing is fitted.
    std::vector<FittedRow> rows;

    std::size_t fitted_rows() const;
    double mean_deviation() const;  // of those
};

// An error: the machine's profile has no [contention], or the rows do not tell what `free` names.
// Where they tell none of the costs, nothing is fitted.
Result<TransferFit> fit_transfers(std::vector<ContendedSeries> series,
                                  const TransferRequest& request);

}  // namespace uprobesim
