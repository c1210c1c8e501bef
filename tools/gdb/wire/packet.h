// SPDX-License-Identifier: GPL-2.0-or-later
// Packets of gdb's remote serial protocol: $payload#checksum, with '}' before bytes that mean
// something else, and '*' for runs of one byte. Appendix E of gdb's manual.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace uprobesim {

// --- towards gdb

// Bytes of any value as part of a payload.
std::string gdb_escaped(std::string_view bytes);
// Runs of four and more bytes shortened, as gdb expands them.
std::string shortened(std::string_view payload);
// The payload, in which what needs it is escaped already, as it goes over the line.
std::string framed(std::string_view payload);

// --- from gdb

struct GdbPacket {
    std::string payload;  // without escapes
};
struct GdbInterrupt {};  // Ctrl-C
struct GdbResend {};     // gdb has not understood the last packet
struct GdbBroken {};     // a packet whose checksum is wrong
using GdbInput = std::variant<GdbPacket, GdbInterrupt, GdbResend, GdbBroken>;

class PacketReader {
public:
    // A packet of this size and more is dropped.
    static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

    void add(std::string_view bytes) { bytes_ += bytes; }
    // Nothing: more bytes have to come. What stands between packets is skipped.
    std::optional<GdbInput> next();

private:
    std::string bytes_;
};

// --- numbers and bytes in payloads

std::string hex_text(std::string_view bytes);
std::string hex_text(std::span<const std::byte> bytes);
// Nothing: an odd number of digits, or other characters.
std::optional<std::string> from_hex(std::string_view digits);
std::optional<std::uint64_t> hex_number(std::string_view digits);

// The parts of a payload. An empty text has one part, which is empty.
std::vector<std::string_view> split(std::string_view text, char separator);
// What stands before the separator; takes it and the separator off. All of it, where there is none.
std::string_view take_until(std::string_view& text, char separator);

}  // namespace uprobesim
