// SPDX-License-Identifier: GPL-2.0-or-later
// The command line as values. The only user of Boost.Program_options.
//
// Reading stops at the first word that is no option: it is the guest's program, and everything after it belongs to the
// guest, as with env, timeout and nice. "--" before it is allowed and never needed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/simulation.h"

namespace uprobesim {

enum class Verb { Help, Version, Run, Compare, ModelList };
enum class Format { Text, Json };

struct Options {
    Verb verb = Verb::Help;
    std::string help_topic;            // a verb's name; empty: the tool
    SimulationRequest simulation;      // compare sets kernel and probes for each run
    std::vector<std::string> kernels;  // compare: one run each, after the one without probes
    std::string output;                // empty: stderr
    Format format = Format::Text;
};

// Words after the program's own name. Environment and sysroot defaults come in by argument: nothing here asks the host.
struct OptionDefaults {
    std::string root;
};
Result<Options> parse_options(const std::vector<std::string>& words, const OptionDefaults& defaults);

// The options of a verb, as Boost lists them.
std::string option_list(Verb verb);

}  // namespace uprobesim
