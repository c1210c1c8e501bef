// SPDX-License-Identifier: GPL-2.0-or-later
// The limits of an IPC namespace, with Linux's defaults: /proc/sys/kernel/{sem,msg*} and
// /proc/sys/fs/mqueue.
#pragma once

#include <cstdint>

namespace uprobesim {

struct IpcLimits {
    // kernel.sem: SEMMSL, SEMMNS, SEMOPM, SEMMNI
    std::uint32_t semaphores_of_set = 32000, semaphores = 1024000000, operations = 500,
                  sets = 32000;
    // kernel.msgmax, msgmnb, msgmni
    std::uint32_t message_bytes = 8192, queue_bytes = 16384, queues = 32000;
    // fs.mqueue
    std::uint32_t posix_queues = 256, posix_messages = 10, posix_message_bytes = 8192,
                  posix_default_messages = 10, posix_default_bytes = 8192;
};

}  // namespace uprobesim
