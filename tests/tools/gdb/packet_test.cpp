// SPDX-License-Identifier: GPL-2.0-or-later
// Frames, escapes and runs as gdb's manual has them (Remote Protocol, "Overview").
#include "tools/gdb/wire/packet.h"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/base/entropy.h"

using namespace uprobesim;

namespace {

std::vector<std::string> packets_of(const std::string& bytes) {
    PacketReader reader;
    reader.add(bytes);
    std::vector<std::string> packets;
    while (const auto input = reader.next()) {
        if (const auto* packet = std::get_if<GdbPacket>(&*input))
            packets.push_back(packet->payload);
    }
    return packets;
}

// As gdb expands runs: remote.c, read_frame.
std::string expanded(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '*') {
            bytes.append(static_cast<std::size_t>(text.at(++i) - 29), bytes.back());
        } else {
            bytes += text[i];
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("a packet ends with the sum of its bytes", "[gdb]") {
    CHECK(framed("OK") == "$OK#9a");
    CHECK(framed("") == "$#00");
    CHECK(packets_of("+$vCont?#49+$g#67") == std::vector<std::string>{"vCont?", "g"});
    PacketReader reader;
    reader.add("$g#68");
    const auto input = reader.next();
    REQUIRE(input);
    CHECK(std::holds_alternative<GdbBroken>(*input));
}

TEST_CASE("a packet that comes in parts is one packet", "[gdb]") {
    PacketReader reader;
    for (const char c : std::string("$qC#b")) {
        reader.add(std::string(1, c));
        CHECK_FALSE(reader.next());
    }
    reader.add("4");
    const auto input = reader.next();
    REQUIRE(input);
    CHECK(std::get<GdbPacket>(*input).payload == "qC");
}

TEST_CASE("bytes that mean something else are escaped", "[gdb]") {
    CHECK(gdb_escaped("a}b$c#d*e") ==
          "a}]b}\x04"
          "c}\x03"
          "d}\x0a"
          "e");
    CHECK(packets_of(framed("X0,1:" + gdb_escaped("#"))) == std::vector<std::string>{"X0,1:#"});
}

TEST_CASE("Ctrl-C and a wish for the last packet are no packets", "[gdb]") {
    PacketReader reader;
    reader.add("\3-");
    const auto first = reader.next(), second = reader.next();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(std::holds_alternative<GdbInterrupt>(*first));
    CHECK(std::holds_alternative<GdbResend>(*second));
}

TEST_CASE("runs are shortened as the manual's example", "[gdb]") {
    CHECK(shortened("0000") == "0* ");  // "0* " means "0000"
    CHECK(shortened("000") == "000");
    for (std::size_t n = 0; n < 300; ++n) {
        const std::string run(n, '0'), text = "ab" + run + "c";
        const std::string sent = shortened(text);
        CAPTURE(n, sent);
        CHECK(expanded(sent) == text);
        CHECK(sent.find_first_of("#$") == std::string::npos);
    }
}

TEST_CASE("any bytes at all are read without harm", "[gdb]") {
    Entropy entropy(7);
    PacketReader reader;
    std::uint64_t packets = 0;
    for (int i = 0; i < 200'000; ++i) {
        static constexpr char kLikely[] = "$#}*+-\3aZ0,;:";
        const std::uint64_t n = entropy.next();
        reader.add(std::string(
            1, n % 4 != 0 ? kLikely[(n >> 8) % (sizeof kLikely - 1)] : static_cast<char>(n >> 16)));
        while (reader.next()) ++packets;
    }
    CHECK(packets > 1000);
    CHECK(packets_of(framed("g")) == std::vector<std::string>{"g"});
}

TEST_CASE("digits are read as bytes and numbers, or refused", "[gdb]") {
    CHECK(from_hex("00ff41") == std::string("\0\xff"
                                            "A",
                                            3));
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
    CHECK(hex_number("7fffffffff") == 0x7fffffffffu);
    CHECK_FALSE(hex_number(""));
    CHECK_FALSE(hex_number("12 "));
    CHECK_FALSE(hex_number("10000000000000000"));
}
