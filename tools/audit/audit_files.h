// SPDX-License-Identifier: GPL-2.0-or-later
// The files an audit is about: a file named is to be an arm64 program, a folder named is searched
// for them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/audit/audit.h"

namespace uprobesim {

// `path`: of the host; with `root` a path inside that folder, links resolved there. Folders are
// walked in the order of their names, links in them are not followed. Errors: no such file, no
// arm64 ELF, a folder with none.
Outcome audit_path(Auditor& auditor, const std::string& root, const std::string& path,
                   AuditSkips& skips);

// Regular files below a folder of the host, by their names below it ("/bin/true"), sorted. Links
// are not followed; a folder that cannot be read is noted.
std::vector<std::string> files_below(const std::string& host,
                                     std::vector<AuditSkips::Unreadable>& unreadable);
// The content of a file in such a folder if it is an arm64 ELF; what else it is, is counted.
Result<std::optional<std::vector<std::byte>>> arm64_program(const std::string& host,
                                                            AuditSkips& skips);

}  // namespace uprobesim
