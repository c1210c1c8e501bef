// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// By the number that the caller has for it, or for any of its tasks; a zombie too. Null: there is
// none.
inline Process* named_process(const SysCall& call, std::int32_t number) {
    const Task* const task = call.find_task(number);
    return task != nullptr ? task->process : call.find_any_process(number);
}

}  // namespace uprobesim
