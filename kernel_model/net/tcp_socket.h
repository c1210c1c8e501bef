// SPDX-License-Identifier: GPL-2.0-or-later
// TCP over loopback, as far as programs can observe it: connections, two byte streams with bounded
// buffers, FIN and RST. Segments, acknowledgements and retransmission are not modelled: data
// arrives at once, in order.
#pragma once

#include <deque>

#include "kernel_model/files/byte_queue.h"
#include "kernel_model/net/inet_socket.h"

namespace uprobesim {

class TcpSocket final : public InetSocket {
public:
    TcpSocket(std::shared_ptr<Network> network, std::uint16_t family);
    TcpSocket(const TcpSocket&) = delete;
    TcpSocket& operator=(const TcpSocket&) = delete;
    ~TcpSocket() override;

    SysResult<void> listen(std::size_t backlog, const Ucred& caller) override;
    SysResult<std::shared_ptr<Socket>> accept() override;
    SysResult<void> connect(const SocketAddress& address, const Ucred& caller, bool waits) override;
    SysResult<SocketAddress> peer() const override;
    SysResult<std::uint64_t> send(const Outgoing& message) override;
    SysResult<Incoming> receive(std::uint64_t most, bool peek) override;
    SysResult<std::byte> receive_urgent(bool peek) override;
    bool at_mark() const override { return urgent_ && urgent_->before == 0; }
    bool has_mark() const override { return true; }
    SysResult<void> shutdown(bool read, bool write) override;
    SysResult<void> become_v4() override {
        if (state_ != State::Established) return tl::make_unexpected(Errno::NotConn);
        return InetSocket::become_v4();
    }
    bool listening() const override { return state_ == State::Listen; }
    bool receives() const override { return listening(); }
    std::uint64_t readable_bytes() const override;
    std::uint64_t unsent_bytes() const override;
    std::uint8_t tcp_state() const override;
    void filter_changed() override;
    std::uint64_t waiting_connections() const { return accepted_.size(); }

    std::uint32_t poll() override;
    FileCosts costs() const override;

private:
    enum class State { Closed, Listen, SynSent, Established };
    // The state of struct socket: the result of connect.
    enum class Phase { Unconnected, Connecting, Connected };

    SysResult<void> begin_connect(const SocketAddress& address);
    void establish(TcpSocket& client);
    bool accept_queue_full() const { return accepted_.size() > backlog_; }
    // Clients whose SYN the filter lets pass now, as many as there is room for.
    void admit_waiting();
    void stop_listening();
    void disconnect();
    // Called by the peer.
    void take_bytes(std::span<const std::byte> bytes, bool urgent);
    void take_fin();
    void take_reset();
    void send_fin();
    void abort();  // with a RST to the peer
    std::uint64_t window() const {
        return receive_buffer() / 2;
    }  // tcp_adv_win_scale 1: half is overhead
    bool writable() const;

    State state_ = State::Closed;
    Phase phase_ = Phase::Unconnected;
    TcpSocket* peer_ = nullptr;  // null while Established: the peer was closed
    ByteQueue incoming_;         // bytes beyond window() count as the sender's
    MemoryCharge incoming_charge_;
    // The last of incoming_, which the filter has refused: the sender keeps sending them. So with
    // its FIN.
    std::uint64_t withheld_ = 0;
    bool fin_withheld_ = false;
    bool refuses(const SocketAddress& from, const SocketAddress& to, std::uint8_t kind,
                 std::span<const std::byte> bytes) const;
    bool refuses_client(const TcpSocket& client) const;
    bool refuses_of_peer(std::uint8_t kind, std::span<const std::byte> bytes) const {
        return filtering.filter != nullptr && refuses(remote(), local(), kind, bytes);
    }
    bool fin_received_ = false;
    // The last urgent byte (tcp_sock::urg_data) until the mark is passed: with SO_OOBINLINE it is
    // in incoming_, `before` bytes from its front.
    struct Urgent {
        std::byte value{};
        std::uint64_t before = 0;
        bool unread = true, in_stream = false;
    };
    void take_urgent(std::byte value);
    std::optional<Urgent> urgent_;
    // Of a listener.
    std::size_t backlog_ = 0;
    std::deque<std::shared_ptr<TcpSocket>> accepted_;  // established, not yet accepted
    std::deque<TcpSocket*> waiting_clients_;           // clients, while accepted_ is full
    TcpSocket* waits_for_listener_ = nullptr;
};

}  // namespace uprobesim
