// SPDX-License-Identifier: GPL-2.0-or-later
// What Landlock forbids a caller in bind and connect.
#pragma once

#include <cstdint>

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// current_check_access_socket: the address of the call, which a TCP socket is bound or connected
// to. `right`: abi::kLandlockNet*. Acces: the port is not allowed; Inval, AfNoSupport: the address
// is none of the socket's.
SysResult<void> check_port(SysCall& call, const Socket& socket, std::uint32_t right);
// hook_unix_stream_connect, and hook_unix_may_send for datagrams. Perm.
SysResult<void> check_scope(SysCall& call, Socket& socket, const SocketAddress& address);

}  // namespace uprobesim
