// SPDX-License-Identifier: GPL-2.0-or-later
// What `scenario` says of scenarios, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "tools/format/document.h"
#include "tools/simulation/scenario.h"

namespace uprobesim {

struct NamedScenario {
    std::string name;
    std::string description;
};
Document scenario_list_document(const std::vector<NamedScenario>& scenarios);
std::string scenario_list_json(const std::vector<NamedScenario>& scenarios);

// CSV has its programs, in the order in which they start.
Document scenario_document(const Scenario& scenario);
std::string scenario_json(const Scenario& scenario);

}  // namespace uprobesim
