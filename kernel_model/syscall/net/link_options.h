// SPDX-License-Identifier: GPL-2.0-or-later
// Socket options that are about a link: SO_BINDTODEVICE, and those of packet sockets
// (packet_setsockopt).
#pragma once

#include <cstdint>
#include <optional>

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Empty: it is none of them.
std::optional<SysOutcome> set_link_option(SysCall& call, Socket& socket, std::int32_t level,
                                          std::int32_t name, std::uint32_t length);
std::optional<SysOutcome> get_link_option(SysCall& call, Socket& socket, std::int32_t level,
                                          std::int32_t name, std::int32_t room);

}  // namespace uprobesim
