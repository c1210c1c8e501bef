// SPDX-License-Identifier: GPL-2.0-or-later
// Expected text: strace 6.1 and its manual. Numbers: the arm64 column of the kernel's system call
// tables.
#include "tools/strace/call_text.h"

#include <fmt/format.h>

#include <cstring>

#include "kernel_model/abi/stat.h"
#include "tests/kernel_model/kernel/kernel_support.h"
#include "tools/strace/call_filter.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// A task with two pages of memory to point into.
struct Guest {
    KernelFixture fixture;
    CallTexts texts;
    std::uint64_t page;
    std::uint64_t used = 0;

    Guest() {
        const auto mapped = fixture.process().mm->map(
            {.length = 2 * kPageSize, .prot = {.read = true, .write = true}});
        REQUIRE(mapped);
        page = mapped->value;
    }
    template <class T>
    std::uint64_t put(const T& value) {
        return put_bytes(std::string(reinterpret_cast<const char*>(&value), sizeof value));
    }
    std::uint64_t put_text(const std::string& text) { return put_bytes(text + '\0'); }
    std::uint64_t put_bytes(const std::string& bytes) {
        const std::uint64_t at = page + used;
        used += (bytes.size() + 7) / 8 * 8;
        UserMemory memory(*fixture.process().mm, TaskId{1000});
        REQUIRE(memory.write(VAddr(at), std::as_bytes(std::span(bytes))));
        return at;
    }
    std::string text(std::uint32_t number, std::array<std::uint64_t, 6> arguments,
                     std::int64_t result) {
        CallView at_entry{.task = fixture.task(), .arguments = arguments};
        CallView at_end{.task = fixture.task(), .arguments = arguments, .result = result};
        return texts.entry(number, at_entry) + texts.rest(number, at_end) + ") " +
               result_text(number, at_end);
    }
};

constexpr auto kCwd = static_cast<std::uint64_t>(-100);

}  // namespace

TEST_CASE("files are opened, read and written in strace's words", "[tools][strace]") {
    Guest g;
    const auto path = g.put_text("/dev/null");
    CHECK(g.text(56, {kCwd, path, 0}, 3) == R"(openat(AT_FDCWD, "/dev/null", O_RDONLY) = 3)");
    CHECK(g.text(56, {kCwd, path, 02000000}, 3) ==
          R"(openat(AT_FDCWD, "/dev/null", O_RDONLY|O_CLOEXEC) = 3)");
    CHECK(g.text(56, {kCwd, path, 01101, 0644}, 3) ==
          R"(openat(AT_FDCWD, "/dev/null", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3)");
    CHECK(g.text(56, {5, path, 0}, -2) ==
          R"(openat(5, "/dev/null", O_RDONLY) = -1 ENOENT (No such file or directory))");
    CHECK(g.text(57, {3}, 0) == "close(3) = 0");
    CHECK(g.text(57, {static_cast<std::uint64_t>(-1)}, -9) ==
          "close(-1) = -1 EBADF (Bad file descriptor)");
    const auto buffer = g.put_bytes("root::0:0:System Administrator:/root");
    CHECK(g.text(63, {3, buffer, 1024}, 36) ==
          R"(read(3, "root::0:0:System Administrator:/"..., 1024) = 36)");
    CHECK(g.text(63, {3, buffer, 1024}, 4) == R"(read(3, "root", 1024) = 4)");
    CHECK(g.text(63, {3, buffer, 1024}, 0) == R"(read(3, "", 1024) = 0)");
    CHECK(g.text(64,
                 {1,
                  g.put_bytes("a\tb\n\1"
                              "2\x7f\"\\"),
                  8},
                 8) == R"(write(1, "a\tb\n\0012\177\"", 8) = 8)");
    CHECK(g.text(62, {3, static_cast<std::uint64_t>(-5), 2}, 10) == "lseek(3, -5, SEEK_END) = 10");
    CHECK(g.text(48, {kCwd, path, 4}, 0) == R"(faccessat(AT_FDCWD, "/dev/null", R_OK) = 0)");
    CHECK(g.text(78, {kCwd, path, g.put_bytes("/bin/x"), 100}, 6) ==
          R"(readlinkat(AT_FDCWD, "/dev/null", "/bin/x", 100) = 6)");
    CHECK(g.text(17, {g.put_text("/tmp"), 100}, 5) == R"(getcwd("/tmp", 100) = 5)");
    CHECK(g.text(59, {g.put(std::array<std::int32_t, 2>{3, 4}), 02000000}, 0) ==
          "pipe2([3, 4], O_CLOEXEC) = 0");
    CHECK(g.text(25, {3, 2, 1}, 0) == "fcntl(3, F_SETFD, FD_CLOEXEC) = 0");
    CHECK(g.text(29, {1, 0x5401, 0x10}, -25) ==
          "ioctl(1, TCGETS, 0x10) = -1 ENOTTY (Inappropriate ioctl for device)");
}

TEST_CASE("what a call writes is shown as its address where the call failed", "[tools][strace]") {
    Guest g;
    const auto path = g.put_text("/x");
    CHECK(g.text(79, {kCwd, path, 0x7000, 0}, -2) ==
          R"(newfstatat(AT_FDCWD, "/x", 0x7000, 0) = -1 ENOENT (No such file or directory))");
    abi::Stat regular{}, device{};
    regular.st_mode = 0100644;
    regular.st_size = 1234;
    device.st_mode = 0020666;
    device.st_rdev = 0x103;
    CHECK(g.text(79, {3, g.put_text(""), g.put(regular), 0x1000}, 0) ==
          R"(newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=1234, ...}, AT_EMPTY_PATH) = 0)");
    CHECK(g.text(80, {0, g.put(device)}, 0) ==
          "fstat(0, {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}) = 0");
}

TEST_CASE("wild pointers are shown as they are", "[tools][strace]") {
    Guest g;
    CHECK(g.text(56, {kCwd, 0x1234, 0}, -14) ==
          "openat(AT_FDCWD, 0x1234, O_RDONLY) = -1 EFAULT (Bad address)");
    CHECK(g.text(56, {kCwd, 0, 0}, -14) ==
          "openat(AT_FDCWD, NULL, O_RDONLY) = -1 EFAULT (Bad address)");
    CHECK(g.text(64, {1, 0xffff000000001234, 5}, -14) ==
          "write(1, 0xffff000000001234, 5) = -1 EFAULT (Bad address)");
    CHECK(g.text(101, {0x10, 0}, -14) == "nanosleep(0x10, NULL) = -1 EFAULT (Bad address)");
    CHECK(g.text(221, {g.put_text("/bin/x"), 8, 16}, -14) ==
          R"(execve("/bin/x", 0x8, 0x10) = -1 EFAULT (Bad address))");
    // A string that extends into unmapped memory.
    const auto end = g.page + 2 * kPageSize - 3;
    UserMemory memory(*g.fixture.process().mm, TaskId{1000});
    REQUIRE(memory.write(VAddr(end), std::as_bytes(std::span("abc", 3))));
    CHECK(g.text(49, {end}, -14).starts_with("chdir(0x"));
}

TEST_CASE("memory calls name their rights and flags, and answer addresses", "[tools][strace]") {
    Guest g;
    CHECK(g.text(222, {0, 8192, 3, 0x22, static_cast<std::uint64_t>(-1), 0}, 0x7f0000000000) ==
          "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
          "0x7f0000000000");
    CHECK(g.text(222, {0x1000, 4096, 5, 0x812, 3, 0x2000}, 0x1000) ==
          "mmap(0x1000, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, 3, 0x2000) "
          "= 0x1000");
    CHECK(g.text(226, {0x1000, 4096, 0}, 0) == "mprotect(0x1000, 4096, PROT_NONE) = 0");
    CHECK(g.text(214, {0}, 0x555000) == "brk(NULL) = 0x555000");
    CHECK(g.text(233, {0x1000, 4096, 4}, 0) == "madvise(0x1000, 4096, MADV_DONTNEED) = 0");
}

TEST_CASE("signal calls show sets and actions", "[tools][strace]") {
    Guest g;
    const auto chld = g.put(std::uint64_t{1} << 16 | std::uint64_t{1} << 21),
               none = g.put(std::uint64_t{0});
    CHECK(g.text(135, {0, chld, none, 8}, 0) ==
          "rt_sigprocmask(SIG_BLOCK, [CHLD TTOU], [], 8) = 0");
    CHECK(g.text(135, {2, g.put(~std::uint64_t{0x100}), 0, 8}, 0) ==
          "rt_sigprocmask(SIG_SETMASK, ~[KILL], NULL, 8) = 0");
    const auto action = g.put(std::array<std::uint64_t, 4>{0x4000, 0x10000000, 0, 0});
    CHECK(
        g.text(134, {2, action, 0, 8}, 0) ==
        "rt_sigaction(SIGINT, {sa_handler=0x4000, sa_mask=[], sa_flags=SA_RESTART}, NULL, 8) = 0");
    CHECK(g.text(129, {1000, 15}, 0) == "kill(1000, SIGTERM) = 0");
}

TEST_CASE("results say more where strace does", "[tools][strace]") {
    Guest g;
    struct PollFd {
        std::int32_t fd;
        std::int16_t events, revents;
    };
    const auto polled = g.put(std::array<PollFd, 2>{PollFd{3, 1, 1}, PollFd{4, 4, 0}});
    CHECK(g.text(73, {polled, 2, 0, 0, 8}, 1) ==
          "ppoll([{fd=3, events=POLLIN}, {fd=4, events=POLLOUT}], 2, NULL, NULL, 8) = 1 ([{fd=3, "
          "revents=POLLIN}])");
    CHECK(g.text(73, {polled, 1, 0, 0, 8}, 0) ==
          "ppoll([{fd=3, events=POLLIN}], 1, NULL, NULL, 8) = 0 (Timeout)");
    const auto set = g.put(std::uint64_t{8});
    CHECK(g.text(72, {4, set, 0, 0, 0, 0}, 1) ==
          "pselect6(4, [3], NULL, NULL, NULL, NULL) = 1 (in [3])");
    CHECK(g.text(25, {3, 3, 77}, 02002) == "fcntl(3, F_GETFL) = 0x402 (flags O_RDWR|O_APPEND)");
    CHECK(g.text(25, {3, 1, 77}, 1) == "fcntl(3, F_GETFD) = 0x1 (flags FD_CLOEXEC)");
}

TEST_CASE("calls for processes, times and futexes are decoded", "[tools][strace]") {
    Guest g;
    CHECK(g.text(220, {0x1200011, 0, 0, 0, 0x7010}, 1001) ==
          "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, "
          "child_tidptr=0x7010) = 1001");
    CHECK(g.text(260, {static_cast<std::uint64_t>(-1), g.put(std::int32_t{0x100}), 1, 0}, 1001) ==
          "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 1}], WNOHANG, NULL) = 1001");
    CHECK(g.text(260, {7, g.put(std::int32_t{9}), 0, 0}, 7) ==
          "wait4(7, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], 0, NULL) = 7");
    const auto strings = g.put(std::array<std::uint64_t, 3>{g.put_text("ls"), g.put_text("-l"), 0});
    CHECK(g.text(221, {g.put_text("/bin/ls"), strings, strings}, 0) ==
          fmt::format(R"(execve("/bin/ls", ["ls", "-l"], 0x{:x} /* 2 vars */) = 0)", strings));
    const auto time = g.put(std::array<std::uint64_t, 2>{1, 500});
    CHECK(g.text(115, {0, 0, time, 0}, 0) ==
          "clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1, tv_nsec=500}, NULL) = 0");
    CHECK(g.text(113, {1, time}, 0) ==
          "clock_gettime(CLOCK_MONOTONIC, {tv_sec=1, tv_nsec=500}) = 0");
    CHECK(g.text(98, {0x7000, 128, 2, 0}, 0) == "futex(0x7000, FUTEX_WAIT_PRIVATE, 2, NULL) = 0");
    CHECK(g.text(98, {0x7000, 129, 1, 99}, 1) == "futex(0x7000, FUTEX_WAKE_PRIVATE, 1) = 1");
    const auto limit = g.put(std::array<std::uint64_t, 2>{8 << 20, ~std::uint64_t{0}});
    CHECK(g.text(261, {0, 3, 0, limit}, 0) ==
          "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0");
}

TEST_CASE("sockets show addresses and options", "[tools][strace]") {
    Guest g;
    CHECK(g.text(198, {2, 02000001, 0}, 3) == "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3");
    const auto inet =
        g.put_bytes(std::string("\x02\x00\x00\x50\x7f\x00\x00\x01\0\0\0\0\0\0\0\0", 16));
    CHECK(
        g.text(203, {3, inet, 16}, 0) ==
        R"(connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0)");
    const auto local = g.put_bytes(std::string("\x01\x00/run/x\0", 9));
    CHECK(g.text(200, {3, local, 9}, 0) ==
          R"(bind(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 9) = 0)");
    CHECK(g.text(208, {3, 1, 2, g.put(std::int32_t{1}), 4}, 0) ==
          "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
    CHECK(g.text(206, {3, g.put_bytes("hi"), 2, 0x4000, 0, 0}, 2) ==
          R"(sendto(3, "hi", 2, MSG_NOSIGNAL, NULL, 0) = 2)");
}

TEST_CASE("calls that no table has are shown by number with raw arguments", "[tools][strace]") {
    Guest g;
    CHECK(g.text(9999, {1, 2, 3, 4, 5, 6}, -38) ==
          "syscall_0x270f(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)");
    CHECK(g.text(244, {0, 0, 0, 0, 0, 0}, -38).starts_with("syscall_0xf4("));
}

TEST_CASE("looking at arguments charges nothing and brings no page in", "[tools][strace]") {
    Guest g;
    const auto cycles = g.fixture.machine.ledger.kernel_cycles();
    const auto pages = g.fixture.process().mm->resident_pages();
    g.text(64, {1, g.page + kPageSize, 8}, 8);
    CHECK(g.fixture.machine.ledger.kernel_cycles() == cycles);
    CHECK(g.fixture.process().mm->resident_pages() == pages);
}

TEST_CASE("filters take names, classes and a negation", "[tools][strace]") {
    const auto filter = [](const std::string& text) {
        const auto made = CallFilter::parse(text, "--strace-filter");
        if (!made) FAIL(made.error().line());
        return *made;
    };
    CHECK(CallFilter().shows(56));
    CHECK(CallFilter().shows(9999));
    const CallFilter some = filter("read,%memory");
    CHECK(some.shows(63));
    CHECK(some.shows(222));
    CHECK_FALSE(some.shows(56));
    CHECK_FALSE(some.shows(9999));
    const CallFilter files = filter("%file");
    CHECK(files.shows(56));
    CHECK(files.shows(221));
    CHECK_FALSE(files.shows(63));
    const CallFilter others = filter("!%memory,close");
    CHECK_FALSE(others.shows(57));
    CHECK_FALSE(others.shows(214));
    CHECK(others.shows(63));
    CHECK(filter("%process").shows(220));
    CHECK(filter("%network").shows(198));
    CHECK(filter("%signal").shows(134));
    for (const char* wrong : {"", "opnat", "%fil", "read,", "open"}) {
        const auto made = CallFilter::parse(wrong, "--strace-filter");
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().line().find("--strace-filter") != std::string::npos);
    }
    CHECK(CallFilter::parse("opnat", "").error().line().find("openat") != std::string::npos);
}
