// SPDX-License-Identifier: GPL-2.0-or-later
// Sending and receiving on AF_UNIX sockets, with descriptors and credentials.
#include <algorithm>
#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/unix_socket.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kMaxMessageBytes =
    32;  // by which a datagram must be smaller than the buffer
// A stream is split into messages of this size (SKB_MAX_ALLOC)
constexpr std::uint64_t kStreamPart = 1 << 15;

}  // namespace

SysResult<std::shared_ptr<UnixSocket>> UnixSocket::target_of(const Outgoing& message) {
    if (has_connections()) {
        // An address is an error on a stream socket; a seqpacket socket ignores it.
        if (type() == abi::kSockStream && message.to) {
            return tl::make_unexpected(connected_ ? Errno::IsConn : Errno::NotSup);
        }
        if (!connected_) return tl::make_unexpected(Errno::NotConn);
        if (shut_write_) return tl::make_unexpected(Errno::Pipe);
        if (error_) return tl::make_unexpected(*take_error());
        auto other = peer_.lock();
        if (!other || other->shut_read_) return tl::make_unexpected(Errno::Pipe);
        return other;
    }
    if (message.to) {
        if (message.to->family != abi::kAfUnix || message.to->name.empty())
            return tl::make_unexpected(Errno::Inval);
        return find_peer(*message.to);
    }
    if (!connected_) return tl::make_unexpected(Errno::NotConn);
    auto other = peer_.lock();
    if (other) return other;
    connected_ = false;
    return tl::make_unexpected(Errno::ConnRefused);
}

void UnixSocket::deliver(UnixSocket& to, const Outgoing& message, std::span<const std::byte> bytes,
                         bool with_files) {
    Message& sent = to.queue_.emplace_back();
    sent.bytes.assign(bytes.begin(), bytes.end());
    if (with_files) sent.files = message.files;
    sent.in_flight = sent.files.size();
    network().files_in_flight += sent.in_flight;
    sent.sender = message.sender;
    sent.from = name_;
    sent.charge = message_charge(bytes.size());
    sent.memory =
        MemoryCharge(network().memory(), sent.charge + sent.files.size() * sizeof sent.files[0]);
    sent.charged = weak_from_this();
    charged_ += sent.charge;
}

SysResult<void> UnixSocket::send_message(UnixSocket& other, const Outgoing& message) {
    const std::uint64_t size = message.bytes.size();
    if (shut_write_) return tl::make_unexpected(Errno::Pipe);
    if (size + kMaxMessageBytes > send_buffer()) return tl::make_unexpected(Errno::MsgSize);
    if (charged_ >= send_buffer()) return tl::make_unexpected(Errno::Again);
    // unix_dgram_sendmsg: the sender is not told that a filter has dropped its message.
    std::size_t kept = size;
    if (const auto& filter = other.filtering.filter) {
        const auto left = kept_bytes(*filter, {message.bytes, network()});
        if (!left) return {};
        kept = *left;
    }
    if (other.shut_read_) return tl::make_unexpected(Errno::Pipe);
    // hook_unix_may_send: not of the one that it is connected to.
    if (!has_connections() && peer_.lock().get() != &other &&
        other.is_scoped_from(message.landlock))
        return tl::make_unexpected(Errno::Perm);
    const bool full = !has_connections() && &other != this && other.peer_.lock().get() != this &&
                      other.queue_full();
    if (full) return tl::make_unexpected(Errno::Again);
    if (!network().has_room(message_charge(size))) return tl::make_unexpected(Errno::NoBufs);
    deliver(other, message, message.bytes.first(kept), true);
    return {};
}

// The bytes that were sent: fewer than all where the send buffer or the kernel's memory is full.
SysResult<std::uint64_t> UnixSocket::send_stream(UnixSocket& other, const Outgoing& message) {
    const std::uint64_t size = message.bytes.size();
    const std::uint64_t plain = message.urgent && size > 0 ? size - 1 : size;
    std::uint64_t moved = 0;
    while (moved < size && charged_ < send_buffer()) {
        const std::uint64_t part =
            moved == plain ? 1 : std::min({plain - moved, kStreamPart, send_buffer() / 2 - 64});
        if (!network().has_room(message_charge(part))) break;
        deliver(other, message, message.bytes.subspan(moved, part), moved == 0);
        if (moved == plain) other.queue_.back().urgent = true;
        moved += part;
    }
    if (moved == 0 && size > 0)
        return tl::make_unexpected(charged_ < send_buffer() ? Errno::NoBufs : Errno::Again);
    return moved;
}

SysResult<std::uint64_t> UnixSocket::send(const Outgoing& message) {
    const auto target = TRY(target_of(message));
    if (!message.files.empty() &&
        network().files_in_flight + message.files.size() > Network::kMaxInFlight) {
        return tl::make_unexpected(Errno::TooManyRefs);
    }
    if (message.urgent && type() != abi::kSockStream) return tl::make_unexpected(Errno::NotSup);
    std::uint64_t moved = message.bytes.size();
    if (by_message(*this)) {
        TRY(send_message(*target, message));
    } else {
        moved = TRY(send_stream(*target, message));
    }
    target->waiters_.wake(abi::kPollReadable);
    return moved;
}

// After a read: uncharges the message from the sender's buffer.
void UnixSocket::release_charge(Message& message) {
    const auto sender = message.charged.lock();
    if (!sender) return;
    sender->charged_ -= message.charge;
    message.charge = 0;
    if (sender->writable()) sender->waiters_.wake(abi::kPollWritable | abi::kPollWrband);
}

void UnixSocket::landed(Message& message) {
    network().files_in_flight -= std::exchange(message.in_flight, 0);
}

// unix_stream_recv_urg.
SysResult<std::byte> UnixSocket::receive_urgent(bool peek) {
    if (type() != abi::kSockStream) return tl::make_unexpected(Errno::NotSup);
    const auto urgent = std::ranges::find_if(queue_, [](const Message& m) { return m.urgent; });
    if (options.is_on(abi::kSolSocket, abi::kSoOobinline) || urgent == queue_.end())
        return tl::make_unexpected(Errno::Inval);
    const std::byte value = urgent->bytes.front();
    if (!peek) {
        release_charge(*urgent);
        queue_.erase(urgent);
    }
    return value;
}

// manage_oob: an urgent byte that is at the front is passed over, unless it comes inline.
void UnixSocket::drop_urgent() {
    if (queue_.empty() || !queue_.front().urgent ||
        options.is_on(abi::kSolSocket, abi::kSoOobinline))
        return;
    release_charge(queue_.front());
    queue_.pop_front();
}

SysResult<Incoming> UnixSocket::receive(std::uint64_t most, bool peek) {
    if (has_connections() && !connected_) {
        return tl::make_unexpected(type() == abi::kSockStream ? Errno::Inval : Errno::NotConn);
    }
    if (!peek && queue_.size() > 1) drop_urgent();
    if (queue_.empty() || (queue_.front().urgent && queue_.size() == 1 &&
                           !options.is_on(abi::kSolSocket, abi::kSoOobinline))) {
        if (error_) return tl::make_unexpected(*take_error());
        if (shut_read_) return Incoming{};
        return tl::make_unexpected(Errno::Again);
    }
    return by_message(*this) ? receive_message(most, peek) : receive_stream(most, peek);
}

SysResult<Incoming> UnixSocket::receive_message(std::uint64_t most, bool peek) {
    Message& message = queue_.front();
    Incoming got;
    got.whole = message.bytes.size();
    got.from = message.from;
    got.sender = message.sender;
    if (peek) {
        got.bytes.assign(message.bytes.begin(),
                         message.bytes.begin() +
                             static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(most, got.whole)));
        got.files = message.files;
        return got;
    }
    got.bytes = std::move(message.bytes);
    got.bytes.resize(std::min<std::uint64_t>(most, got.whole));
    got.files = std::move(message.files);
    landed(message);
    release_charge(message);
    queue_.pop_front();
    // Senders of datagrams wait in the receiver's queue.
    waiters_.wake(abi::kPollWritable);
    if (const auto other = peer_.lock(); other && !has_connections())
        other->waiters_.wake(abi::kPollWritable);
    return got;
}

// One read may take several messages, but with SO_PASSCRED only of one sender, and none after a
// message that carries descriptors.
SysResult<Incoming> UnixSocket::receive_stream(std::uint64_t most, bool peek) {
    Incoming got;
    const bool credentials = options.is_on(abi::kSolSocket, abi::kSoPasscred);
    std::size_t index = 0;
    while (index < queue_.size() && got.bytes.size() < most) {
        Message& message = queue_[index];
        if (message.urgent && !got.bytes.empty()) break;
        if (index > 0 || got.sender) {
            if (credentials && !(*got.sender == message.sender)) break;
        }
        if (!got.sender) got.sender = message.sender;
        const auto left = std::span(message.bytes).subspan(message.taken);
        const auto part = left.first(std::min<std::size_t>(left.size(), most - got.bytes.size()));
        got.bytes.insert(got.bytes.end(), part.begin(), part.end());
        const bool all = part.size() == left.size();
        const bool files = !message.files.empty();
        if (peek) {
            if (files) got.files = message.files;
            ++index;
        } else {
            if (files) got.files = std::move(message.files);
            message.files.clear();
            landed(message);
            message.taken += part.size();
            if (all) {
                release_charge(message);
                queue_.pop_front();
            }
        }
        if (files || !all) break;
    }
    got.whole = got.bytes.size();
    return got;
}

std::uint64_t UnixSocket::readable_bytes() const {
    if (queue_.empty()) return 0;
    if (by_message(*this)) return queue_.front().bytes.size();
    std::uint64_t sum = 0;
    for (const Message& message : queue_) sum += message.bytes.size() - message.taken;
    return sum;
}

}  // namespace uprobesim
