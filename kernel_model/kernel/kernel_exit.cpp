// SPDX-License-Identifier: GPL-2.0-or-later
// How tasks and processes end: what they let go, who is told, when nothing of them is left.
#include <fmt/format.h>

#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/wait.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {
namespace {

// --- robust futexes: struct robust_list_head is next, offset of the words, the entry that is being
// worked on
constexpr std::uint64_t kPriorityInheriting = 1;  // in an entry's address
struct RobustHead {
    std::uint64_t next, offset, pending;
};

// handle_futex_death: the word's owner is gone; whoever waits may look. Who waits for a lock with
// priority inheritance is given it afterwards.
void release_word(UserMemory& memory, Futexes& futexes, const Mm& mm, VAddr word, TaskId owner,
                  bool pending, bool inheriting) {
    if (word.value % 4 != 0) return;
    const auto value = memory.get<std::uint32_t>(word);
    if (!value) return;
    // A pending unlock may already have cleared the word and not have woken anybody.
    if (pending && !inheriting && *value == 0) {
        futexes.wake(futex_key(mm, word, false), 1);
        return;
    }
    if ((*value & abi::kFutexTidMask) != static_cast<std::uint32_t>(owner.value)) return;
    if (!memory.put(word, (*value & abi::kFutexWaiters) | abi::kFutexOwnerDied)) return;
    if (!inheriting && (*value & abi::kFutexWaiters) != 0)
        futexes.wake(futex_key(mm, word, false), 1);
}

void walk_robust_list(UserMemory& memory, Futexes& futexes, const Mm& mm, VAddr head_at,
                      TaskId owner) {
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

std::int32_t status_word(ExitKind kind, int status) {
    return kind == ExitKind::Signalled ? abi::wait_term_signal(status) : abi::wait_exited(status);
}

}  // namespace

// exec_mm_release and exit_mm_release: what others may be waiting for in this memory.
void Kernel::release_mm(Task& task, Mm& mm) {
    UserMemory memory(mm, task.id);
    if (task.robust_list != VAddr(0))
        walk_robust_list(memory, futexes_, mm, task.robust_list, task.id);
    for (const FutexKey& key : futexes_.held_by(task.id))
        futexes_.hand_over(key, abi::kFutexOwnerDied);
    if (task.clear_child_tid != VAddr(0) && memory.put(task.clear_child_tid, std::int32_t{0}))
        futexes_.wake(futex_key(mm, task.clear_child_tid, false), 1);
    task.clear_child_tid = task.robust_list = VAddr(0);
}

void Kernel::leave(Task& task, const TaskEnd& end) {
    if (task.state == TaskState::Dead) return;
    if (observer_ != nullptr) [[unlikely]] {
        observer_->task_ended(task, end);
    }
    if (client_ != nullptr) client_->on_task_exit(task);
    end_wait(task, timers_, futexes_);
    scheduler_.remove(task);
    task.state = TaskState::Dead;
    release_mm(task, *task.process->mm);
    ended_.emplace_back(task.process->pid, task.id);
}

void Kernel::end_task(Task& task, int status) {
    for (const auto& [id, other] : task.process->tasks) {
        if (other.get() == &task || other->state == TaskState::Dead) continue;
        leave(task, {TaskEnd::Kind::Exited, status});
        return;
    }
    end_process(*task.process, ExitKind::Exited, status, {});
}

// de_thread: the task that execs is the only one, and has the process's id.
void Kernel::end_other_tasks(Task& survivor) {
    Process& process = *survivor.process;
    for (const auto& [id, task] : process.tasks) {
        if (task.get() != &survivor) leave(*task, {TaskEnd::Kind::Superseded});
    }
    const TaskId leader{process.pid};
    if (survivor.id == leader) return;
    retire(process, leader);
    auto node = process.tasks.extract(survivor.id);
    node.key() = survivor.id = leader;
    process.tasks.insert(std::move(node));
}

void Kernel::end_process(Process& process, ExitKind kind, int status, std::string detail) {
    if (!process.alive) return;
    const bool killed = kind == ExitKind::Signalled;
    const TaskEnd end{killed ? TaskEnd::Kind::Killed : TaskEnd::Kind::Exited, status};
    for (const auto& [id, task] : process.tasks) leave(*task, end);
    process.alive = false;
    set_real_timer(process, 0, 0);
    process.posix_timers.clear();
    file_locks_->ranges.release(&process);
    process.end->reached = true;
    process.end->waiters.wake();
    process.vforked = false;
    process.vfork_done.wake();
    if (process.session == process.pid) terminals_->leader_ended(process.session);
    leave_children(process);
    process.events = {.ended = status_word(kind, status)};
    if (process.pid == main_pid_) {
        summary_ = ExitSummary{kind, status, std::move(detail)};
        return;
    }
    Process* parent = find_process(process.parent_pid);
    const SignalAction* action =
        parent == nullptr ? nullptr : &parent->actions[static_cast<std::size_t>(Signal::Chld)];
    if (action == nullptr ||
        (process.exit_signal == Signal::Chld &&
         (action->handler == kSigIgn || (action->flags & kSaNoCldWait) != 0))) {
        unwanted_.push_back(process.pid);
    }
    notify_parent(process, process.exit_signal, killed ? kCldKilled : kCldExited, status);
}

void Kernel::notify_parent(Process& child, Signal signal, std::int32_t code, std::int32_t status) {
    Process* parent = find_process(child.parent_pid);
    if (parent == nullptr) return;
    const SignalAction& action = parent->actions[static_cast<std::size_t>(Signal::Chld)];
    const bool job_control = code == kCldStopped || code == kCldContinued;
    if (!job_control || (action.handler != kSigIgn && (action.flags & kSaNoCldStop) == 0))
        send_signal(
            *parent,
            {.signal = signal, .code = code, .pid = child.pid, .uid = child.uid, .status = status});
    parent->children_changed.wake();
}

// forget_original_parent: init, which waits for all, gets them.
void Kernel::leave_children(Process& process) {
    for (Process* child : children_of(process)) {
        child->parent_pid = 1;
        if (!child->alive) {
            unwanted_.push_back(child->pid);
        } else if (const auto death = child->options.parent_death_signal; death != 0) {
            send_signal(
                *child,
                {.signal = static_cast<Signal>(death), .code = kSiUser, .pid = process.pid});
        }
    }
}

void Kernel::stop_process(Process& process, Signal signal) {
    for (const auto& [id, task] : process.tasks) {
        if (task->state == TaskState::Dead || task->state == TaskState::Stopped) continue;
        task->stopped_in_call = task->state == TaskState::Blocked || task->resumes_call;
        task->resumes_call = false;
        scheduler_.remove(*task);
        task->state = TaskState::Stopped;
    }
    process.events.stopped = static_cast<std::int32_t>(signal);
    process.events.continued = false;
    notify_parent(process, Signal::Chld, kCldStopped, static_cast<std::int32_t>(signal));
}

void Kernel::continue_process(Process& process) {
    bool stopped = false;
    for (const auto& [id, task] : process.tasks) {
        if (task->state != TaskState::Stopped) continue;
        stopped = true;
        task->resumes_call = task->stopped_in_call;
        task->stopped_in_call = false;
        scheduler_.start(*task);
    }
    if (!stopped) return;
    process.events.stopped = 0;
    process.events.continued = true;
    notify_parent(process, Signal::Chld, kCldContinued, static_cast<std::int32_t>(Signal::Cont));
}

// Its work goes to the sums.
void Kernel::retire(Process& process, TaskId id) {
    const auto it = process.tasks.find(id);
    if (it == process.tasks.end()) return;
    Task& task = *it->second;
    process.ended_tasks_time += cpu_time(task);
    ended_work_ += machine_.cpu->work(task.context);
    machine_.cpu->destroy_context(task.context);
    process.tasks.erase(it);
}

// What ended in this turn lets go of what it held. The first task of a process stays as long as the
// process.
void Kernel::bury_ended() {
    if (ended_.empty() && unwanted_.empty()) return;
    for (const auto& [pid, id] : std::exchange(ended_, {})) {
        const auto it = processes_.find(pid);
        if (it == processes_.end()) continue;
        Process& process = *it->second;
        if (id.value != pid) retire(process, id);
        if (process.alive || pid == main_pid_ || process.mm == nullptr) continue;
        process.children_peak_pages =
            std::max(process.children_peak_pages, process.mm->resident_pages());
        process.files = {};
        if (process.mm.use_count() == 1) process.mm->observe(nullptr);
        process.mm.reset();
    }
    for (const std::int32_t pid : std::exchange(unwanted_, {})) {
        const auto it = processes_.find(pid);
        if (it != processes_.end() && pid != main_pid_) reap(*it->second);
    }
}

void Kernel::reap(Process& zombie) {
    if (Process* parent = find_process(zombie.parent_pid)) {
        parent->children_time += cpu_time(zombie);
        parent->children_time += zombie.children_time;
        parent->children_peak_pages =
            std::max(parent->children_peak_pages, zombie.children_peak_pages);
    }
    while (!zombie.tasks.empty()) retire(zombie, zombie.tasks.begin()->first);
    processes_.erase(zombie.pid);
}

void Kernel::closing(const Process& process, File& file) {
    LockTable& locks = file_locks_->ranges;
    if (!locks.holds(&process)) return;
    if (const auto status = file.status()) locks.release({status->device, status->inode}, &process);
}

Process* Kernel::find_process(std::int32_t pid) const {
    const auto it = processes_.find(pid);
    return it == processes_.end() || !it->second->alive ? nullptr : it->second.get();
}

Task* Kernel::find_task(TaskId id) const {
    for (const auto& [pid, process] : processes_) {
        const auto it = process->tasks.find(id);
        if (it != process->tasks.end() && it->second->state != TaskState::Dead)
            return it->second.get();
    }
    return nullptr;
}

// will_become_orphaned_pgrp
bool Kernel::orphaned(std::int32_t group) const {
    for (const auto& [pid, process] : processes_) {
        if (process->group != group || !process->alive) continue;
        const Process* parent = find_process(process->parent_pid);
        if (parent != nullptr && parent->group != group && parent->session == process->session)
            return false;
    }
    return true;
}

std::vector<Process*> Kernel::children_of(const Process& parent) const {
    std::vector<Process*> children;
    for (const auto& [pid, process] : processes_) {
        if (process->parent_pid == parent.pid) children.push_back(process.get());
    }
    return children;
}

}  // namespace uprobesim
