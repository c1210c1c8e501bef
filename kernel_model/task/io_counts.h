// SPDX-License-Identifier: GPL-2.0-or-later
// What read and write calls have moved (struct task_io_accounting, /proc/PID/io).
#pragma once

#include <cstdint>

namespace uprobesim {

struct IoCounts {
    std::uint64_t bytes_read = 0, bytes_written = 0, reads = 0, writes = 0;
    IoCounts& operator+=(const IoCounts& o) {
        bytes_read += o.bytes_read;
        bytes_written += o.bytes_written;
        reads += o.reads;
        writes += o.writes;
        return *this;
    }
};

}  // namespace uprobesim
