// SPDX-License-Identifier: GPL-2.0-or-later
// SOCK_RAW of AF_INET and AF_INET6 over lo: each packet that is sent reaches the raw sockets of its
// protocol, and an ICMP echo request is answered. Packets of TCP and UDP sockets do not reach them.
#pragma once

#include "kernel_model/net/datagram_queue.h"

namespace uprobesim {

class RawSocket final : public Socket {
public:
    RawSocket(std::shared_ptr<Network> network, std::uint16_t family, std::uint32_t protocol);
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;
    ~RawSocket() override;

    SysResult<void> bind(const SocketAddress& address, const Ucred& caller) override;
    SysResult<void> connect(const SocketAddress& address, const Ucred& caller, bool waits) override;
    SocketAddress local() const override;
    SysResult<SocketAddress> peer() const override;
    SysResult<std::uint64_t> send(const Outgoing& message) override;
    SysResult<Incoming> receive(std::uint64_t most, bool peek) override;
    SysResult<void> shutdown(bool read, bool write) override;
    std::uint64_t longest_message() const override { return 65515; }
    std::uint64_t readable_bytes() const override { return queue_.next_bytes(); }
    std::uint8_t tcp_state() const override { return 7; }
    std::uint32_t poll() override;
    FileCosts costs() const override {
        return {.read = KernelPath::SysReceiveUdp,
                .write = KernelPath::SysSendUdp,
                .close = KernelPath::SysCloseSocket};
    }
    KernelPath connect_path() const override { return KernelPath::SysBind; }

private:
    bool is_v6() const { return family() == abi::kAfInet6; }
    SocketAddress address_of(const IpAddress& ip) const;
    struct Arrival {
        IpAddress from;
        PacketFields fields;
    };
    void transmit(const IpAddress& from, const PacketFields& fields, std::uint8_t protocol,
                  std::span<const std::byte> payload);
    void take(std::span<const std::byte> bytes, const IpAddress& from, const PacketFields& fields,
              std::uint32_t mark);
    std::optional<std::size_t> filtered(std::span<const std::byte> bytes, const IpAddress& from,
                                        const PacketFields& fields, std::uint32_t mark) const;

    IpAddress local_ip_ = IpAddress::any(is_v6());
    std::optional<IpAddress> remote_ip_;
    DatagramQueue<Arrival> queue_;
};

}  // namespace uprobesim
