// SPDX-License-Identifier: GPL-2.0-or-later
// The loopback network of one simulation: which sockets there are, who has which port or name.
// There is no other interface, and the host's network is never touched.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kernel_model/abi/errno.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/net/address.h"

namespace uprobesim {

class Socket;
class InetSocket;
class UnixSocket;

class Network {
public:
    // Of sockets, pipes and other files without a name: one sequence, as theirs are shown side by
    // side.
    std::uint64_t next_inode() { return ++last_inode_; }

    std::uint64_t add(Socket& socket);
    void remove(Socket& socket);
    // In the order they were made.
    const std::map<std::uint64_t, Socket*>& sockets() const { return sockets_; }

    // --- ports. `port` 0: the next free one of 32768 to 60999.
    SysResult<std::uint16_t> claim(InetSocket& socket, std::uint16_t port);
    // The socket takes a port that others have, too: an accepted connection.
    void join(InetSocket& socket, std::uint16_t port);
    void release(InetSocket& socket);
    // Who gets what is sent to this address: the most exact one of those that `takes` it, the first
    // come of equals. Null: nobody.
    InetSocket* destination(std::uint32_t protocol, const IpAddress& to, std::uint16_t port,
                            const IpAddress& from, std::uint16_t from_port) const;

    // Whether a TCP socket listens on this port.
    bool listening(std::uint16_t port) const;

    // --- names of AF_UNIX
    SysResult<void> claim_name(UnixSocket& socket, const SocketAddress& name);
    void release_name(UnixSocket& socket);
    UnixSocket* named(const SocketAddress& name) const;
    std::string unused_abstract_name();

    // Descriptors that were sent and not yet received: as many as a process may have open
    // (too_many_unix_fds).
    static constexpr std::uint64_t kMaxInFlight = 1024;
    std::uint64_t files_in_flight = 0;

    // Bytes that lie in TCP connections, and how many may (net.ipv4.tcp_mem, so that a guest cannot
    // fill the host).
    static constexpr std::uint64_t kMaxTcpBytes = std::uint64_t{1} << 30;
    std::uint64_t tcp_bytes = 0;

    // SIOCGIF*: lo, and nothing else.
    SysResult<std::uint64_t> interface_ioctl(std::uint64_t request, std::uint64_t arg,
                                             UserMemory& memory) const;

private:
    using Ports = std::map<std::uint16_t, std::vector<InetSocket*>>;
    Ports& ports_of(const InetSocket& socket);
    bool conflict(const InetSocket& socket, std::uint16_t port);

    std::uint64_t last_inode_ = 10000;
    std::map<std::uint64_t, Socket*> sockets_;
    std::map<std::uint32_t, Ports> ports_;  // by protocol
    std::map<std::uint32_t, std::uint16_t> last_port_;
    std::map<std::string, UnixSocket*> abstract_;
    std::map<FileKey, UnixSocket*> files_;
    std::uint32_t last_name_ = 0;
};

}  // namespace uprobesim
