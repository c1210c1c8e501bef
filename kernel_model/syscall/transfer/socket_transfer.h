// SPDX-License-Identifier: GPL-2.0-or-later
// Sending and receiving, shared by all system calls that do it: buffers of the guest, blocking,
// signals.
#pragma once

#include <vector>

#include "kernel_model/abi/stat.h"
#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// The guest's buffers of one message.
class UserVector {
public:
    // Inval, Fault: one is not in user space.
    static SysResult<UserVector> of(const SysCall& call, std::vector<abi::Iovec> parts);
    // MsgSize beyond UIO_MAXIOV.
    static SysResult<UserVector> read_from(SysCall& call, VAddr vector, std::uint64_t count);

    std::uint64_t size() const { return size_; }
    [[nodiscard]] bool read(UserMemory memory, std::uint64_t offset, std::span<std::byte> to) const;
    // Whether `size` bytes from there on can be written.
    bool writable(UserMemory memory, std::uint64_t offset, std::uint64_t size) const;
    [[nodiscard]] bool write(UserMemory memory, std::uint64_t offset,
                             std::span<const std::byte> from) const;

private:
    template <class Fn>
    bool walk(std::uint64_t offset, std::uint64_t size, Fn fn) const;

    std::vector<abi::Iovec> parts_;
    std::uint64_t size_ = 0;
};

// The caller's credentials as its peers see them (SO_PEERCRED, SCM_CREDENTIALS).
Ucred credentials_of(const Task& task);

// What a signal makes of a wait for a socket (sock_intr_errno): with a time limit (SO_RCVTIMEO,
// SO_SNDTIMEO; 0: none) it is not repeated.
Interrupted interrupted(std::uint64_t timeout_ns);

// `message` holds everything but the payload. Returns the number of bytes sent.
SysOutcome send_message(SysCall& call, Socket& socket, const UserVector& buffers, Outgoing message,
                        std::uint32_t flags);
// Returns the number of bytes received; `got` holds everything but the payload.
SysOutcome receive_message(SysCall& call, Socket& socket, const UserVector& buffers,
                           std::uint32_t flags, Incoming& got);

}  // namespace uprobesim
