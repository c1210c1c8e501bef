// SPDX-License-Identifier: GPL-2.0-or-later
// Socket addresses of AF_UNIX, AF_INET and AF_INET6, and their layout in guest memory.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel_model/abi/errno.h"
#include "kernel_model/abi/socket.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/memory/mm.h"

namespace uprobesim {

// An IPv6 address; IPv4 addresses are stored as ::ffff:a.b.c.d.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    static IpAddress v4(std::uint32_t address);
    static IpAddress loopback(bool v6);
    static IpAddress any(bool v6) { return v6 ? IpAddress{} : v4(0); }
    bool is_v4() const;
    bool is_any() const;
    bool is_loopback() const;
    bool is_group() const;        // of multicast
    std::uint32_t as_v4() const;  // host order
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const IpAddress&) const = default;
};

struct SocketAddress {
    std::uint16_t family = abi::kAfUnspec;
    IpAddress ip;
    std::uint16_t port = 0;
    std::uint32_t netlink_port = 0, netlink_groups = 0;  // AF_NETLINK
    std::int32_t interface = 0;                          // AF_PACKET
    std::uint16_t packet_protocol = 0;
    std::uint16_t packet_hardware = 0;  // sll_hatype, and the rest of a frame's address
    std::uint8_t packet_type = 0, packet_length = 0;
    std::array<std::byte, 6> packet_link{};
    bool of_frame = false;  // that of a frame which came, told in full
    // AF_UNIX: empty is unnamed, a first NUL is abstract, else a path.
    std::string name;
    // The socket file at the path, after lookup.
    std::optional<FileKey> file;
    bool abstract() const { return !name.empty() && name.front() == '\0'; }
};

// Parses an address of the guest. Inval: too short or too long. Any family is accepted.
SysResult<SocketAddress> parse_address(std::span<const std::byte> bytes);
// `family`: that of the reporting socket (an AF_INET6 socket reports IPv4 addresses in their mapped
// form).
std::vector<std::byte> address_bytes(const SocketAddress& address, std::uint16_t family);

}  // namespace uprobesim
