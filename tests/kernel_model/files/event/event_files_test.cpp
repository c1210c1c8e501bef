// SPDX-License-Identifier: GPL-2.0-or-later
// eventfd, timerfd, memfd, POSIX timers and locks by system calls. Expected values are what Linux
// answers (the manual pages; the same calls run with qemu-aarch64).
#include "tests/kernel_model/files/files_support.h"
#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

std::uint64_t u(std::int64_t fd) {
    return static_cast<std::uint64_t>(fd);
}

struct EventFixture : FilesFixture {
    std::uint64_t poll(std::int64_t fd) {
        return process->files.get(static_cast<std::int32_t>(fd))->poll();
    }
    // As the call's number, the value in `data` where it succeeds.
    std::int64_t take(std::int64_t fd, std::uint64_t size = 8) {
        return call("read", {u(fd), data, size});
    }
    std::int64_t add(std::int64_t fd, std::uint64_t value, std::uint64_t size = 8) {
        put(data, value);
        return call("write", {u(fd), data, size});
    }
    void pass(std::uint64_t ns) {
        kernel->scheduler().idle_until(kernel->clock().monotonic_ns() + ns);
        kernel->timers().expire(kernel->clock().monotonic_ns());
    }
    void put_timer(std::uint64_t value_ns, std::uint64_t interval_ns) {
        put(data + 64,
            std::array<std::uint64_t, 4>{interval_ns / 1000000000, interval_ns % 1000000000,
                                         value_ns / 1000000000, value_ns % 1000000000});
    }
    std::int64_t lock(std::int64_t fd, std::uint64_t command, std::int16_t type, std::int64_t start,
                      std::int64_t length) {
        put(data, std::array<std::int64_t, 4>{type, start, length, 0});
        const auto answer = enter("fcntl", {u(fd), command, data});
        return answer ? *answer : 1;  // 1: it waits
    }
};

constexpr std::int64_t kEsrch = -3;

}  // namespace

TEST_CASE_METHOD(EventFixture, "an eventfd counts", "[files][event]") {
    const std::int64_t fd = call("eventfd2", {3, kNonblock});
    CHECK(poll(fd) == 5);
    CHECK(take(fd) == 8);
    CHECK(at(data) == 3);
    CHECK(take(fd) == kEagain);
    CHECK(poll(fd) == 4);
    CHECK(add(fd, ~std::uint64_t{0} - 1) == 8);
    CHECK(add(fd, 1) == kEagain);
    CHECK(poll(fd) == 1);
    CHECK(add(fd, ~std::uint64_t{0}) == kEinval);
    CHECK(take(fd, 7) == kEinval);
    CHECK(take(fd, 16) == 8);
    CHECK(add(fd, 1, 16) == kEinval);
    CHECK(add(fd, 1, 4) == kEinval);
    CHECK(add(fd, 1) == 8);
    CHECK(call("read", {u(fd), 8, 8}) == kEfault);
    const std::int64_t semaphore = call("eventfd2", {2, 1});
    CHECK(take(semaphore, 16) == 8);
    CHECK(at(data) == 1);
    CHECK(take(semaphore) == 8);
    CHECK_FALSE(enter("read", {u(semaphore), data, 8}));
    CHECK(call("eventfd2", {0, 2}) == kEinval);
    // Across the end of a page.
    CHECK(add(semaphore, 1) == 8);
    CHECK(call("read", {u(semaphore), data + kPageSize - 3, 8}) == 8);
    CHECK(readlink("/proc/self/fd/" + std::to_string(fd)) == "anon_inode:[eventfd]");
}

TEST_CASE_METHOD(EventFixture, "a timerfd counts expirations", "[files][event]") {
    const std::int64_t fd = call("timerfd_create", {1, kNonblock});
    CHECK(take(fd) == kEagain);
    constexpr std::uint64_t kSecond = 1000000000;  // this machine's clock is a slow one
    put_timer(5 * kSecond, 10 * kSecond);
    CHECK(call("timerfd_settime", {u(fd), 0, data + 64, 0}) == 0);
    pass(4 * kSecond);
    CHECK(poll(fd) == 0);
    CHECK(call("timerfd_gettime", {u(fd), data + 128}) == 0);
    CHECK(at(data + 128) == 10);
    CHECK(at(data + 128 + 16) == 1);
    pass(24 * kSecond);
    CHECK(poll(fd) == 1);
    CHECK(take(fd) == 8);
    CHECK(at(data) == 3);
    CHECK(take(fd) == kEagain);
    put_timer(0, 0);
    CHECK(call("timerfd_settime", {u(fd), 0, data + 64, 0}) == 0);
    pass(20 * kSecond);
    CHECK(take(fd) == kEagain);
    // A time of the real-time clock that is over.
    const std::int64_t real = call("timerfd_create", {0, 0});
    put_timer(1000000000, 0);
    CHECK(call("timerfd_settime", {u(real), 1, data + 64, 0}) == 0);
    CHECK(take(real) == 8);
    CHECK(at(data) == 1);
    put_timer(kEpochNs + kernel->clock().monotonic_ns() + 1000, 0);
    CHECK(call("timerfd_settime", {u(real), 1, data + 64, 0}) == 0);
    CHECK_FALSE(enter("read", {u(real), data, 8}));
    pass(1000);
    CHECK(take(real) == 8);
    CHECK(call("timerfd_create", {99, 0}) == kEinval);
    put(data + 64, std::array<std::uint64_t, 4>{0, 0, 0, 1000000000});
    CHECK(call("timerfd_settime", {u(fd), 0, data + 64, 0}) == kEinval);
    put_timer(1, 0);
    CHECK(call("timerfd_settime", {u(open("/data/a")), 0, data + 64, 0}) == kEinval);
    CHECK(call("timerfd_settime", {99, 0, data + 64, 0}) == kEbadf);
}

TEST_CASE_METHOD(EventFixture, "a memfd is memory that can be sealed", "[files][event]") {
    const std::int64_t fd = call("memfd_create", {text("x"), 2});
    CHECK(write(fd, "hello") == 5);
    REQUIRE(fstat(fd) == 0);
    CHECK(stat_size() == 5);
    CHECK(stat_mode() == 0100777);
    CHECK(readlink("/proc/self/fd/" + std::to_string(fd)) == "/memfd:x (deleted)");
    CHECK(call("ftruncate", {u(fd), 8192}) == 0);
    const std::int64_t map = call("mmap", {0, 8192, 3, 1, u(fd), 0});
    REQUIRE(map > 0);
    CHECK(bytes(u(map), 6) == std::string("hello\0", 6));
    put(u(map) + 4096, std::uint8_t{'Z'});
    CHECK(call("pread64", {u(fd), data, 1, 4096}) == 1);
    CHECK(bytes(data, 1) == "Z");
    put(data, std::uint16_t{0x5151});
    CHECK(call("pwrite64", {u(fd), data, 2, 4095}) == 2);
    CHECK(bytes(u(map) + 4095, 2) == "QQ");
    CHECK(call("fallocate", {u(fd), 3, 0, 4096}) == 0);
    CHECK(bytes(u(map), 2) == std::string(2, '\0'));
    CHECK(call("munmap", {u(map), 8192}) == 0);
    CHECK(call("fcntl", {u(fd), 1033, 8 | 2}) == 0);
    CHECK(call("fcntl", {u(fd), 1034}) == 10);
    CHECK(write(fd, "a") == kEperm);
    CHECK(call("ftruncate", {u(fd), 0}) == kEperm);
    CHECK(call("ftruncate", {u(fd), 9000}) == 0);
    CHECK(call("mmap", {0, 4096, 3, 1, u(fd), 0}) == kEperm);
    CHECK(call("mmap", {0, 4096, 3, 2, u(fd), 0}) > 0);
    const std::int64_t sealed = call("memfd_create", {text("y"), 0});
    CHECK(call("fcntl", {u(sealed), 1034}) == 1);
    CHECK(call("fcntl", {u(sealed), 1033, 2}) == kEperm);
    CHECK(call("memfd_create", {text(std::string(250, 'n')), 0}) == kEinval);
    CHECK(call("memfd_create", {text("z"), 0x100}) == kEinval);
    // Far beyond memory: a hole, which costs nothing, and then a page.
    CHECK(call("ftruncate", {u(sealed), std::uint64_t{1} << 50}) == 0);
    CHECK(call("pwrite64", {u(sealed), data, 2, std::uint64_t{1} << 50}) == 2);
}

TEST_CASE_METHOD(EventFixture, "timer_create's timers send signals", "[time][event]") {
    struct {
        std::uint64_t value;
        std::int32_t signal, notify, tid;
        std::array<std::int32_t, 11> rest;
    } event{77, 12, 0, 0, {}};
    put(data, event);
    CHECK(call("timer_create", {99, data, data + 512}) == kEinval);
    CHECK(call("timer_create", {4, data, data + 512}) == kEopnotsupp);
    event.notify = 9;
    put(data, event);
    CHECK(call("timer_create", {1, data, data + 512}) == kEinval);
    event.notify = 4;
    event.tid = 4711;
    put(data, event);
    CHECK(call("timer_create", {1, data, data + 512}) == kEinval);
    event.notify = 1;
    put(data, event);
    REQUIRE(call("timer_create", {0, data, data + 512}) == 0);
    const auto id = at<std::uint32_t>(data + 512);
    put_timer(1000, 0);
    CHECK(call("timer_settime", {id, 0, data + 64, 0}) == 0);
    CHECK(kernel->timers().empty());  // no timer is armed
    CHECK(call("timer_gettime", {id, data + 128}) == 0);
    CHECK(at(data + 128 + 24) > 0);
    pass(2000);
    CHECK(call("timer_gettime", {id, data + 128}) == 0);
    CHECK(at(data + 128 + 24) == 0);
    CHECK(call("timer_settime", {id, 0, 0, 0}) == kEinval);
    CHECK(call("timer_settime", {id, 0, 8, 0}) == kEfault);
    CHECK(call("timer_delete", {id}) == 0);
    CHECK(call("timer_delete", {id}) == kEinval);
    CHECK(call("timer_getoverrun", {id}) == kEinval);
    CHECK(call("timer_gettime", {id, data}) == kEinval);
}

TEST_CASE_METHOD(EventFixture, "locks of open descriptions keep others out", "[files][lock]") {
    const std::int64_t a = open("/tmp/locked", kRdwr | kCreat), b = open("/tmp/locked", kRdwr);
    constexpr std::uint64_t kGet = 36, kSet = 37, kSetAndWait = 38;
    CHECK(lock(a, kSet, 1, 10, 20) == 0);
    CHECK(lock(b, kSet, 0, 29, 1) == kEagain);
    CHECK(lock(b, kSet, 0, 30, 0) == 0);
    CHECK(lock(b, kGet, 1, 0, 0) == 0);
    CHECK(at<std::int16_t>(data) == 1);
    CHECK(at(data + 8) == 10);
    CHECK(at(data + 16) == 20);
    CHECK(at<std::int32_t>(data + 24) == -1);
    CHECK(lock(b, kSetAndWait, 1, 15, 1) == 1);
    CHECK(lock(a, kSet, 2, 15, 1) == 0);  // cuts it in two
    CHECK(lock(b, kSetAndWait, 1, 15, 1) == 0);
    CHECK(lock(b, kSet, 1, 14, 1) == kEagain);
    CHECK(lock(b, kSet, 1, 16, 1) == kEagain);
    // Descriptions may wait for each other for ever.
    CHECK(lock(a, kSetAndWait, 1, 30, 1) == 1);
    CHECK(lock(b, kSetAndWait, 1, 14, 1) == 1);
    // The process's own locks are in the same ranges.
    CHECK(lock(b, 6, 1, 10, 1) == kEagain);
    CHECK(close(a) == 0);
    CHECK(lock(b, kSet, 1, 0, 0) == 0);
    put(data, std::array<std::int64_t, 4>{1, 0, 0, 5});
    CHECK(call("fcntl", {u(b), kSet, data}) == kEinval);
    CHECK(lock(b, kSet, 7, 0, 1) == kEinval);
    CHECK(lock(b, kSet, 1, -1, 1) == kEinval);
    CHECK(lock(open("/tmp/locked"), 6, 1, 0, 1) == kEbadf);
    CHECK(call("fcntl", {u(b), kSet, 8}) == kEfault);
}

TEST_CASE_METHOD(EventFixture, "flock locks whole files", "[files][lock]") {
    const std::int64_t a = open("/tmp/locked", kRdwr | kCreat), b = open("/tmp/locked", kRdonly);
    CHECK(call("flock", {u(a), 2}) == 0);
    CHECK(call("flock", {u(b), 1 | 4}) == kEagain);
    CHECK_FALSE(enter("flock", {u(b), 2}));
    CHECK(call("flock", {u(a), 1}) == 0);
    CHECK(call("flock", {u(b), 1}) == 0);
    CHECK(call("flock", {u(b), 2 | 4}) == kEagain);
    // The change dropped what it had.
    CHECK(call("flock", {u(a), 2 | 4}) == 0);
    const std::int64_t copy = call("dup", {u(a)});
    CHECK(close(a) == 0);
    CHECK(call("flock", {u(b), 2 | 4}) == kEagain);
    CHECK(close(copy) == 0);
    CHECK(call("flock", {u(b), 2 | 4}) == 0);
    CHECK(call("flock", {u(b), 3}) == kEinval);
}

TEST_CASE_METHOD(EventFixture, "descriptors of processes", "[files][event]") {
    CHECK(call("pidfd_open", {4711, 0}) == kEsrch);
    CHECK(call("pidfd_open", {0, 0}) == kEinval);
    CHECK(call("pidfd_open", {1000, 1}) == kEinval);
    CHECK(call("pidfd_send_signal", {0, 9, 0, 0}) == kEbadf);
}
