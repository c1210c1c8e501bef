// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets and their addresses as system call arguments.
#pragma once

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Badf, NotSock.
SysResult<std::shared_ptr<Socket>> socket_argument(SysCall& call, std::int32_t fd);
// Parses an address of `length` bytes. An AF_UNIX path is looked up to find its socket file
// (ConnRefused: not a socket).
SysResult<SocketAddress> address_argument(SysCall& call, VAddr at, std::int32_t length);
// Of an address that nobody looks at. Inval: its length; Fault.
SysResult<void> check_address(SysCall& call, VAddr at, std::int32_t length);
SysResult<void> look_up(SysCall& call, SocketAddress& address);
// move_addr_to_user: writes as much of the address as fits, and its full length.
SysResult<void> put_address(SysCall& call, std::span<const std::byte> bytes, VAddr at,
                            VAddr length_at);

}  // namespace uprobesim
