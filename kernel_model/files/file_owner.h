// SPDX-License-Identifier: GPL-2.0-or-later
// Whom an open description signals (struct fown_struct): F_SETOWN and F_SETSIG.
#pragma once

#include <cstdint>

#include "kernel_model/files/credentials.h"

namespace uprobesim {

enum class OwnerType : std::int32_t { Task = 0, Process = 1, Group = 2 };

struct FileOwner {
    OwnerType type = OwnerType::Process;
    std::int32_t id = 0;      // 0: nobody
    std::int32_t signal = 0;  // 0: SIGIO
    Credentials setter{};     // of who set the owner: it must be allowed to signal it
    std::int32_t setter_process = 0;
};

}  // namespace uprobesim
