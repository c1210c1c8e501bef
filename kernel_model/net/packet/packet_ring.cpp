// SPDX-License-Identifier: GPL-2.0-or-later
// net/packet/af_packet.c; Documentation/networking/packet_mmap.rst
#include "kernel_model/net/packet/packet_ring.h"

#include <algorithm>
#include <array>
#include <vector>

namespace uprobesim {

namespace {

using namespace abi;

// Where a header of each version has its parts.
struct Layout {
    std::uint32_t status, length, kept, mac, network, seconds, parts, per_part_ns, address;
};
constexpr std::array<Layout, 3> kLayouts = {{
    {0, 8, 12, 16, 18, 20, 24, 1000, 32},  // struct tpacket_hdr: its times are in microseconds
    {0, 4, 8, 12, 14, 16, 20, 1, 32},      // struct tpacket2_hdr
    {20, 16, 12, 24, 26, 4, 8, 1, 48},     // struct tpacket3_hdr
}};
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

}  // namespace

template <class T>
void PacketRings::store(std::uint64_t at, T value) {
    static_cast<void>(memory_->write(at, std::as_bytes(std::span(&value, 1))));
}

void PacketRings::set(bool sends, const Shape& shape, PhysicalMemory& memory, std::uint64_t inode) {
    shapes_[sends ? 1 : 0] = shape;
    next_[0] = next_[1] = 0;
    memory_ = any() ? std::make_shared<SharedMemory>(memory, inode, bytes(), "socket:") : nullptr;
}

std::uint64_t PacketRings::place(bool sends, std::uint32_t frame) const {
    const Shape& shape = shapes_[sends ? 1 : 0];
    const std::uint32_t in_block = shape.block_size / shape.frame_size;
    const std::uint64_t within = std::uint64_t{frame / in_block} * shape.block_size +
                                 std::uint64_t{frame % in_block} * shape.frame_size;
    return (sends ? shapes_[0].bytes() : 0) + within;
}

std::uint32_t PacketRings::status_at(std::uint64_t place) const {
    std::uint32_t status = 0;
    memory_->read(place + kLayouts[static_cast<std::size_t>(version_)].status,
                  std::as_writable_bytes(std::span(&status, 1)));
    return status;
}

void PacketRings::set_status(std::uint64_t place, std::uint32_t status) {
    store(place + kLayouts[static_cast<std::size_t>(version_)].status, status);
}

bool PacketRings::put(const Frame& frame) {
    if (version_ == kTpacketV3) return false;
    const Layout& layout = kLayouts[static_cast<std::size_t>(version_)];
    const std::uint64_t at = place(false, next_[0]);
    if (status_at(at) != kTpStatusKernel) return false;
    next_[0] = (next_[0] + 1) % shapes_[0].frames();
    store(at + layout.length, frame.length);
    store(at + layout.kept, frame.kept);
    store(at + layout.mac, static_cast<std::uint16_t>(frame.mac_offset));
    store(at + layout.network, static_cast<std::uint16_t>(frame.network_offset));
    store(at + layout.seconds, static_cast<std::uint32_t>(frame.time_ns / kNsPerSecond));
    store(at + layout.parts,
          static_cast<std::uint32_t>(frame.time_ns % kNsPerSecond / layout.per_part_ns));
    static_cast<void>(memory_->write(at + layout.address, frame.address));
    static_cast<void>(memory_->write(at + frame.mac_offset, frame.bytes.first(frame.kept)));
    set_status(at, frame.status);
    return true;
}

// packet_previous_rx_frame: the one before the next to be filled.
bool PacketRings::readable() const {
    if (!has(false) || version_ == kTpacketV3) return false;
    const std::uint32_t frames = shapes_[0].frames();
    return status_at(place(false, (next_[0] + frames - 1) % frames)) != kTpStatusKernel;
}

std::optional<std::vector<std::byte>> PacketRings::take_to_send(std::uint64_t most) {
    const Layout& layout = kLayouts[static_cast<std::size_t>(version_)];
    const std::uint64_t at = place(true, next_[1]);
    if (status_at(at) != kTpStatusSendRequest) return std::nullopt;
    std::uint32_t length = 0;
    memory_->read(at + layout.length, std::as_writable_bytes(std::span(&length, 1)));
    const std::uint32_t room = shapes_[1].frame_size - layout.address;
    std::vector<std::byte> bytes(std::min<std::uint64_t>({length, room, most}));
    memory_->read(at + layout.address, bytes);
    set_status(at, kTpStatusKernel);
    next_[1] = (next_[1] + 1) % shapes_[1].frames();
    return bytes;
}

bool PacketRings::can_send() const {
    return has(true) && status_at(place(true, next_[1])) == kTpStatusKernel;
}

}  // namespace uprobesim
