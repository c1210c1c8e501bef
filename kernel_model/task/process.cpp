// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/task/process.h"

namespace uprobesim {

void set_credentials(Task& task, Credentials next) {
    Process& process = *task.process;
    if (task.cred->differ_to_observers(next)) {
        process.options.dumpable = 0;  // fs.suid_dumpable
        process.options.parent_death_signal = 0;
    }
    task.cred = std::make_shared<const Credentials>(std::move(next));
    if (task.id.value == process.pid) process.cred = task.cred;
}

}  // namespace uprobesim
