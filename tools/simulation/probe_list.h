// SPDX-License-Identifier: GPL-2.0-or-later
// The probes of a run: the words that name them, and what they mean.
#pragma once

#include <string>
#include <vector>

#include "probes/target/spec.h"
#include "sim/base/error.h"

namespace uprobesim {

struct ProbeList {
    std::vector<std::string> words;  // as they were given
    std::vector<ProbeSpec> specs;    // in the order of the words; a word may hold several

    bool empty() const { return specs.empty(); }
    Outcome add(const std::string& word);
};
// Of one word that the tool itself has made: it is a bug when it does not parse.
ProbeList made_probe(const std::string& word);

}  // namespace uprobesim
