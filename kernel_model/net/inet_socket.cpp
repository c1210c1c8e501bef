// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/inet_socket.h"

#include "kernel_model/net/network.h"

namespace uprobesim {

namespace {

constexpr std::uint16_t kFirstUnprivilegedPort = 1024;

}  // namespace

InetSocket::~InetSocket() {
    network().release(*this);
}

SysResult<void> InetSocket::bind(const SocketAddress& address, const Ucred& caller) {
    // __inet_bind accepts AF_UNSPEC where the address is INADDR_ANY.
    const bool any_unspec = address.family == abi::kAfUnspec && !is_v6();
    if (address.family != family() && !any_unspec) {
        return tl::make_unexpected(is_v6() && address.family == abi::kAfInet ? Errno::Inval
                                                                             : Errno::AfNoSupport);
    }
    if (is_v6() && only_v6() && address.ip.is_v4()) return tl::make_unexpected(Errno::Inval);
    if (!any_unspec && !address.ip.is_any() && !address.ip.is_loopback() &&
        !address.ip.is_group()) {
        return tl::make_unexpected(Errno::AddrNotAvail);
    }
    if (address.port != 0 && address.port < kFirstUnprivilegedPort && !caller.binds_low_ports) {
        return tl::make_unexpected(Errno::Acces);
    }
    if (local_port_ != 0) return tl::make_unexpected(Errno::Inval);
    const IpAddress before = local_ip_;
    if (!any_unspec) local_ip_ = address.ip;
    const auto port = network().claim(*this, address.port);
    if (!port) {
        local_ip_ = before;
        return tl::make_unexpected(port.error());
    }
    local_port_ = *port;
    address_bound_ = is_v6() ? local_ip_ != IpAddress::any(true) : !local_ip_.is_any();
    port_bound_ = address.port != 0;
    return {};
}

void InetSocket::choose_own_address(const IpAddress& to) {
    if (local_ip_.is_any()) local_ip_ = IpAddress::loopback(!to.is_v4());
}

void InetSocket::forget_addresses() {
    remote_port_ = 0;
    remote_ip_ = IpAddress::any(is_v6());
    if (!address_bound_) local_ip_ = IpAddress::any(is_v6());
}

void InetSocket::forget_port() {
    if (port_bound_) return;
    network().release(*this);
    local_port_ = 0;
}

SocketAddress InetSocket::local() const {
    SocketAddress address;
    address.family = family();
    address.ip = local_ip_;
    address.port = local_port_ != 0 ? local_port_ : former_port_;
    return address;
}

SocketAddress InetSocket::remote() const {
    SocketAddress address;
    address.family = family();
    address.ip = remote_ip_;
    address.port = remote_port_;
    return address;
}

// ip_route_output_key: the interface that was chosen, or that of the own address. No route leads to
// the groups of IPv6 by lo.
bool InetSocket::leads_to_groups(const IpAddress& to) const {
    return to.is_v4() && (group_interface != 0 || local_ip_.is_loopback());
}

// udp_sendmsg: to a group from the address of IP_MULTICAST_IF, or from none.
IpAddress InetSocket::own_address(const IpAddress& to) const {
    if (!local_ip_.is_any() && !local_ip_.is_group()) return local_ip_;
    if (!to.is_group()) return IpAddress::loopback(!to.is_v4());
    return IpAddress::v4(__builtin_bswap32(
        static_cast<std::uint32_t>(options.get(abi::kSolIp, abi::kIpMulticastIf))));
}

// do_ipv6_setsockopt.
SysResult<void> InetSocket::become_v4() {
    if (remote_port_ == 0) return tl::make_unexpected(Errno::NotConn);
    if (only_v6() || !remote_ip_.is_v4()) return tl::make_unexpected(Errno::AddrNotAvail);
    set_family(abi::kAfInet);
    groups = {};
    return {};
}

SysResult<IpAddress> InetSocket::route(const SocketAddress& to) const {
    if (!network().up()) return tl::make_unexpected(Errno::NetUnreach);
    // An AF_INET6 socket accepts AF_INET addresses as mapped ones. (In Linux udpv6_sendmsg does,
    // tcp_v6_connect does not.)
    if (to.family != abi::kAfInet && (to.family != abi::kAfInet6 || !is_v6()))
        return tl::make_unexpected(Errno::AfNoSupport);
    if (to.ip.is_v4() && only_v6()) return tl::make_unexpected(Errno::NetUnreach);
    // The any-address is the own one (ip_route_output_key), or the loopback one: that of IPv4 where
    // the socket uses IPv4 already (ip6_datagram_connect).
    if (to.ip.is_any() && !is_v6() && !local_ip_.is_any()) return local_ip_;
    if (to.ip.is_any()) return IpAddress::loopback(!to.ip.is_v4() && !local_ip_.is_v4());
    if (local_ip_.is_v4() && !to.ip.is_v4()) return tl::make_unexpected(Errno::AfNoSupport);
    if (to.ip.is_group() && sends_to_groups() && leads_to_groups(to.ip)) return to.ip;
    if (!to.ip.is_loopback()) return tl::make_unexpected(Errno::NetUnreach);
    return to.ip;
}

SysResult<void> InetSocket::claim_some_port() {
    if (local_port_ != 0) return {};
    const auto port = network().claim(*this, 0);
    // connect's error if no port is free.
    if (!port) return tl::make_unexpected(Errno::AddrNotAvail);
    local_port_ = *port;
    return {};
}

}  // namespace uprobesim
