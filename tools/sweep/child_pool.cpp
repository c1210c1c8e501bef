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
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/base/error.h"
#include "sim/base/input_file.h"
#include "sim/base/output_file.h"
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
    for (std::size_t i = 0; i < jobs; ++i)
        children_[i].path = fmt::format("{}/{}", folder_.path(), i);
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

std::string ChildPool::report_path(const Child& child, std::size_t member) {
    return fmt::format("{}-{}.json", child.path, member);
}
std::string ChildPool::log_path(const Child& child, std::size_t member) {
    return fmt::format("{}-{}.log", child.path, member);
}

// The list that the hidden command `endings` takes (tools/commands/run_endings.h), and its words.
std::vector<std::string> ChildPool::list_runs(const Child& child,
                                              const std::vector<JobWords>& jobs) {
    const std::string list = child.path + ".list", ends = child.path + ".ends";
    auto output = OutputFile::open(list, "list of runs");
    if (!output) throw HostError("write a list of runs", output.error().line());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        std::vector<std::string> words = {"-f", "json", "-o", report_path(child, i)};
        words.insert(words.end(), jobs[i].rest.begin(), jobs[i].rest.end());
        output->write(nlohmann::json{{"words", std::move(words)},
                                     {"report", report_path(child, i)},
                                     {"log", log_path(child, i)}}
                          .dump() +
                      "\n");
    }
    output->commit();
    unlink(ends.c_str());
    return {"uprobesim", "endings", list, ends};
}

void ChildPool::start(const std::vector<JobWords>& jobs) {
    Child& child = *std::find_if(children_.begin(), children_.end(),
                                 [](const Child& c) { return c.pid == 0; });
    child.jobs.clear();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        child.jobs.push_back(jobs[i].job);
        unlink(report_path(child, i).c_str());
        unlink(log_path(child, i).c_str());
    }
    std::vector<std::string> words;
    if (jobs.size() == 1) {
        words = {"uprobesim", jobs[0].command, "-f", "json", "-o", report_path(child, 0)};
        words.insert(words.end(), jobs[0].rest.begin(), jobs[0].rest.end());
    } else {
        words = list_runs(child, jobs);
    }
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int log =
        open(log_path(child, 0).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
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

// `status`: as of waitpid().
ChildResult ChildPool::result_of(const Child& child, std::size_t member, int status) {
    ChildResult result{child.jobs[member], {}, {}, tail_of(log_path(child, member)), false, {}};
    // A report has its name when it is whole.
    const auto report = read_text_file(report_path(child, member), {"report", kMaxReportBytes});
    if (report && !WIFSIGNALED(status)) {
        result.report = *report;
    } else {
        result.failure = failure_of(status, result.log);
        result.host_failed = WIFEXITED(status) && WEXITSTATUS(status) == kExitHostFailure;
    }
    return result;
}

// Of all members but the first. Without a word on how they ended, they are made alone.
std::vector<ChildResult> ChildPool::results_of_others(const Child& child) {
    std::vector<ChildResult> results;
    const auto text = read_text_file(child.path + ".ends", {"ends of runs", kMaxReportBytes});
    std::istringstream lines(text.value_or(""));
    std::string line;
    std::getline(lines, line);  // of the first
    for (std::size_t i = 1; i < child.jobs.size(); ++i) {
        const auto end = std::getline(lines, line) ? nlohmann::json::parse(line)
                                                   : nlohmann::json{{"alone", "it has no end"}};
        if (end.contains("status")) {
            results.push_back(result_of(child, i, W_EXITCODE(end["status"].get<int>(), 0)));
        } else {
            auto& result = results.emplace_back();
            result.job = child.jobs[i];
            result.failure = end.value("failure", "");
            result.alone = end.value("alone", "");
            result.log = tail_of(log_path(child, i));
        }
    }
    return results;
}

std::vector<ChildResult> ChildPool::collect(Child& child) {
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(child.pidfd);
    child.pid = 0;
    if (!child.stopped.empty()) {
        std::vector<ChildResult> stopped;
        for (std::size_t i = 0; i < child.jobs.size(); ++i)
            stopped.push_back(
                {child.jobs[i], {}, child.stopped, tail_of(log_path(child, i)), false, {}});
        return stopped;
    }
    std::vector<ChildResult> results = {result_of(child, 0, status)};
    if (child.jobs.size() > 1) {
        for (ChildResult& other : results_of_others(child)) results.push_back(std::move(other));
    }
    return results;
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
            for (ChildResult& result : collect(children_[i])) ended.push_back(std::move(result));
        } else {
            check_limits(children_[i]);
        }
    }
    return ended;
}

}  // namespace uprobesim
