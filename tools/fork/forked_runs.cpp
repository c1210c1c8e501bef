// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/fork/forked_runs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/write_all.h"

namespace uprobesim {
namespace {

constexpr int kLookEveryMs = 200;
// The first byte of a result.
constexpr char kBytes = 'b', kFailure = 'f';

[[noreturn]] void fail_call(const char* call) {
    throw HostError(call, std::strerror(errno));
}

int file_in_memory(const char* call) {
    const int fd = memfd_create("uprobesim", MFD_CLOEXEC);
    if (fd < 0) fail_call(call);
    return fd;
}

std::string contents(int fd) {
    struct stat s {};
    if (fstat(fd, &s) != 0) fail_call("read the result of a run");
    std::string text(static_cast<std::size_t>(s.st_size), '\0');
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t n = pread(fd, text.data() + at, text.size() - at, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail_call("read the result of a run");
        at += static_cast<std::size_t>(n);
    }
    return text;
}

std::string end_text(int status) {
    if (!WIFSIGNALED(status))
        return fmt::format("ended with status {} and without a result", WEXITSTATUS(status));
    return fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

}  // namespace

ForkedRuns::~ForkedRuns() {
    for (const auto& [number, child] : children_) {
        if (!in_child_) {
            kill(child.pid, SIGKILL);
            waitpid(child.pid, nullptr, 0);
        }
        close(child.pidfd);
        close(child.result);
    }
    if (turns_ >= 0) close(turns_);
}

// A lock of a byte ends with its process, however that ends.
void ForkedRuns::take_turn(std::size_t place, bool taken) const {
    struct flock lock {};
    lock.l_type = static_cast<short>(taken ? F_WRLCK : F_UNLCK);
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(place);
    lock.l_len = 1;
    while (fcntl(turns_, F_SETLKW, &lock) != 0) {
        if (errno != EINTR) fail_call("wait for the turn of a run");
    }
}

bool ForkedRuns::fork(std::size_t number) {
    if (turns_ < 0) {
        turns_ = file_in_memory("make the turns of runs");
        if (runs_) take_turn(0, true);
    }
    const int result = file_in_memory("make room for the result of a run");
    std::array<int, 2> begun{};
    if (pipe2(begun.data(), O_CLOEXEC) != 0) fail_call("pipe");
    const std::size_t place = ++forked_ % jobs_;
    std::fflush(nullptr);
    const pid_t parent = getpid();
    const pid_t pid = ::fork();
    if (pid < 0) fail_call("fork a run");
    if (pid == 0) {
        in_child_ = true;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);  // it ended before that
        close(begun[0]);
        number_ = number;
        place_ = place;
        result_ = result;
        begun_ = begun[1];
        return true;
    }
    close(begun[1]);
    Child& child = children_[number];
    child = {pid, static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), result};
    if (child.pidfd < 0) fail_call("watch a run");
    // A byte, or the end of the process.
    char byte = 0;
    while (read(begun[0], &byte, 1) < 0 && errno == EINTR) {
    }
    close(begun[0]);
    return false;
}

void ForkedRuns::begin() {
    close(std::exchange(begun_, -1));
    take_turn(place_, true);
}

void ForkedRuns::deliver(std::string_view bytes) {
    if (write_all(result_, {&kBytes, 1}) != 0 || write_all(result_, bytes) != 0) _exit(1);
    _exit(0);
}

void ForkedRuns::fail(std::string_view why) {
    if (write_all(result_, {&kFailure, 1}) != 0 || write_all(result_, why) != 0) _exit(1);
    _exit(0);
}

void ForkedRuns::end_turn() {
    runs_ = false;
    if (turns_ >= 0) take_turn(0, false);
}

ForkedRuns::Ended ForkedRuns::collect(std::size_t number, const std::function<void()>& look) {
    const Child child = children_.at(number);
    pollfd watched{child.pidfd, POLLIN, 0};
    for (;;) {
        look();
        const int n = poll(&watched, 1, kLookEveryMs);
        if (n < 0 && errno != EINTR) fail_call("wait for a run");
        if (n > 0) break;
    }
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    children_.erase(number);
    const std::string text = contents(child.result);
    close(child.pidfd);
    close(child.result);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || text.empty())
        return {"", end_text(status), false};
    if (text.front() == kFailure) return {"", text.substr(1), true};
    return {text.substr(1), "", false};
}

void ForkedRuns::tell_all(int signal) const {
    for (const auto& [number, child] : children_) kill(child.pid, signal);
}

}  // namespace uprobesim
