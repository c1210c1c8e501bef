// SPDX-License-Identifier: GPL-2.0-or-later
// Socket options of filters (sk_attach_filter).
#pragma once

#include <cstdint>
#include <optional>

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Nothing: it is none of them. `length`, `room`: of the value.
std::optional<SysOutcome> set_filter_option(SysCall& call, Socket& socket, std::int32_t level,
                                            std::int32_t name, std::uint32_t length);
std::optional<SysOutcome> get_filter_option(SysCall& call, const Socket& socket, std::int32_t level,
                                            std::int32_t name, std::int32_t room);

}  // namespace uprobesim
