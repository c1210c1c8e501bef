// SPDX-License-Identifier: GPL-2.0-or-later
// Files of /proc/PID that are short, many of them settings: proc(5), and fs/proc/base.c for which
// writes are refused.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "kernel_model/proc/proc_text.h"
#include "kernel_model/task/process.h"
#include "kernel_model/task/scheduler.h"

namespace uprobesim {
namespace {

using Context = ProcessContext;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\n\0";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(std::string_view(" \t\n\0", 4)) - begin + 1);
}

template <class T>
std::optional<T> number_in(std::string_view text, int base = 10) {
    text = trimmed(text);
    T value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::string oom_score(const Context& c) {
    return fmt::format("{}\n", std::max(0, 666 + c.process.oom_score_adj * 2 / 3));
}
std::string oom_score_adj(const Context& c) {
    return fmt::format("{}\n", c.process.oom_score_adj);
}
SysResult<void> set_oom_score_adj(Task& task, const Task&, std::string_view text) {
    const auto value = number_in<std::int32_t>(text);
    if (!value || *value < -1000 || *value > 1000) return tl::make_unexpected(Errno::Inval);
    task.process->oom_score_adj = *value;
    return {};
}
constexpr std::int32_t kOldOomMost = 15, kOldOomOff = -17, kOomMost = 1000;
std::string oom_adj(const Context& c) {
    const std::int32_t adj = c.process.oom_score_adj;
    return fmt::format("{}\n", adj == kOomMost ? kOldOomMost : adj * -kOldOomOff / kOomMost);
}
SysResult<void> set_oom_adj(Task& task, const Task&, std::string_view text) {
    const auto value = number_in<std::int32_t>(text);
    if (!value || ((*value < -16 || *value > kOldOomMost) && *value != kOldOomOff))
        return tl::make_unexpected(Errno::Inval);
    task.process->oom_score_adj =
        *value == kOldOomMost ? kOomMost : *value * kOomMost / -kOldOomOff;
    return {};
}

// Nothing goes to a disk.
std::string io_text(const IoCounts& counts) {
    return fmt::format(
        "rchar: {}\nwchar: {}\nsyscr: {}\nsyscw: {}\nread_bytes: 0\nwrite_bytes: 0\n"
        "cancelled_write_bytes: 0\n",
        counts.bytes_read, counts.bytes_written, counts.reads, counts.writes);
}
std::string io(const Context& c) {
    IoCounts all = c.process.ended_io;
    for (const auto& [id, task] : c.process.tasks) all += task->io;
    return io_text(all);
}
std::string task_io(const Context& c) {
    return io_text(c.task.io);
}
std::string cgroup(const Context&) {
    return "0::/\n";
}
std::string core_dump_filter(const Context& c) {
    return fmt::format("{:08x}\n", c.process.options.coredump_filter);
}
SysResult<void> set_core_dump_filter(Task& task, const Task&, std::string_view text) {
    text = trimmed(text);
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    const bool octal = !hex && text.size() > 1 && text.starts_with("0");
    const auto value = number_in<std::uint32_t>(hex ? text.substr(2) : text, hex     ? 16
                                                                             : octal ? 8
                                                                                     : 10);
    if (!value) return tl::make_unexpected(Errno::Inval);
    constexpr std::uint32_t kKnown = 0x1ff;
    task.process->options.coredump_filter = *value & kKnown;
    return {};
}
std::string timer_slack(const Context& c) {
    return fmt::format("{}\n", c.task.timer_slack_ns);
}
SysResult<void> set_timer_slack(Task& task, const Task&, std::string_view text) {
    const auto value = number_in<std::uint64_t>(text);
    if (!value) return tl::make_unexpected(Errno::Inval);
    task.timer_slack_ns = *value == 0 ? task.default_slack_ns : *value;
    return {};
}
std::string sched(const Context& c) {
    const CpuTime used = c.system != nullptr ? c.system->cpu_time(c.task) : CpuTime{};
    return fmt::format(
        "{} ({}, #threads: {})\n-------------------------------------------------------------------"
        "\n{:<45}:{:>21}.{:06}\n{:<45}:{:>21}\n{:<45}:{:>21}\n",
        c.task.comm, c.number_of(c.task.id.value), c.process.tasks.size(), "se.sum_exec_runtime",
        used.total() / 1'000'000, used.total() % 1'000'000, "policy", c.task.sched.policy, "prio",
        c.task.sched.is_real_time() ? 99 - c.task.sched.priority : 120 + c.task.nice);
}
std::string sched_stat(const Context& c) {
    const CpuTime used = c.system != nullptr ? c.system->cpu_time(c.task) : CpuTime{};
    return fmt::format("{} 0 1\n", used.total());
}
std::string personality(const Context& c) {
    return fmt::format("{:08x}\n", c.process.options.personality);
}
std::string wait_channel(const Context&) {
    return "0";
}
std::string kernel_stack(const Context& c) {
    // The symbols that every task in a system call has.
    return c.task.state == TaskState::Blocked
               ? "[<0>] do_el0_svc+0x40/0x50\n[<0>] el0_svc+0x34/0xd8\n"
                 "[<0>] el0t_64_sync_handler+0x100/0x130\n[<0>] el0t_64_sync+0x190/0x198\n"
               : "";
}
std::string system_call(const Context& c) {
    if (c.process.mm == nullptr) return "0 0x0 0x0\n";
    Cpu& cpu = *c.process.mm->machine().cpu;
    const UserRegisters r = cpu.read_all(c.task.context);
    if (c.task.state == TaskState::Runnable) {
        if (c.system != nullptr && c.system->current() == &c.task)
            return fmt::format("{} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x}\n",
                               r.x[8], r.x[0], r.x[1], r.x[2], r.x[3], r.x[4], r.x[5], r.sp, r.pc);
        return "running\n";
    }
    if (c.task.state != TaskState::Blocked && !c.task.stopped_in_call)
        return fmt::format("-1 0x{:x} 0x{:x}\n", r.sp, r.pc);
    return fmt::format("{} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x} 0x{:x}\n",
                       c.task.blocked_in, r.x[0], r.x[1], r.x[2], r.x[3], r.x[4], r.x[5], r.sp,
                       r.pc);
}
std::string unset_id(const Context&) {
    return "4294967295";
}
SysResult<void> accept(Task&, const Task&, std::string_view) {
    return {};
}
SysResult<void> clear_refs(Task& task, const Task&, std::string_view text) {
    constexpr std::int32_t kForgetPeak = 5;  // CLEAR_REFS_MM_HIWATER_RSS
    const auto value = number_in<std::int32_t>(text);
    if (!value || *value < 1 || *value > kForgetPeak) return tl::make_unexpected(Errno::Inval);
    if (*value == kForgetPeak && task.process->mm != nullptr) task.process->mm->forget_peak_pages();
    return {};
}
std::string nothing(const Context&) {
    return "";
}
std::string children(const Context& c) {
    std::string text;
    for (const std::int32_t pid : c.process.children)
        text += std::to_string(c.number_of(pid)) + " ";
    return text;
}
// proc_timers_operations: those of timer_create.
std::string timers(const Context& c) {
    std::string text;
    for (const auto& [id, timer] : c.process.posix_timers) {
        const bool of_task = timer.target != TaskId{};
        const std::int32_t target = c.number_of(of_task ? timer.target.value : c.process.pid);
        text += fmt::format("ID: {}\nsignal: {}/{:016x}\nnotify: {}/{}.{}\nClockID: {}\n", id,
                            static_cast<int>(timer.signal), timer.value,
                            timer.signal == Signal::None ? "none" : "signal",
                            of_task ? "tid" : "pid", target, static_cast<int>(timer.clock));
    }
    return text;
}
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

TimeNamespace* times_of_children(const Process& process) {
    return static_cast<TimeNamespace*>(process.space(NamespaceKind::Time).get());
}
std::string time_offsets(const Context& c) {
    const TimeNamespace* const space = times_of_children(c.process);
    const auto line = [](std::string_view name, std::int64_t ns) {
        // Nanoseconds are never negative.
        const std::int64_t s = ns / kNsPerSecond - (ns % kNsPerSecond < 0 ? 1 : 0);
        return fmt::format("{:<10} {:>10} {:>9}\n", name, s, ns - s * kNsPerSecond);
    };
    return line("monotonic", space != nullptr ? space->monotonic_ns : 0) +
           line("boottime", space != nullptr ? space->boottime_ns : 0);
}

struct TimeOffset {
    bool boottime = false;
    std::int64_t seconds = 0, ns = 0;
};
// A line of timens_offsets_write: clock, seconds, nanoseconds.
std::optional<TimeOffset> offset_in(std::string_view line) {
    std::array<std::string_view, 3> words;
    for (std::string_view& word : words) {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        word = line.substr(0, line.find_first_of(" \t"));
        line.remove_prefix(word.size());
    }
    TimeOffset given{.boottime = words[0] == "boottime" || words[0] == "7"};
    const auto seconds = number_in<std::int64_t>(words[1]), ns = number_in<std::int64_t>(words[2]);
    const bool known = given.boottime || words[0] == "monotonic" || words[0] == "1";
    if (!known || !seconds || !ns || *ns < 0 || *ns >= kNsPerSecond) return std::nullopt;
    given.seconds = *seconds;
    given.ns = *ns;
    return given;
}
// proc_timens_set_offset: all of them, or none.
SysResult<void> set_time_offsets(Task& task, const Task& writer, std::string_view text) {
    constexpr std::size_t kMost = 2;
    constexpr std::int64_t kMostSeconds = 9'223'372'036;  // KTIME_SEC_MAX
    std::vector<TimeOffset> given;
    for (std::size_t end = 0; given.size() < kMost && end != std::string_view::npos;) {
        end = text.find('\n');
        const auto offset = offset_in(text.substr(0, end));
        if (!offset) return tl::make_unexpected(Errno::Inval);
        given.push_back(*offset);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (text.empty()) break;
    }
    TimeNamespace* const space = times_of_children(*task.process);
    if (!writer.cred->capable_in(space != nullptr ? space->owned_by : nullptr, Capability::SysTime))
        return tl::make_unexpected(Errno::Perm);
    const auto now =
        task.scheduler != nullptr ? static_cast<std::int64_t>(task.scheduler->now_ns()) : 0;
    for (const TimeOffset& offset : given) {
        if (offset.seconds > kMostSeconds || offset.seconds < -kMostSeconds)
            return tl::make_unexpected(Errno::Range);
        const std::int64_t then =
            (now % kNsPerSecond + offset.ns) / kNsPerSecond + now / kNsPerSecond + offset.seconds;
        if (then < 0 || then > kMostSeconds / 2) return tl::make_unexpected(Errno::Range);
    }
    if (space == nullptr || space->frozen) return tl::make_unexpected(Errno::Acces);
    for (const TimeOffset& offset : given)
        (offset.boottime ? space->boottime_ns : space->monotonic_ns) =
            offset.seconds * kNsPerSecond + offset.ns;
    return {};
}

constexpr ProcessRow kSettingRows[] = {
    {"cgroup", cgroup},
    {"clear_refs", nothing, 0200, clear_refs},
    {"coredump_filter", core_dump_filter, 0644, set_core_dump_filter},
    {"io", io, 0400},
    {"loginuid", unset_id, 0644, accept},
    {"oom_adj", oom_adj, 0644, set_oom_adj},
    {"oom_score", oom_score},
    {"oom_score_adj", oom_score_adj, 0644, set_oom_score_adj},
    {"personality", personality, 0400},
    {"sched", sched, 0644, accept},
    {"schedstat", sched_stat},
    {"sessionid", unset_id},
    {"stack", kernel_stack, 0400},
    {"syscall", system_call, 0400},
    {"timers", timers},
    {"timens_offsets", time_offsets, 0644, set_time_offsets},
    {"timerslack_ns", timer_slack, 0666, set_timer_slack},
    {"wchan", wait_channel},
};
constexpr ProcessRow kTaskRows[] = {{"children", children}, {"io", task_io, 0400}};

}  // namespace

std::span<const ProcessRow> process_settings() {
    return kSettingRows;
}
std::span<const ProcessRow> task_settings() {
    return kTaskRows;
}

}  // namespace uprobesim
