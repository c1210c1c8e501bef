// SPDX-License-Identifier: GPL-2.0-or-later
// Any report as one HTML file: its document as headings, tables and paragraphs that need no script,
// with the charts that it has. The script (document.js) draws the charts, sorts and folds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/format/document.h"
#include "tools/picture/chart.h"

namespace uprobesim {

// `json`: what -f json writes of the same report. `costs`: what its sliders need, as JSON; empty:
// it has none.
std::string document_page(const Document& document, const std::vector<Chart>& charts,
                          std::string_view json, std::string_view costs = {});

}  // namespace uprobesim
