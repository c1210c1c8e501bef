// SPDX-License-Identifier: GPL-2.0-or-later
// Guest paths on the host.
#pragma once

#include <string>

#include "sim/base/error.h"

namespace uprobesim {

// The host's name of a path inside `root`, links resolved there. The host kernel resolves it, so
// that no link leads out. A host that fails (EIO, no descriptors) is a HostError.
Result<std::string> path_in_root(const std::string& root, const std::string& path);

}  // namespace uprobesim
