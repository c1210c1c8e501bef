// SPDX-License-Identifier: GPL-2.0-or-later
// What TCP and UDP sockets have in common: two addresses and a port.
#pragma once

#include "kernel_model/net/socket.h"

namespace uprobesim {

class InetSocket : public Socket {
public:
    using Socket::Socket;
    InetSocket(const InetSocket&) = delete;
    InetSocket& operator=(const InetSocket&) = delete;
    ~InetSocket() override;

    SysResult<void> bind(const SocketAddress& address, const Ucred& caller) override;
    SocketAddress local() const override;
    SysResult<void> become_v4() override;

    bool is_v6() const { return family() == abi::kAfInet6; }
    bool only_v6() const { return is_v6() && options.is_on(abi::kSolIpv6, abi::kIpv6V6only); }
    const IpAddress& local_ip() const { return local_ip_; }
    const IpAddress& remote_ip() const { return remote_ip_; }
    std::uint16_t local_port() const { return local_port_; }
    std::uint16_t remote_port() const { return remote_port_; }
    // Whether it can be the destination of packets to its port: a listener or a datagram socket.
    virtual bool receives() const = 0;

protected:
    // Whether a multicast group can be a destination.
    virtual bool sends_to_groups() const { return false; }
    bool leads_to_groups(const IpAddress& to) const;
    // What leaves without another address leaves from this one.
    IpAddress own_address(const IpAddress& to) const;
    // Checks the destination of connect or sendto. The unspecified address stands for loopback;
    // NetUnreach: neither of them.
    SysResult<IpAddress> route(const SocketAddress& to) const;
    SysResult<void> claim_some_port();
    // The own address of one that is connected to `to`: what it has, or the one `to` is reached
    // from.
    void choose_own_address(const IpAddress& to);
    // Forgets the peer, and an own address that bind did not ask for (__udp_disconnect,
    // tcp_disconnect).
    void forget_addresses();
    // Unless bind asked for it.
    void forget_port();
    SocketAddress remote() const;
    // sk_txhash: any number but 0.
    std::uint32_t connection_hash() const {
        constexpr std::uint32_t kSpread = 0x9e3779b1;
        return (static_cast<std::uint32_t>(inode()) * kSpread) | 0x80000000;
    }

    IpAddress local_ip_ = IpAddress::any(is_v6());
    IpAddress remote_ip_ = IpAddress::any(is_v6());
    std::uint16_t local_port_ = 0, remote_port_ = 0;
    std::uint16_t former_port_ = 0;                    // told while there is none (inet_sport)
    bool address_bound_ = false, port_bound_ = false;  // SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK
};

}  // namespace uprobesim
