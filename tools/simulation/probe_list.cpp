// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/probe_list.h"

#include <iterator>

#include "sim/base/try.h"

namespace uprobesim {

Outcome ProbeList::add(const std::string& word) {
    auto parsed = TRY(parse_probe_specs(word));
    words.push_back(word);
    std::move(parsed.begin(), parsed.end(), std::back_inserter(specs));
    return {};
}

ProbeList made_probe(const std::string& word) {
    ProbeList probes;
    check_invariant(probes.add(word).has_value(), "a probe that the tool names is well-formed");
    return probes;
}

}  // namespace uprobesim
