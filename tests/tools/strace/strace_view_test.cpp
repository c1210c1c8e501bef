// SPDX-License-Identifier: GPL-2.0-or-later
// Shapes of lines: strace(1), with -f.
#include "tools/strace/strace_view.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kernel_model/abi/clone.h"
#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

class Lines {
public:
    Lines() {
        std::string name =
            (std::filesystem::temp_directory_path() / "uprobesim-test-XXXXXX").string();
        const int fd = mkstemp(name.data());
        REQUIRE(fd >= 0);
        close(fd);
        path_ = name;
    }
    ~Lines() { std::filesystem::remove(path_); }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;

    std::unique_ptr<LineOutput> open(std::uint64_t limit = 1000) {
        auto output = LineOutput::open(path_, limit, "system calls");
        REQUIRE(output.has_value());
        return std::move(*output);
    }
    // Without the times.
    std::vector<std::string> read() const {
        std::vector<std::string> lines;
        std::ifstream file(path_);
        for (std::string line; std::getline(file, line);) {
            const std::size_t bracket = line.find("] ");
            if (line.starts_with("[pid ") && bracket != line.npos) {
                const std::size_t call = line.find(' ', bracket + 2);
                line = line.substr(5, bracket - 5) + ":" + line.substr(call);
            }
            // The column of results is not looked at.
            for (std::size_t at = 0; (at = line.find("  =")) != line.npos;) line.erase(at, 1);
            lines.push_back(line);
        }
        return lines;
    }

private:
    std::string path_;
};

// A run of `words` under a view.
std::vector<std::string> traced(const std::vector<std::uint32_t>& words,
                                const CallFilter& filter = {}, std::uint64_t limit = 1000) {
    KernelFixture f(words);
    Lines lines;
    const auto output = lines.open(limit);
    StraceView view(*output, filter);
    f.kernel->observe(&view);
    f.run_loop->run({.max_insns = 1000});
    view.finish();
    return lines.read();
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("calls, exits and their status are lines with the task's id", "[tools][strace]") {
    // getpid(); close(7); exit_group(3)
    const Strings got = traced({a64::movz(8, 172), a64::kSvc, a64::movz(0, 7), a64::movz(8, 57),
                                a64::kSvc, a64::movz(0, 3), a64::movz(8, 94), a64::kSvc});
    CHECK(got == Strings{"1000: getpid() = 1000", "1000: close(7) = -1 EBADF (Bad file descriptor)",
                         "1000: exit_group(3) = ?", "1000: +++ exited with 3 +++"});
}

TEST_CASE("a fatal signal is told with its address, then the end", "[tools][strace]") {
    const Strings got = traced({a64::movz(1, 0x1234, 16), a64::str(0, 1)});
    CHECK(
        got ==
        Strings{"1000: --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x12340000} ---",
                "1000: +++ killed by SIGSEGV +++"});
}

TEST_CASE("a kill is a call, a signal and an end", "[tools][strace]") {
    // kill(1000, SIGTERM)
    const Strings got =
        traced({a64::movz(0, 1000), a64::movz(1, 15), a64::movz(8, 129), a64::kSvc});
    CHECK(
        got ==
        Strings{"1000: kill(1000, SIGTERM) = 0",
                "1000: --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1000, si_uid=0} ---",
                "1000: +++ killed by SIGTERM +++"});
}

TEST_CASE("an unknown call is shown with its answer", "[tools][strace]") {
    const Strings got =
        traced(with_exit({a64::movz(0, 0), a64::movz(1, 0), a64::movz(2, 0), a64::movz(3, 0),
                          a64::movz(4, 0), a64::movz(5, 0), a64::movz(8, 9999), a64::kSvc}));
    REQUIRE(got.size() == 3);
    CHECK(got[0] ==
          "1000: syscall_0x270f(0, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)");
}

TEST_CASE("only the calls of a filter are shown, signals and ends always", "[tools][strace]") {
    const auto filter = CallFilter::parse("close", "");
    REQUIRE(filter.has_value());
    const Strings got = traced(with_exit({a64::movz(8, 172), a64::kSvc, a64::movz(0, 7),
                                          a64::movz(8, 57), a64::kSvc, a64::movz(0, 0)}),
                               *filter);
    CHECK(got == Strings{"1000: close(7) = -1 EBADF (Bad file descriptor)",
                         "1000: +++ exited with 0 +++"});
}

TEST_CASE("lines beyond the limit are counted", "[tools][strace]") {
    const Strings got = traced(
        with_exit({a64::movz(8, 172), a64::kSvc, a64::kSvc, a64::kSvc, a64::kSvc, a64::movz(0, 0)}),
        {}, 2);
    REQUIRE(got.size() == 3);
    CHECK(got[1].starts_with("1000: getpid()"));
    // Two calls to getpid, exit_group, the end.
    CHECK(got[2] == "uprobesim: 4 more system calls are not shown");
}

TEST_CASE("a call that blocks is unfinished when another task speaks, and resumed at its end",
          "[tools][strace]") {
    KernelFixture f;
    CloneRequest thread;
    thread.flags = abi::kCloneThread | abi::kCloneVm;
    const auto made = f.kernel->processes().clone(f.task(), thread);
    REQUIRE(made.has_value());
    Task& other = **made;
    Lines lines;
    const auto output = lines.open();
    StraceView view(*output, {});
    view.call_entered(f.task(), {98, {0x7000, 128, 2, 0}});  // futex wait
    view.call_entered(other, {98, {0x7000, 129, 1}});        // and wake
    view.call_ended(other, 1);
    view.call_ended(f.task(), 0);
    view.call_entered(f.task(), {260, {~std::uint64_t{0}, 0, 0, 0}});
    view.call_entered(other, {63, {0, 0x7000, 10}});
    view.call_interrupted(f.task(), true);
    view.signal_taken(f.task(), {.signal = Signal::Chld, .code = 1, .pid = 1007, .status = 3});
    view.call_entered(f.task(), {94, {1}});
    view.task_ended(other, {TaskEnd::Kind::Exited, 1});
    view.task_ended(f.task(), {TaskEnd::Kind::Exited, 1});
    view.finish();
    CHECK(lines.read() ==
          Strings{"1000: futex(0x7000, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>",
                  "1001: futex(0x7000, FUTEX_WAKE_PRIVATE, 1) = 1",
                  "1000: <... futex resumed>) = 0", "1000: wait4(-1, <unfinished ...>",
                  "1001: read(0, <unfinished ...>",
                  // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one line in two pieces
                  "1000: <... wait4 resumed>NULL, 0, NULL) = ? ERESTARTSYS (To be restarted if "
                  "SA_RESTART is set)",
                  "1000: --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=1007, si_uid=0, "
                  "si_status=3} ---",
                  "1000: exit_group(1 <unfinished ...>", "1001: <... read resumed>0x7000, 10) = ?",
                  "1001: +++ exited with 1 +++", "1000: <... exit_group resumed>) = ?",
                  "1000: +++ exited with 1 +++"});
}
