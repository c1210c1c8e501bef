// SPDX-License-Identifier: GPL-2.0-or-later
// net/netlink/af_netlink.c
#include "kernel_model/net/netlink/netlink_socket.h"

#include <algorithm>
#include <array>

#include "kernel_model/abi/netlink.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/net/netlink/route_answers.h"
#include "kernel_model/net/network.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

SocketAddress netlink_address(std::uint32_t port, std::uint32_t groups) {
    SocketAddress address;
    address.family = abi::kAfNetlink;
    address.netlink_port = port;
    address.netlink_groups = groups;
    return address;
}

}  // namespace

NetlinkSocket::NetlinkSocket(std::shared_ptr<Network> network, std::uint32_t type,
                             std::uint32_t protocol)
    : Socket(std::move(network), abi::kAfNetlink, type, protocol) {
    // Only such sockets can listen.
    Network* const of = &this->network();
    of->link_changed = [of](std::uint32_t changed) { announce_link(*of, changed); };
}

NetlinkSocket::~NetlinkSocket() {
    if (port_ != 0) network().netlink_ports.erase({protocol(), port_});
}

SysResult<void> NetlinkSocket::check(std::uint32_t type, std::uint32_t protocol) {
    if (type != abi::kSockRaw && type != abi::kSockDgram)
        return tl::make_unexpected(Errno::SockTNoSupport);
    const std::array known = {abi::kNetlinkRoute, abi::kNetlinkUsersock, abi::kNetlinkUevent};
    if (std::ranges::find(known, protocol) == known.end())
        return tl::make_unexpected(Errno::ProtoNoSupport);
    return {};
}

SysResult<void> NetlinkSocket::claim_port(std::uint32_t port) {
    if (!network().netlink_ports.try_emplace({protocol(), port}, this).second)
        return tl::make_unexpected(Errno::AddrInUse);
    port_ = port;
    return {};
}

// netlink_autobind: the process's id, or a number that is none. It is looked for below the lowest
// of those that are taken.
SysResult<void> NetlinkSocket::claim_some_port(const Ucred& caller) {
    if (port_ != 0) return {};
    constexpr auto kFirst = static_cast<std::uint32_t>(-4096);
    constexpr std::uint32_t kLast = 0x80000000;
    const auto& taken = network().netlink_ports;
    auto port = static_cast<std::uint32_t>(caller.pid.own());
    if (port == 0 || taken.contains({protocol(), port})) {
        const auto lowest = taken.lower_bound({protocol(), kLast});
        const bool none = lowest == taken.end() || lowest->first.first != protocol();
        port = none || lowest->first.second > kFirst ? kFirst : lowest->first.second - 1;
        // One that a program took itself may be the last of all.
        if (port < kLast) port = kFirst;
    }
    while (taken.contains({protocol(), port})) --port;
    return claim_port(port);
}

SysResult<void> NetlinkSocket::bind(const SocketAddress& address, const Ucred& caller) {
    if (address.family != abi::kAfNetlink) return tl::make_unexpected(Errno::Inval);
    if (port_ != 0 && address.netlink_port != port_ && address.netlink_port != 0)
        return tl::make_unexpected(Errno::Inval);
    if (port_ != 0 && address.netlink_port == 0 && port_ != address.netlink_port)
        return tl::make_unexpected(Errno::Inval);
    if (port_ == 0) {
        TRY(address.netlink_port != 0 ? claim_port(address.netlink_port) : claim_some_port(caller));
    }
    groups_ = address.netlink_groups;
    return {};
}

void NetlinkSocket::option_changed(std::int32_t level, std::int32_t option) {
    constexpr std::int32_t kMostGroups = 32;
    const bool adds = option == abi::kNetlinkAddMembership;
    if (level != abi::kSolNetlink || (!adds && option != abi::kNetlinkDropMembership)) return;
    const std::int32_t group = options.get(level, option);
    if (group < 1 || group > kMostGroups) return;
    const std::uint32_t bit = std::uint32_t{1} << (group - 1);
    groups_ = adds ? groups_ | bit : groups_ & ~bit;
    // A socket without a port hears nothing yet: netlink_setsockopt gives it none either.
}

SysResult<void> NetlinkSocket::connect(const SocketAddress& address, const Ucred& caller, bool) {
    if (address.family == abi::kAfUnspec) {
        peer_port_ = peer_groups_ = 0;
        return {};
    }
    if (address.family != abi::kAfNetlink) return tl::make_unexpected(Errno::Inval);
    TRY(claim_some_port(caller));
    peer_port_ = address.netlink_port;
    peer_groups_ = address.netlink_groups;
    return {};
}

SocketAddress NetlinkSocket::local() const {
    return netlink_address(port_, groups_);
}

SysResult<SocketAddress> NetlinkSocket::peer() const {
    return netlink_address(peer_port_, peer_groups_);
}

void NetlinkSocket::deliver(std::span<const std::byte> bytes, std::uint32_t from) {
    if (filtering.filter != nullptr) {
        const auto kept = kept_bytes(*filtering.filter, {bytes, network()});
        if (!kept) return;
        bytes = bytes.first(*kept);
    }
    if (!queue_.fits(bytes.size(), receive_buffer()) ||
        !network().has_room(message_charge(bytes.size()))) {
        error_ = Errno::NoBufs;  // netlink_overrun
        waiters_.wake();
        return;
    }
    queue_.push(bytes, from, network());
    waiters_.wake(abi::kPollReadable);
}

SysResult<std::uint64_t> NetlinkSocket::send(const Outgoing& message) {
    if (message.urgent) return tl::make_unexpected(Errno::NotSup);
    if (message.bytes.empty()) return tl::make_unexpected(Errno::NoData);
    std::uint32_t to = peer_port_;
    if (message.to) {
        if (message.to->family != abi::kAfNetlink) return tl::make_unexpected(Errno::Inval);
        to = message.to->netlink_port;
        const bool kernel = to == 0 && message.to->netlink_groups == 0;
        if (!kernel && message.sender.uid != 0 && protocol() != abi::kNetlinkUsersock)
            return tl::make_unexpected(Errno::Perm);
    }
    TRY(claim_some_port(message.sender));
    if (message.bytes.size() > longest_message()) return tl::make_unexpected(Errno::MsgSize);
    if (to != 0) {
        const auto other = network().netlink_ports.find({protocol(), to});
        if (other == network().netlink_ports.end()) return tl::make_unexpected(Errno::ConnRefused);
        other->second->deliver(message.bytes, port_);
    } else if (protocol() == abi::kNetlinkRoute) {
        for (const auto& answer :
             route_answers(message.bytes,
                           {.port = port_, .privileged = message.privileged, .network = network()}))
            deliver(answer, 0);
    } else if (protocol() == abi::kNetlinkUsersock) {
        return tl::make_unexpected(Errno::ConnRefused);  // the kernel has no socket of it
    }
    return std::uint64_t{message.bytes.size()};
}

SysResult<Incoming> NetlinkSocket::receive(std::uint64_t most, bool peek) {
    if (error_) return tl::make_unexpected(*take_error());
    if (queue_.empty()) return tl::make_unexpected(Errno::Again);
    const std::uint32_t from = queue_.next_from();
    Incoming got = queue_.take(most, peek);
    got.from = netlink_address(from, 0);
    got.sender = Ucred{.pid = static_cast<std::int32_t>(from), .uid = 0, .gid = 0};
    return got;
}

std::uint32_t NetlinkSocket::poll() {
    std::uint32_t bits = abi::kPollWritable | abi::kPollWrband;
    if (error_) bits |= abi::kPollErr;
    if (!queue_.empty()) bits |= abi::kPollReadable;
    return bits;
}

}  // namespace uprobesim
