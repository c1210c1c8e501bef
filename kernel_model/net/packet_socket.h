// SPDX-License-Identifier: GPL-2.0-or-later
// AF_PACKET sockets. What is sent on lo is dropped, and no packet of the other sockets reaches one:
// the loopback of the model moves data, not frames.
#pragma once

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/socket.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class PacketSocket final : public Socket {
public:
    PacketSocket(std::shared_ptr<Network> network, std::uint32_t type, std::uint32_t protocol)
        : Socket(std::move(network), abi::kAfPacket, type, protocol) {
        name_.family = abi::kAfPacket;
        name_.packet_protocol = static_cast<std::uint16_t>(protocol);
    }

    SysResult<void> bind(const SocketAddress& address, const Ucred&) override {
        if (address.family != abi::kAfPacket) return tl::make_unexpected(Errno::Inval);
        if (address.interface != 0 && address.interface != kLo)
            return tl::make_unexpected(Errno::NoDev);
        name_ = address;
        return {};
    }
    SysResult<void> connect(const SocketAddress&, const Ucred&, bool) override {
        return tl::make_unexpected(Errno::NotSup);
    }
    SocketAddress local() const override { return name_; }
    SysResult<SocketAddress> peer() const override { return tl::make_unexpected(Errno::NotSup); }
    SysResult<std::uint64_t> send(const Outgoing& message) override {
        const std::int32_t interface = message.to ? message.to->interface : name_.interface;
        if (interface != kLo) return tl::make_unexpected(Errno::Nxio);
        return std::uint64_t{message.bytes.size()};
    }
    SysResult<Incoming> receive(std::uint64_t, bool) override {
        return tl::make_unexpected(Errno::Again);
    }
    SysResult<void> shutdown(bool, bool) override { return tl::make_unexpected(Errno::NotSup); }
    std::uint64_t readable_bytes() const override { return 0; }
    std::uint32_t poll() override { return abi::kPollWritable | abi::kPollWrband; }
    // Links whose packets it was asked to hear as well, and what they take of the memory.
    std::vector<abi::PacketMembership> memberships;
    MemoryCharge memberships_charge;
    static constexpr std::size_t kMostMemberships = 1024;
    static constexpr std::uint64_t kMembershipBytes = 2 * sizeof(abi::PacketMembership);
    static constexpr std::int32_t kLo = 1;

    FileCosts costs() const override {
        return {.read = KernelPath::SysReceiveUdp,
                .write = KernelPath::SysSendUdp,
                .close = KernelPath::SysCloseSocket};
    }

private:
    SocketAddress name_;
};

}  // namespace uprobesim
