// SPDX-License-Identifier: GPL-2.0-or-later
// pidfd: refers to a process, even after its end, and becomes readable when the process ends.
#pragma once

#include <memory>
#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class ProcessFile final : public AnonFile {
public:
    ProcessFile(const Process& process, std::uint32_t open_flags)
        : AnonFile("pidfd", open_flags), pid_(process.pid), end_(process.end) {}

    std::uint32_t poll() override { return end_->reached ? abi::kPollIn | abi::kPollRdnorm : 0; }
    WaitQueue* waiters() override { return &end_->waiters; }
    std::int32_t pid() const { return pid_; }

private:
    std::int32_t pid_;  // never reused
    std::shared_ptr<ProcessEnd> end_;
};

}  // namespace uprobesim
