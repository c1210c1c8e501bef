// SPDX-License-Identifier: GPL-2.0-or-later
// A chart as a table of its figures, which every browser shows; the script of the page draws it.
#pragma once

#include <string>

#include "tools/picture/chart.h"

namespace uprobesim {

std::string chart_html(const Chart& chart);

}  // namespace uprobesim
