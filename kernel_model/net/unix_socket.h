// SPDX-License-Identifier: GPL-2.0-or-later
// AF_UNIX sockets: stream, datagram and seqpacket. As in the kernel, sent messages are in the
// receiver's queue and count against the sender's buffer until they are read. A stream is read
// across message boundaries.
#pragma once

#include <deque>

#include "kernel_model/net/socket.h"

namespace uprobesim {

class UnixSocket final : public Socket, public std::enable_shared_from_this<UnixSocket> {
public:
    UnixSocket(std::shared_ptr<Network> network, std::uint32_t type);
    UnixSocket(const UnixSocket&) = delete;
    UnixSocket& operator=(const UnixSocket&) = delete;
    ~UnixSocket() override;
    // socketpair.
    static void join(const std::shared_ptr<UnixSocket>& a, const std::shared_ptr<UnixSocket>& b,
                     const Ucred& caller);

    // If the name is a path, the caller has created its socket file, `address.file`.
    SysResult<void> bind(const SocketAddress& address, const Ucred& caller) override;
    SysResult<void> listen(std::size_t backlog, const Ucred& caller) override;
    SysResult<std::shared_ptr<Socket>> accept() override;
    SysResult<void> connect(const SocketAddress& address, const Ucred& caller, bool waits) override;
    SocketAddress local() const override { return name_; }
    SysResult<SocketAddress> peer() const override;
    SysResult<std::uint64_t> send(const Outgoing& message) override;
    SysResult<Incoming> receive(std::uint64_t most, bool peek) override;
    SysResult<std::byte> receive_urgent(bool peek) override;
    bool at_mark() const override { return !queue_.empty() && queue_.front().urgent; }
    bool has_mark() const override { return type() == abi::kSockStream; }
    SysResult<void> shutdown(bool read, bool write) override;
    bool listening() const override { return listening_; }
    Ucred peer_credentials() const override { return peer_credentials_; }
    std::uint64_t readable_bytes() const override;
    std::uint64_t unsent_bytes() const override { return charged_; }

    std::uint32_t poll() override;
    FileCosts costs() const override {
        return {.read = KernelPath::SysReceiveUnix,
                .write = KernelPath::SysSendUnix,
                .close = KernelPath::SysCloseUnix};
    }
    KernelPath connect_path() const override { return KernelPath::SysConnectUnix; }
    const Socket* connects_to(const SocketAddress& address) override;
    // Whether Landlock keeps who is in a domain from this socket by its abstract name.
    bool is_scoped_from(const LandlockDomain* client) const;
    WaitQueue* connect_waiters(const SocketAddress& address) override;
    WaitQueue* send_waiters(const Outgoing& message) override;
    bool connected() const { return connected_; }

private:
    struct Message {
        std::vector<std::byte> bytes;
        std::size_t taken = 0;
        std::vector<std::shared_ptr<File>> files;
        Ucred sender;
        SocketAddress from;
        std::uint64_t charge = 0;
        std::weak_ptr<UnixSocket> charged;
        MemoryCharge memory;
        bool urgent = false;          // one byte, of MSG_OOB
        std::uint64_t in_flight = 0;  // its files that are counted in the network
    };

    bool has_connections() const { return type() != abi::kSockDgram; }
    bool writable() const { return !listening_ && charged_ * 4 <= send_buffer(); }
    bool queue_full() const { return queue_.size() > backlog_; }
    SysResult<std::shared_ptr<UnixSocket>> find_peer(const SocketAddress& address) const;
    SysResult<std::shared_ptr<UnixSocket>> find_listener(const SocketAddress& address) const;
    SysResult<std::shared_ptr<UnixSocket>> target_of(const Outgoing& message);
    void deliver(UnixSocket& to, const Outgoing& message, std::span<const std::byte> bytes,
                 bool with_files);
    SysResult<void> send_message(UnixSocket& other, const Outgoing& message);
    SysResult<std::uint64_t> send_stream(UnixSocket& other, const Outgoing& message);
    void release_charge(Message& message);
    void landed(Message& message);
    void drop_urgent();
    void peer_closed(bool unread);
    SysResult<Incoming> receive_stream(std::uint64_t most, bool peek);
    SysResult<Incoming> receive_message(std::uint64_t most, bool peek);

    SocketAddress name_;
    bool connected_ = false, listening_ = false;
    std::weak_ptr<UnixSocket> peer_;
    Ucred peer_credentials_, own_credentials_;
    std::deque<Message> queue_;
    std::uint64_t charged_ = 0;
    // Bounds a listener's accept queue, and a datagram socket's receive queue.
    std::size_t backlog_;
    std::deque<std::shared_ptr<UnixSocket>> accepted_;
};

}  // namespace uprobesim
