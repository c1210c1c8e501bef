// SPDX-License-Identifier: GPL-2.0-or-later
// AF_PACKET sockets: they hear the frames of UDP, of raw sockets and of each other on lo. The
// loopback of the model moves data, not frames, for TCP, and takes no frame as a packet.
#pragma once

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/datagram_queue.h"
#include "kernel_model/net/frames.h"
#include "kernel_model/net/packet/packet_ring.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class PacketSocket final : public Socket, public FrameListener {
public:
    PacketSocket(std::shared_ptr<Network> network, std::uint32_t type, std::uint32_t protocol);
    PacketSocket(const PacketSocket&) = delete;
    PacketSocket& operator=(const PacketSocket&) = delete;
    ~PacketSocket() override;

    SysResult<void> bind(const SocketAddress& address, const Ucred&) override;
    SysResult<void> connect(const SocketAddress&, const Ucred&, bool) override {
        return tl::make_unexpected(Errno::NotSup);
    }
    SocketAddress local() const override;
    SysResult<SocketAddress> peer() const override { return tl::make_unexpected(Errno::NotSup); }
    SysResult<std::uint64_t> send(const Outgoing& message) override;
    SysResult<Incoming> receive(std::uint64_t most, bool peek) override;
    SysResult<void> shutdown(bool, bool) override { return tl::make_unexpected(Errno::NotSup); }
    std::uint64_t readable_bytes() const override { return queue_.next_bytes(); }
    std::uint32_t poll() override;
    std::shared_ptr<FileBacking> backing() override { return rings.memory(); }
    SysResult<void> may_map(std::uint64_t offset, std::uint64_t length) override;
    FileCosts costs() const override {
        return {.read = KernelPath::SysReceiveUdp,
                .write = KernelPath::SysSendUdp,
                .close = KernelPath::SysCloseSocket};
    }

    std::uint16_t hears() const override { return name_.packet_protocol; }
    void take(const LinkFrame& frame, std::uint8_t type) override;
    // Frames that came and those that were lost, since they were asked for.
    std::array<std::uint32_t, 2> take_counts() { return std::exchange(counts_, {}); }

    // Links whose packets it was asked to hear as well. NoBufs: there are too many.
    SysResult<void> join(const abi::PacketMembership& wanted);
    // One that is not there is no error.
    void leave(const abi::PacketMembership& wanted);
    PacketRings rings;
    static constexpr std::int32_t kLo = 1;

private:
    SysResult<std::uint64_t> transmit(std::span<const std::byte> bytes, const SocketAddress& to);
    SysResult<std::uint64_t> send_ring(const SocketAddress& to);
    bool put_in_ring(std::span<const std::byte> bytes, const SocketAddress& from,
                     const LinkFrame& frame);

    std::vector<abi::PacketMembership> memberships_;
    MemoryCharge memberships_charge_;
    SocketAddress name_;
    DatagramQueue<SocketAddress> queue_;
    std::array<std::uint32_t, 2> counts_{};
};

}  // namespace uprobesim
