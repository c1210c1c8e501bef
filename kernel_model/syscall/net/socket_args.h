// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets and their addresses as arguments of calls.
#pragma once

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Badf, NotSock.
SysResult<std::shared_ptr<Socket>> socket_argument(SysCall& call, std::int32_t fd);
// An address of `length` bytes. A path of AF_UNIX is looked up: its socket is known then
// (ConnRefused: no socket file).
SysResult<SocketAddress> address_argument(SysCall& call, VAddr at, std::int32_t length);
SysResult<void> look_up(SysCall& call, SocketAddress& address);
// move_addr_to_user: as much of it as fits, and its full length.
SysResult<void> put_address(SysCall& call, std::span<const std::byte> bytes, VAddr at,
                            VAddr length_at);

}  // namespace uprobesim
