// SPDX-License-Identifier: GPL-2.0-or-later
// The files an audit is about: a file named is to be an arm64 program, a folder named is searched
// for them.
#pragma once

#include <string>

#include "sim/base/error.h"
#include "tools/audit/audit.h"

namespace uprobesim {

// `path`: of the host; with `root` a path inside that folder, links resolved there. Folders are
// walked in the order of their names, links in them are not followed. Errors: no such file, no
// arm64 ELF, a folder with none.
Outcome audit_path(Auditor& auditor, const std::string& root, const std::string& path,
                   AuditSkips& skips);

}  // namespace uprobesim
