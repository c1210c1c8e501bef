// SPDX-License-Identifier: GPL-2.0-or-later
// The rings of a packet socket (PACKET_RX_RING, PACKET_TX_RING): frames in memory that the program
// maps, each with a header whose status says whose it is. The blocks of version 3 are not filled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "kernel_model/abi/socket.h"
#include "kernel_model/memory/shared_memory.h"

namespace uprobesim {

// The two rings follow each other in one mapping, that of packets which come first.
class PacketRings {
public:
    struct Shape {
        std::uint32_t block_size = 0, blocks = 0, frame_size = 0;
        std::uint64_t bytes() const { return std::uint64_t{block_size} * blocks; }
        std::uint32_t frames() const {
            return block_size == 0 ? 0 : block_size / frame_size * blocks;
        }
    };
    struct Frame {
        std::uint32_t status, network_offset, mac_offset;
        std::uint32_t length, kept;
        std::span<const std::byte> bytes, address;  // of these `kept`; struct sockaddr_ll
        std::uint64_t time_ns;
    };

    bool any() const { return bytes() != 0; }
    bool has(bool sends) const { return shape(sends).blocks != 0; }
    std::uint64_t bytes() const { return shapes_[0].bytes() + shapes_[1].bytes(); }
    // A shape without blocks takes a ring away. What was mapped stays with its mappings.
    void set(bool sends, const Shape& shape, PhysicalMemory& memory, std::uint64_t inode);
    const Shape& shape(bool sends) const { return shapes_[sends ? 1 : 0]; }
    const std::shared_ptr<SharedMemory>& memory() const { return memory_; }
    bool mapped() const { return memory_ && memory_.use_count() > 1; }
    void set_version(std::int32_t version) { version_ = version; }

    // False: the next frame is still the program's.
    bool put(const Frame& frame);
    // Whether a frame that the program has not taken back is there.
    bool readable() const;
    // The bytes, `most` of them, of the next frame that the program wants to be sent, which is
    // marked as sent.
    std::optional<std::vector<std::byte>> take_to_send(std::uint64_t most);
    bool can_send() const;

private:
    std::uint64_t place(bool sends, std::uint32_t frame) const;
    std::uint32_t status_at(std::uint64_t place) const;
    void set_status(std::uint64_t place, std::uint32_t status);
    template <class T>
    void store(std::uint64_t at, T value);

    Shape shapes_[2];
    std::shared_ptr<SharedMemory> memory_;
    std::int32_t version_ = 0;
    std::uint32_t next_[2] = {};
};

}  // namespace uprobesim
