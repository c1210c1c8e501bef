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
    // It was not made with others, whose start is another one's: why.
    std::string alone{};
};

// What a job runs: the words around the options that say where the report is wanted.
struct JobWords {
    std::size_t job = 0;
    std::string command;
    std::vector<std::string> rest;
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
    // One process. Several runs of the command `run` may have one start in it.
    void start(const std::vector<JobWords>& jobs);
    // Up to some tenth of a second; those that have ended meanwhile.
    std::vector<ChildResult> wait();

private:
    struct Child {
        pid_t pid = 0;  // 0: the place is free
        int pidfd = -1;
        std::vector<std::size_t> jobs;
        std::int64_t begin_ns = 0;
        std::string stopped;  // for which limit
        std::string path;     // where the names of its files begin
    };
    static std::string report_path(const Child& child, std::size_t member);
    static std::string log_path(const Child& child, std::size_t member);
    static std::vector<std::string> list_runs(const Child& child,
                                              const std::vector<JobWords>& jobs);
    void check_limits(Child& child) const;
    std::vector<ChildResult> collect(Child& child);
    static ChildResult result_of(const Child& child, std::size_t member, int status);
    static std::vector<ChildResult> results_of_others(const Child& child);

    std::string tool_;
    ChildLimits limits_;
    TemporaryFolder folder_;
    std::vector<Child> children_;
};

}  // namespace uprobesim
