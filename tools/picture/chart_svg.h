// SPDX-License-Identifier: GPL-2.0-or-later
// Charts as one SVG file, for papers and slides: what a page draws of a report, below each other,
// on white. Written here and not by the pages' scripts: the tool needs no JavaScript to run.
#pragma once

#include <string>
#include <vector>

#include "tools/picture/chart.h"

namespace uprobesim {

// `title`: the report's; also of a picture without charts.
std::string charts_svg(const std::string& title, const std::vector<Chart>& charts);

}  // namespace uprobesim
