// SPDX-License-Identifier: GPL-2.0-or-later
// The figures of a comparison's runs, a column for each run.
#pragma once

#include "tools/format/document.h"
#include "tools/report/report_document.h"

namespace uprobesim {

Table figure_table(const CompareReport& report, CompareDetail detail);

}  // namespace uprobesim
