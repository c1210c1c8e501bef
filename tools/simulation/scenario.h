// SPDX-License-Identifier: GPL-2.0-or-later
// A scenario: several programs in one simulation, when each of them starts, what is probed, and
// what is read off their output. Written in TOML; those in workloads/ are built in.
// workloads/README.md says how to write one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/data_files.h"
#include "sim/profile/figure.h"
#include "tools/simulation/probe_list.h"

namespace uprobesim {

// How long a program may take, in simulated time, until it is ready.
inline constexpr std::uint64_t kReadyTimeoutNs = 10'000'000'000;

struct ScenarioProcess {
    std::string name;
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // "K=V", added to the default ones
    std::string cwd = "/";
    std::optional<unsigned> cpu;  // it runs on this one only
    // What the next process waits for; both empty: nothing.
    std::uint16_t ready_port = 0;                      // a socket listens on it (TCP)
    std::string ready_output;                          // a piece of its standard output
    std::uint64_t ready_timeout_ns = kReadyTimeoutNs;  // and for so long at most
};

struct ScenarioFile {
    std::string path;  // in the guest
    std::string text;
};

// A figure of a run: what the pattern's group matches in the standard output, or `count` per second
// of the process's lifetime.
struct ScenarioResult {
    std::string name;
    std::string unit;
    bool higher_is_better = true;
    std::string process;
    std::string pattern;  // ECMAScript, one group; empty: by `count`
    double count = 0;
};

struct Scenario {
    std::string name;
    std::string description;
    std::string title;  // of the table
    unsigned cpus = 1;
    std::vector<ScenarioFile> files;
    std::vector<ScenarioProcess> processes;  // in order; the run ends with the last one
    ProbeList probes;
    std::vector<std::string> kernels;  // of compare; `run` takes the first
    std::string machine;               // empty: the command's default
    std::vector<Setting> settings;     // before those of the command line
    std::vector<ScenarioResult> results;
};

std::vector<std::string> scenario_names();  // of those built in
// Whether the word names a scenario: a built-in one, or a path that ends in .toml.
bool is_scenario(std::string_view word);
Result<Scenario> load_scenario(const std::string& name_or_path);
// From text, as above after finding it.
Result<Scenario> parse_scenario(const DataFile& file, std::string name);
std::string scenario_text(const std::string& name);  // of a built-in one, as it is written

}  // namespace uprobesim
