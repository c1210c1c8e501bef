// SPDX-License-Identifier: GPL-2.0-or-later
// A list of probes as people read it, and as JSON.
#pragma once

#include <string>

#include "tools/format/document.h"
#include "tools/list/list.h"

namespace uprobesim {

// CSV has a row for each probe.
Document list_document(const ListReport& report);
std::string list_report_json(const ListReport& report);

}  // namespace uprobesim
