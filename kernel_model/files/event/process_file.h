// SPDX-License-Identifier: GPL-2.0-or-later
// pidfd: refers to a process, even after its end, and becomes readable when the process ends.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class ProcessFile final : public AnonFile {
public:
    ProcessFile(const Process& process, std::uint32_t open_flags)
        : AnonFile("pidfd", open_flags), id_(process.id()), end_(process.end) {}

    std::uint32_t poll() override {
        return (end_->reached ? abi::kPollIn | abi::kPollRdnorm : 0) |
               (end_->reaped ? abi::kPollHup : 0);
    }
    WaitQueue* waiters() override { return &end_->waiters; }
    // Of no process, once it has been waited for: the id may be another's then.
    std::int32_t pid() const { return end_->reaped ? -1 : id_.first; }
    // That it has, or had.
    const Pid& id() const { return id_; }
    // Its numbers from a namespace on; -1: it has been waited for (pidfd_show_fdinfo).
    std::string numbers_from(const PidNamespace* space) const {
        const std::int32_t number = end_->reaped ? -1 : id_.in(space);
        std::string text = fmt::format("Pid:\t{0}\nNSpid:\t{0}", number);
        const std::size_t level = space != nullptr ? space->level : 0;
        for (std::size_t i = level; number > 0 && id_.below && i < id_.below->numbers.size(); ++i)
            text += fmt::format("\t{}", id_.below->numbers[i]);
        return text + "\n";
    }

private:
    Pid id_;
    std::shared_ptr<ProcessEnd> end_;
};

}  // namespace uprobesim
