// SPDX-License-Identifier: GPL-2.0-or-later
// net/packet/af_packet.c; net/core/sock.c (sock_bindtoindex).
#include "kernel_model/syscall/net/link_options.h"

#include <algorithm>
#include <array>
#include <limits>

#include "kernel_model/net/packet/packet_socket.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint32_t kNameBytes = 16;  // IFNAMSIZ

// All packets are of lo, so that what is bound to it hears the same.
SysOutcome bind_to_device(SysCall& call, Socket& socket, std::uint32_t length) {
    std::array<char, kNameBytes> text{};
    const auto given =
        std::as_writable_bytes(std::span(text)).first(std::min(length, kNameBytes - 1));
    if (!call.memory().read(call.address(3), given)) return Errno::Fault;
    const std::string_view name(text.data());
    if (!name.empty() && name != "lo") return Errno::NoDev;
    if (socket.options.is_on(kSolSocket, kSoBindtodevice) &&
        !call.capable_in(socket.network_owner(), Capability::NetRaw))
        return Errno::Perm;
    socket.options.set(kSolSocket, kSoBindtodevice, name.empty() ? 0 : PacketSocket::kLo);
    return 0;
}

// What is read, as far as there is room, and how long it is.
SysOutcome give(SysCall& call, std::span<const std::byte> value, std::int32_t room) {
    const auto size = std::min(value.size(), static_cast<std::size_t>(room));
    UserMemory memory = call.memory();
    if (!memory.put(call.address(4), static_cast<std::int32_t>(size))) return Errno::Fault;
    return memory.write(call.address(3), value.first(size)) ? SysOutcome(0)
                                                            : SysOutcome(Errno::Fault);
}

// sock_getbindtodevice
SysOutcome bound_device(SysCall& call, const Socket& socket, std::int32_t room) {
    if (!socket.options.is_on(kSolSocket, kSoBindtodevice)) return give(call, {}, room);
    if (room < static_cast<std::int32_t>(kNameBytes)) return Errno::Inval;
    static constexpr std::array<char, 3> kName = {'l', 'o', 0};
    return give(call, std::as_bytes(std::span(kName)), room);
}

// --- packet sockets

struct IntRow {
    std::int32_t name = 0;
    bool exact = false;  // of four bytes, not more
    bool truth = false;
    std::int32_t least = std::numeric_limits<std::int32_t>::min(),
                 most = std::numeric_limits<std::int32_t>::max();
    bool raw = false;     // of SOCK_RAW alone
    bool shapes = false;  // not while there is a ring
};
constexpr IntRow kInts[] = {
    {kPacketCopyThresh, true, false},
    {kPacketAuxdata, false, true},
    {kPacketOrigdev, false, true},
    {.name = kPacketVersion, .exact = true, .least = 0, .most = kTpacketV3, .shapes = true},
    {.name = kPacketReserve, .exact = true, .least = 0, .shapes = true},
    {.name = kPacketLoss, .exact = true, .truth = true, .shapes = true},
    {.name = kPacketVnetHdr, .truth = true, .raw = true, .shapes = true},
    {kPacketTimestamp, true, false},
    {kPacketTxHasOff, true, true},
    {kPacketQdiscBypass, true, true},
    {kPacketIgnoreOutgoing, true, false, 0, 1},
};

const IntRow* int_row(std::int32_t name) {
    const auto row = std::ranges::find(kInts, name, &IntRow::name);
    return row == std::end(kInts) ? nullptr : row;
}

SysOutcome set_int(SysCall& call, PacketSocket& socket, const IntRow& row, std::uint32_t length) {
    if (row.raw && socket.type() != kSockRaw) return Errno::Inval;
    if (row.exact ? length != 4 : length < 4) return Errno::Inval;
    const auto value = call.memory().get<std::int32_t>(call.address(3));
    if (!value) return Errno::Fault;
    if (*value < row.least || *value > row.most) return Errno::Inval;
    if (row.shapes && socket.rings.any()) return Errno::Busy;
    socket.options.set(kSolPacket, row.name, row.truth ? std::int32_t{*value != 0} : *value);
    return 0;
}

// packet_mc_add, packet_mc_drop
SysOutcome change_membership(SysCall& call, PacketSocket& socket, bool adds, std::uint32_t length) {
    constexpr std::uint32_t kHead = 8;
    constexpr std::uint16_t kAddressBytes = 6;  // of lo
    if (length < sizeof(PacketMembership)) return Errno::Inval;
    const auto wanted = call.memory().get<PacketMembership>(call.address(3));
    if (!wanted) return Errno::Fault;
    if (length < wanted->length + kHead) return Errno::Inval;
    if (!adds) {
        socket.leave(*wanted);
        return 0;
    }
    if (wanted->interface != PacketSocket::kLo) return Errno::NoDev;
    if (wanted->length > kAddressBytes) return Errno::Inval;
    TRY(socket.join(*wanted));
    return 0;
}

// packet_set_ring
SysOutcome set_ring(SysCall& call, PacketSocket& socket, bool sends, std::uint32_t length) {
    constexpr std::uint64_t kHeader = 52, kHeaderV3 = 68, kBlockHeader = 48, kAlignment = 16;
    const bool v3 = socket.options.get(kSolPacket, kPacketVersion) == kTpacketV3;
    const std::uint32_t size = v3 ? sizeof(PacketRing) : kPacketRingFirst;
    if (length < size) return Errno::Inval;
    PacketRing ring{};
    if (!call.memory().read(call.address(3),
                            std::as_writable_bytes(std::span(&ring, 1)).first(size)))
        return Errno::Fault;
    if (socket.rings.mapped()) return Errno::Busy;
    PhysicalMemory& memory = call.kernel.machine().memory;
    if (ring.blocks == 0) {
        if (ring.frames != 0) return Errno::Inval;
        socket.rings.set(sends, {}, memory, socket.inode());
        return 0;
    }
    if (socket.rings.has(sends)) return Errno::Busy;
    const auto reserved =
        static_cast<std::uint64_t>(socket.options.get(kSolPacket, kPacketReserve));
    const std::uint64_t least = (v3 ? kHeaderV3 : kHeader) + reserved;
    const std::uint64_t head = kBlockHeader + ((std::uint64_t{ring.private_size} + 7) & ~7ull);
    if (static_cast<std::int32_t>(ring.block_size) <= 0 || ring.block_size % kPageSize != 0 ||
        (v3 && ring.block_size < head + least))
        return Errno::Inval;
    if (ring.frame_size < least || ring.frame_size % kAlignment != 0) return Errno::Inval;
    const std::uint64_t in_block = ring.block_size / ring.frame_size;
    if (in_block == 0 || in_block * ring.blocks != ring.frames) return Errno::Inval;
    const PacketRings::Shape shape{ring.block_size, ring.blocks, ring.frame_size};
    if (shape.bytes() > std::numeric_limits<std::uint32_t>::max()) return Errno::Inval;
    if (v3 && sends && (ring.timeout != 0 || ring.private_size != 0 || ring.features != 0))
        return Errno::Inval;
    if (!memory.has_room(shape.bytes())) return Errno::NoMem;
    if (v3 && !sends)
        call.kernel.counters().note_unmodelled("rings of TPACKET_V3", "their blocks stay empty");
    socket.rings.set_version(socket.options.get(kSolPacket, kPacketVersion));
    socket.rings.set(sends, shape, memory, socket.inode());
    return 0;
}

SysOutcome set_packet_option(SysCall& call, PacketSocket& socket, std::int32_t name,
                             std::uint32_t length) {
    if (const IntRow* const row = int_row(name)) return set_int(call, socket, *row, length);
    switch (name) {
        case kPacketAddMembership:
        case kPacketDropMembership:
            return change_membership(call, socket, name == kPacketAddMembership, length);
        case kPacketRxRing:
        case kPacketTxRing: return set_ring(call, socket, name == kPacketTxRing, length);
        default: return Errno::NoProtoOpt;
    }
}

// PACKET_HDRLEN: the size of a frame's header in the version that is asked for.
SysOutcome header_size(SysCall& call, std::int32_t room) {
    constexpr std::array<std::int32_t, 3> kSizes = {32, 32, 48};
    if (room < 4) return Errno::Inval;
    const auto version = call.memory().get<std::uint32_t>(call.address(3));
    if (!version) return Errno::Fault;
    if (*version >= kSizes.size()) return Errno::Inval;
    return give(call, std::as_bytes(std::span(kSizes).subspan(*version, 1)), room);
}

SysOutcome get_packet_option(SysCall& call, PacketSocket& socket, std::int32_t name,
                             std::int32_t room) {
    const std::int32_t version = socket.options.get(kSolPacket, kPacketVersion);
    if (name == kPacketHdrlen) return header_size(call, room);
    if (name == kPacketStatistics) {
        const auto counts = socket.take_counts();
        // The third is of version 3: how often the ring was full.
        const std::array<std::uint32_t, 3> told{counts[0], counts[1], 0};
        return give(call, std::as_bytes(std::span(told)).first(version == kTpacketV3 ? 12 : 8),
                    room);
    }
    if (int_row(name) == nullptr) return Errno::NoProtoOpt;
    const std::int32_t value = socket.options.get(kSolPacket, name);
    return give(call, std::as_bytes(std::span(&value, 1)), room);
}

}  // namespace

std::optional<SysOutcome> set_link_option(SysCall& call, Socket& socket, std::int32_t level,
                                          std::int32_t name, std::uint32_t length) {
    if (level == kSolSocket && name == kSoBindtodevice) return bind_to_device(call, socket, length);
    if (level != kSolPacket) return std::nullopt;
    return set_packet_option(call, static_cast<PacketSocket&>(socket), name, length);
}

std::optional<SysOutcome> get_link_option(SysCall& call, Socket& socket, std::int32_t level,
                                          std::int32_t name, std::int32_t room) {
    if (level == kSolSocket && name == kSoBindtodevice) return bound_device(call, socket, room);
    if (level != kSolPacket) return std::nullopt;
    return get_packet_option(call, static_cast<PacketSocket&>(socket), name, room);
}

}  // namespace uprobesim
