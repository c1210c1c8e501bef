// SPDX-License-Identifier: GPL-2.0-or-later
// AF_NETLINK sockets: messages to and from the kernel, and between sockets of NETLINK_USERSOCK.
// NETLINK_ROUTE is answered by route_answers.h; NETLINK_KOBJECT_UEVENT stays silent, as no device
// comes or goes.
#pragma once

#include "kernel_model/net/datagram_queue.h"

namespace uprobesim {

class NetlinkSocket final : public Socket {
public:
    NetlinkSocket(std::shared_ptr<Network> network, std::uint32_t type, std::uint32_t protocol);
    NetlinkSocket(const NetlinkSocket&) = delete;
    NetlinkSocket& operator=(const NetlinkSocket&) = delete;
    ~NetlinkSocket() override;

    // ProtoNoSupport, SockTNoSupport.
    static SysResult<void> check(std::uint32_t type, std::uint32_t protocol);

    SysResult<void> bind(const SocketAddress& address, const Ucred& caller) override;
    SysResult<void> connect(const SocketAddress& address, const Ucred& caller, bool waits) override;
    SocketAddress local() const override;
    SysResult<SocketAddress> peer() const override;
    SysResult<std::uint64_t> send(const Outgoing& message) override;
    SysResult<Incoming> receive(std::uint64_t most, bool peek) override;
    SysResult<void> shutdown(bool, bool) override { return tl::make_unexpected(Errno::NotSup); }
    std::uint64_t readable_bytes() const override { return queue_.next_bytes(); }
    std::uint64_t longest_message() const override { return send_buffer() - 32; }
    void accept_kernel_bytes(std::span<const std::byte> bytes) override { deliver(bytes, 0); }
    std::uint32_t poll() override;
    FileCosts costs() const override {
        return {.read = KernelPath::SysReceiveUdp,
                .write = KernelPath::SysSendUdp,
                .close = KernelPath::SysCloseSocket};
    }
    KernelPath connect_path() const override { return KernelPath::SysBind; }
    // NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP: one group, by its number.
    void option_changed(std::int32_t level, std::int32_t option) override;
    std::uint32_t port() const { return port_; }
    std::uint32_t groups() const { return groups_; }

private:
    void deliver(std::span<const std::byte> bytes, std::uint32_t from);
    SysResult<void> claim_port(std::uint32_t port);
    SysResult<void> claim_some_port(const Ucred& caller);

    std::uint32_t port_ = 0, groups_ = 0, peer_port_ = 0, peer_groups_ = 0;
    DatagramQueue<std::uint32_t> queue_;  // from a port
};

}  // namespace uprobesim
