// SPDX-License-Identifier: GPL-2.0-or-later
// The [[axis]] and [[exclude]] tables of a plan.
#pragma once

#include <string>

#include "sim/profile/toml_reader.h"
#include "tools/sweep/plan/plan.h"

namespace uprobesim {

// A row with a pattern of settings is several axes.
void read_axis(TomlReader& reader, const toml::table& row, const std::string& path, Plan& plan);
// After all axes.
void read_exclusion(TomlReader& reader, const toml::table& row, const std::string& path,
                    Plan& plan);

}  // namespace uprobesim
