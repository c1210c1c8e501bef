// SPDX-License-Identifier: GPL-2.0-or-later
// The wire format of protocol buffers for messages that are short and many: written where they will
// stay, with lengths of one byte that are filled in at the end. protozero writes into a string,
// which took three times as long.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace uprobesim {

// Fields that are written again and again. Copied as a whole, which takes no loop and no call:
// what is copied too much is written over.
struct EncodedFields {
    std::array<char, 48> bytes{};
    std::size_t size = 0;
};

class PacketBytes {
public:
    // Of all fields together, and what append() copies too much. A message within it has less than
    // 128 bytes.
    static constexpr std::size_t kMost = 192;

    explicit PacketBytes(char* to) : begin_(to), at_(to) {}

    void varint(std::uint32_t field, std::uint64_t value) {
        raw(field << 3);
        raw(value);
    }
    void fixed64(std::uint32_t field, std::uint64_t value) {
        raw(field << 3 | 1);
        static_assert(std::endian::native == std::endian::little);
        std::memcpy(at_, &value, sizeof value);
        at_ += sizeof value;
    }
    // The place of its length, for close().
    char* open(std::uint32_t field) {
        raw(field << 3 | 2);
        return at_++;
    }
    // The same where the field's tag has been appended.
    char* open() { return at_++; }
    void close(char* place) { *place = static_cast<char>(at_ - place - 1); }
    void tag_of_message(std::uint32_t field) { raw(field << 3 | 2); }
    void append(const EncodedFields& fields) {
        std::memcpy(at_, fields.bytes.data(), fields.bytes.size());
        at_ += fields.size;
    }
    std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

private:
    void raw(std::uint64_t value) {
        while (value >= 0x80) {
            *at_++ = static_cast<char>(value | 0x80);
            value >>= 7;
        }
        *at_++ = static_cast<char>(value);
    }

    char* begin_;
    char* at_;
};

}  // namespace uprobesim
