// SPDX-License-Identifier: GPL-2.0-or-later
// Files of /proc/PID that are short, many of them settings: proc(5), and fs/proc/base.c for which
// writes are refused.
#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "kernel_model/proc/proc_text.h"
#include "kernel_model/task/process.h"

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
        c.task.comm, c.task.id.value, c.process.tasks.size(), "se.sum_exec_runtime",
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
// Offsets are written before a task is in the namespace.
SysResult<void> not_again(Task&, const Task&, std::string_view) {
    return tl::make_unexpected(Errno::Perm);
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
    for (const std::int32_t pid : c.process.children) text += std::to_string(pid) + " ";
    return text;
}
// proc_timers_operations: those of timer_create.
std::string timers(const Context& c) {
    std::string text;
    for (const auto& [id, timer] : c.process.posix_timers) {
        const bool of_task = timer.target != TaskId{};
        const std::int32_t target = of_task ? timer.target.value : c.process.pid;
        text += fmt::format("ID: {}\nsignal: {}/{:016x}\nnotify: {}/{}.{}\nClockID: {}\n", id,
                            static_cast<int>(timer.signal), timer.value,
                            timer.signal == Signal::None ? "none" : "signal",
                            of_task ? "tid" : "pid", target, static_cast<int>(timer.clock));
    }
    return text;
}
std::string time_offsets(const Context&) {
    return "monotonic           0         0\nboottime            0         0\n";
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
    {"timens_offsets", time_offsets, 0644, not_again},
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
