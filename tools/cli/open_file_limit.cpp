// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/open_file_limit.h"

#include <sys/resource.h>

namespace uprobesim {

void raise_soft_limit_of_files() {
    rlimit open_files{};
    if (getrlimit(RLIMIT_NOFILE, &open_files) != 0 || open_files.rlim_cur == open_files.rlim_max)
        return;
    open_files.rlim_cur = open_files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &open_files);
}

}  // namespace uprobesim
