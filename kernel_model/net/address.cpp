// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/address.h"

#include <algorithm>
#include <cstring>

namespace uprobesim {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kNetlinkBytes = 12, kPacketLeast = 12, kPacketBytes = 18,
                      kFrameBytes = 20;  // sizeof(struct sockaddr_ll)
constexpr std::size_t kInetBytes = 16, kInet6Bytes = 28,
                      kInet6Least = 24;  // SIN6_LEN_RFC2133: without the scope

std::uint8_t byte_at(std::span<const std::byte> bytes, std::size_t i) {
    return std::to_integer<std::uint8_t>(bytes[i]);
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t address) {
    IpAddress ip;
    std::copy(kMapped.begin(), kMapped.end(), ip.bytes.begin());
    for (std::size_t i = 0; i < 4; ++i)
        ip.bytes[12 + i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
    return ip;
}

IpAddress IpAddress::loopback(bool v6) {
    if (!v6) return v4(abi::kInaddrLoopback);
    IpAddress ip;
    ip.bytes[15] = 1;
    return ip;
}

bool IpAddress::is_v4() const {
    return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::uint32_t IpAddress::as_v4() const {
    std::uint32_t address = 0;
    for (std::size_t i = 12; i < 16; ++i) address = address << 8 | bytes[i];
    return address;
}

bool IpAddress::is_any() const {
    return *this == any(true) || *this == any(false);
}

bool IpAddress::is_loopback() const {
    return *this == loopback(true) || (is_v4() && bytes[12] == 127);
}

bool IpAddress::is_group() const {
    return is_v4() ? bytes[12] >> 4 == 0xe : bytes[0] == 0xff;
}

SysResult<SocketAddress> parse_address(std::span<const std::byte> bytes) {
    SocketAddress address;
    if (bytes.size() < 2 || bytes.size() > abi::kMaxAddressBytes)
        return tl::make_unexpected(Errno::Inval);
    std::memcpy(&address.family, bytes.data(), 2);
    if (address.family == abi::kAfUnix) {
        if (bytes.size() > abi::kMaxUnixAddress) return tl::make_unexpected(Errno::Inval);
        const auto* text = reinterpret_cast<const char*>(bytes.data()) + 2;
        const std::size_t size = bytes.size() - 2;
        address.name = size > 0 && text[0] == '\0' ? std::string(text, size)
                                                   : std::string(text, strnlen(text, size));
    } else if (address.family == abi::kAfNetlink) {
        if (bytes.size() < kNetlinkBytes) return tl::make_unexpected(Errno::Inval);
        std::memcpy(&address.netlink_port, bytes.data() + 4, 4);
        std::memcpy(&address.netlink_groups, bytes.data() + 8, 4);
    } else if (address.family == abi::kAfPacket ||
               (address.family == 0 && bytes.size() >= kPacketLeast)) {
        // packet_snd takes an address of any family.
        if (bytes.size() < kPacketLeast) return tl::make_unexpected(Errno::Inval);
        std::memcpy(&address.packet_protocol, bytes.data() + 2, 2);
        std::memcpy(&address.interface, bytes.data() + 4, 4);
        address.packet_length = static_cast<std::uint8_t>(bytes[11]);
        if (bytes.size() >= kPacketBytes)
            std::copy_n(bytes.begin() + 12, address.packet_link.size(),
                        address.packet_link.begin());
    } else if (address.family == abi::kAfInet || address.family == abi::kAfInet6) {
        const bool v6 = address.family == abi::kAfInet6;
        if (bytes.size() < (v6 ? kInet6Least : kInetBytes))
            return tl::make_unexpected(Errno::Inval);
        address.port = static_cast<std::uint16_t>(byte_at(bytes, 2) << 8 | byte_at(bytes, 3));
        address.ip = IpAddress::any(v6);
        std::memcpy(v6 ? address.ip.bytes.data() : address.ip.bytes.data() + 12,
                    bytes.data() + (v6 ? 8 : 4), v6 ? 16 : 4);
    }
    return address;
}

std::vector<std::byte> address_bytes(const SocketAddress& address, std::uint16_t family) {
    std::array<std::byte, abi::kMaxAddressBytes> out{};
    std::memcpy(out.data(), &family, 2);
    std::size_t size = 2;
    if (family == abi::kAfUnix) {
        // A path with its NUL, an abstract name without one.
        const std::size_t length = std::min(address.name.size(), abi::kMaxUnixAddress - 2);
        std::memcpy(out.data() + 2, address.name.data(), length);
        size += length + (length > 0 && !address.abstract() ? 1 : 0);
    } else if (family == abi::kAfNetlink) {
        std::memcpy(out.data() + 4, &address.netlink_port, 4);
        std::memcpy(out.data() + 8, &address.netlink_groups, 4);
        size = kNetlinkBytes;
    } else if (family == abi::kAfPacket) {
        std::memcpy(out.data() + 2, &address.packet_protocol, 2);
        std::memcpy(out.data() + 4, &address.interface, 4);
        std::memcpy(out.data() + 8, &address.packet_hardware, 2);
        out[10] = static_cast<std::byte>(address.packet_type);
        out[11] = static_cast<std::byte>(address.packet_length);
        std::ranges::copy(address.packet_link, out.begin() + 12);
        size = address.of_frame ? kFrameBytes : kPacketBytes;
    } else {
        const bool v6 = family == abi::kAfInet6;
        out[2] = static_cast<std::byte>(address.port >> 8);
        out[3] = static_cast<std::byte>(address.port & 0xff);
        std::memcpy(out.data() + (v6 ? 8 : 4),
                    v6 ? address.ip.bytes.data() : address.ip.bytes.data() + 12, v6 ? 16 : 4);
        size = v6 ? kInet6Bytes : kInetBytes;
    }
    return std::vector<std::byte>(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
}

}  // namespace uprobesim
