// SPDX-License-Identifier: GPL-2.0-or-later
// Formats: proc_net(5), and the kernel's tcp4_seq_show, tcp6_seq_show, udp4_format_sock and
// unix_seq_show.
#include "kernel_model/proc/proc_net.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "kernel_model/net/inet_socket.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/tcp_socket.h"

namespace uprobesim {

namespace {

// Words of the address in the machine's order, which is little-endian.
std::string address_text(const IpAddress& ip, std::uint16_t port, bool v6) {
    std::string text;
    for (std::size_t i = v6 ? 0 : 12; i < 16; i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, ip.bytes.data() + i, 4);
        text += fmt::format("{:08X}", word);
    }
    return fmt::format("{}:{:04X}", text, port);
}

std::string inet_text(const Network& network, std::uint32_t protocol, bool v6) {
    const std::string_view remote = v6 ? "remote_address                        " : "rem_address  ";
    std::string text = fmt::format(
        "  sl  local_address {}{} st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n",
        v6 ? "                        " : "", remote);
    int line = 0;
    for (const auto& [inode, socket] : network.sockets()) {
        const auto* inet = dynamic_cast<const InetSocket*>(socket);
        if (inet == nullptr || inet->protocol() != protocol || inet->is_v6() != v6 ||
            inet->local_port() == 0)
            continue;
        const auto* tcp = dynamic_cast<const TcpSocket*>(inet);
        const std::uint64_t received = tcp != nullptr && tcp->listening()
                                           ? tcp->waiting_connections()
                                           : inet->readable_bytes();
        text += fmt::format(
            "{:4}: {} {} {:02X} {:08X}:{:08X} 00:00000000 00000000 {:5} {:8} {} 1 "
            "0000000000000000\n",
            line++, address_text(inet->local_ip(), inet->local_port(), v6),
            address_text(inet->remote_ip(), inet->remote_port(), v6), inet->tcp_state(),
            inet->unsent_bytes(), received, 0, 0, inode);
    }
    return text;
}

std::string unix_text(const Network& network) {
    std::string text = "Num       RefCount Protocol Flags    Type St Inode Path\n";
    for (const auto& [inode, socket] : network.sockets()) {
        if (socket->family() != abi::kAfUnix) continue;
        // SS_CONNECTED 3, SS_UNCONNECTED 1; a listener has __SO_ACCEPTCON.
        std::string name = socket->local().name;
        std::replace(name.begin(), name.end(), '\0', '@');
        text += fmt::format("{:016x}: {:08X} {:08X} {:08X} {:04X} {:02X} {:5}{}{}\n", 0, 2, 0,
                            socket->listening() ? abi::kUnixAcceptcon : 0, socket->type(),
                            socket->peer() ? 3 : 1, inode, name.empty() ? "" : " ", name);
    }
    return text;
}

constexpr const char* kDevices =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier "
    "compressed\n"
    "    lo:       0       0    0    0    0     0          0         0        0       0    0    0  "
    "  0     0       0   "
    "       0\n";

}  // namespace

std::string proc_net_tcp(const Network& network) {
    return inet_text(network, abi::kIpprotoTcp, false);
}
std::string proc_net_tcp6(const Network& network) {
    return inet_text(network, abi::kIpprotoTcp, true);
}
std::string proc_net_udp(const Network& network) {
    return inet_text(network, abi::kIpprotoUdp, false);
}
std::string proc_net_udp6(const Network& network) {
    return inet_text(network, abi::kIpprotoUdp, true);
}
std::string proc_net_unix(const Network& network) {
    return unix_text(network);
}
std::string proc_net_dev(const Network&) {
    return kDevices;
}
std::string proc_net_if_inet6(const Network& network) {
    if (!network.has_address(true)) return "";
    return "00000000000000000000000000000001 01 80 10 80       lo\n";
}
std::string proc_net_route(const Network&) {
    return "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
}

}  // namespace uprobesim
