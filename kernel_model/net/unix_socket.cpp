// SPDX-License-Identifier: GPL-2.0-or-later
// Names, connections and poll bits. Messages are in unix_message.cpp.
#include "kernel_model/net/unix_socket.h"

#include <utility>

#include "kernel_model/abi/landlock.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/files/credentials.h"
#include "kernel_model/landlock/domain.h"
#include "kernel_model/net/network.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::size_t kMaxDatagrams = 10;  // net.unix.max_dgram_qlen

}  // namespace

UnixSocket::UnixSocket(std::shared_ptr<Network> network, std::uint32_t type)
    : Socket(std::move(network), abi::kAfUnix, type, 0), backlog_(kMaxDatagrams) {
    name_.family = abi::kAfUnix;
}

// unix_release_sock.
UnixSocket::~UnixSocket() {
    network().release_name(*this);
    if (has_connections()) {
        if (const auto other = peer_.lock()) other->peer_closed(!queue_.empty());
    }
    for (const auto& child : std::exchange(accepted_, {})) {
        if (const auto client = child->peer_.lock()) client->peer_closed(true);
        child->peer_.reset();
    }
    for (Message& message : queue_) {
        landed(message);
        release_charge(message);
    }
    // Senders that wait for space in this queue find that the socket is closed.
    waiters_.wake();
}

void UnixSocket::peer_closed(bool unread) {
    if (unread) error_ = Errno::ConnReset;
    shut_read_ = shut_write_ = true;
    waiters_.wake();
}

void UnixSocket::join(const std::shared_ptr<UnixSocket>& a, const std::shared_ptr<UnixSocket>& b,
                      const Ucred& caller) {
    for (const auto& [one, other] : {std::pair(a, b), std::pair(b, a)}) {
        one->peer_ = other;
        one->connected_ = true;
        one->peer_credentials_ = caller;
    }
}

SysResult<void> UnixSocket::bind(const SocketAddress& address, const Ucred&) {
    if (address.family != abi::kAfUnix || !name_.name.empty())
        return tl::make_unexpected(Errno::Inval);
    SocketAddress wanted = address;
    if (wanted.name.empty()) wanted.name = network().unused_abstract_name(type());
    TRY(network().claim_name(*this, wanted));
    name_ = std::move(wanted);
    return {};
}

SysResult<void> UnixSocket::listen(std::size_t backlog, const Ucred& caller) {
    if (!has_connections()) return tl::make_unexpected(Errno::NotSup);
    if (name_.name.empty() || connected_) return tl::make_unexpected(Errno::Inval);
    backlog_ = backlog;
    listening_ = true;
    own_credentials_ = caller;
    waiters_.wake();
    return {};
}

SysResult<std::shared_ptr<Socket>> UnixSocket::accept() {
    if (!has_connections()) return tl::make_unexpected(Errno::NotSup);
    if (!listening_) return tl::make_unexpected(Errno::Inval);
    if (accepted_.empty()) return tl::make_unexpected(shut_read_ ? Errno::Inval : Errno::Again);
    std::shared_ptr<Socket> first = std::move(accepted_.front());
    accepted_.pop_front();
    waiters_.wake(abi::kPollWritable);
    return first;
}

// unix_find_other.
SysResult<std::shared_ptr<UnixSocket>> UnixSocket::find_peer(const SocketAddress& address) const {
    UnixSocket* other = network().named(address, type());
    if (other == nullptr) return tl::make_unexpected(Errno::ConnRefused);
    if (other->type() != type()) return tl::make_unexpected(Errno::Prototype);
    return other->shared_from_this();
}

// Of datagrams, the receiver.
SysResult<std::shared_ptr<UnixSocket>> UnixSocket::find_listener(
    const SocketAddress& address) const {
    if (address.family != abi::kAfUnix || address.name.empty())
        return tl::make_unexpected(Errno::Inval);
    auto other = TRY(find_peer(address));
    if (!has_connections()) return other;
    if (!other->listening_ || other->shut_read_) return tl::make_unexpected(Errno::ConnRefused);
    if (connected_) return tl::make_unexpected(Errno::IsConn);
    if (listening_) return tl::make_unexpected(Errno::Inval);
    if (other->accepted_.size() > other->backlog_) return tl::make_unexpected(Errno::Again);
    return other;
}

const Socket* UnixSocket::connects_to(const SocketAddress& address) {
    const auto other = find_listener(address);
    return other ? other->get() : nullptr;
}

bool UnixSocket::is_scoped_from(const LandlockDomain* client) const {
    const LandlockDomain* const own = opened_with ? opened_with->landlock.get() : nullptr;
    return client != nullptr && name_.abstract() &&
           is_scoped(client, own, abi::kLandlockScopeAbstractUnixSocket);
}

SysResult<void> UnixSocket::connect(const SocketAddress& address, const Ucred& caller, bool) {
    if (address.family == abi::kAfUnspec && !has_connections()) {
        peer_.reset();
        connected_ = false;
        return {};
    }
    const auto other = TRY(find_listener(address));
    if (!has_connections()) {
        peer_ = other;
        connected_ = true;
        waiters_.wake();
        return {};
    }
    UnixSocket& listener = *other;
    auto child = std::make_shared<UnixSocket>(shared_network(), type());
    child->name_ = listener.name_;
    join(child, shared_from_this(), caller);
    peer_credentials_ = listener.own_credentials_;
    listener.accepted_.push_back(std::move(child));
    listener.waiters_.wake(abi::kPollReadable);
    waiters_.wake(abi::kPollWritable);
    return {};
}

// Waits for space in the listener's queue.
WaitQueue* UnixSocket::connect_waiters(const SocketAddress& address) {
    const auto listener = find_peer(address);
    return listener ? &(*listener)->waiters_ : nullptr;
}

// A datagram waits for space in the queue of its receiver.
WaitQueue* UnixSocket::send_waiters(const Outgoing& message) {
    if (has_connections()) return nullptr;
    if (message.to) return connect_waiters(*message.to);
    const auto other = peer_.lock();
    return other ? &other->waiters_ : nullptr;
}

SysResult<SocketAddress> UnixSocket::peer() const {
    const auto other = peer_.lock();
    if (!connected_ || (!other && !has_connections())) return tl::make_unexpected(Errno::NotConn);
    SocketAddress unnamed;
    unnamed.family = abi::kAfUnix;
    return other ? other->name_ : unnamed;
}

SysResult<void> UnixSocket::shutdown(bool read, bool write) {
    shut_read_ = shut_read_ || read;
    shut_write_ = shut_write_ || write;
    if (const auto other = peer_.lock(); other && has_connections()) {
        other->shut_read_ = other->shut_read_ || write;
        other->shut_write_ = other->shut_write_ || read;
        other->waiters_.wake();
    }
    waiters_.wake();
    return {};
}

// unix_poll, unix_dgram_poll.
std::uint32_t UnixSocket::poll() {
    std::uint32_t bits = error_ ? abi::kPollErr : 0;
    if (shut_read_ && shut_write_) bits |= abi::kPollHup;
    if (shut_read_) bits |= abi::kPollReadable | abi::kPollRdhup;
    if (!queue_.empty() || !accepted_.empty()) bits |= abi::kPollReadable;
    if (has_connections() && !connected_ && !listening_) bits |= abi::kPollHup;
    bool room = writable();
    if (const auto other = peer_.lock();
        other && !has_connections() && other->peer_.lock().get() != this && other->queue_full())
        room = false;
    if (room) bits |= abi::kPollWritable | abi::kPollWrband;
    return bits;
}

}  // namespace uprobesim
