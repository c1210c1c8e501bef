// SPDX-License-Identifier: GPL-2.0-or-later
// Transfer, shutdown and poll of TCP sockets. tcp_connect.cpp establishes connections.
#include "kernel_model/net/tcp_socket.h"

#include <algorithm>
#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_bytes.h"

namespace uprobesim {

namespace {

// Flags of a segment.
constexpr std::uint8_t kTcpFin = 0x01, kTcpSyn = 0x02, kTcpPsh = 0x08, kTcpAck = 0x10;
// net.ipv4.tcp_wmem and tcp_rmem, their middle values.
constexpr std::int32_t kFirstSendBuffer = 16384, kFirstReceiveBuffer = 131072;

}  // namespace

TcpSocket::TcpSocket(std::shared_ptr<Network> network, std::uint16_t family)
    : InetSocket(std::move(network), family, abi::kSockStream, abi::kIpprotoTcp),
      incoming_charge_(this->network().memory()) {
    options.set(abi::kSolSocket, abi::kSoSndbuf, kFirstSendBuffer);
    options.set(abi::kSolSocket, abi::kSoRcvbuf, kFirstReceiveBuffer);
}

// tcp_close: sends a RST if data is unread or SO_LINGER asks for it, else a FIN.
TcpSocket::~TcpSocket() {
    network().tcp_bytes -= incoming_.size();
    if (state_ == State::Listen) stop_listening();
    if (waits_for_listener_ != nullptr) std::erase(waits_for_listener_->waiting_clients_, this);
    if (state_ != State::Established) return;
    if (incoming_.size() > withheld_ || (lingers && linger_s == 0)) {
        abort();
        return;
    }
    send_fin();
    if (peer_ != nullptr) peer_->peer_ = nullptr;
}

void TcpSocket::send_fin() {
    if (shut_write_) return;
    shut_write_ = true;
    if (peer_ != nullptr) peer_->take_fin();
}

void TcpSocket::take_fin() {
    if (withheld_ > 0 || refuses_of_peer(kTcpFin | kTcpAck, {})) {
        fin_withheld_ = true;
        return;
    }
    fin_received_ = true;
    shut_read_ = true;
    waiters_.wake(abi::kPollReadable | abi::kPollRdhup | abi::kPollHup);
}

void TcpSocket::abort() {
    if (TcpSocket* peer = peer_) {
        peer_ = nullptr;
        peer->peer_ = nullptr;
        peer->take_reset();
    }
    state_ = State::Closed;
    shut_read_ = shut_write_ = true;
}

// tcp_reset.
void TcpSocket::take_reset() {
    error_ = fin_received_ && !shut_write_ ? Errno::Pipe : Errno::ConnReset;
    peer_ = nullptr;
    state_ = State::Closed;
    shut_read_ = shut_write_ = true;
    waiters_.wake();
}

std::uint64_t TcpSocket::unsent_bytes() const {
    if (peer_ == nullptr) return 0;
    return peer_->incoming_.size() - peer_->readable_bytes();
}

std::uint64_t TcpSocket::readable_bytes() const {
    return std::min<std::uint64_t>(incoming_.size() - withheld_, window());
}

// sk_stream_is_writeable: a third of the buffer is free.
bool TcpSocket::writable() const {
    const std::uint64_t queued = unsent_bytes();
    return send_buffer() >= queued && send_buffer() - queued >= queued / 2;
}

SysResult<std::uint64_t> TcpSocket::send(const Outgoing& message) {
    if (state_ == State::SynSent) return tl::make_unexpected(Errno::Again);
    if (error_) return tl::make_unexpected(*take_error());
    if (shut_write_ || state_ != State::Established) return tl::make_unexpected(Errno::Pipe);
    const std::uint64_t size = message.bytes.size();
    if (peer_ == nullptr) {
        // The peer no longer reads: the data is accepted, and answered with a RST.
        take_reset();
        return size;
    }
    const std::uint64_t queued = unsent_bytes();
    const std::uint64_t window_left = peer_->window() - peer_->readable_bytes();
    const std::uint64_t room = window_left + (send_buffer() > queued ? send_buffer() - queued : 0);
    const std::uint64_t moved = std::min({size, room, Network::kMaxTcpBytes - network().tcp_bytes});
    if (moved == 0 && size > 0) return tl::make_unexpected(Errno::Again);
    // The receiver's queue may grow to twice its size. Without memory Linux waits for some
    // (sk_stream_wait_memory), which nothing would end here.
    if (!network().has_room(2 * moved)) return tl::make_unexpected(Errno::NoBufs);
    const std::uint64_t before = peer_->incoming_.size();
    const bool urgent = message.urgent && size > 0 && moved == size;
    peer_->take_bytes(message.bytes.first(moved), urgent);
    peer_->incoming_charge_.resize(peer_->incoming_.capacity());
    network().tcp_bytes += peer_->incoming_.size() - before;
    return moved;
}

void TcpSocket::take_bytes(std::span<const std::byte> bytes, bool urgent) {
    if (withheld_ > 0 || refuses_of_peer(kTcpPsh | kTcpAck, bytes)) {
        incoming_.push(bytes);
        withheld_ += bytes.size();
        return;
    }
    incoming_.push(bytes.first(urgent ? bytes.size() - 1 : bytes.size()));
    if (urgent) take_urgent(bytes.back());
    if (!bytes.empty()) waiters_.wake(abi::kPollReadable);
}

// tcp_filter. What the filter cuts off a segment is sent again, so that nothing is lost of one of
// which some bytes stay.
bool TcpSocket::refuses(const SocketAddress& from, const SocketAddress& to, std::uint8_t kind,
                        std::span<const std::byte> bytes) const {
    // With the options that Linux has: time stamps; of a SYN, more.
    constexpr std::size_t kHeader = 32, kSynHeader = 40, kLargestSegment = 65483;
    const std::size_t header = (kind & kTcpSyn) != 0 ? kSynHeader : kHeader;
    bytes = bytes.first(std::min(bytes.size(), kLargestSegment));
    std::vector<std::byte> segment(header);
    put_u16(segment, from.port);
    put_u16(std::span(segment).subspan(2), to.port);
    segment[12] = static_cast<std::byte>(header / 4 << 4);
    segment[13] = std::byte{kind};
    segment.insert(segment.end(), bytes.begin(), bytes.end());
    PacketFields fields;
    fields.to = to.ip;
    const bool v4 = to.ip.is_v4();
    const auto kept = kept_bytes(*filtering.filter,
                                 {with_ip_header(from.ip, fields, abi::kIpprotoTcp, segment),
                                  {.data = v4 ? kIpHeaderBytes : kIpv6HeaderBytes,
                                   .payload = header,
                                   .mark = 0,
                                   .hash = connection_hash()},
                                  network()},
                                 header);
    return !kept || (!bytes.empty() && *kept == header);
}

bool TcpSocket::refuses_client(const TcpSocket& client) const {
    return filtering.filter != nullptr && refuses(client.local(), client.remote(), kTcpSyn, {});
}

void TcpSocket::filter_changed() {
    admit_waiting();
    const auto all = incoming_.front(incoming_.size());
    if (withheld_ > 0 && !refuses_of_peer(kTcpPsh | kTcpAck, all.last(withheld_))) {
        withheld_ = 0;
        waiters_.wake(abi::kPollReadable);
    }
    if (std::exchange(fin_withheld_, false)) take_fin();
}

SysResult<Incoming> TcpSocket::receive(std::uint64_t most, bool peek) {
    if (state_ == State::Listen) return tl::make_unexpected(Errno::NotConn);
    Incoming got;
    std::uint64_t readable = std::min(most, readable_bytes());
    if (urgent_ && urgent_->before > 0) readable = std::min(readable, urgent_->before);
    const auto bytes = incoming_.front(readable);
    got.bytes.assign(bytes.begin(), bytes.end());
    got.whole = bytes.size();
    if (!bytes.empty()) {
        const bool could_write = peer_ == nullptr || peer_->writable();
        if (!peek) {
            incoming_.drop(got.bytes.size());
            incoming_charge_.resize(incoming_.capacity());
            network().tcp_bytes -= got.bytes.size();
            // A read stops at the mark; the next one passes it.
            if (urgent_ && urgent_->before == 0) {
                urgent_.reset();
            } else if (urgent_) {
                urgent_->before -= got.bytes.size();
            }
        }
        if (!could_write && peer_->writable()) peer_->waiters_.wake(abi::kPollWritable);
        return got;
    }
    // tcp_recvmsg without data: after a FIN (SOCK_DONE), end of file takes precedence over a
    // pending error.
    if (most == 0 && !incoming_.empty()) return got;
    if (fin_received_) return got;
    if (error_) return tl::make_unexpected(*take_error());
    if (shut_read_) return got;
    if (state_ == State::Closed) return tl::make_unexpected(Errno::NotConn);
    return tl::make_unexpected(Errno::Again);
}

// tcp_check_urg: a later urgent byte takes the place of an earlier one.
void TcpSocket::take_urgent(std::byte value) {
    const bool in_stream = options.is_on(abi::kSolSocket, abi::kSoOobinline);
    urgent_ = Urgent{.value = value, .before = incoming_.size(), .in_stream = in_stream};
    if (in_stream) incoming_.push(std::span(&value, 1));
    waiters_.wake(abi::kPollPri | abi::kPollReadable);
}

// tcp_recv_urg.
SysResult<std::byte> TcpSocket::receive_urgent(bool peek) {
    if (state_ == State::Listen) return tl::make_unexpected(Errno::NotConn);
    if (options.is_on(abi::kSolSocket, abi::kSoOobinline) || !urgent_ || !urgent_->unread)
        return tl::make_unexpected(Errno::Inval);
    if (!peek) urgent_->unread = false;
    return urgent_->value;
}

SysResult<void> TcpSocket::shutdown(bool read, bool write) {
    if (state_ == State::Closed) return tl::make_unexpected(Errno::NotConn);
    if (state_ == State::Listen) {
        // Shutting down the reading half is tcp_disconnect; the writing half has no effect.
        if (read) {
            stop_listening();
            state_ = State::Closed;
        }
        waiters_.wake();
        return {};
    }
    if (state_ == State::SynSent) {
        if (write) disconnect();
        return {};
    }
    if (write) send_fin();
    if (read) shut_read_ = true;
    waiters_.wake();
    return {};
}

// tcp_poll.
std::uint32_t TcpSocket::poll() {
    if (state_ == State::Listen) return accepted_.empty() ? 0 : abi::kPollReadable;
    std::uint32_t bits = error_ ? abi::kPollErr : 0;
    if ((shut_read_ && shut_write_) || state_ == State::Closed) bits |= abi::kPollHup;
    if (shut_read_) bits |= abi::kPollReadable | abi::kPollRdhup;
    if (state_ == State::SynSent) return bits;
    if (incoming_.size() > withheld_) bits |= abi::kPollReadable;
    if (urgent_ && urgent_->unread) bits |= abi::kPollPri;
    if (shut_write_ || writable()) bits |= abi::kPollWritable;
    return bits;
}

// TCP_ESTABLISHED 1, SYN_SENT 2, FIN_WAIT2 5, CLOSE 7, CLOSE_WAIT 8, LISTEN 10.
std::uint8_t TcpSocket::tcp_state() const {
    switch (state_) {
        case State::Closed: return 7;
        case State::Listen: return 10;
        case State::SynSent: return 2;
        case State::Established: break;
    }
    if (fin_received_) return shut_write_ ? 7 : 8;
    return shut_write_ ? 5 : 1;
}

// close has different paths for the first FIN of a connection and for the second one, which ends
// it.
FileCosts TcpSocket::costs() const {
    const KernelPath established =
        fin_received_ ? KernelPath::SysCloseTcpSecond : KernelPath::SysCloseTcp;
    return {.read = KernelPath::SysReceiveTcp,
            .write = KernelPath::SysSendTcp,
            .close = state_ == State::Established ? established : KernelPath::SysCloseSocket};
}

}  // namespace uprobesim
