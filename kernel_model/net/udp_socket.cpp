// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/udp_socket.h"

#include <algorithm>
#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/network.h"
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
        if (!pending_) pending_.emplace(Pending{.bytes = {}, .to = to});
        pending_->bytes.insert(pending_->bytes.end(), message.bytes.begin(), message.bytes.end());
        if (message.more || corked) return size;
        const Pending all = *std::exchange(pending_, std::nullopt);
        TRY(transmit(all.bytes, all.to));
        return size;
    }
    TRY(transmit(message.bytes, to));
    return size;
}

// udp_push_pending_frames.
void UdpSocket::option_changed(std::int32_t level, std::int32_t option) {
    if (level != abi::kSolUdp || option != abi::kUdpCork || options.is_on(level, option)) return;
    if (const auto all = std::exchange(pending_, std::nullopt)) (void)transmit(all->bytes, all->to);
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
    if (reports_errors() && error_queue_.size() < kMostErrors) {
        SocketAddress offender = to;
        offender.port = 0;
        error_queue_.push_back({.error = static_cast<std::uint32_t>(Errno::ConnRefused),
                                .origin = v6 ? kOriginIcmp6 : kOriginIcmp,
                                .type = v6 ? kUnreachable6 : kUnreachable,
                                .code = v6 ? kPort6 : kPort,
                                .bytes = {bytes.begin(), bytes.end()},
                                .to = to,
                                .offender = offender});
    }
    if (remote_port_ == 0 && !reports_errors()) return;
    error_ = Errno::ConnRefused;
    waiters_.wake();
}

SysResult<void> UdpSocket::transmit(std::span<const std::byte> bytes, const SocketAddress& to) {
    const auto ip = TRY(route(to));
    if (const auto port = claim_some_port(); !port) return tl::make_unexpected(Errno::Again);
    const IpAddress from = local_ip_.is_any() ? IpAddress::loopback(!ip.is_v4()) : local_ip_;
    auto* other =
        static_cast<UdpSocket*>(network().destination(protocol(), ip, to.port, from, local_port()));
    if (other == nullptr) {
        SocketAddress at = to;
        at.ip = ip;
        refused(bytes, at);
        return {};
    }
    const std::uint64_t bytes_charged = message_charge(bytes.size());
    if (other->charged_ + bytes_charged > other->receive_buffer()) return {};
    if (!network().has_room(bytes_charged)) return tl::make_unexpected(Errno::NoBufs);
    Datagram datagram;
    datagram.bytes.assign(bytes.begin(), bytes.end());
    datagram.from.family = other->family();
    datagram.from.ip = from;
    datagram.from.port = local_port();
    datagram.memory = MemoryCharge(network().memory(), bytes_charged);
    other->charged_ += bytes_charged;
    other->queue_.push_back(std::move(datagram));
    other->waiters_.wake(abi::kPollReadable);
    return {};
}

SysResult<Incoming> UdpSocket::receive(std::uint64_t most, bool peek) {
    if (error_) return tl::make_unexpected(*take_error());
    Incoming got;
    if (queue_.empty()) {
        if (shut_read_) return got;
        return tl::make_unexpected(Errno::Again);
    }
    Datagram& first = queue_.front();
    got.whole = first.bytes.size();
    got.from = first.from;
    got.bytes.assign(first.bytes.begin(),
                     first.bytes.begin() +
                         static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(most, got.whole)));
    if (!peek) {
        charged_ -= message_charge(got.whole);
        queue_.pop_front();
    }
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
