// SPDX-License-Identifier: GPL-2.0-or-later
// What probes will cost before any is attached: a hit of each on a kernel and a machine, with the
// range that the confidence of the figures leaves, and what that is at a rate. Nothing runs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probes/hit/steady_hit.h"
#include "sim/base/error.h"
#include "sim/cost/cpu_places.h"
#include "tools/estimate/attaching.h"
#include "tools/estimate/contended.h"
#include "tools/estimate/work_range.h"
#include "tools/format/document.h"

namespace uprobesim {

// A place that a probe is to be put on.
struct EstimateTarget {
    std::string binary, function;
    std::vector<std::string> aliases;  // other names of the place
    std::uint64_t file_offset = 0;
    bool wants_return = false;
    std::string instruction;           // the probed one
    std::vector<std::uint32_t> words;  // it and those after it in the function
    std::optional<double> rate;        // hits a second
    // Where handlers were asked for: all consumers of the place, and the handlers' names.
    std::optional<ProbeConsumers> consumers;
    std::vector<std::string> handlers;
};

// The CPUs that take the hits, in threads of one process. The rates are of all together.
struct HittingCpus {
    unsigned cpus = 1;
    PinRequest pin;
};

struct EstimateRequest {
    std::vector<EstimateTarget> targets;
    std::vector<std::string> kernels, machines;
    std::vector<Setting> settings;
    std::optional<double> budget;  // of one CPU: 0.02
    std::uint64_t processes = 1;   // that have the probed files mapped when the probes are attached
    std::optional<HittingCpus> hitting = {};  // nothing: what CPUs wait for each other is left out
};

// One probe on one kernel and machine.
struct HitEstimate {
    Verdict verdict;
    unsigned exceptions = 0;  // of an entry and its return
    double el1_insns = 0;
    VariedPrices::Range range;  // of a hit, with its waiting
    double waits_ns = 0;        // of that, for other CPUs
    double nonstop_per_s = 0;   // hits that the CPUs take if they do nothing else
};

// Of all probes of a place: what CPUs wait for each other.
struct WaitingEstimate {
    double ns = 0;  // of the total
    std::array<double, kSharedLineCount> by_line{};
    double nonstop_per_s = 0;  // hits of these probes, in these shares, if the CPUs do nothing else
    bool reaches = true;       // the rates are possible
};

// All probes on one kernel and machine.
struct PlaceEstimate {
    std::string kernel, kernel_hash, machine, machine_hash;
    double frequency_hz = 0;
    std::vector<HitEstimate> hits;  // by target
    // What the hits of a second take, or without rates one hit of each probe.
    VariedPrices::Sensitivity total;
    AttachingEstimate attaching;  // of the probes that the kernel does not refuse
    ProfilePair profiles;
    HitWork work;                            // that `total` prices, but for the waiting
    std::optional<WaitingEstimate> waiting;  // of EstimateRequest::hitting
};

// A change that makes the total cheaper.
struct EstimateAdvice {
    std::string what;
    double ns = 0;  // afterwards
};

struct EstimateReport {
    std::string version;
    std::vector<EstimateTarget> targets;
    std::vector<std::string> settings;
    std::vector<PlaceEstimate> places;   // kernels within machines
    std::vector<EstimateAdvice> advice;  // about the first place; the cheapest first
    std::optional<double> budget;
    std::optional<HittingCpus> hitting;
    std::vector<std::string> notes;

    bool has_rates() const;
    // The probes of a place take more than the budget together.
    bool over_budget(const PlaceEstimate& place) const;
};

Result<EstimateReport> estimate(const EstimateRequest& request);

// CSV has a row for each probe, kernel and machine.
Document estimate_document(const EstimateReport& report);
std::string estimate_json(const EstimateReport& report);

}  // namespace uprobesim
