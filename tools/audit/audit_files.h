// SPDX-License-Identifier: GPL-2.0-or-later
// The files an audit is about: a file named is to be an arm64 program, a folder named is searched
// for them.
#pragma once

#include <cstddef>
#include <functional>
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

using ProgramUser = std::function<Outcome(std::vector<std::byte> bytes, const std::string& shown)>;

// Calls `use` for each arm64 ELF below a folder of the host, in the order of their names; links are
// not followed. What else there is, and what `use` refuses, is noted in `skips`. Error: it succeeds
// for none.
Outcome each_program_below(const std::string& host, const std::string& shown, AuditSkips& skips,
                           const ProgramUser& use);

}  // namespace uprobesim
