// SPDX-License-Identifier: GPL-2.0-or-later
// wait4 and waitid: state changes of child processes.
#include <iterator>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/wait.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/usage.h"

namespace uprobesim {
namespace {

using namespace abi;

struct Wanted {
    enum class Who { Any, Pid, Group } who = Who::Any;
    std::int32_t id = 0;
    std::uint32_t options = 0;
    std::int32_t number = 0;  // of a process or task, as the caller gave it

    bool covers(const Process& child) const {
        if (who == Who::Pid) return child.pid == id;
        if (who == Who::Group) return child.group == id;
        return true;
    }
};

// One thing that happened to one child.
struct Event {
    Process* child = nullptr;
    std::int32_t word = 0;  // wait4's status
    std::int32_t code = 0;  // CLD_*
    std::int32_t status = 0;
    std::int32_t tracee = 0;  // the caller's number of a tracee; 0: it is the child
    std::int32_t number(const SysCall& call) const {
        return tracee != 0 ? tracee : call.number_of(child->id());
    }
};

std::optional<Event> event_of(Process& child, std::uint32_t options) {
    const ChildEvents& e = child.events;
    if (child.waits_for_space) return std::nullopt;
    if (!child.alive) {
        if ((options & kWexited) == 0) return std::nullopt;
        const bool killed = wait_term_signal(e.ended) != 0;
        const std::int32_t death = (e.ended & kWaitCoreFlag) != 0 ? kCldDumped : kCldKilled;
        return Event{&child, e.ended, killed ? death : kCldExited,
                     killed ? wait_term_signal(e.ended) : wait_exit_status(e.ended)};
    }
    if ((options & kWstopped) != 0 && e.stopped != 0)
        return Event{&child, wait_stopped(e.stopped), kCldStopped, e.stopped};
    if ((options & kWcontinued) != 0 && e.continued)
        return Event{&child, kWaitContinued, kCldContinued,
                     static_cast<std::int32_t>(Signal::Cont)};
    return std::nullopt;
}

// The stops of a child that the caller traces itself are those of its tasks.
std::uint32_t options_for(const SysCall& call, const Process& child, std::uint32_t options) {
    const auto& leader = child.tasks.begin()->second;
    const bool traced = leader->trace != nullptr && leader->trace->tracer == call.process.pid;
    return traced ? options & ~kWstopped : options;
}

bool covers(const Wanted& wanted, TaskId id, const Process& process) {
    if (wanted.who == Wanted::Who::Pid) return id.value == wanted.id;
    return wanted.who == Wanted::Who::Any || process.group == wanted.id;
}

// The end of a traced thread that nobody else is told of.
template <class Answer>
std::optional<SysOutcome> wait_for_ended_tracee(SysCall& call, const Wanted& wanted, Answer answer,
                                                bool& any) {
    auto& ended = call.process.ended_tracees;
    for (auto it = ended.begin(); it != ended.end(); ++it) {
        const auto& [number, word] = it->second;
        const bool meant = wanted.who == Wanted::Who::Any ||
                           (wanted.who == Wanted::Who::Pid && wanted.number == number);
        if (!meant) continue;
        any = true;
        if ((wanted.options & kWexited) == 0) continue;
        const bool killed = wait_term_signal(word) != 0;
        const Event event{.child = &call.process,
                          .word = word,
                          .code = killed ? kCldKilled : kCldExited,
                          .status = killed ? wait_term_signal(word) : wait_exit_status(word),
                          .tracee = number};
        const SysOutcome outcome = answer(&event);
        if ((wanted.options & kWnowait) == 0) ended.erase(it);
        return outcome;
    }
    return std::nullopt;
}

// What a tracee tells: its stops, and its end where nobody else is told of it.
template <class Answer>
std::optional<SysOutcome> wait_for_tracee(SysCall& call, const Wanted& wanted, Answer answer,
                                          bool& any) {
    if (auto outcome = wait_for_ended_tracee(call, wanted, answer, any)) return outcome;
    const bool takes = (wanted.options & kWnowait) == 0;
    const auto tracees = call.process.tracees;
    for (const TaskId id : tracees) {
        Task* const task = call.kernel.processes().find_task(id);
        const auto& all = call.kernel.processes().all();
        const auto zombie = all.find(id.value);
        const bool own_end =
            task == nullptr && zombie != all.end() && zombie->second->waited_by == call.process.pid;
        if (task == nullptr && !own_end) continue;
        Process& process = task != nullptr ? *task->process : *zombie->second;
        if (!covers(wanted, id, process)) continue;
        any = true;
        if (own_end) {
            const auto event = event_of(process, wanted.options);
            if (!event) continue;
            const SysOutcome outcome = answer(&*event);
            if (takes) {
                process.waited_by = 0;
                call.process.tracees.erase(id);
                call.kernel.processes().tell_parent(process);
            }
            return outcome;
        }
        Trace& trace = *task->trace;
        if (trace.stop == TraceStop::None || trace.reported || trace.listens) continue;
        const Event event{.child = &process,
                          .word = wait_stopped(trace.code),
                          .code = kCldTrapped,
                          .status = trace.code,
                          .tracee = call.number_of(task->pid())};
        const SysOutcome outcome = answer(&event);
        if (takes) trace.reported = true;
        return outcome;
    }
    return std::nullopt;
}

// Unless WNOWAIT leaves the child waitable, the wait consumes the event.
void take(SysCall& call, const Event& event) {
    if (!event.child->alive) {
        call.path = KernelPath::SysWaitReap;
        call.kernel.processes().reap(*event.child);
    } else if (event.code == kCldStopped) {
        event.child->events.stopped = 0;
    } else {
        event.child->events.continued = false;
    }
}

// `answer` writes the event to the guest (null: no child has changed state) before the event is
// consumed.
template <class Answer>
SysOutcome wait_for(SysCall& call, const Wanted& wanted, Answer answer) {
    bool any = false;
    const auto& processes = call.kernel.processes().all();
    // Waiting for one child does not look at the others.
    const auto& children = call.process.children;
    const bool one = wanted.who == Wanted::Who::Pid;
    for (auto it = one ? children.find(wanted.id) : children.begin(); it != children.end();
         it = one ? children.end() : std::next(it)) {
        Process* child = processes.at(*it).get();
        if (!wanted.covers(*child)) continue;
        // A child whose exit signal is not SIGCHLD is a clone: it is waited for only with __WCLONE
        // or __WALL.
        const bool is_clone = child->exit_signal != Signal::Chld;
        if (is_clone != ((wanted.options & kWclone) != 0) && (wanted.options & kWall) == 0)
            continue;
        any = true;
        if (child->waited_by != 0) continue;  // its tracer first
        const auto event = event_of(*child, options_for(call, *child, wanted.options));
        if (!event) continue;
        const SysOutcome outcome = answer(&*event);
        if ((wanted.options & kWnowait) == 0) take(call, *event);
        return outcome;
    }
    if (auto traced = wait_for_tracee(call, wanted, answer, any)) return *traced;
    if (!any) return Errno::Child;
    if ((wanted.options & kWnohang) != 0) return answer(nullptr);
    call.wait_on(&call.process.children_changed);
    return Block{};
}

SysOutcome sys_wait4(SysCall& call) {
    const std::int32_t pid = call.int32(0);
    const std::uint32_t options = call.uint32(2);
    if ((options & ~(kWnohang | kWstopped | kWcontinued | kWnothread | kWall | kWclone)) != 0)
        return Errno::Inval;
    if (pid == INT32_MIN) return Errno::Srch;
    Wanted wanted{.options = options | kWexited};
    if (pid > 0) wanted = {Wanted::Who::Pid, call.id_of(pid), wanted.options, pid};
    if (pid == 0 || pid < -1) wanted = {Wanted::Who::Group, call.group_of(-pid), wanted.options};
    return wait_for(call, wanted, [&](const Event* event) -> SysOutcome {
        if (event == nullptr) return 0;
        UserMemory memory = call.memory();
        if (call.args[1] != 0 && !memory.put(call.address(1), event->word)) return Errno::Fault;
        if (call.args[3] != 0 &&
            !memory.put(call.address(3), usage_of_child(call.kernel, *event->child)))
            return Errno::Fault;
        return event->number(call);
    });
}

struct ChildInfoBytes {  // siginfo_t of SIGCHLD, as far as it is written
    std::int32_t signo = 0, error = 0, code = 0, pad = 0, pid = 0;
    std::uint32_t uid = 0;
    std::int32_t status = 0;
};
static_assert(sizeof(ChildInfoBytes) == 28);

SysOutcome wait_by_id(SysCall& call) {
    const std::int32_t type = call.int32(0), id = call.int32(1);
    const std::uint32_t options = call.uint32(3);
    constexpr std::uint32_t kEvents = kWexited | kWstopped | kWcontinued;
    if ((options & ~(kEvents | kWnohang | kWnowait | kWnothread | kWall | kWclone)) != 0)
        return Errno::Inval;
    if ((options & kEvents) == 0) return Errno::Inval;
    Wanted wanted{.options = options};
    bool nonblocking = false;
    switch (type) {
        case kPAll: break;
        case kPPid:
            if (id <= 0) return Errno::Inval;
            wanted = {Wanted::Who::Pid, call.id_of(id), options, id};
            break;
        case kPPgid:
            if (id < 0) return Errno::Inval;
            wanted = {Wanted::Who::Group, call.group_of(id), options};
            break;
        case kPPidfd: {
            const auto file = call.process.files.share(id);
            const auto* of_process = dynamic_cast<const ProcessFile*>(file.get());
            if (of_process == nullptr) return id < 0 ? Errno::Inval : Errno::Badf;
            wanted = {Wanted::Who::Pid, of_process->pid(), options};
            nonblocking = (of_process->flags & abi::kONonblock) != 0 && (options & kWnohang) == 0;
            if (nonblocking) wanted.options |= kWnohang;
            break;
        }
        default: return Errno::Inval;
    }
    return wait_for(call, wanted, [&](const Event* event) -> SysOutcome {
        if (event == nullptr && nonblocking) return Errno::Again;
        ChildInfoBytes info;
        if (event != nullptr) {
            info.signo = static_cast<std::int32_t>(Signal::Chld);
            info.code = event->code;
            info.pid = event->number(call);
            info.uid = shown_user(call.cred().space, event->child->cred->uid.real);
            info.status = event->status;
        }
        UserMemory memory = call.memory();
        if (event != nullptr && call.args[4] != 0 &&
            !memory.put(call.address(4), usage_of_child(call.kernel, *event->child)))
            return Errno::Fault;
        if (call.args[2] != 0 && !memory.put(call.address(2), info)) return Errno::Fault;
        return 0;
    });
}

// A failed call tells of nobody.
SysOutcome sys_waitid(SysCall& call) {
    SysOutcome outcome = wait_by_id(call);
    const auto* const error = std::get_if<Errno>(&outcome);
    if (error == nullptr || *error == Errno::Fault || call.args[2] == 0) return outcome;
    return call.memory().put(call.address(2), ChildInfoBytes{}) ? outcome : Errno::Fault;
}

constexpr SyscallRow kWaitRows[] = {
    {95, "waitid", sys_waitid, Support::Full, KernelPath::SysWait, {}},
    {260, "wait4", sys_wait4, Support::Full, KernelPath::SysWait, {}},
};

}  // namespace

std::span<const SyscallRow> wait_syscalls() {
    return kWaitRows;
}

}  // namespace uprobesim
