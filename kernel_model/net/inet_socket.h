// SPDX-License-Identifier: GPL-2.0-or-later
// What TCP and UDP sockets have in common: two addresses and a port.
#pragma once

#include "kernel_model/net/socket.h"

namespace uprobesim {

class InetSocket : public Socket {
public:
    using Socket::Socket;
    ~InetSocket() override;

    SysResult<void> bind(const SocketAddress& address, const Ucred& who) override;
    SocketAddress local() const override;

    bool is_v6() const { return family() == abi::kAfInet6; }
    bool only_v6() const { return is_v6() && options.is_on(abi::kSolIpv6, abi::kIpv6V6only); }
    const IpAddress& local_ip() const { return local_ip_; }
    const IpAddress& remote_ip() const { return remote_ip_; }
    std::uint16_t local_port() const { return local_port_; }
    std::uint16_t remote_port() const { return remote_port_; }
    // Whether what is sent to its port may be for it: it listens, or takes datagrams.
    virtual bool receives() const = 0;

protected:
    // Of a connect or sendto. NetUnreach beyond loopback; any address is the loopback one.
    SysResult<IpAddress> route(const SocketAddress& to) const;
    SysResult<void> claim_some_port();
    SocketAddress remote() const;

    IpAddress local_ip_ = IpAddress::any(is_v6());
    IpAddress remote_ip_ = IpAddress::any(is_v6());
    std::uint16_t local_port_ = 0, remote_port_ = 0;
};

}  // namespace uprobesim
