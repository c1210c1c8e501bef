// SPDX-License-Identifier: GPL-2.0-or-later
// An audit as people read it, and as JSON.
#pragma once

#include <string>

#include "tools/audit/audit.h"
#include "tools/format/document.h"

namespace uprobesim {

// `with_functions`: every function of every binary too. CSV has a row for each function, whatever
// it is; with costs, a row for each kernel and machine.
Document audit_document(const AuditReport& report, bool with_functions);
std::string audit_report_json(const AuditReport& report);

}  // namespace uprobesim
