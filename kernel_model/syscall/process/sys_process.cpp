// SPDX-License-Identifier: GPL-2.0-or-later
// Processes: their programs and end, groups and sessions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/prctl.h"
#include "kernel_model/abi/ptrace.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/abi/wait.h"
#include "kernel_model/loader/exec.h"
#include "kernel_model/syscall/process/named_process.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/transfer/permission_events.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

// Pages that go with the process: none while another one uses the memory.
std::uint64_t freed_pages(const Process& process) {
    return process.mm.use_count() == 1 ? process.mm->resident_pages() : 0;
}

// PTRACE_EVENT_EXIT: the task stops once more, with all that it has.
bool stops_for_tracer(SysCall& call) {
    Tracing& tracing = call.kernel.tracing();
    if (!tracing.wants(call.task, abi::kPtraceEventExit) ||
        std::exchange(call.task.trace->told_exit, true))
        return false;
    tracing.ask(call.task, abi::kPtraceEventExit,
                static_cast<std::uint64_t>(abi::wait_exited(call.int32(0))));
    return true;
}

SysOutcome sys_exit(SysCall& call) {
    if (stops_for_tracer(call)) return Block{};
    call.kernel.processes().end_task(call.task, call.int32(0) & 0xff);
    if (!call.process.alive) {
        call.units = freed_pages(call.process);
    } else {
        call.path = KernelPath::SysExitThread;
    }
    return NoReturn{};
}

SysOutcome sys_exit_group(SysCall& call) {
    if (stops_for_tracer(call)) return Block{};
    call.units = freed_pages(call.process);
    call.kernel.processes().end_process(call.process, ExitKind::Exited, call.int32(0) & 0xff, {});
    return NoReturn{};
}

// --- execve

// Three quarters of _STK_LIM; the loader applies the finer limit.
constexpr std::uint64_t kMaxArgTotal = 6u << 20;

SysResult<std::vector<std::string>> read_strings(UserMemory& memory, VAddr at) {
    std::vector<std::string> strings;
    std::uint64_t total = 0;
    for (VAddr slot = at; at != VAddr(0); slot += 8) {
        const auto pointer = memory.get<std::uint64_t>(slot);
        if (!pointer) return tl::make_unexpected(Errno::Fault);
        if (*pointer == 0) break;
        auto text = memory.read_string(VAddr(*pointer), abi::kMaxArgStrlen);
        if (!text) return tl::make_unexpected(Errno::Fault);
        total += text->size() + 1 + sizeof(std::uint64_t);
        if (text->size() >= abi::kMaxArgStrlen || total > kMaxArgTotal)
            return tl::make_unexpected(Errno::TooBig);
        strings.push_back(std::move(*text));
    }
    return strings;
}

// The program of a path that starts at a descriptor, or of the descriptor itself (do_open_execat,
// and the name that alloc_bprm gives it).
SysResult<ExecRequest> program_at(SysCall& call, std::int32_t dirfd, std::string path,
                                  std::uint32_t flags) {
    if ((flags & ~(abi::kAtEmptyPath | abi::kAtSymlinkNofollow)) != 0)
        return tl::make_unexpected(Errno::Inval);
    ExecRequest request{.path = std::move(path), .arguments = {}, .environment = {}};
    const bool itself = request.path.empty();
    if (itself && ((flags & abi::kAtEmptyPath) == 0 || dirfd == abi::kAtFdcwd))
        return tl::make_unexpected((flags & abi::kAtEmptyPath) != 0 ? Errno::Acces : Errno::NoEnt);
    if (dirfd != abi::kAtFdcwd && (itself || request.path.front() != '/')) {
        const auto file = call.process.files.share(dirfd);
        if (!file) return tl::make_unexpected(Errno::Badf);
        const auto status = TRY(file->status());
        request.path_closes = call.process.files.entry(dirfd)->close_on_exec;
        if (itself) {
            request.opened = fmt::format("/proc/self/fd/{}", dirfd);
            request.path = fmt::format("/dev/fd/{}", dirfd);
        } else {
            if ((status.mode & abi::kIfmt) != abi::kIfDir)
                return tl::make_unexpected(Errno::NotDir);
            request.opened = request.path;
            request.start = file->dentry;
            request.path = fmt::format("/dev/fd/{}/{}", dirfd, request.opened);
        }
    }
    if ((flags & abi::kAtSymlinkNofollow) != 0 && !itself) {
        Caller caller = call.caller();
        if (request.start) caller = caller.starting_at(request.start);
        const auto status = TRY(call.kernel.files().status(
            caller, request.opened.empty() ? request.path : request.opened, false));
        if ((status.mode & abi::kIfmt) == abi::kIfLnk) return tl::make_unexpected(Errno::Loop);
    }
    return request;
}

// What an execve that waits keeps: the program, and how far those are asked who want to be.
struct HeldProgram {
    std::shared_ptr<File> file;
    std::array<std::shared_ptr<void>, 3> asking{};
};

// Before the program is opened, and before it is read. A program that is not found is the loader's
// to report.
std::optional<SysOutcome> ask_of_program(SysCall& call, const ExecRequest& request) {
    constexpr std::array kAsked = {abi::kFanOpenExecPerm, abi::kFanOpenPerm, abi::kFanAccessPerm};
    FileSystem& files = call.kernel.files();
    auto held = std::static_pointer_cast<HeldProgram>(call.task.call_holds);
    if (!held) {
        if (!files.events() || !files.events()->asks()) return std::nullopt;
        Caller caller = call.caller();
        if (request.start) caller = caller.starting_at(request.start);
        const std::string& path = request.opened.empty() ? request.path : request.opened;
        const auto found = files.open(caller, path, abi::kOPath, 0);
        if (!found || !files.access(caller, path, abi::kXOk, true)) return std::nullopt;
        held = std::make_shared<HeldProgram>(HeldProgram{.file = found->file});
        call.task.call_holds = held;
    }
    for (std::size_t i = 0; i < kAsked.size(); ++i) {
        if (const auto instead = ask_first(call, *held->file, kAsked[i], held->asking[i]))
            return *instead;
    }
    return std::nullopt;
}

SysOutcome exec_at(SysCall& call, std::int32_t dirfd, std::size_t first, std::uint32_t flags) {
    UserMemory memory = call.memory();
    auto path = memory.read_string(call.address(first), abi::kPathMax);
    if (!path) return Errno::Fault;
    if (path->size() >= abi::kPathMax) return Errno::NameTooLong;
    auto request = TRY(program_at(call, dirfd, std::move(*path), flags));
    request.arguments = TRY(read_strings(memory, call.address(first + 1)));
    request.environment = TRY(read_strings(memory, call.address(first + 2)));
    if (request.arguments.empty()) request.arguments.emplace_back();  // as Linux since 5.18
    if (const auto instead = ask_of_program(call, request)) return *instead;
    TRY(call.kernel.processes().exec(call.task, request));
    return NoReturn{};
}

SysOutcome sys_execve(SysCall& call) {
    return exec_at(call, abi::kAtFdcwd, 0, 0);
}

SysOutcome sys_execveat(SysCall& call) {
    return exec_at(call, call.int32(0), 1, call.uint32(4));
}

// --- groups and sessions

Process* named(SysCall& call, std::int32_t number) {
    return number == 0 ? &call.process : named_process(call, number);
}

SysOutcome sys_getpgid(SysCall& call) {
    const Process* process = named(call, call.int32(0));
    if (process == nullptr) return Errno::Srch;
    return call.number_of(process->group);
}
SysOutcome sys_getsid(SysCall& call) {
    const Process* process = named(call, call.int32(0));
    if (process == nullptr) return Errno::Srch;
    return call.number_of(process->session);
}
// A group of the caller's session.
bool has_group(SysCall& call, std::int32_t group) {
    const auto& all = call.kernel.processes().all();
    return std::any_of(all.begin(), all.end(), [&](const auto& entry) {
        return entry.second->group == group && entry.second->session == call.process.session;
    });
}

SysOutcome sys_setpgid(SysCall& call) {
    if (call.int32(1) < 0 || (call.int32(1) == 0 && call.int32(0) < 0)) return Errno::Inval;
    Process* process = named(call, call.int32(0));
    if (process == nullptr) return Errno::Srch;
    if (call.int32(0) != 0 && call.id_of(call.int32(0)) != process->pid) return Errno::Inval;
    const std::int32_t group = call.int32(1) == 0 ? process->pid : call.id_of(call.int32(1));
    const bool own_child = process->parent_pid == call.process.pid;
    if (process != &call.process && !own_child) return Errno::Srch;
    if (own_child && process->session != call.process.session) return Errno::Perm;
    if (own_child && process->executed) return Errno::Acces;
    if (process->session == process->pid) return Errno::Perm;  // a session leader
    if (group != process->pid && !has_group(call, group)) return Errno::Perm;
    call.kernel.processes().set_group(*process, group);
    return 0;
}
SysOutcome sys_setsid(SysCall& call) {
    if (call.process.group == call.process.pid || has_group(call, call.process.pid))
        return Errno::Perm;
    call.kernel.processes().start_session(call.process);
    return call.number_of(call.process.id());
}

SysOutcome sys_personality(SysCall& call) {
    const std::uint32_t old = call.process.options.personality;
    if (call.uint32(0) != abi::kPerQuery) call.process.options.personality = call.uint32(0);
    return std::uint64_t{old};
}

constexpr SyscallRow kProcessRows[] = {
    {92, "personality", sys_personality, Support::Partial, KernelPath::SysPrctl,
     "kept, changes nothing"},
    {93, "exit", sys_exit, Support::Full, KernelPath::SysExit, {}},
    {94, "exit_group", sys_exit_group, Support::Full, KernelPath::SysExit, {}},
    {154, "setpgid", sys_setpgid, Support::Full, KernelPath::SysIds, {}},
    {155, "getpgid", sys_getpgid, Support::Full, KernelPath::SysIds, {}},
    {156, "getsid", sys_getsid, Support::Full, KernelPath::SysIds, {}},
    {157, "setsid", sys_setsid, Support::Full, KernelPath::SysIds, {}},
    {221, "execve", sys_execve, Support::Full, KernelPath::SysExec, {}, Errno::NoMem},
    {281, "execveat", sys_execveat, Support::Full, KernelPath::SysExec, {}, Errno::NoMem},
};

}  // namespace

std::span<const SyscallRow> process_syscalls() {
    return kProcessRows;
}

}  // namespace uprobesim
