// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/socket.h"
#include "kernel_model/net/inet_socket.h"
#include "kernel_model/net/tcp_socket.h"
#include "kernel_model/net/unix_socket.h"

namespace uprobesim {

namespace {

constexpr std::uint16_t kFirstEphemeral = 32768,
                        kLastEphemeral = 60999;  // net.ipv4.ip_local_port_range

}  // namespace

std::uint64_t Network::add(Socket& socket) {
    const std::uint64_t inode = next_inode();
    sockets_[inode] = &socket;
    return inode;
}

// __dev_notify_flags
void Network::set_up(bool on) {
    const bool changes = up_ != on;
    up_ = on;
    has_v4_ = has_v4_ || on;
    has_v6_ = on;
    if (changes) link_changed(abi::kIffUp);
}

void Network::set_mtu(std::uint32_t mtu) {
    const bool changes = mtu_ != mtu;
    mtu_ = mtu;
    if (changes) link_changed(0);
}

void Network::remove(Socket& socket) {
    sockets_.erase(socket.inode());
}

Network::Ports& Network::ports_of(const InetSocket& socket) {
    return ports_[socket.protocol()];
}

// inet_csk_bind_conflict and udp_lib_lport_inuse: two sockets may share a port where both reuse it
// and none of them listens, where both have SO_REUSEPORT, or where their addresses have nothing in
// common.
bool Network::conflict(const InetSocket& socket, std::uint16_t port) {
    const auto at = ports_of(socket).find(port);
    if (at == ports_of(socket).end()) return false;
    const auto overlap = [](const InetSocket& a, const InetSocket& b) {
        if (a.local_ip() == b.local_ip()) return true;
        // The unspecified IPv6 address includes the IPv4 one, unless IPV6_V6ONLY is set.
        const auto covers = [](const InetSocket& any, const InetSocket& other) {
            if (any.local_ip() == IpAddress::any(false)) return other.local_ip().is_v4();
            return any.local_ip() == IpAddress::any(true) &&
                   (!other.local_ip().is_v4() || !any.only_v6());
        };
        return covers(a, b) || covers(b, a);
    };
    const auto both = [&](const InetSocket& other, std::int32_t option) {
        return socket.options.is_on(abi::kSolSocket, option) &&
               other.options.is_on(abi::kSolSocket, option);
    };
    return std::any_of(at->second.begin(), at->second.end(), [&](const InetSocket* other) {
        if (other == &socket || !overlap(socket, *other) || both(*other, abi::kSoReuseport))
            return false;
        return !both(*other, abi::kSoReuseaddr) || other->listening() || socket.listening();
    });
}

SysResult<std::uint16_t> Network::claim(InetSocket& socket, std::uint16_t port) {
    if (port == 0) {
        std::uint16_t& last = last_port_[socket.protocol()];
        const Ports& taken = ports_of(socket);
        std::uint16_t candidate = last == 0 ? kLastEphemeral : last;
        for (unsigned tries = 0; tries <= kLastEphemeral - kFirstEphemeral; ++tries) {
            candidate = candidate == kLastEphemeral ? kFirstEphemeral
                                                    : static_cast<std::uint16_t>(candidate + 1);
            if (taken.contains(candidate)) continue;
            port = last = candidate;
            break;
        }
        if (port == 0) return tl::make_unexpected(Errno::AddrInUse);
    } else if (conflict(socket, port)) {
        return tl::make_unexpected(Errno::AddrInUse);
    }
    join(socket, port);
    return port;
}

void Network::join(InetSocket& socket, std::uint16_t port) {
    ports_of(socket)[port].push_back(&socket);
}

void Network::release(InetSocket& socket) {
    Ports& ports = ports_of(socket);
    const auto at = ports.find(socket.local_port());
    if (at == ports.end()) return;
    std::erase(at->second, &socket);
    if (at->second.empty()) ports.erase(at);
}

InetSocket* Network::destination(std::uint32_t protocol, const IpAddress& to, std::uint16_t port,
                                 const IpAddress& from, std::uint16_t from_port) const {
    const auto ports = ports_.find(protocol);
    if (ports == ports_.end()) return nullptr;
    const auto at = ports->second.find(port);
    if (at == ports->second.end()) return nullptr;
    InetSocket* best = nullptr;
    int best_score = -1;
    for (InetSocket* socket : at->second) {
        if (!socket->receives()) continue;
        int score = 0;
        if (socket->local_ip() == to) {
            score += 4;
        } else if (socket->local_ip() == IpAddress::any(false) && to.is_v4()) {
            score += 1;
        } else if (socket->local_ip() != IpAddress::any(true) ||
                   (to.is_v4() && socket->only_v6())) {
            continue;
        }
        if (socket->remote_port() != 0) {
            if (socket->remote_port() != from_port || socket->remote_ip() != from) continue;
            score += 8;
        }
        if (score > best_score) best = socket;
        best_score = std::max(score, best_score);
    }
    return best;
}

// ip_check_mc_rcu: 224.0.0.1 is every interface's.
bool Network::is_joined(const IpAddress& group) const {
    constexpr std::uint32_t kAllHosts = 0xe0000001;
    return group == IpAddress::v4(kAllHosts) ||
           std::ranges::any_of(sockets_,
                               [&](const auto& entry) { return entry.second->groups.has(group); });
}

std::vector<InetSocket*> Network::members(std::uint32_t protocol, const IpAddress& group,
                                          std::uint16_t port, const IpAddress& from,
                                          std::uint16_t from_port) const {
    std::vector<InetSocket*> found;
    const auto ports = ports_.find(protocol);
    if (ports == ports_.end() || !is_joined(group)) return found;
    const auto at = ports->second.find(port);
    if (at == ports->second.end()) return found;
    const auto takes = [&](const InetSocket& socket) {
        const IpAddress& own = socket.local_ip();
        const bool any =
            own == IpAddress::any(false) || (own == IpAddress::any(true) && !socket.only_v6());
        const bool is_for = own == group || any;
        const bool is_from = socket.remote_port() == 0 ||
                             (socket.remote_port() == from_port && socket.remote_ip() == from);
        return is_for && is_from &&
               (socket.groups.has(group) ||
                socket.options.is_on(abi::kSolIp, abi::kIpMulticastAll));
    };
    std::ranges::copy_if(at->second, std::back_inserter(found),
                         [&](const InetSocket* socket) { return takes(*socket); });
    return found;
}

SysResult<void> Network::claim_name(UnixSocket& socket, const SocketAddress& name) {
    const bool taken =
        name.file ? files_.contains(*name.file) : abstract_.contains({name.name, socket.type()});
    if (taken) return tl::make_unexpected(Errno::AddrInUse);
    if (name.file) {
        files_[*name.file] = &socket;
    } else {
        abstract_[{name.name, socket.type()}] = &socket;
    }
    return {};
}

void Network::release_name(UnixSocket& socket) {
    // A connection has the name of its listener.
    const auto erase = [&](auto& names, const auto& name) {
        const auto it = names.find(name);
        if (it != names.end() && it->second == &socket) names.erase(it);
    };
    const SocketAddress name = socket.local();
    erase(abstract_, std::pair(name.name, socket.type()));
    if (name.file) erase(files_, *name.file);
}

UnixSocket* Network::named(const SocketAddress& name, std::uint32_t type) const {
    if (name.file) {
        const auto it = files_.find(*name.file);
        return it == files_.end() ? nullptr : it->second;
    }
    const auto it = abstract_.find({name.name, type});
    return it == abstract_.end() ? nullptr : it->second;
}

// Autobind's names are five hexadecimal digits.
std::string Network::unused_abstract_name(std::uint32_t type) {
    std::string name;
    do {
        name = fmt::format("{}{:05x}", '\0', last_name_++ & 0xfffff);
    } while (abstract_.contains({name, type}));
    return name;
}

SysResult<std::uint64_t> Network::interface_ioctl(std::uint64_t request, std::uint64_t arg,
                                                  UserMemory& memory) {
    struct Request {
        std::array<char, 16> name;
        std::array<std::uint8_t, 24> value;
    };
    const auto fault = [] { return tl::make_unexpected(Errno::Fault); };
    const auto inet = [](std::uint32_t address) {
        std::array<std::uint8_t, 24> value{static_cast<std::uint8_t>(abi::kAfInet)};
        for (std::size_t i = 0; i < 4; ++i)
            value[4 + i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
        return value;
    };
    const auto number = [](std::uint32_t n) {
        std::array<std::uint8_t, 24> value{};
        std::memcpy(value.data(), &n, 4);
        return value;
    };
    if (request == abi::kSiocgifconf) {
        struct Conf {
            std::int32_t length, pad;
            std::uint64_t buffer;
        };
        auto conf = memory.get<Conf>(VAddr(arg));
        if (!conf) return fault();
        const Request lo{{'l', 'o'}, inet(abi::kInaddrLoopback)};
        const bool fits =
            has_v4_ && (conf->buffer == 0 || conf->length >= static_cast<std::int32_t>(sizeof lo));
        if (conf->buffer != 0 && fits && !memory.put(VAddr(conf->buffer), lo)) return fault();
        conf->length = fits ? static_cast<std::int32_t>(sizeof lo) : 0;
        if (!memory.put(VAddr(arg), *conf)) return fault();
        return std::uint64_t{0};
    }
    const std::array known = {abi::kSiocsifmtu,     abi::kSiocgifname,    abi::kSiocsifflags,
                              abi::kSiocgifbrdaddr, abi::kSiocgifdstaddr, abi::kSiocgifmetric,
                              abi::kSiocgiftxqlen,  abi::kSiocgifflags,   abi::kSiocgifaddr,
                              abi::kSiocgifnetmask, abi::kSiocgifmtu,     abi::kSiocgifhwaddr,
                              abi::kSiocgifindex};
    if (std::find(known.begin(), known.end(), request) == known.end())
        return tl::make_unexpected(Errno::NotTty);
    auto given = memory.get<Request>(VAddr(arg));
    if (!given) return fault();
    std::uint32_t index = 0;
    std::memcpy(&index, given->value.data(), 4);
    const std::string_view name(given->name.data(),
                                strnlen(given->name.data(), given->name.size()));
    if (request == abi::kSiocgifname ? index != 1 : name != "lo")
        return tl::make_unexpected(Errno::NoDev);
    const std::array of_address = {abi::kSiocgifaddr, abi::kSiocgifbrdaddr, abi::kSiocgifdstaddr,
                                   abi::kSiocgifnetmask};
    if (!has_v4_ && std::find(of_address.begin(), of_address.end(), request) != of_address.end())
        return tl::make_unexpected(Errno::AddrNotAvail);
    switch (request) {
        case abi::kSiocsifflags:
            set_up((given->value[0] & abi::kIffUp) != 0);
            return std::uint64_t{0};
        case abi::kSiocsifmtu:
            if (static_cast<std::int32_t>(index) < 0) return tl::make_unexpected(Errno::Inval);
            set_mtu(index);
            return std::uint64_t{0};
        case abi::kSiocgifbrdaddr: given->value = inet(0); break;
        case abi::kSiocgifdstaddr: given->value = inet(abi::kInaddrLoopback); break;
        case abi::kSiocgifmetric: given->value = number(0); break;
        case abi::kSiocgiftxqlen: given->value = number(1000); break;
        case abi::kSiocgifname: given->name = {'l', 'o'}; break;
        case abi::kSiocgifflags:
            given->value = number(abi::kIffLoopback | (up_ ? abi::kIffUp | abi::kIffRunning : 0));
            break;
        case abi::kSiocgifaddr: given->value = inet(abi::kInaddrLoopback); break;
        case abi::kSiocgifnetmask: given->value = inet(0xff000000); break;
        case abi::kSiocgifmtu: given->value = number(mtu_); break;
        case abi::kSiocgifhwaddr: given->value = number(abi::kArphrdLoopback); break;
        default: given->value = number(1); break;  // the index of lo
    }
    if (!memory.put(VAddr(arg), *given)) return fault();
    return std::uint64_t{0};
}

SysResult<std::uint64_t> Network::route_ioctl(std::uint64_t request, std::uint64_t arg,
                                              UserMemory& memory) {
    constexpr std::uint64_t kDestination = 8, kGateway = 24, kBytes = 120;  // struct rtentry
    std::array<std::byte, kBytes> entry{};
    if (!memory.read(VAddr(arg), entry)) return tl::make_unexpected(Errno::Fault);
    const auto family_at = [&](std::uint64_t at) {
        std::uint16_t family = 0;
        std::memcpy(&family, entry.data() + at, sizeof family);
        return family;
    };
    if (family_at(kDestination) != abi::kAfInet) return tl::make_unexpected(Errno::AfNoSupport);
    if (request == abi::kSiocdelrt) return tl::make_unexpected(Errno::Srch);
    const bool gateway = family_at(kGateway) == abi::kAfInet;
    return tl::make_unexpected(gateway ? Errno::NetUnreach : Errno::NoDev);
}

std::set<std::uint16_t> Network::listening_ports() const {
    std::set<std::uint16_t> ports;
    for (const auto& [id, socket] : sockets_) {
        const auto* tcp = dynamic_cast<const TcpSocket*>(socket);
        if (tcp != nullptr && tcp->listening()) ports.insert(tcp->local_port());
    }
    return ports;
}

}  // namespace uprobesim
