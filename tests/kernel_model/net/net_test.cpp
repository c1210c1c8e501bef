// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets, epoll and pipes called as programs call them: which calls wait, which tasks wake, and
// what wild arguments do. What they answer to each other otherwise is compared with Linux by the
// guest programs `sockets` and `events`.
#include "kernel_model/abi/poll.h"
#include "kernel_model/net/network.h"
#include "kernel_model/wait/wait_queue.h"
#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::int64_t kEnotsock = -88, kEmsgsize = -90, kEaddrinuse = -98, kEnetunreach = -101,
                       kEconnreset = -104, kEnotconn = -107, kEtoomanyrefs = -109,
                       kEconnrefused = -111, kEinprogress = -115;
constexpr std::uint64_t kInet = 2, kUnix = 1, kStream = 1, kDatagram = 2, kNonblocking = 04000;

std::uint64_t u(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

struct NetFixture : FilesFixture {
    const std::uint64_t address = data + 0x20000, events = data + 0x21000, message = data + 0x22000;

    std::int64_t socket(std::uint64_t family, std::uint64_t type) {
        return call("socket", {family, type, 0});
    }
    // 127.0.0.1, or another address in host order.
    std::uint64_t inet(std::uint16_t port, std::uint32_t ip = 0x7f000001) {
        const auto swap = [](std::uint32_t v) { return __builtin_bswap32(v); };
        put(address, std::array<std::uint32_t, 4>{static_cast<std::uint32_t>(kInet) | swap(port),
                                                  swap(ip), 0, 0});
        return address;
    }
    std::int64_t connect(std::int64_t fd, std::uint16_t port, std::uint32_t ip = 0x7f000001) {
        return call("connect", {u(fd), inet(port, ip), 16});
    }
    std::int64_t server(std::uint16_t port, std::uint64_t backlog = 8) {
        const std::int64_t fd = socket(kInet, kStream | kNonblocking);
        REQUIRE(call("bind", {u(fd), inet(port), 16}) == 0);
        REQUIRE(call("listen", {u(fd), backlog}) == 0);
        return fd;
    }
    struct Pair {
        std::int64_t client, accepted;
    };
    Pair connected(std::int64_t listener, std::uint16_t port) {
        const std::int64_t client = socket(kInet, kStream);
        REQUIRE(connect(client, port) == 0);
        const std::int64_t accepted = call("accept4", {u(listener), 0, 0, 0});
        REQUIRE(accepted >= 0);
        return {client, accepted};
    }
    std::pair<std::int64_t, std::int64_t> pair(std::uint64_t type) {
        REQUIRE(call("socketpair", {kUnix, type, 0, data}) == 0);
        return {at<std::int32_t>(data), at<std::int32_t>(data + 4)};
    }
    std::uint64_t event(std::uint32_t bits, std::uint64_t value = 0) {
        put(events, std::array<std::uint64_t, 2>{bits, value});
        return events;
    }
};

}  // namespace

TEST_CASE_METHOD(NetFixture, "a read of a connection waits for bytes, not for room", "[net]") {
    const std::int64_t listener = server(7000);
    const Pair p = connected(listener, 7000);
    CHECK_FALSE(enter("read", {u(p.accepted), data, 10}));
    CHECK(task->waits_on.size() == 1);
    process->files.get(static_cast<std::int32_t>(p.accepted))->waiters()->wake(abi::kPollWritable);
    CHECK(task->waits_on.size() == 1);
    CHECK(write(p.client, "hello") == 5);
    CHECK(task->waits_on.empty());
    CHECK(read(p.accepted) == "hello");
    CHECK_FALSE(enter("read", {u(p.accepted), data, 10}));
    CHECK(close(p.client) == 0);
    CHECK(task->waits_on.empty());
    CHECK(read(p.accepted).empty());
}

TEST_CASE_METHOD(NetFixture, "a blocking send goes on where it was when there is room again",
                 "[net]") {
    const std::int64_t listener = server(7000);
    const Pair p = connected(listener, 7000);
    const std::int32_t small = 4096;
    put(message, small);
    CHECK(call("setsockopt", {u(p.client), 1, 7, message, 4}) == 0);    // SO_SNDBUF
    CHECK(call("setsockopt", {u(p.accepted), 1, 8, message, 4}) == 0);  // SO_RCVBUF
    std::string text;
    while (text.size() < 100000) text += std::to_string(text.size()) + " ";
    REQUIRE(memory().write(VAddr(data), std::as_bytes(std::span(text))));
    std::string got;
    int waits = 0;
    while (!enter("sendto", {u(p.client), data, text.size(), 0, 0, 0})) {
        ++waits;
        REQUIRE(task->call_progress < text.size());
        const std::int64_t n = meanwhile([&] {
            return call("recvfrom", {u(p.accepted), message, 3000, 0, 0, 0});
        });
        REQUIRE(n > 0);
        got += bytes(message, static_cast<std::size_t>(n));
    }
    CHECK(waits > 3);
    for (std::int64_t n = 1; got.size() < text.size() && n > 0;) {
        n = call("recvfrom", {u(p.accepted), message, 3000, 0x40, 0, 0});
        if (n > 0) got += bytes(message, static_cast<std::size_t>(n));
    }
    CHECK(got == text);
    // With a signal what was moved is the answer.
    CHECK_FALSE(enter("sendto", {u(p.client), data, text.size(), 0, 0, 0}));
    task->tif_sigpending = true;
    const auto partial = enter("sendto", {u(p.client), data, text.size(), 0, 0, 0});
    REQUIRE(partial);
    CHECK(*partial > 0);
    CHECK(*partial < static_cast<std::int64_t>(text.size()));
}

TEST_CASE_METHOD(NetFixture, "a connection waits for room in the listener's queue", "[net]") {
    const std::int64_t listener = server(7000, 0);
    const std::int64_t first = socket(kInet, kStream),
                       second = socket(kInet, kStream | kNonblocking),
                       third = socket(kInet, kStream);
    CHECK(connect(first, 7000) == 0);
    CHECK(connect(second, 7000) == kEinprogress);
    CHECK(connect(second, 7000) == -114);  // EALREADY
    CHECK_FALSE(enter("connect", {u(third), inet(7000), 16}));
    CHECK(call("accept4", {u(listener), 0, 0, 0}) >= 0);
    CHECK(connect(second, 7000) == 0);
    CHECK(close(listener) == 0);
    CHECK(task->waits_on.empty());
    CHECK(connect(third, 7000) == kEconnrefused);
    CHECK(call("recvfrom", {u(second), data, 1, 0, 0, 0}) == kEconnreset);
}

TEST_CASE_METHOD(NetFixture, "there is no network but loopback", "[net]") {
    const std::int64_t tcp = socket(kInet, kStream), udp = socket(kInet, kDatagram);
    CHECK(connect(tcp, 80, 0x08080808) == kEnetunreach);
    CHECK(call("sendto", {u(udp), data, 1, 0, inet(53, 0xc0a80001), 16}) == kEnetunreach);
    CHECK(connect(tcp, 80) == kEconnrefused);
    CHECK(call("bind", {u(tcp), inet(80, 0x08080808), 16}) == -99);  // EADDRNOTAVAIL
    CHECK(call("socket", {16, 1, 0}) == -94);                        // netlink: ESOCKTNOSUPPORT
}

TEST_CASE_METHOD(NetFixture, "ports come in order and may be shared as Linux lets them", "[net]") {
    const auto port_of = [&](std::int64_t fd) {
        put(message, std::int32_t{16});
        REQUIRE(call("getsockname", {u(fd), address, message}) == 0);
        return __builtin_bswap16(at<std::uint16_t>(address + 2));
    };
    const std::int64_t a = socket(kInet, kStream), b = socket(kInet, kStream);
    CHECK(call("bind", {u(a), inet(0), 16}) == 0);
    CHECK(call("bind", {u(b), inet(0), 16}) == 0);
    CHECK(port_of(a) == 32768);
    CHECK(port_of(b) == 32769);
    const std::int64_t listener = server(7000);
    const std::int64_t again = socket(kInet, kStream);
    CHECK(call("bind", {u(again), inet(7000), 16}) == kEaddrinuse);
    CHECK(call("bind", {u(again), inet(7000, 0), 16}) == kEaddrinuse);  // any address
    CHECK(call("bind", {u(again), inet(7000, 0x7f000002), 16}) == 0);   // another one
    const Pair p = connected(listener, 7000);
    CHECK(close(listener) == 0);
    const std::int64_t reuse = socket(kInet, kStream);
    CHECK(call("bind", {u(reuse), inet(7000), 16}) == kEaddrinuse);  // the connection has it
    become(1000, 0);
    CHECK(call("bind", {u(socket(kInet, kStream)), inet(80), 16}) == kEacces);
    CHECK(close(p.accepted) == 0);
    CHECK(call("bind", {u(reuse), inet(7000), 16}) == 0);
}

TEST_CASE_METHOD(NetFixture, "epoll hears of many files without asking them", "[net]") {
    const std::int64_t epoll = call("epoll_create1", {0});
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
    for (std::uint64_t i = 0; i < 200; ++i) {
        pairs.push_back(pair(kStream));
        REQUIRE(call("epoll_ctl", {u(epoll), 1, u(pairs.back().first), event(1, i)}) == 0);
    }
    CHECK_FALSE(enter("epoll_pwait", {u(epoll), events, 8, u(-1), 0, 8}));
    CHECK(task->waits_on.size() == 1);
    CHECK(write(pairs[150].second, "x") == 1);
    CHECK(task->waits_on.empty());
    CHECK(write(pairs[3].second, "x") == 1);
    CHECK(call("epoll_pwait", {u(epoll), events, 8, u(-1), 0, 8}) == 2);
    CHECK(at(events + 8) == 150);
    CHECK(at(events + 24) == 3);
    // A descriptor that goes leaves the set with it, a copy of it keeps it there.
    CHECK(close(pairs[3].first) == 0);
    const std::int64_t copy = call("dup", {u(pairs[150].first)});
    CHECK(close(pairs[150].first) == 0);
    CHECK(call("epoll_pwait", {u(epoll), events, 8, 0, 0, 8}) == 1);
    CHECK(close(copy) == 0);
    CHECK(call("epoll_pwait", {u(epoll), events, 8, 0, 0, 8}) == 0);
    // The set goes first.
    CHECK(close(epoll) == 0);
    CHECK(write(pairs[7].second, "x") == 1);
}

TEST_CASE_METHOD(NetFixture, "sets of epoll nest four deep at most, and in no circle", "[net]") {
    std::vector<std::int64_t> sets;
    sets.reserve(8);
    for (int i = 0; i < 8; ++i) sets.push_back(call("epoll_create1", {0}));
    const auto add = [&](std::size_t to, std::size_t what) {
        return call("epoll_ctl", {u(sets[to]), 1, u(sets[what]), event(1)});
    };
    for (std::size_t i = 0; i < 4; ++i) CHECK(add(i, i + 1) == 0);
    CHECK(add(4, 5) == kEloop);
    CHECK(add(4, 0) == kEloop);
    CHECK(add(2, 2) == kEinval);
    CHECK(close(sets[2]) == 0);
    CHECK(add(1, 3) == 0);
}

TEST_CASE_METHOD(NetFixture, "descriptors in flight are bounded", "[net]") {
    auto [a, b] = pair(kStream);
    const std::uint64_t part = message, header = message + 0x100, control = message + 0x200;
    put(part, std::array<std::uint64_t, 2>{data, 1});
    std::int64_t last = 0;
    int sent = 0;
    for (; sent < 2000; ++sent) {
        put(control, std::array<std::uint64_t, 3>{20, std::uint64_t{1} << 32 | 1,
                                                  u(b)});  // SCM_RIGHTS: its own end
        put(header, std::array<std::uint64_t, 7>{0, 0, part, 1, control, 24, 0});
        last = call("sendmsg", {u(a), header, 0x40});
        if (last < 0) break;
        if (sent % 8 == 0) {
            put(header, std::array<std::uint64_t, 7>{0, 0, part, 1, 0, 0, 0});
            CHECK(call("recvmsg", {u(b), header, 0x40}) == 1);
        }
    }
    CHECK((last == kEtoomanyrefs || last == kEagain));
    put(control, std::array<std::uint64_t, 3>{20, std::uint64_t{1} << 32 | 1, 999});
    put(header, std::array<std::uint64_t, 7>{0, 0, part, 1, control, 24, 0});
    CHECK(call("sendmsg", {u(a), header, 0x40}) == kEbadf);
    put(control, std::array<std::uint64_t, 3>{4, std::uint64_t{1} << 32 | 1, 0});
    CHECK(call("sendmsg", {u(a), header, 0x40}) == kEinval);
    for (int i = 0; i < sent; ++i) {
        put(header, std::array<std::uint64_t, 7>{0, 0, part, 1, 0, 0, 0});
        if (call("recvmsg", {u(b), header, 0x40}) < 0) break;
    }
    CHECK(kernel->network()->files_in_flight == 0);
}

TEST_CASE_METHOD(NetFixture, "wild lengths and pointers are errors of sockets", "[net]") {
    const std::int64_t tcp = socket(kInet, kStream), udp = socket(kInet, kDatagram);
    const std::uint64_t wild[] = {8, 0x7fffffffff, ~std::uint64_t{0}, 0x8000000000000000};
    for (const std::uint64_t w : wild) {
        CHECK(call("bind", {u(tcp), w, 16}) == kEfault);
        CHECK(call("getsockname", {u(tcp), w, w}) == kEfault);
        CHECK(call("sendmsg", {u(udp), w, 0}) == kEfault);
        CHECK(call("recvmsg", {u(udp), w, 0x40}) == kEfault);
        CHECK(call("setsockopt", {u(tcp), 1, 2, w, 4}) == kEfault);
        CHECK(call("epoll_ctl", {u(tcp), 1, u(udp), w}) == kEfault);
    }
    CHECK(call("bind", {u(tcp), inet(1), u(-1)}) == kEinval);
    CHECK(call("bind", {u(tcp), inet(1), 129}) == kEinval);
    CHECK(call("sendto", {u(udp), data, u(-1), 0, inet(9), 16}) == kEinval);
    CHECK(call("sendto", {u(udp), data, 1u << 30, 0, inet(9), 16}) == kEfault);
    CHECK(call("sendto", {u(udp), data, 70000, 0, inet(9), 16}) == kEmsgsize);
    put(message, std::array<std::uint64_t, 7>{0, 0, data, 1025, 0, 0, 0});
    CHECK(call("sendmsg", {u(udp), message, 0}) == kEmsgsize);
    put(message, std::array<std::uint64_t, 7>{0, 0, data, 0, data, ~std::uint64_t{0}, 0});
    CHECK(call("sendmsg", {u(udp), message, 0}) == -105);  // ENOBUFS
    CHECK(call("sendto", {77, data, 1, 0, 0, 0}) == kEbadf);
    const std::int64_t file = open("/etc/motd");
    CHECK(call("listen", {u(file), 1}) == kEnotsock);
    CHECK(call("getpeername", {u(tcp), address, message}) == kEnotconn);
    CHECK(call("epoll_pwait", {u(call("epoll_create1", {0})), events, u(0x7fffffff), 0, 0, 8}) ==
          kEinval);
}

TEST_CASE_METHOD(NetFixture,
                 "a wake-up wakes one exclusive waiter, and all others that wait for the event",
                 "[net]") {
    WaitQueue queue;
    Task one, two, three, four;
    queue.add(one, abi::kPollReadable, true);
    queue.add(two, abi::kPollReadable, true);
    queue.add(three, abi::kPollReadable);
    queue.add(four, abi::kPollWritable);
    queue.wake(abi::kPollReadable);
    CHECK(one.waits_on.empty());
    CHECK_FALSE(two.waits_on.empty());
    CHECK(three.waits_on.empty());
    CHECK_FALSE(four.waits_on.empty());
    queue.wake();
    CHECK(two.waits_on.empty());
    CHECK(four.waits_on.empty());
}
