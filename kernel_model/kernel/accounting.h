// SPDX-License-Identifier: GPL-2.0-or-later
// acct: a record of each process that ends, at the end of a file that a namespace of process ids
// has named. Whether a process used rights of the superuser (ASU) is not recorded.
#pragma once

#include <memory>
#include <vector>

#include "kernel_model/files/file.h"
#include "kernel_model/spaces/pid_namespace.h"

namespace uprobesim {

class Kernel;
struct Process;

class Accounting {
public:
    explicit Accounting(Kernel& kernel) : kernel_(kernel) {}

    // Of the processes in `space` (null: all) from now on; without a file: of none.
    void write_to(const PidNamespace* space, std::shared_ptr<File> file);
    // acct_process. Before it loses its memory and files.
    void process_ended(const Process& process);

private:
    struct Log {
        const PidNamespace* space;
        std::shared_ptr<File> file;
    };

    Kernel& kernel_;
    std::vector<Log> logs_;  // few: one for a namespace
};

}  // namespace uprobesim
