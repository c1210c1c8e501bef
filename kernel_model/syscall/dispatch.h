// SPDX-License-Identifier: GPL-2.0-or-later
// Dispatches a system call by its number to the handler in its row. The only place that writes a
// result to x0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernel_model/signal/signals.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

class SyscallDispatcher {
public:
    static constexpr std::uint32_t kLimit = 512;  // asm-generic numbers end below

    SyscallDispatcher();  // joins all tables
    explicit SyscallDispatcher(std::span<const std::span<const SyscallRow>> themes);

    // The SVC exception was counted already.
    void enter(Kernel& kernel, Task& task) const;
    // Enters the call before which a tracer has stopped the task.
    void enter_traced(Kernel& kernel, Task& task) const;
    // Enters the call of a Blocked task again. False: the task still waits.
    bool resume(Kernel& kernel, Task& task) const;
    // Whether a pending signal ends the wait of a task: one of TASK_KILLABLE only a fatal one does.
    static bool is_interrupted(const Task& task);
    // Ends the call of a task that waits in one with EINTR.
    void end_interrupted(Kernel& kernel, Task& task) const;

    const SyscallRow* find(std::uint32_t number) const {
        return number < kLimit ? rows_[number] : nullptr;
    }
    std::vector<const SyscallRow*> all() const;  // by number

private:
    void block(Kernel& kernel, Task& task, const SyscallRow& row) const;
    static void answer(Kernel& kernel, Task& task, const SyscallRow& row, Errno error);
    bool call(Kernel& kernel, Task& task, const SyscallRow& row) const;
    void carry_out(Kernel& kernel, Task& task, std::uint32_t number) const;
    static void end_traced(Kernel& kernel, Task& task, std::uint32_t number);

    std::array<const SyscallRow*, kLimit> rows_{};
};

}  // namespace uprobesim
