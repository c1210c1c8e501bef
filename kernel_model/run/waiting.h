// SPDX-License-Identifier: GPL-2.0-or-later
// Who waits for what, in words: for runs that end because nobody can go on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace uprobesim {

class Kernel;

struct WaitingTask {
    std::int32_t task = 0;
    std::int32_t process = 0;
    std::string comm{};
    std::string call{};  // the system call's name; empty: the task is stopped
    std::string
        waits_for{};  // "descriptor 3, pipe:[1004]", "the futex word at 0x7f..., which is 2"
};
// By process, then task.
std::vector<WaitingTask> waiting_tasks(const Kernel& kernel);

}  // namespace uprobesim
