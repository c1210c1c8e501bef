// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID and /proc/PID/task/TID. A zombie has no memory left.
#include <fmt/format.h>

#include <array>
#include <bit>

#include "kernel_model/abi/calls/devices.h"
#include "kernel_model/abi/calls/mempolicy.h"
#include "kernel_model/abi/capability.h"
#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/proc/memory_use.h"
#include "kernel_model/proc/mounts_text.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/proc/smaps_text.h"
#include "kernel_model/task/process.h"
#include "kernel_model/task/scheduler.h"

namespace uprobesim {
namespace {

using Context = ProcessContext;

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& p : parts) text += p + '\0';
    return text;
}

struct State {
    char letter;
    const char* name;
};
State state_of(const Context& c) {
    if (c.process.waits_for_space) return {'S', "sleeping"};
    if (!c.process.alive || c.task.state == TaskState::Dead) return {'Z', "zombie"};
    if (c.task.trace != nullptr && c.task.trace->stop != TraceStop::None)
        return {'t', "tracing stop"};
    if (c.task.state == TaskState::Stopped) return {'T', "stopped"};
    if (c.task.state == TaskState::Blocked) return {'S', "sleeping"};
    return {'R', "running"};
}

struct Signals {
    std::uint64_t pending = 0, shared = 0, ignored = 0, caught = 0;
};
Signals signals_of(const Context& c) {
    Signals s;
    s.pending = c.task.pending.set();
    s.shared = c.process.pending.set();
    for (int n = 1; n <= kSignalCount; ++n) {
        const auto handler = c.process.actions[static_cast<std::size_t>(n)].handler;
        const auto bit = signal_bit(static_cast<Signal>(n));
        if (handler == 1) s.ignored |= bit;
        if (handler > 1) s.caught |= bit;
    }
    return s;
}

// "0-3,5" of a mask.
std::string list_of(std::uint64_t mask) {
    std::string text;
    for (unsigned first = 0; first < 64; ++first) {
        if ((mask >> first & 1) == 0) continue;
        const auto length = static_cast<unsigned>(std::countr_one(mask >> first));
        text += (text.empty() ? "" : ",") + std::to_string(first);
        if (length > 1) text += "-" + std::to_string(first + length - 1);
        first += length;
    }
    return text;
}

// The ids as the reader's user namespace has them.
Credentials seen_by_reader(const Context& c) {
    Credentials cred = *c.task.cred;
    const Task* const reader = c.system != nullptr ? c.system->current() : nullptr;
    const UserSpace space = reader != nullptr ? reader->cred->space : nullptr;
    if (space == nullptr) return cred;
    for (std::uint32_t* id : {&cred.uid.real, &cred.uid.effective, &cred.uid.saved, &cred.uid.fs})
        *id = shown_user(space, *id);
    for (std::uint32_t* id : {&cred.gid.real, &cred.gid.effective, &cred.gid.saved, &cred.gid.fs})
        *id = shown_group(space, *id);
    if (cred.groups) {
        auto shown = std::make_shared<SupplementaryGroups>();
        for (const std::uint32_t id : cred.group_list())
            shown->ids.push_back(shown_group(space, id));
        cred.groups = std::move(shown);
    }
    return cred;
}

// An id's numbers in the namespace that is shown, and in those below it that it is in.
std::string numbers_of(const Context& c, std::int32_t id) {
    std::string text = std::to_string(c.number_of(id));
    if (!c.process.numbers || c.system == nullptr) return text;
    // Of a group or session that was made outside of the process's namespaces there is no number.
    const Pid pid = c.system->ids().of(id);
    std::vector<const PidNamespace*> below;
    for (const PidNamespace* at = c.task.numbers->space.get(); at != c.space && at != nullptr;
         at = at->parent.get())
        below.push_back(at);
    for (auto at = below.rbegin(); at != below.rend(); ++at)
        text += fmt::format("\t{}", pid.in(*at));
    return text;
}

std::string groups_of(const Credentials& cred) {
    return fmt::format("{}", fmt::join(cred.group_list(), " "));
}

std::string status(const Context& c) {
    const Process& p = c.process;
    const Signals s = signals_of(c);
    const State state = state_of(c);
    const Credentials cred = seen_by_reader(c);
    std::string text = fmt::format(
        "Name:\t{}\nUmask:\t{:04o}\nState:\t{} "
        "({})\nTgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t{}\n"
        "Uid:\t{}\t{}\t{}\t{}\nGid:\t{}\t{}\t{}\t{}\nFDSize:\t64\nGroups:\t{} "
        "\nNStgid:\t{}\nNSpid:\t{}\nNSpgid:\t{}\n"
        "NSsid:\t{}\n",
        c.task.comm, p.fs->umask, state.letter, state.name, c.number_of(p.pid),
        c.number_of(c.task.id.value), c.number_of(p.parent_pid),
        c.task.trace ? c.number_of(c.task.trace->tracer) : 0, cred.uid.real, cred.uid.effective,
        cred.uid.saved, cred.uid.fs, cred.gid.real, cred.gid.effective, cred.gid.saved, cred.gid.fs,
        groups_of(cred), numbers_of(c, p.pid), numbers_of(c, c.task.id.value),
        numbers_of(c, p.group), numbers_of(c, p.session));
    if (p.mm != nullptr) text += memory_lines(p);
    const unsigned cpus = c.system != nullptr ? c.system->cpu_count() : 1;
    const std::uint64_t allowed =
        c.task.affinity & (cpus >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << cpus) - 1);
    return text + fmt::format(
                      "Threads:\t{}\nSigQ:\t{}/"
                      "{}\nSigPnd:\t{:016x}\nShdPnd:\t{:016x}\nSigBlk:\t{:016x}\nSigIgn:\t{:"
                      "016x}\nSigCgt:\t{:016x}\nCapInh:\t{:016x}\nCapPrm:\t{:016x}\nCapEff:\t{:"
                      "016x}\nCapBnd:\t"
                      "{:016x}\nCapAmb:\t{:016x}\nNoNewPrivs:\t{:d}\nSeccomp:\t{}\nSeccomp_filters:"
                      "\t{}\nCpus_"
                      "allowed:\t{:x}\n"
                      "Cpus_allowed_list:\t{}\n"
                      "Mems_allowed:\t0001\nMems_allowed_list:\t0\n",
                      p.tasks.size(), c.system != nullptr ? c.system->queued_signals(p) : 0,
                      p.limits[abi::kRlimitSigpending].soft, s.pending, s.shared, c.task.sigmask,
                      s.ignored, s.caught, cred.inheritable, cred.permitted, cred.effective,
                      cred.bounding, cred.ambient, p.options.no_new_privileges, c.task.seccomp.mode,
                      c.task.seccomp.filter != nullptr ? c.task.seccomp.filter->count : 0, allowed,
                      list_of(allowed));
}

// Time on CPUs, time waiting for one, times that it got one.
std::string schedstat(const Context& c) {
    std::uint64_t ran = 0, waited = 0;
    if (c.system != nullptr) {
        ran = c.system->cpu_time(c.task).total();
        waited = c.task.scheduler != nullptr ? c.task.scheduler->to_ns(c.task.past.waited) : 0;
    }
    return fmt::format("{} {} {}\n", ran, waited, c.task.past.turns);
}

// When it started, in ticks of the reader's CLOCK_BOOTTIME.
std::uint64_t start_ticks(const Context& c) {
    const Task* const reader = c.system != nullptr ? c.system->current() : nullptr;
    const TimeSpace space = reader != nullptr ? reader->process->time_space : nullptr;
    const std::int64_t offset = space ? space->boottime_ns : 0;
    return (c.task.start_ns + static_cast<std::uint64_t>(offset)) / abi::kUserTickNs;
}

std::string stat(const Context& c) {
    const Process& p = c.process;
    const Signals s = signals_of(c);
    CpuTime used = p.ended_tasks_time;
    if (c.system != nullptr) used = c.whole ? c.system->cpu_time(p) : c.system->cpu_time(c.task);
    const std::uint64_t size = p.mm != nullptr ? p.mm->mapped_bytes() : 0;
    const std::uint64_t resident = p.mm != nullptr ? p.mm->resident_pages() : 0;
    const Pty* pty = c.system != nullptr ? c.system->terminals().of_session(p.session) : nullptr;
    const std::uint64_t tty = pty != nullptr ? abi::kPtsMajor << 8 | pty->index : 0;
    const std::int32_t foreground = pty != nullptr ? c.number_of(pty->terminal.foreground) : -1;
    const std::uint64_t heap = p.mm != nullptr ? p.mm->brk_start().value : 0;
    const std::uint64_t faults = c.system == nullptr ? 0
                                 : c.whole           ? c.system->faults(p)
                                                     : c.system->faults(c.task);
    std::string text = fmt::format(
        "{} ({}) {} {} {} {} {} {} 4194304 {} {} 0 0 {} {} {} {} {} {} {} 0 {} {} {} {}",
        c.number_of(c.whole ? p.pid : c.task.id.value), c.task.comm, state_of(c).letter,
        c.number_of(p.parent_pid), c.number_of(p.group), c.number_of(p.session), tty, foreground,
        faults, p.children_faults, used.user_ns / abi::kUserTickNs,
        used.system_ns / abi::kUserTickNs, p.children_time.user_ns / abi::kUserTickNs,
        p.children_time.system_ns / abi::kUserTickNs, 20 + c.task.nice, c.task.nice, p.tasks.size(),
        start_ticks(c), size, resident, ~std::uint64_t{0});
    text += fmt::format(
        " 0 0 {} 0 0 {} {} {} {} 0 0 0 {} {} 0 0 0 0 0 0 0 {} {} {} {} {} {}\n",
        p.stack_start.value, s.pending & 0x7fffffff, c.task.sigmask & 0x7fffffff,
        s.ignored & 0x7fffffff, s.caught & 0x7fffffff, static_cast<int>(p.exit_signal), c.task.cpu,
        heap, p.argument_area.begin.value, p.argument_area.end.value,
        p.environment_area.begin.value, p.environment_area.end.value, p.alive ? 0 : p.events.ended);
    return text;
}

std::string statm(const Context& c) {
    if (c.process.mm == nullptr) return "0 0 0 0 0 0 0\n";
    const MemoryUse use = memory_use(c.process);
    return fmt::format("{} {} {} {} 0 {} 0\n", c.process.mm->mapped_bytes() / kPageSize,
                       c.process.mm->resident_pages(), use.of_files + use.shared,
                       use.program / kPageSize, (use.data + use.stack) / kPageSize);
}

std::string limits(const Context& c) {
    static constexpr std::pair<const char*, const char*> kNames[] = {
        {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
        {"Max data size", "bytes"},      {"Max stack size", "bytes"},
        {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
        {"Max processes", "processes"},  {"Max open files", "files"},
        {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
        {"Max file locks", "locks"},     {"Max pending signals", "signals"},
        {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
        {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
    };
    std::string text =
        fmt::format("{:<25} {:<20} {:<20} {:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    const auto show = [](std::uint64_t v) {
        return v == ~std::uint64_t{0} ? std::string("unlimited") : std::to_string(v);
    };
    for (std::size_t i = 0; i < c.process.limits.size(); ++i) {
        text += fmt::format("{:<25} {:<20} {:<20} {:<10}\n", kNames[i].first,
                            show(c.process.limits[i].soft), show(c.process.limits[i].hard),
                            kNames[i].second);
    }
    return text;
}

std::string maps(const Context& c) {
    return c.process.mm != nullptr ? c.process.mm->maps_text() : "";
}
std::string smaps(const Context& c) {
    return c.process.mm != nullptr ? smaps_text(*c.process.mm) : "";
}
std::string smaps_rollup(const Context& c) {
    return c.process.mm != nullptr ? smaps_rollup_text(*c.process.mm) : "";
}
// mpol_to_str.
std::string policy_text(const MemoryPolicy& policy) {
    constexpr std::array<std::string_view, 7> kNames = {
        "default", "prefer", "bind", "interleave", "local", "prefer (many)", "weighted interleave"};
    const std::uint32_t mode = policy.mode & ~abi::kMpolFlags;
    std::string text(mode < kNames.size() ? kNames[mode] : "unknown");
    if ((policy.mode & abi::kMpolStaticNodes) != 0) text += "=static";
    if ((policy.mode & abi::kMpolRelativeNodes) != 0) text += "=relative";
    return policy.nodes != 0 ? text + ":0" : text;
}
std::string numa_maps(const Context& c) {
    std::string text;
    if (c.process.mm == nullptr) return text;
    for (const auto& [begin, vma] : c.process.mm->vmas())
        text += fmt::format(
            "{:08x} {}\n", begin.value,
            policy_text(vma.policy != MemoryPolicy{} ? vma.policy : c.process.memory_policy));
    return text;
}
std::string command_line(const Context& c) {
    return c.process.alive ? joined(c.process.arguments) : "";
}
std::string environment(const Context& c) {
    return c.process.alive ? joined(c.process.environment) : "";
}
std::string auxv(const Context& c) {
    return {reinterpret_cast<const char*>(c.process.auxv.data()), c.process.auxv.size() * 8};
}
std::string comm(const Context& c) {
    return c.task.comm + "\n";
}
SysResult<void> set_comm(Task& task, const Task&, std::string_view given) {
    task.comm = given.substr(
        0, std::min<std::size_t>(given.find_first_of(std::string_view("\n\0", 2)), 15));
    return {};
}
const Mounts* all_mounts(const Context& c) {
    return c.system != nullptr ? c.system->mounts() : nullptr;
}
std::string mounts(const Context& c) {
    return mounts_text(c.process, all_mounts(c));
}
std::string mount_info(const Context& c) {
    return mount_info_text(c.process, all_mounts(c));
}
std::string mount_stats(const Context& c) {
    return mount_stats_text(c.process, all_mounts(c));
}

constexpr ProcessRow kRows[] = {
    {"auxv", auxv, 0400},
    {"cmdline", command_line},
    {"comm", comm, 0644, set_comm},
    {"environ", environment, 0400},
    {"limits", limits},
    {.name = "maps", .make = maps, .control = query_maps},
    {"mountinfo", mount_info},
    {"mounts", mounts},
    {"mountstats", mount_stats, 0400},
    {"numa_maps", numa_maps},
    {"smaps", smaps},
    {"schedstat", schedstat},
    {"smaps_rollup", smaps_rollup},
    {"stat", stat},
    {"statm", statm},
    {"status", status},
};

}  // namespace

std::span<const ProcessRow> process_table() {
    return kRows;
}

}  // namespace uprobesim
