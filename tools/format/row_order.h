// SPDX-License-Identifier: GPL-2.0-or-later
// --sort and --top: in which order a report's rows stand and how many of a long list. Works on the
// document, so that every report and every form of it has both.
#pragma once

#include <cstddef>
#include <string>

#include "sim/base/error.h"
#include "tools/format/document.h"

namespace uprobesim {

struct RowOrder {
    // A column's heading, or its name in CSV, in any case; a '-' before it turns the order round.
    // Numbers are the largest first, names alphabetical, what is missing last. Empty: as they are.
    std::string column;
    std::size_t top = 0;  // rows of long lists; 0: as the report has it
};

// Sorts the tables that have the column. Error: none has, with those that there are.
Result<Document> arranged(Document document, const RowOrder& order);

}  // namespace uprobesim
