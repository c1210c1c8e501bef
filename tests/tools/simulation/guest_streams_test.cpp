// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/guest_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>

namespace uprobesim {
namespace {

std::string read_some(File& file, std::size_t most) {
    std::string out(most, '\0');
    const auto n = file.read(0, std::as_writable_bytes(std::span(out)));
    REQUIRE(n.has_value());
    out.resize(*n);
    return out;
}

struct Pipe {
    std::array<int, 2> ends{};
    Pipe() { REQUIRE(pipe(ends.data()) == 0); }
    ~Pipe() {
        for (const int fd : ends) {
            if (fd >= 0) close(fd);
        }
    }
    void close_end(std::size_t end) { close(std::exchange(ends[end], -1)); }
};

}  // namespace

TEST_CASE("each run reads the whole standard input from its beginning", "[tools][streams]") {
    Pipe pipe;
    REQUIRE(::write(pipe.ends[1], "hello", 5) == 5);
    pipe.close_end(1);
    SharedInput input(pipe.ends[0]);
    const auto first = input.reader();
    CHECK(read_some(*first, 2) == "he");
    const auto second = input.reader();
    CHECK(read_some(*second, 100) == "hello");
    CHECK(read_some(*second, 100).empty());
    CHECK(read_some(*first, 100) == "llo");
}

TEST_CASE("standard input is not touched unless the guest reads it", "[tools][streams]") {
    Pipe pipe;
    REQUIRE(::write(pipe.ends[1], "x", 1) == 1);
    {
        SharedInput input(pipe.ends[0]);
        const auto reader = input.reader();
    }
    char c = 0;
    CHECK(::read(pipe.ends[0], &c, 1) == 1);
    CHECK(c == 'x');
}

TEST_CASE("a closed standard input reads as empty", "[tools][streams]") {
    SharedInput input(-1);
    CHECK(read_some(*input.reader(), 10).empty());
}

// Expected values: the published FNV-1a 64 test vectors (offset basis for "", "foobar").
TEST_CASE("an output is hashed as FNV-1a does, however it is cut", "[tools][streams]") {
    DigestedOutput output(1, -1);
    CHECK(output.digest().hash_text() == "cbf29ce484222325");
    for (const std::string_view part : {"foo", "", "bar"}) {
        const auto n = output.write(0, std::as_bytes(std::span(part)));
        REQUIRE(n.has_value());
        CHECK(*n == part.size());
    }
    CHECK(output.digest().bytes == 6);
    CHECK(output.digest().hash_text() == "85944171f73967e8");
}

TEST_CASE("an output is passed on byte for byte", "[tools][streams]") {
    Pipe pipe;
    DigestedOutput output(1, pipe.ends[1]);
    const std::string_view text("a\0b\n", 4);
    REQUIRE(output.write(0, std::as_bytes(std::span(text))).has_value());
    std::array<char, 16> read{};
    CHECK(::read(pipe.ends[0], read.data(), read.size()) == 4);
    CHECK(std::string_view(read.data(), 4) == text);
}

TEST_CASE("an output that the disk refuses ends the run, one that nobody reads does not",
          "[tools][streams]") {
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    DigestedOutput refused(1, full);
    CHECK_THROWS_WITH(refused.write(0, std::as_bytes(std::span("x", 1))),
                      Catch::Contains("stdout") && Catch::Contains("No space left on device"));
    close(full);
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.close_end(0);
    DigestedOutput unread(1, pipe.ends[1]);
    CHECK(unread.write(0, std::as_bytes(std::span("x", 1))).value() == 1);
}

}  // namespace uprobesim
