// SPDX-License-Identifier: GPL-2.0-or-later
// Files of /proc/PID that are of its memory: mem, pagemap, clear_refs.
#pragma once

#include <memory>

#include "kernel_model/files/file.h"

namespace uprobesim {

// /proc/PID/mem: reads and writes as a debugger's. The file keeps no memory of a process that
// ended.
std::shared_ptr<File> make_memory_of_process(const std::shared_ptr<Mm>& mm,
                                             const FileStatus& status);
// /proc/PID/pagemap: 8 bytes a page (Documentation/admin-guide/mm/pagemap.rst). `frames`: the
// reader may see the numbers of page frames.
std::shared_ptr<File> make_page_map(const std::shared_ptr<Mm>& mm, const FileStatus& status,
                                    bool frames);

}  // namespace uprobesim
