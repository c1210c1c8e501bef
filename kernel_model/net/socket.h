// SPDX-License-Identifier: GPL-2.0-or-later
// The interface of sockets, with one class per transport. Parsing of guest addresses, control
// messages and blocking are in syscall/.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernel_model/files/file.h"
#include "kernel_model/net/address.h"
#include "kernel_model/net/memberships.h"
#include "kernel_model/net/options.h"
#include "kernel_model/net/packet_fields.h"
#include "kernel_model/net/socket_filter.h"
#include "kernel_model/spaces/pid_namespace.h"
#include "kernel_model/spaces/user_namespace.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

class LandlockDomain;
class Network;

// struct ucred: the credentials of the calling process.
struct Ucred {
    Pid pid;
    std::uint32_t uid = ~0u, gid = ~0u;
    bool binds_low_ports = false;  // CAP_NET_BIND_SERVICE
    bool operator==(const Ucred&) const = default;
};

struct Outgoing {
    std::span<const std::byte> bytes;
    std::optional<SocketAddress> to;  // empty: the connected peer
    std::vector<std::shared_ptr<File>> files;
    Ucred sender;
    bool more = false;    // MSG_MORE
    bool urgent = false;  // MSG_OOB
    PacketWishes wishes{};
    bool privileged = false;                   // CAP_NET_ADMIN in the socket's network
    const LandlockDomain* landlock = nullptr;  // of the sender; null: in none
};

// An entry of the error queue (struct sock_extended_err).
struct SocketError {
    std::uint32_t error = 0, info = 0;
    std::uint8_t origin = 0, type = 0, code = 0;
    std::vector<std::byte> bytes;  // of the datagram that failed
    SocketAddress to;
    SocketAddress offender;
    MemoryCharge memory;
};

struct Incoming {
    std::vector<std::byte> bytes;
    std::uint64_t whole = 0;  // length of the message, which may exceed `bytes`
    std::optional<SocketAddress> from;
    std::vector<std::shared_ptr<File>> files;
    std::optional<Ucred> sender;
    std::optional<SocketError> error;    // of the error queue
    std::optional<PacketFields> fields;  // of an IP packet
};

class Socket : public File {
public:
    Socket(std::shared_ptr<Network> network, std::uint16_t family, std::uint32_t type,
           std::uint32_t protocol);
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() override;

    std::uint16_t family() const { return family_; }
    std::uint32_t type() const { return type_; }
    std::uint32_t protocol() const { return protocol_; }
    std::uint64_t inode() const { return status_.inode; }

    // Errno::Again from any of these: the operation would block.
    virtual SysResult<void> bind(const SocketAddress& address, const Ucred& caller) = 0;
    // `backlog`: connections that wait to be accepted, at most.
    virtual SysResult<void> listen(std::size_t backlog, const Ucred& caller);
    virtual SysResult<std::shared_ptr<Socket>> accept();
    // While the connection is not established, fails with Again if the caller `waits`, else
    // InProgress.
    virtual SysResult<void> connect(const SocketAddress& address, const Ucred& caller,
                                    bool waits) = 0;
    virtual SocketAddress local() const = 0;
    virtual SysResult<SocketAddress> peer() const = 0;
    virtual SysResult<std::uint64_t> send(const Outgoing& message) = 0;
    // A longer message is refused (EMSGSIZE), if the socket sends messages.
    virtual std::uint64_t longest_message() const { return send_buffer(); }
    virtual SysResult<Incoming> receive(std::uint64_t most, bool peek) = 0;
    // MSG_OOB. Inval: there is none, it was read, or it comes inline.
    virtual SysResult<std::byte> receive_urgent(bool) { return tl::make_unexpected(Errno::NotSup); }
    virtual bool at_mark() const { return false; }
    virtual bool has_mark() const { return false; }  // whether SIOCATMARK is known
    // MSG_ERRQUEUE: takes the oldest entry.
    std::optional<SocketError> take_queued_error();
    // `read`, `write`: the halves to close.
    virtual SysResult<void> shutdown(bool read, bool write) = 0;
    virtual bool listening() const { return false; }
    // The socket that a connect to this address would be connected to, where there is nothing else
    // against it; null: of no AF_UNIX, or there is something.
    virtual const Socket* connects_to(const SocketAddress&) { return nullptr; }
    // A second queue, in addition to waiters(), for a connect that must wait; null: none.
    virtual WaitQueue* connect_waiters(const SocketAddress&) { return nullptr; }
    // The same for send.
    virtual WaitQueue* send_waiters(const Outgoing&) { return nullptr; }
    virtual Ucred peer_credentials() const { return {}; }
    virtual std::uint64_t readable_bytes() const = 0;         // FIONREAD
    virtual std::uint64_t unsent_bytes() const { return 0; }  // TIOCOUTQ
    virtual std::uint8_t tcp_state() const { return 0; }      // as in /proc/net/tcp
    // setsockopt has changed an option of one int.
    virtual void option_changed(std::int32_t, std::int32_t) {}
    // filtering.filter is another one.
    virtual void filter_changed() {}
    // Bytes of the kernel itself, for those that can have some (netlink).
    virtual void accept_kernel_bytes(std::span<const std::byte>) {}
    virtual KernelPath connect_path() const { return KernelPath::SysConnectTcp; }

    // Returns and clears the pending error (SO_ERROR).
    std::optional<Errno> take_error();
    OptionValues options;
    SocketFiltering filtering;
    Memberships groups;
    std::uint32_t group_interface = 0;  // IP_MULTICAST_IF
    // IPV6_ADDRFORM: an AF_INET6 socket that is connected by IPv4 becomes one of AF_INET.
    virtual SysResult<void> become_v4() { return tl::make_unexpected(Errno::NoProtoOpt); }
    std::uint64_t receive_timeout_ns = 0, send_timeout_ns = 0;  // 0: none
    bool lingers = false;
    std::int32_t linger_s = 0;
    void set_buffer(bool send, std::int32_t value, bool privileged);
    bool send_buffer_set = false;  // SOCK_SNDBUF_LOCK: set by the program, no autotuning

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override;
    SysResult<FileStatus> status() override { return status_; }
    FileStatus* own_status() override { return &status_; }
    SysResult<std::uint64_t> ioctl(std::uint64_t request, std::uint64_t arg,
                                   UserMemory& memory) override;
    WaitQueue* waiters() override { return &waiters_; }
    bool can_poll() override { return true; }
    bool signals_owner() override { return true; }
    Splices splices() const override { return {.from = true, .to = true}; }
    Socket* socket() override { return this; }
    std::uint64_t kernel_bytes() const override { return kSocketBytes; }

    // CLOCK_REALTIME.
    std::uint64_t now_ns() const;
    // Whose capabilities count for the socket's network, which the caller may have left.
    const UserSpace& network_owner() const;
    bool is_of(const Network& network) const { return network_.get() == &network; }

protected:
    static constexpr std::uint64_t kSocketBytes = 3072;  // struct sock, its inode, dentry and file
    std::uint64_t send_buffer() const;
    std::uint64_t receive_buffer() const;
    Network& network() const { return *network_; }
    void set_family(std::uint16_t family) { family_ = family; }
    const std::shared_ptr<Network>& shared_network() { return network_; }

    WaitQueue waiters_;
    std::optional<Errno> error_;
    std::deque<SocketError> error_queue_;
    bool shut_read_ = false, shut_write_ = false;

private:
    std::shared_ptr<Network> network_;
    std::uint16_t family_;
    std::uint32_t type_, protocol_;
    FileStatus status_;
};

inline bool is_inet(const Socket& socket) {
    return socket.family() == abi::kAfInet || socket.family() == abi::kAfInet6;
}

// Whether messages are sent and received whole, unlike in a stream.
inline bool by_message(const Socket& socket) {
    return socket.type() != abi::kSockStream;
}

inline std::uint32_t mark_of(const Socket& sender) {
    return static_cast<std::uint32_t>(sender.options.get(abi::kSolSocket, abi::kSoMark));
}

// The buffer space charged for a message of this size, the kernel's truesize: an sk_buff, and a
// power of two that holds the bytes and the skb_shared_info; above one page, whole pages.
std::uint64_t message_charge(std::uint64_t bytes);

}  // namespace uprobesim
