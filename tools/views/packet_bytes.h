// SPDX-License-Identifier: GPL-2.0-or-later
// The wire format of protocol buffers for messages that are short and many: into a block on the
// stack, with lengths of one byte that are filled in at the end. protozero writes into a string,
// which took three times as long.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace uprobesim {

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): what is not written is not read
class PacketBytes {
public:
    // Of all fields together. A message within it has less than 128 bytes.
    static constexpr std::size_t kMost = 192;

    void varint(std::uint32_t field, std::uint64_t value) {
        raw(field << 3);
        raw(value);
    }
    void fixed64(std::uint32_t field, std::uint64_t value) {
        raw(field << 3 | 1);
        static_assert(std::endian::native == std::endian::little);
        std::memcpy(bytes_.data() + size_, &value, sizeof value);
        size_ += sizeof value;
    }
    // The place of its length, for close().
    std::size_t open(std::uint32_t field) {
        raw(field << 3 | 2);
        return size_++;
    }
    void close(std::size_t place) { bytes_[place] = static_cast<char>(size_ - place - 1); }
    void append(std::string_view encoded) {
        std::memcpy(bytes_.data() + size_, encoded.data(), encoded.size());
        size_ += encoded.size();
    }
    std::string_view text() const { return {bytes_.data(), size_}; }

private:
    void raw(std::uint64_t value) {
        while (value >= 0x80) {
            bytes_[size_++] = static_cast<char>(value | 0x80);
            value >>= 7;
        }
        bytes_[size_++] = static_cast<char>(value);
    }

    std::array<char, kMost> bytes_;  // up to size_
    std::size_t size_ = 0;
};

}  // namespace uprobesim
