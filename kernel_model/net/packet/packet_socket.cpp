// SPDX-License-Identifier: GPL-2.0-or-later
// net/packet/af_packet.c (packet_rcv, tpacket_rcv, packet_snd)
#include "kernel_model/net/packet/packet_socket.h"

#include <algorithm>

#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::size_t kVnetHeaderBytes = 10;                              // struct virtio_net_hdr
constexpr std::uint64_t kMembershipBytes = 2 * sizeof(PacketMembership);  // a vector has more room

std::uint16_t frame_protocol(std::span<const std::byte> frame) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(frame[12]) |
                                      std::to_integer<unsigned>(frame[13]) << 8);
}

}  // namespace

PacketSocket::PacketSocket(std::shared_ptr<Network> network, std::uint32_t type,
                           std::uint32_t protocol)
    : Socket(std::move(network), kAfPacket, type, protocol),
      memberships_charge_(this->network().memory()) {
    name_.family = kAfPacket;
    name_.packet_protocol = static_cast<std::uint16_t>(protocol);
    this->network().frame_listeners.push_back(this);
}

PacketSocket::~PacketSocket() {
    std::erase(network().frame_listeners, static_cast<FrameListener*>(this));
}

SysResult<void> PacketSocket::join(const PacketMembership& wanted) {
    constexpr std::size_t kMost = 1024;
    if (memberships_.size() >= kMost || !memberships_charge_.has_room(kMembershipBytes))
        return tl::make_unexpected(Errno::NoBufs);
    memberships_.push_back(wanted);
    memberships_charge_.resize(memberships_.size() * kMembershipBytes);
    return {};
}

void PacketSocket::leave(const PacketMembership& wanted) {
    const auto found = std::ranges::find(memberships_, wanted);
    if (found == memberships_.end()) return;
    memberships_.erase(found);
    memberships_charge_.resize(memberships_.size() * kMembershipBytes);
}

SysResult<void> PacketSocket::bind(const SocketAddress& address, const Ucred&) {
    if (address.family != kAfPacket) return tl::make_unexpected(Errno::Inval);
    if (address.interface != 0 && address.interface != kLo)
        return tl::make_unexpected(Errno::NoDev);
    name_.interface = address.interface;
    if (address.packet_protocol != 0) name_.packet_protocol = address.packet_protocol;
    return {};
}

// packet_getname
SocketAddress PacketSocket::local() const {
    SocketAddress told = name_;
    if (told.interface == kLo) {
        told.packet_hardware = kArphrdLoopback;
        told.packet_length = kLinkAddressBytes;
    }
    return told;
}

void PacketSocket::take(const LinkFrame& frame, std::uint8_t type) {
    if (type == kPacketOutgoing && options.is_on(kSolPacket, kPacketIgnoreOutgoing)) return;
    auto bytes = frame.bytes;
    if (this->type() == kSockDgram) bytes = bytes.subspan(kLinkHeaderBytes);
    if (filtering.filter != nullptr) {
        const auto kept = kept_bytes(*filtering.filter, {bytes, network()});
        if (!kept) return;
        bytes = bytes.first(std::min(*kept, bytes.size()));
    }
    SocketAddress from;
    from.family = kAfPacket;
    from.of_frame = true;
    from.packet_protocol = frame.protocol;
    from.interface = kLo;
    from.packet_hardware = kArphrdLoopback;
    from.packet_type = type;
    from.packet_length = kLinkAddressBytes;
    std::copy_n(frame.bytes.begin() + kLinkAddressBytes, kLinkAddressBytes,
                from.packet_link.begin());
    ++counts_[0];
    bool taken = false;
    if (rings.has(false)) {
        taken = put_in_ring(bytes, from, frame);
    } else if (queue_.fits(bytes.size(), receive_buffer()) &&
               network().has_room(message_charge(bytes.size()))) {
        queue_.push(bytes, from, network());
        taken = true;
    }
    if (!taken) {
        ++counts_[1];
        return;
    }
    waiters_.wake(kPollReadable);
}

// tpacket_rcv
bool PacketSocket::put_in_ring(std::span<const std::byte> bytes, const SocketAddress& from,
                               const LinkFrame& frame) {
    constexpr std::uint32_t kHeader = 52, kLeastLink = 16, kMostOffset = 0xffff;
    const auto aligned = [](std::uint32_t value) { return (value + 15) & ~15u; };
    const auto reserved = static_cast<std::uint32_t>(options.get(kSolPacket, kPacketReserve));
    const bool raw = type() == kSockRaw;
    PacketRings::Frame shown{};
    shown.network_offset =
        raw ? aligned(kHeader + kLeastLink) + reserved : aligned(kHeader) + kLeastLink + reserved;
    if (raw && options.is_on(kSolPacket, kPacketVnetHdr)) shown.network_offset += kVnetHeaderBytes;
    shown.mac_offset =
        shown.network_offset - (raw ? static_cast<std::uint32_t>(kLinkHeaderBytes) : 0);
    if (shown.network_offset > kMostOffset) return false;
    const std::uint32_t size = rings.shape(false).frame_size;
    shown.length = static_cast<std::uint32_t>(bytes.size());
    shown.kept = std::min(shown.length,
                          size > shown.mac_offset ? size - shown.mac_offset : std::uint32_t{0});
    shown.status = kTpStatusUser | (counts_[1] != 0 ? kTpStatusLosing : 0) |
                   (frame.checksum_missing ? kTpStatusCsumNotReady : 0);
    shown.bytes = bytes;
    const auto address = address_bytes(from, kAfPacket);
    shown.address = address;
    shown.time_ns = now_ns();
    return rings.put(shown);
}

SysResult<std::uint64_t> PacketSocket::transmit(std::span<const std::byte> bytes,
                                                const SocketAddress& to) {
    const bool raw = type() != kSockDgram;
    if (bytes.size() > network().mtu() + (raw ? kLinkHeaderBytes : 0))
        return tl::make_unexpected(Errno::MsgSize);
    if (raw && bytes.size() < kLinkHeaderBytes) return tl::make_unexpected(Errno::Inval);
    std::vector<std::byte> frame;
    if (!raw) {
        frame.resize(kLinkHeaderBytes);
        std::ranges::copy(to.packet_link, frame.begin());
        frame[12] = static_cast<std::byte>(to.packet_protocol & 0xff);
        frame[13] = static_cast<std::byte>(to.packet_protocol >> 8);
    }
    frame.insert(frame.end(), bytes.begin(), bytes.end());
    show_frame(network(), {.bytes = frame, .protocol = frame_protocol(frame), .sender = this});
    return std::uint64_t{bytes.size()};
}

// tpacket_snd: the frames that the program has marked.
SysResult<std::uint64_t> PacketSocket::send_ring(const SocketAddress& to) {
    std::uint64_t sent = 0;
    // One byte more than is sent tells that it is too much.
    const std::uint64_t most = network().mtu() + kLinkHeaderBytes + 1;
    while (const auto bytes = rings.take_to_send(most)) sent += TRY(transmit(*bytes, to));
    waiters_.wake(kPollWritable);
    return sent;
}

SysResult<std::uint64_t> PacketSocket::send(const Outgoing& message) {
    SocketAddress to = message.to.value_or(name_);
    if (to.packet_protocol == 0) to.packet_protocol = name_.packet_protocol;
    if (to.interface != kLo) return tl::make_unexpected(Errno::Nxio);
    if (!network().up()) return tl::make_unexpected(Errno::NetDown);
    if (rings.has(true)) return send_ring(to);
    auto bytes = message.bytes;
    if (options.is_on(kSolPacket, kPacketVnetHdr)) {
        if (bytes.size() < kVnetHeaderBytes) return tl::make_unexpected(Errno::Inval);
        bytes = bytes.subspan(kVnetHeaderBytes);
    }
    TRY(transmit(bytes, to));
    return std::uint64_t{message.bytes.size()};
}

SysResult<Incoming> PacketSocket::receive(std::uint64_t most, bool peek) {
    if (error_) return tl::make_unexpected(*take_error());
    if (queue_.empty()) return tl::make_unexpected(Errno::Again);
    SocketAddress from = queue_.next_from();
    Incoming got = queue_.take(most, peek);
    got.from = std::move(from);
    return got;
}

// packet_poll
std::uint32_t PacketSocket::poll() {
    std::uint32_t bits = kPollWritable | kPollWrband;
    if (!queue_.empty() || rings.readable()) bits |= kPollReadable;
    return bits;
}

// packet_mmap: both rings, whole.
SysResult<void> PacketSocket::may_map(std::uint64_t offset, std::uint64_t length) {
    if (offset != 0 || !rings.any() || length != rings.bytes())
        return tl::make_unexpected(Errno::Inval);
    return {};
}

}  // namespace uprobesim
