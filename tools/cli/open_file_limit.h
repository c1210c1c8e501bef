// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace uprobesim {

// Raises this process's soft limit of open files to the hard one: a guest's limit should be reached
// before the host's. Of the whole process, so main() decides it.
void raise_soft_limit_of_files();

}  // namespace uprobesim
