// SPDX-License-Identifier: GPL-2.0-or-later
// A sweep as it is written: a base command, the axes along which it is varied, what is left out,
// and the limits of one point. docs/sweep.md describes the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/data_files.h"
#include "sim/profile/profile_keys.h"

namespace uprobesim {

inline constexpr std::uint64_t kMaxPoints = 1'000'000;
inline constexpr std::uint64_t kMaxSampled = 20'000'000;  // numbers of a sample
inline constexpr std::size_t kMaxExclusions = 1000;

// How the values of an axis come about.
enum class AxisSource : std::uint8_t {
    Listed,      // as they are written, ranges written out
    Sampled,     // of the plan's sample, between two ends
    LogSampled,  // the same on a logarithmic scale
    Confidence,  // of the sample, within the confidence of each profile's own figure
};

struct AxisValue {
    std::string text;                // as it is stored and shown
    std::vector<std::string> words;  // options that give it to the command
};

struct Axis {
    std::string name;  // "kernel", "machine.kernel-cpi"
    AxisSource source = AxisSource::Listed;
    std::vector<AxisValue> values;  // Listed
    double from = 0, to = 0;        // Sampled, LogSampled
    std::string zip;                // axes with the same word advance together; empty: alone
    bool is_setting = false;
    bool is_price = false;  // a number that only changes costs: points can share one run
};

enum class Design : std::uint8_t {
    LatinHypercube,
    Saltelli,  // two hypercubes and their mixtures: what Sobol indices are computed from
};

struct Sample {
    std::uint64_t count = 0;  // rows of one hypercube; 0: no axis is sampled
    std::uint64_t seed = 1;
    Design design = Design::LatinHypercube;
};

// Points whose axes have one of these values each are left out.
struct Exclusion {
    struct Condition {
        std::size_t axis = 0;
        std::vector<std::size_t> values;  // of Axis::values
    };
    std::vector<Condition> conditions;
};

struct Plan {
    std::string file;  // for messages
    std::string text;
    std::string title;
    std::string command;                 // of the tool
    std::vector<std::string> arguments;  // after the axes' options
    bool share_runs = true;  // points that differ in cost parameters only are priced from one run
    std::uint64_t time_limit_ns = 0;       // of the host, for one run; 0: none
    std::uint64_t memory_limit_bytes = 0;  // of the host, for one run; 0: none
    Sample sample;
    std::vector<Axis> axes;
    std::vector<Exclusion> exclusions;
};

// Every mistake is one line with file and line.
Result<Plan> parse_plan(const DataFile& file);
Result<Plan> load_plan(const std::string& path);

}  // namespace uprobesim
