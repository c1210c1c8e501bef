// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/udp_socket.h"

#include <algorithm>

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
    if (message.bytes.size() > longest_message()) return tl::make_unexpected(Errno::MsgSize);
    if (error_) return tl::make_unexpected(*take_error());
    if (!message.to && remote_port_ == 0) return tl::make_unexpected(Errno::DestAddrReq);
    const SocketAddress to = message.to ? *message.to : remote();
    const auto ip = TRY(route(to));
    if (to.port == 0) return tl::make_unexpected(Errno::Inval);
    if (shut_write_) return tl::make_unexpected(Errno::Pipe);
    if (const auto port = claim_some_port(); !port) return tl::make_unexpected(Errno::Again);
    const IpAddress from = local_ip_.is_any() ? IpAddress::loopback(!ip.is_v4()) : local_ip_;
    auto* other = static_cast<UdpSocket*>(
        network().destination(abi::kIpprotoUdp, ip, to.port, from, local_port()));
    if (other == nullptr) {
        // ICMP port unreachable: reported to connected sockets only.
        if (remote_port_ != 0) {
            error_ = Errno::ConnRefused;
            waiters_.wake();
        }
        return std::uint64_t{message.bytes.size()};
    }
    const std::uint64_t bytes_charged = message_charge(message.bytes.size());
    if (other->charged_ + bytes_charged > other->receive_buffer())
        return std::uint64_t{message.bytes.size()};
    if (!network().has_room(bytes_charged)) return tl::make_unexpected(Errno::NoBufs);
    Datagram datagram;
    datagram.bytes.assign(message.bytes.begin(), message.bytes.end());
    datagram.from.family = other->family();
    datagram.from.ip = from;
    datagram.from.port = local_port();
    datagram.memory = MemoryCharge(network().memory(), bytes_charged);
    other->charged_ += bytes_charged;
    other->queue_.push_back(std::move(datagram));
    other->waiters_.wake(abi::kPollReadable);
    return std::uint64_t{message.bytes.size()};
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
    if (error_) bits |= abi::kPollErr;
    if (shut_read_) bits |= abi::kPollReadable | abi::kPollRdhup;
    if (shut_read_ && shut_write_) bits |= abi::kPollHup;
    if (!queue_.empty()) bits |= abi::kPollReadable;
    return bits;
}

}  // namespace uprobesim
