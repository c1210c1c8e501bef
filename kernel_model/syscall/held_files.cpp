// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/held_files.h"

namespace uprobesim {

void hold_files(const SysCall& call, const KeptFiles& kept, HeldFiles& held) {
    if (held[0].file != nullptr) return;
    const auto hold = [&](std::int8_t argument) {
        if (argument < 0) return HeldFile{};
        const std::int32_t fd = call.int32(static_cast<std::size_t>(argument));
        return HeldFile{fd, call.process.files.share(fd)};
    };
    held = {hold(kept.first), hold(kept.second)};
}

}  // namespace uprobesim
