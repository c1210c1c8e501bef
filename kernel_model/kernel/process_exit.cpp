// SPDX-License-Identifier: GPL-2.0-or-later
// The end of tasks and processes: what they release, who is notified, when they are reaped.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kernel_model/abi/futex.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/wait.h"
#include "kernel_model/aio/contexts.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/kernel/accounting.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/keys/keyrings.h"
#include "kernel_model/task/legs.h"

namespace uprobesim {
namespace {

// --- robust futexes: struct robust_list_head is next, offset of the words, the entry that is being
// worked on
constexpr std::uint64_t kPriorityInheriting = 1;  // in an entry's address
struct RobustHead {
    std::uint64_t next, offset, pending;
};

// handle_futex_death: the word's owner is gone, so a waiter is woken. A waiter for a lock with
// priority inheritance is given it afterwards.
void release_word(UserMemory& memory, Futexes& futexes, const Mm& mm, VAddr word,
                  std::int32_t owner, bool pending, bool inheriting) {
    if (word.value % 4 != 0) return;
    const auto value = memory.get<std::uint32_t>(word);
    if (!value) return;
    // A pending unlock may have cleared the word without waking a waiter.
    if (pending && !inheriting && *value == 0) {
        futexes.wake(futex_key(mm, word, false), 1);
        return;
    }
    if ((*value & abi::kFutexTidMask) != static_cast<std::uint32_t>(owner)) return;
    if (!memory.put(word, (*value & abi::kFutexWaiters) | abi::kFutexOwnerDied)) return;
    if (!inheriting && (*value & abi::kFutexWaiters) != 0)
        futexes.wake(futex_key(mm, word, false), 1);
}

void walk_robust_list(UserMemory& memory, Futexes& futexes, const Mm& mm, VAddr head_at,
                      std::int32_t owner) {
    const auto head = memory.get<RobustHead>(head_at);
    if (!head) return;
    const auto release = [&](std::uint64_t entry, bool pending) {
        const VAddr word((entry & ~kPriorityInheriting) + head->offset);
        release_word(memory, futexes, mm, word, owner, pending, (entry & kPriorityInheriting) != 0);
    };
    std::uint64_t entry = head->next;
    for (std::size_t n = 0; entry != head_at.value && n < abi::kRobustListLimit; ++n) {
        const auto next = memory.get<std::uint64_t>(VAddr(entry & ~kPriorityInheriting));
        if (entry != head->pending) release(entry, false);
        if (!next) return;
        entry = *next;
    }
    if (head->pending != 0) release(head->pending, true);
}

// Whether anybody else uses the memory that the task leaves.
bool has_other_users(const Task& task, const Mm& mm) {
    const Process& process = *task.process;
    const bool leaves_alone = process.mm.get() != &mm;  // by execve
    if (leaves_alone ? process.vforked : process.mm.use_count() > 1) return true;
    // From the last on: they end in order, so that one that lives is found at once.
    return !leaves_alone &&
           std::any_of(process.tasks.rbegin(), process.tasks.rend(), [&](const auto& entry) {
               return entry.second.get() != &task && entry.second->state != TaskState::Dead;
           });
}

std::int32_t status_word(ExitKind kind, int status) {
    return kind == ExitKind::Signalled ? abi::wait_term_signal(status) : abi::wait_exited(status);
}

}  // namespace

// exec_mm_release and exit_mm_release: wakes the tasks that wait for words in this memory.
void ProcessTable::release_mm(Task& task, Mm& mm) {
    UserMemory memory(mm, task.id, task.tif_tagged_addr);
    Futexes& futexes = kernel_.futexes();
    if (task.robust_list != VAddr(0))
        walk_robust_list(memory, futexes, mm, task.robust_list, task.pid().own());
    for (const FutexKey& key : futexes.held_by(task.id))
        futexes.hand_over(key, abi::kFutexOwnerDied);
    // mm_release: nobody reads the word in memory that ends as well.
    if (task.clear_child_tid != VAddr(0) && has_other_users(task, mm) &&
        memory.put(task.clear_child_tid, std::int32_t{0}))
        futexes.wake(futex_key(mm, task.clear_child_tid, false), 1);
    task.clear_child_tid = task.robust_list = VAddr(0);
}

void ProcessTable::exit_task(Task& task, const TaskEnd& end) {
    if (task.state == TaskState::Dead) return;
    if (TrapObserver* observer = kernel_.observer(); observer != nullptr) [[unlikely]] {
        observer->task_ended(task, end);
    }
    if (TrapClient* client = kernel_.client(); client != nullptr) client->on_task_exit(task);
    const std::int32_t word =
        end.kind == TaskEnd::Kind::Killed ? end.status : abi::wait_exited(end.status);
    if (task.id.value != task.process->pid) kernel_.tracing().task_ends(task, word);
    end_wait(task, kernel_.timers(), kernel_.futexes());
    kernel_.keyrings().task_ended(task);
    kernel_.scheduler().remove(task);
    task.state = TaskState::Dead;
    release_mm(task, *task.process->mm);
    exited_.emplace_back(task.process->pid, task.id);
}

void ProcessTable::end_task(Task& task, int status) {
    for (const auto& [id, other] : task.process->tasks) {
        if (other.get() == &task || other->state == TaskState::Dead) continue;
        exit_task(task, {TaskEnd::Kind::Exited, status});
        return;
    }
    end_process(*task.process, ExitKind::Exited, status, {});
}

// de_thread: the task that calls execve becomes the only one, with the id of the process.
void ProcessTable::end_other_tasks(Task& survivor) {
    Process& process = *survivor.process;
    for (const auto& [id, task] : process.tasks) {
        if (task.get() != &survivor) exit_task(*task, {TaskEnd::Kind::Superseded});
    }
    const TaskId leader{process.pid};
    if (survivor.id == leader) return;
    remove_task(process, leader);
    const TaskRecord record = record_of(survivor);
    survivor.recorded_insns += record.insns;
    survivor.recorded_cycles += record.user_cycles;
    process.ended_faults += kernel_.faults(survivor);
    process.ended_tasks_time.system_ns += kernel_.clock().cpu_time(survivor).system_ns;
    Ledger& ledger = kernel_.machine().ledger;
    const auto past = ledger.tasks().find(leader);
    survivor.former_kernel =
        past != ledger.tasks().end() ? past->second.kernel_cycles() : CentiCycles{};
    ledger.forget_faults(leader);
    keep_record(record);
    auto node = process.tasks.extract(survivor.id);
    tasks_.erase(survivor.id);
    const Pid before = survivor.pid();
    node.key() = survivor.id = leader;
    survivor.numbers = process.numbers;
    process.tasks.insert(std::move(node));
    tasks_[leader] = &survivor;
    ids_.hold(leader.value);
    drop_id(before);
}

// If nobody else has it.
void ProcessTable::memory_ends(Task& task, const std::shared_ptr<Mm>& mm) {
    if (mm.use_count() != 1) return;
    if (TrapClient* client = kernel_.client(); client != nullptr) client->on_memory_end(task, *mm);
    kernel_.aio().memory_ended(mm->space().id());
    if (kernel_.legs() != nullptr) kernel_.legs()->memory_ended(mm->space().id());
}

// setmax_mm_hiwater_rss.
void ProcessTable::note_memory(Process& process, const Mm& mm) {
    process.former_peak_pages = std::max(process.former_peak_pages, mm.peak_pages());
}

void ProcessTable::end_process(Process& process, ExitKind kind, int status, std::string detail) {
    if (!process.alive) return;
    if (kernel_.debugger() != nullptr) [[unlikely]]
        kernel_.debugger()->exited(process, kind, status);
    ++ending_;
    const bool killed = kind == ExitKind::Signalled;
    const TaskEnd end{killed ? TaskEnd::Kind::Killed : TaskEnd::Kind::Exited, status};
    for (const auto& [id, task] : process.tasks) exit_task(*task, end);
    --ending_;
    if (process.mm != nullptr) note_memory(process, *process.mm);
    if (!process.tasks.empty()) memory_ends(*process.tasks.begin()->second, process.mm);
    process.alive = false;
    kernel_.signal_timers().set_real(process, 0, 0);
    process.posix_timers.clear();
    process.cpu_timers.clear();
    kernel_.file_locks()->ranges.release(&process);
    kernel_.ipc_of(process).process_ended(
        process.id(), static_cast<std::int64_t>(kernel_.clock().realtime_ns() / 1'000'000'000));
    kernel_.keyrings().process_ended(process);
    process.vforked = false;
    process.vfork_done.wake();
    if (process.session == process.pid) kernel_.terminals().leader_ended(process.session);
    process.events = {.ended = status_word(kind, status)};
    if (killed && process.core_dumped) process.events.ended |= abi::kWaitCoreFlag;
    kernel_.accounting().process_ended(process);
    if (process.pid == main_pid_) main_exit_ = ExitSummary{kind, status, std::move(detail)};
    if (process.reaps_space()) {
        close_space(process);
    } else {
        forget_parent(process);
    }
    kernel_.tracing().tracer_ends(process);
    if (!process.waits_for_space) finish_end(process);
}

// zap_pid_ns_processes: process 1 takes all others of its namespace along, and ends after them.
void ProcessTable::close_space(Process& reaper) {
    const PidSpace space = reaper.numbers->space;
    space->closed = true;
    kernel_.accounting().write_to(space.get(), nullptr);
    std::set<Process*> others;
    for (const auto& [number, id] : space->index.ids) {
        const Task* const task = find_task(TaskId{id});
        if (task != nullptr && task->process != &reaper) others.insert(task->process);
    }
    for (Process* other : others)
        kernel_.signals().send(*other, {.signal = Signal::Kill, .code = abi::kSiKernel});
    // Nobody waits for its children any more.
    for (Process* child : children_of(reaper)) {
        if (!child->alive && child->waited_by == 0 && !child->waits_for_space)
            unwanted_.push_back(child->pid);
    }
    reaper.waits_for_space = space->index.ids.size() > 1;
}

// What others learn of an end, when all is over.
void ProcessTable::finish_end(Process& process) {
    process.waits_for_space = false;
    process.end->reached = true;
    process.end->waiters.wake();
    if (process.reaps_space() && process.numbers->space->rebooted != 0)
        process.events.ended = abi::wait_term_signal(process.numbers->space->rebooted);
    const std::int32_t word = process.events.ended;
    if (!process.tasks.empty()) kernel_.tracing().task_ends(*process.tasks.begin()->second, word);
    if (process.pid == main_pid_) return;
    continue_if_orphaned(process, find(process.parent_pid));
    if (process.waited_by != 0) return;  // its tracer first
    tell_parent(process);
}

// find_new_reaper: the nearest ancestor of the namespace that has asked for orphans
// (PR_SET_CHILD_SUBREAPER), else its process 1, which waits for all of them.
std::int32_t ProcessTable::reaper_for(const Process& process) const {
    const PidNamespace* const space = process.pid_space();
    for (const Process* above = find(process.parent_pid);
         above != nullptr && above->pid_space() == space; above = find(above->parent_pid)) {
        if (above->options.child_subreaper) return above->pid;
    }
    return space != nullptr ? space->reaper : kInitPid;
}

// kill_orphaned_pgrp: stopped processes of a group that nobody can continue any more are told. The
// group is that of `member`, whose parent was `parent`.
void ProcessTable::continue_if_orphaned(const Process& member, const Process* parent) {
    const std::int32_t group = member.group;
    if (parent == nullptr || parent->group == group || parent->session != member.session) return;
    if (!orphaned(group)) return;
    std::vector<Process*> there;
    bool stopped = false;
    for (const auto& [pid, process] : processes_) {
        if (process->group != group || !process->alive) continue;
        there.push_back(process.get());
        for (const auto& [id, task] : process->tasks)
            stopped = stopped || task->state == TaskState::Stopped;
    }
    if (!stopped) return;
    for (const Signal signal : {Signal::Hup, Signal::Cont}) {
        for (Process* process : there)
            kernel_.signals().send(*process, {.signal = signal, .code = abi::kSiKernel});
    }
}

// forget_original_parent.
void ProcessTable::forget_parent(Process& process) {
    const std::int32_t reaper = process.children.empty() ? kInitPid : reaper_for(process);
    Process* const above = find_any(reaper);
    for (Process* child : children_of(process)) {
        child->parent_pid = reaper;
        child->exit_signal = Signal::Chld;
        process.children.erase(child->pid);
        if (above != nullptr) above->children.insert(child->pid);
        if (!child->alive) {
            if (child->waited_by == 0 && !child->waits_for_space) tell_parent(*child);
        } else if (const auto death = child->options.parent_death_signal; death != 0) {
            kernel_.signals().send(*child, {.signal = static_cast<Signal>(death),
                                            .code = abi::kSiUser,
                                            .pid = process.id().in(child->pid_space())});
        }
        continue_if_orphaned(*child, &process);
    }
}

// do_notify_parent: the parent is told of a zombie, which goes at once where it wants none.
void ProcessTable::tell_parent(Process& zombie) {
    const std::int32_t signal = abi::wait_term_signal(zombie.events.ended);
    Process* parent = find(zombie.parent_pid);
    const SignalAction* action =
        parent == nullptr ? nullptr : &parent->actions[static_cast<std::size_t>(Signal::Chld)];
    const bool unwanted =
        action == nullptr ||
        (zombie.exit_signal == Signal::Chld &&
         (action->handler == abi::kSigIgn || (action->flags & abi::kSaNoCldWait) != 0));
    if (unwanted) unwanted_.push_back(zombie.pid);
    const bool dumped = (zombie.events.ended & abi::kWaitCoreFlag) != 0;
    kernel_.signals().notify_parent(
        zombie, zombie.exit_signal,
        signal == 0 ? abi::kCldExited : (dumped ? abi::kCldDumped : abi::kCldKilled),
        signal == 0 ? abi::wait_exit_status(zombie.events.ended) : signal);
}

// Adds the task's work and time to the totals.
void ProcessTable::remove_task(Process& process, TaskId id) {
    const auto it = process.tasks.find(id);
    if (it == process.tasks.end()) return;
    Task& task = *it->second;
    if (task.trace != nullptr) {
        if (Process* tracer = find(task.trace->tracer)) tracer->tracees.erase(task.id);
    }
    process.ended_tasks_time += kernel_.clock().cpu_time(task);
    process.ended_io += task.io;
    process.ended_faults += kernel_.faults(task);
    keep_record(record_of(task));
    ended_work_ += kernel_.machine().cpu->work(task.context);
    kernel_.machine().cpu->destroy_context(task.context);
    tasks_.erase(id);
    const Pid gone = task.pid();
    process.tasks.erase(it);
    drop_id(gone);
}

// A row for each of the first ones; the others' are added up, so that processes that come and go do
// not fill the host's memory.
void ProcessTable::keep_record(const TaskRecord& record) {
    if (ended_records_.size() < kMostRecords) {
        ended_records_.push_back(record);
        return;
    }
    ++more_ended_;
    rest_.insns += record.insns;
    rest_.user_cycles += record.user_cycles;
    kernel_.machine().ledger.move(record.task, rest_.task);
}

// The first task of a process is kept as long as the process.
void ProcessTable::reap_exited() {
    if (exited_.empty() && unwanted_.empty()) return;
    for (const auto& [pid, id] : std::exchange(exited_, {})) {
        const auto it = processes_.find(pid);
        if (it == processes_.end()) continue;
        Process& process = *it->second;
        if (id.value != pid) remove_task(process, id);
        if (process.alive || pid == main_pid_ || process.mm == nullptr) continue;
        // Who closes them is told to those who watch the files.
        kernel_.set_current(process.tasks.empty() ? nullptr : process.tasks.begin()->second.get());
        process.files = {};
        kernel_.set_current(nullptr);
        process.fs = {};
        if (process.mm.use_count() == 1) process.mm->observe(nullptr);
        process.mm.reset();
    }
    // The last of a namespace lets its process 1 go.
    while (!unwanted_.empty()) {
        for (const std::int32_t pid : std::exchange(unwanted_, {})) {
            const auto it = processes_.find(pid);
            if (it != processes_.end() && pid != main_pid_) release(*it->second);
        }
    }
}

// wait_task_zombie.
void ProcessTable::reap(Process& zombie) {
    if (Process* parent = find(zombie.parent_pid)) {
        parent->children_time += kernel_.clock().cpu_time(zombie);
        parent->children_time += zombie.children_time;
        parent->ended_io += zombie.ended_io;
        for (const auto& [id, task] : zombie.tasks) parent->ended_io += task->io;
        parent->children_faults += kernel_.faults(zombie) + zombie.children_faults;
        parent->children_peak_pages = std::max(
            {parent->children_peak_pages, zombie.children_peak_pages, zombie.former_peak_pages});
    }
    release(zombie);
}

// release_task: also of children that nobody wants to wait for, and that count nowhere.
void ProcessTable::release(Process& zombie) {
    // A process 1 that waits for its namespace still has children.
    if (Process* parent = find_any(zombie.parent_pid)) parent->children.erase(zombie.pid);
    while (!zombie.tasks.empty()) remove_task(zombie, zombie.tasks.begin()->first);
    zombie.end->reaped = true;
    remove_process(processes_.find(zombie.pid));
}

}  // namespace uprobesim
