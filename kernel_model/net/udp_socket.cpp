// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/udp_socket.h"

#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/frames.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_bytes.h"
#include "sim/base/try.h"

namespace uprobesim {

SysResult<void> UdpSocket::connect(const SocketAddress& address, const Ucred&, bool) {
    if (address.family == abi::kAfUnspec) {
        forget_addresses();
        forget_port();
        return {};
    }
    // inet_dgram_connect: the port comes first, whatever becomes of the rest.
    if (const auto port = claim_some_port(); !port) return tl::make_unexpected(Errno::Again);
    const auto to = TRY(route(address));
    choose_own_address(to);
    remote_ip_ = to;
    remote_port_ = address.port;
    return {};
}

SysResult<SocketAddress> UdpSocket::peer() const {
    if (remote_port_ == 0) return tl::make_unexpected(Errno::NotConn);
    return remote();
}

SysResult<std::uint64_t> UdpSocket::send(const Outgoing& message) {
    const std::uint64_t size = message.bytes.size();
    if (size + (pending_ ? pending_->bytes.size() : 0) > longest_message())
        return tl::make_unexpected(Errno::MsgSize);
    if (message.urgent) return tl::make_unexpected(Errno::NotSup);
    if (error_) return tl::make_unexpected(*take_error());
    if (!message.to && remote_port_ == 0 && !pending_)
        return tl::make_unexpected(Errno::DestAddrReq);
    SocketAddress to = message.to ? *message.to : remote();
    if (pending_) to = pending_->to;
    TRY(route(to));
    if (to.port == 0) return tl::make_unexpected(Errno::Inval);
    if (shut_write_) return tl::make_unexpected(Errno::Pipe);
    const bool corked = options.is_on(abi::kSolUdp, abi::kUdpCork);
    if (message.more || corked || pending_) {
        const std::uint64_t taken = message_charge(longest_message());
        if (!pending_) {
            if (!network().has_room(taken)) return tl::make_unexpected(Errno::NoBufs);
            pending_.emplace(Pending{.bytes = {},
                                     .to = to,
                                     .wishes = message.wishes,
                                     .memory = MemoryCharge(network().memory(), taken)});
        }
        pending_->bytes.insert(pending_->bytes.end(), message.bytes.begin(), message.bytes.end());
        if (message.more || corked) return size;
        const Pending all = *std::exchange(pending_, std::nullopt);
        TRY(transmit(all.bytes, all.to, all.wishes));
        return size;
    }
    TRY(transmit(message.bytes, to, message.wishes));
    return size;
}

// udp_push_pending_frames.
void UdpSocket::option_changed(std::int32_t level, std::int32_t option) {
    if (level != abi::kSolUdp || option != abi::kUdpCork || options.is_on(level, option)) return;
    if (const auto all = std::exchange(pending_, std::nullopt))
        (void)transmit(all->bytes, all->to, all->wishes);
}

bool UdpSocket::reports_errors() const {
    return options.is_on(abi::kSolIp, abi::kIpRecverr) ||
           options.is_on(abi::kSolIpv6, abi::kIpv6Recverr);
}

// ICMP port unreachable (__udp4_lib_err): for connected sockets, and those that ask for errors.
void UdpSocket::refused(std::span<const std::byte> bytes, const SocketAddress& to) {
    constexpr std::size_t kMostErrors = 32;
    constexpr std::uint8_t kOriginIcmp = 2, kOriginIcmp6 = 3, kUnreachable = 3, kPort = 3,
                           kUnreachable6 = 1, kPort6 = 4;
    const bool v6 = !to.ip.is_v4();
    const std::uint64_t taken = message_charge(bytes.size());
    if (reports_errors() && error_queue_.size() < kMostErrors && network().has_room(taken)) {
        SocketAddress offender = to;
        offender.port = 0;
        error_queue_.push_back({.error = static_cast<std::uint32_t>(Errno::ConnRefused),
                                .origin = v6 ? kOriginIcmp6 : kOriginIcmp,
                                .type = v6 ? kUnreachable6 : kUnreachable,
                                .code = v6 ? kPort6 : kPort,
                                .bytes = {bytes.begin(), bytes.end()},
                                .to = to,
                                .offender = offender,
                                .memory = MemoryCharge(network().memory(), taken)});
    }
    if (remote_port_ == 0 && !reports_errors()) return;
    error_ = Errno::ConnRefused;
    waiters_.wake();
}

SysResult<void> UdpSocket::transmit(std::span<const std::byte> bytes, const SocketAddress& to,
                                    const PacketWishes& wishes) {
    const auto ip = TRY(route(to));
    if (const auto port = claim_some_port(); !port) return tl::make_unexpected(Errno::Again);
    const IpAddress from = wishes.from.value_or(own_address(ip));
    std::vector<InetSocket*> receivers;
    if (ip.is_group()) {
        receivers = network().members(protocol(), ip, to.port, from, local_port());
    } else if (InetSocket* const one =
                   network().destination(protocol(), ip, to.port, from, local_port())) {
        receivers.push_back(one);
    } else {
        SocketAddress at = to;
        at.ip = ip;
        refused(bytes, at);
    }
    if (!network().has_room(receivers.size() * message_charge(bytes.size())))
        return tl::make_unexpected(Errno::NoBufs);
    SocketAddress sender;
    sender.ip = from;
    sender.port = local_port();
    PacketFields fields = fields_of_packet(*this, wishes, ip);
    fields.to_port = to.port;
    if (!network().frame_listeners.empty()) {
        const auto kind = static_cast<std::uint8_t>(protocol());
        const auto datagram = with_udp_header(from, local_port(), fields, kind, bytes);
        show_packet(network(), with_ip_header(from, fields, kind, datagram), true);
    }
    for (InetSocket* const other : receivers)
        deliver(static_cast<UdpSocket&>(*other), bytes, sender, fields);
    return {};
}

// What the filter leaves of a datagram, of which the program sees the header too.
std::optional<std::size_t> UdpSocket::filtered(std::span<const std::byte> bytes,
                                               const SocketAddress& from,
                                               const PacketFields& fields, std::uint32_t mark,
                                               std::uint32_t hash) const {
    if (filtering.filter == nullptr) return bytes.size();
    const auto kind = static_cast<std::uint8_t>(protocol());
    const auto datagram = with_udp_header(from.ip, from.port, fields, kind, bytes);
    const auto kept = kept_bytes(*filtering.filter,
                                 {with_ip_header(from.ip, fields, kind, datagram),
                                  {.data = fields.to.is_v4() ? kIpHeaderBytes : kIpv6HeaderBytes,
                                   .payload = kUdpHeaderBytes,
                                   .mark = mark,
                                   .hash = hash},
                                  network()},
                                 kUdpHeaderBytes);
    return kept ? std::optional(*kept - kUdpHeaderBytes) : std::nullopt;
}

// A datagram for which there is no room is lost.
void UdpSocket::deliver(UdpSocket& other, std::span<const std::byte> bytes,
                        const SocketAddress& from, const PacketFields& fields) {
    const auto kept = other.filtered(bytes, from, fields, mark_of(*this),
                                     remote_port_ != 0 ? connection_hash() : 0);
    if (!kept) return;
    bytes = bytes.first(*kept);
    if (!other.queue_.fits(bytes.size(), other.receive_buffer())) return;
    SocketAddress sender = from;
    sender.family = other.family();
    other.queue_.push(bytes, {sender, fields}, network());
    other.waiters_.wake(abi::kPollReadable);
}

SysResult<void> UdpSocket::become_v4() {
    if (pending_ && !pending_->to.ip.is_v4()) return tl::make_unexpected(Errno::Busy);
    return InetSocket::become_v4();
}

SysResult<Incoming> UdpSocket::receive(std::uint64_t most, bool peek) {
    if (error_) return tl::make_unexpected(*take_error());
    if (queue_.empty()) {
        if (shut_read_) return Incoming{};
        return tl::make_unexpected(Errno::Again);
    }
    const Arrival arrival = queue_.next_from();
    Incoming got = queue_.take(most, peek);
    got.from = arrival.from;
    got.fields = arrival.fields;
    return got;
}

SysResult<void> UdpSocket::shutdown(bool read, bool write) {
    const bool connected = remote_port_ != 0;
    shut_read_ = shut_read_ || read;
    shut_write_ = shut_write_ || write;
    waiters_.wake();
    if (!connected) return tl::make_unexpected(Errno::NotConn);
    return {};
}

// datagram_poll.
std::uint32_t UdpSocket::poll() {
    std::uint32_t bits = abi::kPollWritable | abi::kPollWrband;
    if (error_ || !error_queue_.empty()) bits |= abi::kPollErr;
    if (shut_read_) bits |= abi::kPollReadable | abi::kPollRdhup;
    if (shut_read_ && shut_write_) bits |= abi::kPollHup;
    if (!queue_.empty()) bits |= abi::kPollReadable;
    return bits;
}

}  // namespace uprobesim
