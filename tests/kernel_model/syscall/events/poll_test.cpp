// SPDX-License-Identifier: GPL-2.0-or-later
// ppoll and pselect6: what is ready, how long they wait, and under which signal mask.
#include "tests/kernel_model/files/files_support.h"
#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

std::uint64_t u(std::int64_t fd) {
    return static_cast<std::uint64_t>(fd);
}

struct PollFixture : FilesFixture {
    std::pair<std::int64_t, std::int64_t> pipe(std::uint64_t flags = 0) {
        REQUIRE(call("pipe2", {data, flags}) == 0);
        return {at<std::int32_t>(data), at<std::int32_t>(data + 4)};
    }
};

}  // namespace

TEST_CASE_METHOD(PollFixture, "ppoll waits for the time to pass", "[files][syscall]") {
    auto [reader, writer] = pipe();
    const std::uint64_t fds = data + 0x1000, timeout = data + 0x2000, mask = data + 0x3000;
    struct PollFd {
        std::int32_t fd;
        std::int16_t events, revents;
    };
    put(fds, PollFd{static_cast<std::int32_t>(reader), 1, 0});
    put(fds + 8, PollFd{-1, 1, 7});
    CHECK_FALSE(enter("ppoll", {fds, 2, 0, 0, 8}));
    CHECK(task->wait_deadline_ns == kNoDeadline);
    put(timeout, std::array<std::int64_t, 2>{1, 5});
    CHECK_FALSE(enter("ppoll", {fds, 2, timeout, 0, 8}));
    CHECK(task->wait_deadline_ns == kernel->clock().monotonic_ns() + 1000000005);
    task->wait_deadline_ns = kernel->clock().monotonic_ns();
    CHECK(call("ppoll", {fds, 2, timeout, 0, 8}) == 0);
    CHECK(at(timeout) == 0);
    CHECK(at<std::int16_t>(fds + 14) == 0);
    task->wait_deadline_ns = kNoDeadline;
    put(timeout, std::array<std::int64_t, 2>{0, 0});
    CHECK(call("ppoll", {fds, 1, timeout, 0, 8}) == 0);
    put(timeout, std::array<std::int64_t, 2>{-1, 0});
    CHECK(call("ppoll", {fds, 1, timeout, 0, 8}) == kEinval);
    CHECK(call("ppoll", {8, 1, 0, 0, 8}) == kEfault);
    CHECK(call("ppoll", {fds, 1, 8, 0, 8}) == kEfault);
    CHECK(call("ppoll", {fds, 1025, 0, 0, 8}) == kEinval);
    CHECK(write(writer, "x") == 1);
    put(fds + 8, PollFd{99, 1, 0});
    CHECK(call("ppoll", {fds, 2, 0, 0, 8}) == 2);
    CHECK(at<std::int16_t>(fds + 6) == 1);
    CHECK(at<std::int16_t>(fds + 14) == 0x20);  // POLLNVAL
    CHECK(read(reader) == "x");
    CHECK(close(writer) == 0);
    CHECK(call("ppoll", {fds, 1, 0, 0, 8}) == 1);
    CHECK(at<std::int16_t>(fds + 6) == 0x10);  // POLLHUP

    // Its mask is in place while it waits, and goes with it.
    auto [reader2, writer2] = pipe();
    put(fds, PollFd{static_cast<std::int32_t>(reader2), 1, 0});
    put(mask, signal_bit(Signal::Usr1) | signal_bit(Signal::Kill));
    CHECK(call("ppoll", {fds, 1, 0, mask, 4}) == kEinval);
    CHECK(call("ppoll", {fds, 1, 0, 8, 8}) == kEfault);
    task->sigmask = signal_bit(Signal::Hup);
    CHECK_FALSE(enter("ppoll", {fds, 1, 0, mask, 8}));
    CHECK(task->sigmask == signal_bit(Signal::Usr1));
    CHECK_FALSE(enter("ppoll", {fds, 1, 0, mask, 8}));
    CHECK(task->saved_sigmask == signal_bit(Signal::Hup));
    CHECK(write(writer2, "y") == 1);
    CHECK(call("ppoll", {fds, 1, 0, mask, 8}) == 1);
    CHECK(task->sigmask == signal_bit(Signal::Hup));
    CHECK_FALSE(task->restore_sigmask);
    // A signal that the mask lets through ends the wait, even one of no time; its handler runs with
    // the wait's mask.
    CHECK(read(reader2) == "y");
    process->actions[1].handler = 0x5000;
    kernel->signals().send(*task, {.signal = Signal::Hup});
    CHECK_FALSE(task->tif_sigpending);
    put(timeout, std::array<std::int64_t, 2>{0, 0});
    CHECK_FALSE(enter("ppoll", {fds, 1, timeout, mask, 8}));
    CHECK(task->restore_sigmask);
    CHECK(task->tif_sigpending);
}

TEST_CASE_METHOD(PollFixture, "pselect6 answers in sets", "[files][syscall]") {
    auto [reader, writer] = pipe();
    const std::uint64_t in = data + 0x1000, out = data + 0x1100, timeout = data + 0x2000,
                        six = data + 0x3000;
    const auto bit = [](std::int64_t fd) { return std::uint64_t{1} << fd; };
    put(in, bit(reader));
    CHECK_FALSE(enter("pselect6", {u(writer) + 1, in, 0, 0, 0, 0}));
    put(timeout, std::array<std::int64_t, 2>{0, 700});
    CHECK_FALSE(enter("pselect6", {u(writer) + 1, in, 0, 0, timeout, 0}));
    CHECK(task->wait_deadline_ns == kernel->clock().monotonic_ns() + 700);
    task->wait_deadline_ns = kernel->clock().monotonic_ns();
    CHECK(call("pselect6", {u(writer) + 1, in, 0, 0, timeout, 0}) == 0);
    CHECK(at(in) == 0);
    task->wait_deadline_ns = kNoDeadline;
    put(in, bit(reader));
    put(out, bit(writer));
    CHECK(call("pselect6", {u(writer) + 1, in, out, 0, 0, 0}) == 1);
    CHECK(at(in) == 0);
    CHECK(at(out) == bit(writer));
    put(in, bit(40));
    CHECK(call("pselect6", {41, in, 0, 0, 0, 0}) == kEbadf);
    CHECK(call("pselect6", {u(-1), in, 0, 0, 0, 0}) == kEinval);
    CHECK(call("pselect6", {41, 8, 0, 0, 0, 0}) == kEfault);
    put(timeout, std::array<std::int64_t, 2>{0, 1000000000});
    CHECK(call("pselect6", {0, 0, 0, 0, timeout, 0}) == kEinval);
    put(in, bit(reader));
    put(six, std::array<std::uint64_t, 2>{six + 64, 8});
    put(six + 64, signal_bit(Signal::Usr2));
    CHECK_FALSE(enter("pselect6", {u(writer) + 1, in, 0, 0, 0, six}));
    CHECK(task->sigmask == signal_bit(Signal::Usr2));
    CHECK(write(writer, "x") == 1);
    CHECK(call("pselect6", {u(writer) + 1, in, 0, 0, 0, six}) == 1);
    CHECK(at(in) == bit(reader));
    CHECK(task->sigmask == 0);
}

TEST_CASE("a timeout of ppoll lets simulated time pass", "[files][syscall]") {
    // ppoll(NULL, 0, &(struct timespec){2, 0}, NULL), then exit_group with its answer.
    KernelFixture f({a64::adr(2, 32), a64::movz(0, 0), a64::movz(1, 0), a64::movz(3, 0),
                     a64::movz(8, 73), a64::kSvc, a64::movz(8, 94), a64::kSvc, 2, 0, 0, 0});
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 0);
    CHECK(f.kernel->clock().monotonic_ns() >= 2000000000);
    CHECK(f.kernel->clock().idle_ns() > 0);
    CHECK(f.times(KernelPath::SysPoll) == 1);
}
