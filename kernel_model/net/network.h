// SPDX-License-Identifier: GPL-2.0-or-later
// The loopback network of a simulation: its sockets, their ports and names. There is no other
// interface, and the host's network is never used.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_model/abi/errno.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/net/address.h"
#include "kernel_model/sysctl/sysctls.h"
#include "kernel_model/task/namespaces.h"

namespace uprobesim {

class Socket;
class FrameListener;
class InetSocket;
class NetlinkSocket;
class RawSocket;
class UnixSocket;

class Network {
public:
    // `memory`: what sockets and their queues are charged to; null: nothing.
    // `up`: as that of the first namespace; lo of another one is down and has no address.
    explicit Network(PhysicalMemory* memory = nullptr, bool up = true)
        : memory_(memory), up_(up), has_v4_(up), has_v6_(up) {
        sysctls.charge_to(memory);
    }
    PhysicalMemory* memory() const { return memory_; }
    bool has_room(std::uint64_t bytes) const {
        return memory_ == nullptr || memory_->has_room(bytes);
    }

    // The next inode number for sockets, pipes and other files without a name, which share one
    // sequence.
    std::uint64_t next_inode() { return ++last_inode_; }

    std::uint64_t add(Socket& socket);
    void remove(Socket& socket);
    // In order of creation.
    const std::map<std::uint64_t, Socket*>& sockets() const { return sockets_; }

    // --- ports. `port` 0: the next free one of 32768 to 60999.
    SysResult<std::uint16_t> claim(InetSocket& socket, std::uint16_t port);
    // Adds a socket to a port that other sockets have: an accepted connection.
    void join(InetSocket& socket, std::uint16_t port);
    void release(InetSocket& socket);
    // The socket that receives packets to this address: the one with the most specific match, the
    // first of equals. Null: none.
    InetSocket* destination(std::uint32_t protocol, const IpAddress& to, std::uint16_t port,
                            const IpAddress& from, std::uint16_t from_port) const;

    // Those that receive what is sent to a group, as __udp4_lib_mcast_deliver finds them: nobody
    // unless somebody has joined it.
    std::vector<InetSocket*> members(std::uint32_t protocol, const IpAddress& group,
                                     std::uint16_t port, const IpAddress& from,
                                     std::uint16_t from_port) const;

    // The ports that TCP sockets listen on.
    std::set<std::uint16_t> listening_ports() const;

    // --- names of AF_UNIX
    SysResult<void> claim_name(UnixSocket& socket, const SocketAddress& name);
    void release_name(UnixSocket& socket);
    // `type`: abstract names are those of one type of sockets.
    UnixSocket* named(const SocketAddress& name, std::uint32_t type) const;
    std::string unused_abstract_name(std::uint32_t type);

    // Descriptors sent and not yet received. The limit is that of open files of a process
    // (too_many_unix_fds).
    static constexpr std::uint64_t kMaxInFlight = 1024;
    std::uint64_t files_in_flight = 0;

    // Bytes buffered in TCP connections, and their limit (net.ipv4.tcp_mem; bounds the use of host
    // memory).
    static constexpr std::uint64_t kMaxTcpBytes = std::uint64_t{1} << 30;
    std::uint64_t tcp_bytes = 0;

    std::map<std::pair<std::uint32_t, std::uint32_t>, NetlinkSocket*>
        netlink_ports;                    // by protocol and port
    std::vector<RawSocket*> raw_sockets;  // in order of creation
    std::vector<FrameListener*> frame_listeners;

    // SIOCGIF*; lo is the only interface.
    SysResult<std::uint64_t> interface_ioctl(std::uint64_t request, std::uint64_t arg,
                                             UserMemory& memory);

    Sysctls sysctls;  // those of is_of_network()
    // SIOCADDRT and SIOCDELRT: lo has its routes by itself (ip_rt_ioctl).
    static SysResult<std::uint64_t> route_ioctl(std::uint64_t request, std::uint64_t arg,
                                                UserMemory& memory);

    // Whose capabilities count here; null: the first user namespace.
    UserSpace owner;
    // CLOCK_REALTIME, for the time of arrival of packets.
    std::function<std::uint64_t()> real_time_ns = [] { return std::uint64_t{0}; };

    // What filters may ask for: the CPU, and a random number.
    std::function<std::uint32_t()> current_cpu = [] { return 0u; };
    std::function<std::uint32_t()> random = [] { return 0u; };

    // Told when lo is not what it was, with its flags that are others now.
    std::function<void(std::uint32_t changed)> link_changed = [](std::uint32_t) {};

    // Whether lo is up: nothing has a way to it while it is not.
    bool up() const { return up_; }
    // It has 127.0.0.1 from the first time on (inetdev_event), and ::1 while it is up.
    void set_up(bool on);
    std::uint32_t mtu() const { return mtu_; }
    void set_mtu(std::uint32_t mtu);
    bool has_address(bool v6) const { return v6 ? has_v6_ : has_v4_; }
    void add_address(bool v6) { (v6 ? has_v6_ : has_v4_) = true; }

private:
    using Ports = std::map<std::uint16_t, std::vector<InetSocket*>>;
    Ports& ports_of(const InetSocket& socket);
    bool is_joined(const IpAddress& group) const;
    bool conflict(const InetSocket& socket, std::uint16_t port);

    PhysicalMemory* memory_;
    bool up_, has_v4_, has_v6_;
    std::uint32_t mtu_ = 65536;
    std::uint64_t last_inode_ = 10000;
    std::map<std::uint64_t, Socket*> sockets_;
    std::map<std::uint32_t, Ports> ports_;  // by protocol
    std::map<std::uint32_t, std::uint16_t> last_port_;
    std::map<std::pair<std::string, std::uint32_t>, UnixSocket*> abstract_;  // by name and type
    std::map<FileKey, UnixSocket*> files_;
    std::uint32_t last_name_ = 0;
};

// Whether a network namespace has this parameter for itself.
inline bool is_of_network(std::string_view sysctl) {
    return sysctl.starts_with("net/ipv4/") || sysctl.starts_with("net/ipv6/") ||
           sysctl.starts_with("net/unix/") || sysctl == "net/core/somaxconn";
}

// A network namespace other than the first.
struct NetNamespace final : Namespace {
    using Namespace::Namespace;
    std::shared_ptr<Network> network;
};

}  // namespace uprobesim
