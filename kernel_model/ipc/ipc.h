// SPDX-License-Identifier: GPL-2.0-or-later
// An IPC namespace.
#pragma once

#include "kernel_model/ipc/ipc_limits.h"
#include "kernel_model/ipc/message_queues.h"
#include "kernel_model/ipc/posix_queues.h"
#include "kernel_model/ipc/semaphores.h"
#include "kernel_model/memory/ipc_segments.h"
#include "kernel_model/task/namespaces.h"

namespace uprobesim {

class Ipc final : public Namespace {
public:
    Ipc(std::uint64_t own_inode, PhysicalMemory* memory)
        : Namespace(own_inode),
          semaphores(memory),
          messages(memory),
          posix_queues(memory),
          segments_(own_inode & 0xffff) {}

    // exit_sem; the notifications of a process end with it.
    void process_ended(const Pid& pid, std::int64_t now_s) {
        semaphores.exit(pid, now_s);
        segments_.process_ended(pid.first);
        for (const auto& [name, queue] : posix_queues.all()) {
            if (queue->notification && queue->notification->pid.first == pid.first)
                queue->end_notification(true);
        }
    }

    // ipc_idr_alloc: a wish for an id is for one object.
    void id_was_made(std::string_view wish) {
        if (sysctls.number(wish) >= 0) sysctls.set_default(wish, "-1");
    }

    // As they were written last.
    const IpcLimits& limits() {
        if (sysctls.version() != known_) limits_ = limits_of(sysctls);
        known_ = sysctls.version();
        return limits_;
    }

    Sysctls sysctls;  // those of is_of_ipc()
    SemaphoreSets semaphores;
    MessageQueues messages;
    PosixQueues posix_queues;
    IpcSegments& segments() {
        segments_.need_attaches(limits().segments_need_attaches);
        return segments_;
    }

private:
    IpcSegments segments_;
    IpcLimits limits_;
    std::uint64_t known_ = 0;
};

}  // namespace uprobesim
