// SPDX-License-Identifier: GPL-2.0-or-later
// pidfd: names a process for as long as it is open, and is readable when it has ended.
#pragma once

#include "kernel_model/abi/poll.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {

class ProcessFile final : public AnonFile {
public:
    ProcessFile(Kernel& kernel, std::int32_t pid, std::uint32_t open_flags)
        : AnonFile("pidfd", open_flags), kernel_(kernel), pid_(pid) {}

    std::uint32_t poll() override {
        return kernel_.find_process(pid_) == nullptr ? abi::kPollIn | abi::kPollRdnorm : 0;
    }
    WaitQueue* waiters() override {
        Process* process = kernel_.find_process(pid_);
        return process == nullptr ? &waiters_ : &process->ended;
    }
    std::int32_t pid() const { return pid_; }

private:
    Kernel& kernel_;
    std::int32_t pid_;  // never given to another process
};

}  // namespace uprobesim
