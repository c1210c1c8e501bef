// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/ipc/ipc_limits.h"

#include <algorithm>
#include <array>

namespace uprobesim {

bool is_of_ipc(std::string_view sysctl) {
    constexpr std::array<std::string_view, 4> kOwn = {"kernel/shm", "kernel/msg", "kernel/sem",
                                                      "fs/mqueue/"};
    return std::ranges::any_of(kOwn, [&](auto prefix) { return sysctl.starts_with(prefix); });
}

IpcLimits limits_of(const Sysctls& sysctls) {
    const auto wide = [&](std::string_view name) {
        return static_cast<std::uint64_t>(sysctls.number(name));
    };
    const auto number = [&](std::string_view name, std::size_t place = 0) {
        return static_cast<std::uint32_t>(sysctls.number(name, place));
    };
    return {.semaphores_of_set = number("kernel/sem", 0),
            .semaphores = number("kernel/sem", 1),
            .operations = number("kernel/sem", 2),
            .sets = number("kernel/sem", 3),
            .message_bytes = number("kernel/msgmax"),
            .queue_bytes = number("kernel/msgmnb"),
            .queues = number("kernel/msgmni"),
            .segment_bytes = wide("kernel/shmmax"),
            .segment_pages = wide("kernel/shmall"),
            .segments = number("kernel/shmmni"),
            .posix_queues = number("fs/mqueue/queues_max"),
            .posix_messages = number("fs/mqueue/msg_max"),
            .posix_message_bytes = number("fs/mqueue/msgsize_max"),
            .posix_default_messages = number("fs/mqueue/msg_default"),
            .posix_default_bytes = number("fs/mqueue/msgsize_default"),
            .next_queue_id = static_cast<std::int32_t>(number(kNextQueueId)),
            .next_set_id = static_cast<std::int32_t>(number(kNextSetId)),
            .next_segment_id = static_cast<std::int32_t>(number(kNextSegmentId)),
            .segments_need_attaches = number("kernel/shm_rmid_forced") != 0};
}

}  // namespace uprobesim
