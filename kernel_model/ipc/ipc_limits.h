// SPDX-License-Identifier: GPL-2.0-or-later
// The limits of an IPC namespace: /proc/sys/kernel/{sem,msg*,shm*} and /proc/sys/fs/mqueue.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel_model/sysctl/sysctls.h"

namespace uprobesim {

// Linux's defaults; those that are in force are of limits_of().
struct IpcLimits {
    // kernel.sem: SEMMSL, SEMMNS, SEMOPM, SEMMNI
    std::uint32_t semaphores_of_set = 32000, semaphores = 1024000000, operations = 500,
                  sets = 32000;
    // kernel.msgmax, msgmnb, msgmni
    std::uint32_t message_bytes = 8192, queue_bytes = 16384, queues = 32000;
    // kernel.shmmax, shmall, shmmni
    std::uint64_t segment_bytes = ~std::uint64_t{0} - (1 << 24),
                  segment_pages = ~std::uint64_t{0} - (1 << 24);
    std::uint32_t segments = 4096;
    // fs.mqueue
    std::uint32_t posix_queues = 256, posix_messages = 10, posix_message_bytes = 8192,
                  posix_default_messages = 10, posix_default_bytes = 8192;
    // kernel.msg_next_id, sem_next_id, shm_next_id: what the next object is to be called; -1: as it
    // comes.
    std::int32_t next_queue_id = -1, next_set_id = -1, next_segment_id = -1;
    bool segments_need_attaches = false;  // kernel.shm_rmid_forced
};

inline constexpr std::string_view kNextQueueId = "kernel/msg_next_id",
                                  kNextSetId = "kernel/sem_next_id",
                                  kNextSegmentId = "kernel/shm_next_id";

// Whether an IPC namespace has this parameter for itself.
bool is_of_ipc(std::string_view sysctl);
IpcLimits limits_of(const Sysctls& sysctls);

}  // namespace uprobesim
