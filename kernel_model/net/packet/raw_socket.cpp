// SPDX-License-Identifier: GPL-2.0-or-later
// net/ipv4/raw.c, net/ipv4/icmp.c (icmp_echo)
#include "kernel_model/net/packet/raw_socket.h"

#include "kernel_model/abi/poll.h"
#include "kernel_model/net/frames.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_bytes.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint8_t kDefaultHops = 64;
constexpr std::byte kEchoRequest{8}, kEchoReply{0};

}  // namespace

RawSocket::RawSocket(std::shared_ptr<Network> network, std::uint16_t family, std::uint32_t protocol)
    : Socket(std::move(network), family, abi::kSockRaw, protocol) {
    this->network().raw_sockets.push_back(this);
}

RawSocket::~RawSocket() {
    std::erase(network().raw_sockets, this);
}

SocketAddress RawSocket::address_of(const IpAddress& ip) const {
    SocketAddress address;
    address.family = family();
    address.ip = ip;
    return address;
}

SysResult<void> RawSocket::bind(const SocketAddress& address, const Ucred&) {
    if (address.family != family()) return tl::make_unexpected(Errno::AfNoSupport);
    if (!address.ip.is_any() && !address.ip.is_loopback())
        return tl::make_unexpected(Errno::AddrNotAvail);
    local_ip_ = address.ip;
    return {};
}

SysResult<void> RawSocket::connect(const SocketAddress& address, const Ucred&, bool) {
    remote_ip_.reset();
    if (address.family == abi::kAfUnspec) return {};
    if (address.family != family()) return tl::make_unexpected(Errno::AfNoSupport);
    if (!address.ip.is_any() && !address.ip.is_loopback())
        return tl::make_unexpected(Errno::NetUnreach);
    remote_ip_ = address.ip.is_any() ? IpAddress::loopback(is_v6()) : address.ip;
    return {};
}

SocketAddress RawSocket::local() const {
    return address_of(local_ip_);
}

SysResult<SocketAddress> RawSocket::peer() const {
    if (!remote_ip_) return tl::make_unexpected(Errno::NotConn);
    return address_of(*remote_ip_);
}

// What the filter leaves of a packet, whose header the program sees as a reader does.
std::optional<std::size_t> RawSocket::filtered(std::span<const std::byte> bytes,
                                               const IpAddress& from, const PacketFields& fields,
                                               std::uint32_t mark) const {
    constexpr std::size_t kIcmpHeader = 8;
    if (filtering.filter == nullptr) return bytes.size();
    const std::size_t header = is_v6() ? 0 : kIpHeaderBytes;
    const auto kind = static_cast<std::uint8_t>(protocol());
    std::vector<std::byte> packet = is_v6() ? with_ip_header(from, fields, kind, bytes)
                                            : std::vector<std::byte>(bytes.begin(), bytes.end());
    const bool icmp = kind == abi::kIpprotoIcmp || kind == abi::kIpprotoIcmpv6;
    return kept_bytes(*filtering.filter, {std::move(packet),
                                          {.data = is_v6() ? kIpv6HeaderBytes : 0,
                                           .payload = header + (icmp ? kIcmpHeader : 0),
                                           .mark = mark},
                                          network()});
}

void RawSocket::take(std::span<const std::byte> bytes, const IpAddress& from,
                     const PacketFields& fields, std::uint32_t mark) {
    if (!local_ip_.is_any() && local_ip_ != fields.to) return;
    if (remote_ip_ && *remote_ip_ != from) return;
    const auto kept = filtered(bytes, from, fields, mark);
    if (!kept) return;
    bytes = bytes.first(*kept);
    if (!queue_.fits(bytes.size(), receive_buffer()) ||
        !network().has_room(message_charge(bytes.size())))
        return;
    queue_.push(bytes, {from, fields}, network());
    waiters_.wake(abi::kPollReadable);
}

void RawSocket::transmit(const IpAddress& from, const PacketFields& fields, std::uint8_t protocol,
                         std::span<const std::byte> payload) {
    std::vector<std::byte> packet(payload.begin(), payload.end());
    if (!is_v6()) packet = with_ip_header(from, fields, protocol, payload);
    if (!network().frame_listeners.empty())
        show_packet(network(), with_ip_header(from, fields, protocol, payload), false);
    for (RawSocket* const other : network().raw_sockets) {
        if (other->family() == family() && other->protocol() == protocol)
            other->take(packet, from, fields, mark_of(*this));
    }
    if (is_v6() || protocol != abi::kIpprotoIcmp || payload.size() < 8 ||
        payload[0] != kEchoRequest)
        return;
    std::vector<std::byte> reply(payload.begin(), payload.end());
    reply[0] = kEchoReply;
    put_u16(std::span(reply).subspan(2), 0);
    put_u16(std::span(reply).subspan(2), internet_checksum(reply));
    // icmp_reply: of the request's class, with the hops that any packet has.
    PacketFields back = fields_of_packet(
        *this, {.from = {}, .hops = kDefaultHops, .traffic_class = fields.traffic_class}, from);
    transmit(fields.to, back, protocol, reply);
}

SysResult<std::uint64_t> RawSocket::send(const Outgoing& message) {
    if (message.urgent) return tl::make_unexpected(Errno::NotSup);
    if (message.bytes.size() > longest_message()) return tl::make_unexpected(Errno::MsgSize);
    if (message.to && message.to->family != family())
        return tl::make_unexpected(Errno::AfNoSupport);
    if (!message.to && !remote_ip_) return tl::make_unexpected(Errno::DestAddrReq);
    IpAddress to = message.to ? message.to->ip : *remote_ip_;
    if (to.is_any()) to = IpAddress::loopback(is_v6());
    if (!to.is_loopback()) return tl::make_unexpected(Errno::NetUnreach);
    const IpAddress own = local_ip_.is_any() ? IpAddress::loopback(is_v6()) : local_ip_;
    const IpAddress from = message.wishes.from.value_or(own);
    PacketFields fields = fields_of_packet(*this, message.wishes, to);
    const bool has_header =
        !is_v6() && (protocol() == abi::kIpprotoRaw || options.is_on(abi::kSolIp, abi::kIpHdrincl));
    if (has_header) {
        if (message.bytes.size() < kIpHeaderBytes) return tl::make_unexpected(Errno::Inval);
        const std::size_t length = (std::to_integer<std::size_t>(message.bytes[0]) & 0xf) * 4;
        if (length < kIpHeaderBytes || length > message.bytes.size())
            return tl::make_unexpected(Errno::Inval);
        fields.traffic_class = std::to_integer<std::uint8_t>(message.bytes[1]);
        fields.hops = std::to_integer<std::uint8_t>(message.bytes[8]);
        transmit(from, fields, std::to_integer<std::uint8_t>(message.bytes[9]),
                 message.bytes.subspan(length));
    } else {
        transmit(from, fields, static_cast<std::uint8_t>(protocol()), message.bytes);
    }
    return std::uint64_t{message.bytes.size()};
}

SysResult<Incoming> RawSocket::receive(std::uint64_t most, bool peek) {
    if (queue_.empty()) {
        if (shut_read_) return Incoming{};
        return tl::make_unexpected(Errno::Again);
    }
    const Arrival arrival = queue_.next_from();
    Incoming got = queue_.take(most, peek);
    got.from = address_of(arrival.from);
    got.fields = arrival.fields;
    return got;
}

SysResult<void> RawSocket::shutdown(bool read, bool) {
    shut_read_ = shut_read_ || read;
    waiters_.wake();
    if (!remote_ip_) return tl::make_unexpected(Errno::NotConn);
    return {};
}

std::uint32_t RawSocket::poll() {
    std::uint32_t bits = abi::kPollWritable | abi::kPollWrband;
    if (!queue_.empty() || shut_read_) bits |= abi::kPollReadable;
    return bits;
}

}  // namespace uprobesim
