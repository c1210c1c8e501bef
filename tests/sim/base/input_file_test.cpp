// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/input_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "tests/support/host.h"

namespace uprobesim {
namespace {

constexpr InputKind kKind{"machine", 1000};

std::string refusal(const std::string& path) {
    const auto text = read_text_file(path, kKind);
    REQUIRE_FALSE(text.has_value());
    return text.error().line();
}

}  // namespace

TEST_CASE("an input file is read whole, up to its limit", "[base]") {
    const TempFolder folder;
    CHECK(read_text_file(folder.write("a", "one\ntwo"), kKind).value() == "one\ntwo");
    CHECK(read_text_file(folder.write("empty", ""), kKind).value().empty());
    CHECK(read_text_file(folder.write("b", std::string(1000, 'x')), kKind)->size() == 1000);
    const std::string large = folder.write("c", std::string(1001, 'x'));
    CHECK(refusal(large) ==
          large + ": the machine file is too large: 1001 bytes (at most 1000 bytes)");
    std::filesystem::create_symlink("a", folder.path() + "/link");
    CHECK(read_text_file(folder.path() + "/link", kKind).value() == "one\ntwo");
}

TEST_CASE("a file that hides its size is read to its end, up to its limit", "[base]") {
    // stat says 0 of the files of /proc.
    CHECK(read_text_file("/proc/self/comm", kKind)->size() > 1);
    const auto large = read_text_file("/proc/self/maps", {"machine", 100});
    REQUIRE_FALSE(large.has_value());
    CHECK(large.error().hint == "at most 100 bytes");
}

TEST_CASE("a sparse file of a terabyte is refused without being read", "[base]") {
    const TempFolder folder;
    const std::string path = folder.write("huge", "");
    REQUIRE(truncate(path.c_str(), off_t{1} << 40) == 0);
    CHECK(refusal(path).find("1099511627776 bytes") != std::string::npos);
}

TEST_CASE("only a regular file is an input, and no other kind is waited for", "[base]") {
    const TempFolder folder;
    CHECK(refusal(folder.path()).find("is a folder") != std::string::npos);
    CHECK(refusal("/dev/zero").find("is a device") != std::string::npos);
    const std::string fifo = folder.path() + "/fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(refusal(fifo).find("is a FIFO") != std::string::npos);
    const std::string name = folder.path() + "/s";
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, name.c_str(), sizeof address.sun_path - 1);
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(refusal(name).find("is a socket") != std::string::npos);
    close(fd);
}

TEST_CASE("a missing input file is told with what to do", "[base]") {
    CHECK(refusal("/no/such") == "/no/such: no such machine file (check the path)");
    const auto named = read_text_file("/no/such", {"report", 1, "make it"});
    CHECK(named.error().line() == "/no/such: no such report file (make it)");
    // Not the file of the name up to the zero byte.
    CHECK(refusal(std::string("/proc/self/comm\0x", 17)).find("no such") != std::string::npos);
}

}  // namespace uprobesim
