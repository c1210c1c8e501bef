// SPDX-License-Identifier: GPL-2.0-or-later
// The objects of an IPC namespace, System V's shared memory apart (memory/ipc_segments.h).
#pragma once

#include "kernel_model/ipc/ipc_limits.h"
#include "kernel_model/ipc/message_queues.h"
#include "kernel_model/ipc/posix_queues.h"
#include "kernel_model/ipc/semaphores.h"

namespace uprobesim {

struct Ipc {
    explicit Ipc(PhysicalMemory* memory)
        : semaphores(memory), messages(memory), posix_queues(memory) {}

    // exit_sem; the notifications of a process end with it.
    void process_ended(std::int32_t pid, std::int64_t now_s) {
        semaphores.exit(pid, now_s);
        for (const auto& [name, queue] : posix_queues.all()) {
            if (queue->notification && queue->notification->pid == pid)
                queue->end_notification(true);
        }
    }

    IpcLimits limits;
    SemaphoreSets semaphores;
    MessageQueues messages;
    PosixQueues posix_queues;
};

}  // namespace uprobesim
