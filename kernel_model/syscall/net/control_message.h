// SPDX-License-Identifier: GPL-2.0-or-later
// struct cmsghdr: what is sent with a message, descriptors and credentials (unix(7), cmsg(3)), and
// what IP sockets tell and take (packet_control.h).
#pragma once

#include <array>

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

SysResult<void> read_control(SysCall& call, const Socket& socket, VAddr at, std::uint64_t length,
                             Outgoing& message);
// struct ucred, by the ids that the caller knows them by; without a peer there are none
// (cred_to_ucred).
inline std::array<std::uint32_t, 3> shown_credentials(const SysCall& call, const Ucred& of) {
    const UserSpace& space = call.cred().space;
    return {static_cast<std::uint32_t>(call.number_of(of.pid)),
            of.uid != kNoId ? shown_user(space, of.uid) : kNoId,
            of.gid != kNoId ? shown_group(space, of.gid) : kNoId};
}
// Returns the number of bytes written. What does not fit is cut or dropped, and abi::kMsgCtrunc
// is set in `told`.
std::uint64_t put_control(SysCall& call, const Socket& socket, VAddr at, std::uint64_t length,
                          std::uint32_t flags, Incoming& message, std::uint32_t& told);

}  // namespace uprobesim
