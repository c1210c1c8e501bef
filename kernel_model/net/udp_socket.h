// SPDX-License-Identifier: GPL-2.0-or-later
// UDP over loopback: datagrams arrive at once, or are dropped if the receiver's buffer is full.
#pragma once

#include "kernel_model/net/datagram_queue.h"
#include "kernel_model/net/inet_socket.h"

namespace uprobesim {

class UdpSocket final : public InetSocket {
public:
    // `protocol`: UDP, or UDP-Lite.
    UdpSocket(std::shared_ptr<Network> network, std::uint16_t family,
              std::uint32_t protocol = abi::kIpprotoUdp)
        : InetSocket(std::move(network), family, abi::kSockDgram, protocol) {}

    SysResult<void> connect(const SocketAddress& address, const Ucred& caller, bool waits) override;
    SysResult<SocketAddress> peer() const override;
    SysResult<std::uint64_t> send(const Outgoing& message) override;
    std::uint64_t longest_message() const override {
        return 65507;  // 65,535 less the headers of IP and UDP
    }
    SysResult<Incoming> receive(std::uint64_t most, bool peek) override;
    SysResult<void> shutdown(bool read, bool write) override;
    bool receives() const override { return true; }
    void option_changed(std::int32_t level, std::int32_t option) override;
    std::uint64_t readable_bytes() const override { return queue_.next_bytes(); }
    std::uint8_t tcp_state() const override { return remote_port_ != 0 ? 1 : 7; }

    SysResult<void> become_v4() override;

    std::uint32_t poll() override;
    FileCosts costs() const override {
        return {.read = KernelPath::SysReceiveUdp,
                .write = KernelPath::SysSendUdp,
                .close = KernelPath::SysCloseSocket};
    }
    KernelPath connect_path() const override { return KernelPath::SysBind; }

private:
    bool sends_to_groups() const override { return true; }
    void deliver(UdpSocket& other, std::span<const std::byte> bytes, const SocketAddress& from,
                 const PacketFields& fields);
    std::optional<std::size_t> filtered(std::span<const std::byte> bytes, const SocketAddress& from,
                                        const PacketFields& fields, std::uint32_t mark,
                                        std::uint32_t hash) const;
    // What MSG_MORE or UDP_CORK keeps back, and where it goes.
    struct Pending {
        std::vector<std::byte> bytes;
        SocketAddress to;
        PacketWishes wishes;
        MemoryCharge memory;
    };
    struct Arrival {
        SocketAddress from;
        PacketFields fields;
    };
    SysResult<void> transmit(std::span<const std::byte> bytes, const SocketAddress& to,
                             const PacketWishes& wishes);
    void refused(std::span<const std::byte> bytes, const SocketAddress& to);
    bool reports_errors() const;

    std::optional<Pending> pending_;
    DatagramQueue<Arrival> queue_;
};

}  // namespace uprobesim
