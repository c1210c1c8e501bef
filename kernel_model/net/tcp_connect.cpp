// SPDX-License-Identifier: GPL-2.0-or-later
// Establishing TCP connections: listen, connect, accept. The handshake takes no time. If the
// listener's accept queue is full, the client waits for space (Linux retransmits the SYN after a
// second).
#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/tcp_socket.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

// The send buffer of an established loopback connection: tcp_sndbuf_expand with segments of 65,483
// bytes, as `ss -m` shows it.
constexpr std::int32_t kConnectedSendBuffer = 2626560;

}  // namespace

SysResult<void> TcpSocket::listen(std::size_t backlog, const Ucred&) {
    if (phase_ != Phase::Unconnected || (state_ != State::Closed && state_ != State::Listen)) {
        return tl::make_unexpected(Errno::Inval);
    }
    backlog_ = backlog;
    if (state_ == State::Listen) return {};
    if (local_port() == 0) {
        if (const auto port = claim_some_port(); !port)
            return tl::make_unexpected(Errno::AddrInUse);
    } else {
        // A listener may not share its port, so the port is claimed again.
        network().release(*this);
        state_ = State::Listen;
        if (const auto again = network().claim(*this, local_port()); !again) {
            state_ = State::Closed;
            network().join(*this, local_port());
            return tl::make_unexpected(again.error());
        }
    }
    state_ = State::Listen;
    shut_read_ = shut_write_ = false;
    error_.reset();
    waiters_.wake();
    return {};
}

SysResult<std::shared_ptr<Socket>> TcpSocket::accept() {
    if (state_ != State::Listen) return tl::make_unexpected(Errno::Inval);
    if (accepted_.empty()) return tl::make_unexpected(Errno::Again);
    std::shared_ptr<Socket> first = std::move(accepted_.front());
    accepted_.pop_front();
    admit_waiting();
    return first;
}

void TcpSocket::admit_waiting() {
    std::deque<TcpSocket*> refused;
    while (!waiting_clients_.empty() && !accept_queue_full()) {
        TcpSocket* next = waiting_clients_.front();
        waiting_clients_.pop_front();
        if (refuses_client(*next)) {
            refused.push_back(next);
        } else {
            establish(*next);
        }
    }
    waiting_clients_.insert(waiting_clients_.end(), refused.begin(), refused.end());
}

SysResult<void> TcpSocket::connect(const SocketAddress& address, const Ucred&, bool waits) {
    if (address.family == abi::kAfUnspec) {
        disconnect();
        return {};
    }
    if (phase_ == Phase::Connected || state_ == State::Listen)
        return tl::make_unexpected(Errno::IsConn);
    if (phase_ == Phase::Unconnected) {
        TRY(begin_connect(address));
        // The SYN-ACK is processed when the call releases the socket, so a non-blocking call does
        // not see it.
        if (!waits) return tl::make_unexpected(Errno::InProgress);
    }
    if (state_ == State::SynSent) return tl::make_unexpected(waits ? Errno::Again : Errno::Already);
    if (state_ == State::Established || fin_received_) {
        phase_ = Phase::Connected;
        return {};
    }
    const Errno why = take_error().value_or(Errno::ConnAborted);
    disconnect();
    return tl::make_unexpected(why);
}

SysResult<void> TcpSocket::begin_connect(const SocketAddress& address) {
    const auto to = TRY(route(address));
    choose_own_address(to);
    TRY(claim_some_port());
    remote_ip_ = to;
    remote_port_ = address.port;
    phase_ = Phase::Connecting;
    shut_read_ = shut_write_ = fin_received_ = false;
    error_.reset();
    auto* listener = static_cast<TcpSocket*>(
        network().destination(abi::kIpprotoTcp, to, address.port, local_ip_, local_port()));
    if (listener == nullptr) {
        error_ = Errno::ConnRefused;
        shut_read_ = shut_write_ = true;
        waiters_.wake();
        return {};
    }
    state_ = State::SynSent;
    if (listener->accept_queue_full() || listener->refuses_client(*this)) {
        waits_for_listener_ = listener;
        listener->waiting_clients_.push_back(this);
    } else {
        listener->establish(*this);
    }
    return {};
}

// Called on the listener: makes its end of the connection, and queues it for accept.
void TcpSocket::establish(TcpSocket& client) {
    auto child = std::make_shared<TcpSocket>(shared_network(), family());
    child->options = options;  // inherited (tcp_create_openreq_child), the buffers too
    child->filtering = filtering;
    child->send_buffer_set = send_buffer_set;
    child->send_timeout_ns = send_timeout_ns;
    child->receive_timeout_ns = receive_timeout_ns;
    child->lingers = lingers;
    child->linger_s = linger_s;
    child->local_ip_ = client.remote_ip_;
    child->local_port_ = client.remote_port_;
    child->remote_ip_ = client.local_ip_;
    child->remote_port_ = client.local_port_;
    network().join(*child, child->local_port_);
    child->peer_ = &client;
    client.peer_ = child.get();
    client.waits_for_listener_ = nullptr;
    child->phase_ = Phase::Connected;
    for (TcpSocket* end : {child.get(), &client}) {
        end->state_ = State::Established;
        if (!end->send_buffer_set)
            end->options.set(abi::kSolSocket, abi::kSoSndbuf, kConnectedSendBuffer);
    }
    accepted_.push_back(std::move(child));
    waiters_.wake(abi::kPollReadable);
    client.waiters_.wake(abi::kPollWritable);
}

// inet_csk_listen_stop: connections that were not accepted are reset.
void TcpSocket::stop_listening() {
    for (const auto& child : std::exchange(accepted_, {})) child->abort();
    for (TcpSocket* client : std::exchange(waiting_clients_, {})) {
        client->waits_for_listener_ = nullptr;
        client->state_ = State::Closed;
        client->error_ = Errno::ConnRefused;
        client->shut_read_ = client->shut_write_ = true;
        client->waiters_.wake();
    }
}

// tcp_disconnect: the socket can be connected again.
void TcpSocket::disconnect() {
    if (state_ == State::Listen) stop_listening();
    if (waits_for_listener_ != nullptr) std::erase(waits_for_listener_->waiting_clients_, this);
    waits_for_listener_ = nullptr;
    if (state_ == State::Established) abort();
    state_ = State::Closed;
    phase_ = Phase::Unconnected;
    network().tcp_bytes -= incoming_.size();
    incoming_.clear();
    withheld_ = 0;
    fin_withheld_ = false;
    incoming_charge_.resize(0);
    shut_read_ = shut_write_ = fin_received_ = false;
    forget_addresses();
    // inet_put_port: the port is free, and getsockname tells it still.
    former_port_ = local_port_;
    forget_port();
    waiters_.wake();
}

SysResult<SocketAddress> TcpSocket::peer() const {
    const bool gone = state_ != State::Established;
    if (remote_port_ == 0 || gone) return tl::make_unexpected(Errno::NotConn);
    return remote();
}

}  // namespace uprobesim
