// SPDX-License-Identifier: GPL-2.0-or-later
// Folded stacks as a flame graph: one file for a browser, with the stacks in it as data and as
// text.
#pragma once

#include <string>
#include <string_view>

#include "tools/report/report.h"

namespace uprobesim {

// `folded`: lines of flamegraph.pl.
std::string stacks_page(const RunReport& report, std::string_view folded);

}  // namespace uprobesim
