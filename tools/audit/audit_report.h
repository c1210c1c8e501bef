// SPDX-License-Identifier: GPL-2.0-or-later
// An audit as people read it, and for programs: JSON (keys in tools/README.md) and CSV, one row for
// each function.
#pragma once

#include <cstddef>
#include <string>

#include "tools/audit/audit.h"

namespace uprobesim {

struct AuditDetail {
    bool functions = false;  // every function of every binary
    std::size_t rows = 15;   // of the lists of instructions; 0: all
};
std::string audit_report_text(const AuditReport& report, const AuditDetail& detail);
std::string audit_report_json(const AuditReport& report);
std::string audit_report_csv(const AuditReport& report);

}  // namespace uprobesim
