// SPDX-License-Identifier: GPL-2.0-or-later
// Runs of the tool in child processes, several at a time, each within limits on the host's time and
// memory. Children end with their parent, whatever ends it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/temp_folder.h"

namespace uprobesim {

struct ChildLimits {
    std::uint64_t time_ns = 0;       // 0: none
    std::uint64_t memory_bytes = 0;  // resident; 0: none
};

struct ChildResult {
    std::size_t job = 0;
    std::string report;        // empty: there is none
    std::string failure;       // why; empty where there is a report
    std::string log;           // the end of what it printed
    bool host_failed = false;  // not the point's fault: it would go well on another day
};

class ChildPool {
public:
    // `tool` is started with each job's words.
    ChildPool(std::string tool, std::size_t jobs, ChildLimits limits);
    ~ChildPool();
    ChildPool(const ChildPool&) = delete;
    ChildPool& operator=(const ChildPool&) = delete;

    bool full() const;
    bool idle() const;
    // `command` and `rest` go around the options that say where the report is wanted.
    void start(std::size_t job, const std::string& command, const std::vector<std::string>& rest);
    // Up to some tenth of a second; those that have ended meanwhile.
    std::vector<ChildResult> wait();

private:
    struct Child {
        pid_t pid = 0;  // 0: the place is free
        int pidfd = -1;
        std::size_t job = 0;
        std::int64_t begin_ns = 0;
        std::string stopped;  // for which limit
        std::string report_path, log_path;
    };
    void check_limits(Child& child) const;
    ChildResult collect(Child& child);

    std::string tool_;
    ChildLimits limits_;
    TemporaryFolder folder_;
    std::vector<Child> children_;
};

}  // namespace uprobesim
