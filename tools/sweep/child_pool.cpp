// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/child_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "sim/base/error.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "tools/cli/exit_code.h"
#include "tools/format/number_text.h"
#include "tools/simulation/host_clock.h"

namespace uprobesim {
namespace {

constexpr int kLookEveryMs = 50;
constexpr std::size_t kLogBytes = 2000;

[[noreturn]] void fail_call(const char* call) {
    throw HostError(call, std::strerror(errno));
}

// Bytes that the process has in memory; 0 where that cannot be read: it has ended.
std::uint64_t resident_bytes(pid_t pid) {
    std::ifstream statm(fmt::format("/proc/{}/statm", pid));
    std::uint64_t size = 0, resident = 0;
    statm >> size >> resident;
    return statm ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

// Between fork and exec: nothing but system calls.
[[noreturn]] void become(const char* tool, char* const* words, int null, int log, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it ended before that
    setpgid(0, 0);  // Ctrl-C is for the sweep, which takes its children with it
    for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_DFL);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(tool, words);
    _exit(127);
}

// The last bytes, from the start of a line, with control characters made visible.
std::string tail_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return "";
    const auto size = static_cast<std::size_t>(file.tellg());
    const std::size_t length = std::min(size, kLogBytes);
    std::string text(length, '\0');
    file.seekg(static_cast<std::streamoff>(size - length));
    file.read(text.data(), static_cast<std::streamsize>(length));
    if (length < size) text.erase(0, text.find('\n') + 1);
    std::string shown;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        shown += printable(std::string_view(text).substr(begin, end - begin));
        if (end < text.size()) shown += '\n';
        begin = end + 1;
    }
    return shown;
}

// The tool's own line, if there is one.
std::string last_complaint(const std::string& log) {
    constexpr std::string_view kHead = "uprobesim: ";
    std::string found;
    for (std::size_t begin = 0; begin < log.size();) {
        const std::size_t end = std::min(log.find('\n', begin), log.size());
        const std::string_view line = std::string_view(log).substr(begin, end - begin);
        if (line.starts_with(kHead)) found = line.substr(kHead.size());
        begin = end + 1;
    }
    return found;
}

std::string failure_of(int status, const std::string& log) {
    if (WIFSIGNALED(status))
        return fmt::format("killed by signal {} ({})", WTERMSIG(status),
                           strsignal(WTERMSIG(status)));
    std::string complaint = last_complaint(log);
    if (!complaint.empty()) return complaint;
    return fmt::format("ended with status {} and without a report", WEXITSTATUS(status));
}

}  // namespace

ChildPool::ChildPool(std::string tool, std::size_t jobs, ChildLimits limits)
    : tool_(std::move(tool)),
      limits_(limits),
      folder_(TemporaryFolder::make("the reports of a sweep's runs")),
      children_(jobs) {
    for (std::size_t i = 0; i < jobs; ++i) {
        children_[i].report_path = fmt::format("{}/{}.json", folder_.path(), i);
        children_[i].log_path = fmt::format("{}/{}.log", folder_.path(), i);
    }
}

ChildPool::~ChildPool() {
    for (const Child& child : children_) {
        if (child.pid == 0) continue;
        kill(child.pid, SIGKILL);
        waitpid(child.pid, nullptr, 0);
        close(child.pidfd);
    }
}

bool ChildPool::full() const {
    return std::all_of(children_.begin(), children_.end(),
                       [](const Child& child) { return child.pid != 0; });
}

bool ChildPool::idle() const {
    return std::all_of(children_.begin(), children_.end(),
                       [](const Child& child) { return child.pid == 0; });
}

void ChildPool::start(std::size_t job, const std::string& command,
                      const std::vector<std::string>& rest) {
    Child& child = *std::find_if(children_.begin(), children_.end(),
                                 [](const Child& c) { return c.pid == 0; });
    std::vector<std::string> words = {"uprobesim", command, "-f", "json", "-o", child.report_path};
    words.insert(words.end(), rest.begin(), rest.end());
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    unlink(child.report_path.c_str());
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int log =
        open(child.log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    if (null < 0 || log < 0) fail_call("open the log of a run");
    std::fflush(nullptr);
    const pid_t parent = getpid();
    child.pid = fork();
    if (child.pid < 0) {
        child.pid = 0;
        fail_call("start a run");
    }
    if (child.pid == 0) become(tool_.c_str(), pointers.data(), null, log, parent);
    close(null);
    close(log);
    // glibc 2.36 declares pidfd_open() for C only.
    child.pidfd = static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0));
    if (child.pidfd < 0) fail_call("watch a run");
    child.job = job;
    child.begin_ns = host_clock_ns();
    child.stopped.clear();
}

void ChildPool::check_limits(Child& child) const {
    if (!child.stopped.empty()) return;
    const auto took = static_cast<std::uint64_t>(host_clock_ns() - child.begin_ns);
    if (limits_.time_ns != 0 && took > limits_.time_ns) {
        child.stopped = fmt::format("took longer than {} of the host",
                                    short_duration(static_cast<double>(limits_.time_ns)));
    } else if (limits_.memory_bytes != 0 && resident_bytes(child.pid) > limits_.memory_bytes) {
        child.stopped =
            fmt::format("took more than {} of the host", bytes_text(limits_.memory_bytes));
    }
    if (!child.stopped.empty()) kill(child.pid, SIGKILL);
}

ChildResult ChildPool::collect(Child& child) {
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(child.pidfd);
    child.pid = 0;
    ChildResult result{child.job, {}, {}, tail_of(child.log_path), false};
    if (!child.stopped.empty()) {
        result.failure = child.stopped;
        return result;
    }
    // A report has its name when it is whole.
    const auto report = read_text_file(child.report_path, {"report", kMaxReportBytes});
    if (report && !WIFSIGNALED(status)) {
        result.report = *report;
    } else {
        result.failure = failure_of(status, result.log);
        result.host_failed = WIFEXITED(status) && WEXITSTATUS(status) == kExitHostFailure;
    }
    return result;
}

std::vector<ChildResult> ChildPool::wait() {
    std::vector<pollfd> watched;
    for (const Child& child : children_)
        watched.push_back({child.pid == 0 ? -1 : child.pidfd, POLLIN, 0});
    // Interrupted by a signal: nothing has ended.
    if (poll(watched.data(), watched.size(), kLookEveryMs) < 0) return {};
    std::vector<ChildResult> ended;
    for (std::size_t i = 0; i < children_.size(); ++i) {
        if (children_[i].pid == 0) continue;
        if (watched[i].revents != 0) {
            ended.push_back(collect(children_[i]));
        } else {
            check_limits(children_[i]);
        }
    }
    return ended;
}

}  // namespace uprobesim
