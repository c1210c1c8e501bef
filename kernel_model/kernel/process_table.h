// SPDX-License-Identifier: GPL-2.0-or-later
// The processes of the guest: how they start, clone, execute a program, end and are reaped.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "kernel_model/hooks/run_result.h"
#include "kernel_model/hooks/trap_observer.h"
#include "kernel_model/loader/exec.h"
#include "kernel_model/spaces/pid_table.h"
#include "kernel_model/task/process.h"
#include "kernel_model/task/task_record.h"

namespace uprobesim {

class Kernel;

struct ProgramRequest {
    // [0] is also the program; a name without '/' is looked up in the guest's PATH.
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // "K=V"
    std::string cwd = "/";
    std::uint32_t uid = 0;
    std::uint64_t affinity = ~std::uint64_t{0};  // bit: simulated CPU
};

// The arguments of clone and clone3.
struct CloneRequest {
    std::uint64_t flags = 0;  // CLONE_*, without the signal
    std::int32_t exit_signal = 0;
    VAddr stack;  // the child's; 0: the parent's
    VAddr tls, parent_tid, child_tid;
    PidTable::Wish wish{};  // clone3's set_tid
    // The namespace of process ids that CLONE_NEWPID makes; null: that for the parent's children.
    PidSpace pid_space{};
};

class ProcessTable final : public MmObserver {
public:
    explicit ProcessTable(Kernel& kernel);
    ProcessTable(const ProcessTable&) = delete;
    ProcessTable& operator=(const ProcessTable&) = delete;
    ~ProcessTable() override;

    // Zombies included, by pid; the first is init, which runs no program and takes no signal.
    const std::map<std::int32_t, std::unique_ptr<Process>>& all() const { return processes_; }
    // Null: no such process, or a zombie.
    Process* find(std::int32_t pid) const;
    // The same with zombies.
    Process* find_any(std::int32_t pid) const;
    Task* find_task(TaskId id) const;
    // Zombies included, by pid.
    std::vector<Process*> children_of(const Process& process) const;
    // No process of the group has a parent in another group of its session, which could continue it
    // after a stop (will_become_orphaned_pgrp).
    bool orphaned(std::int32_t group) const;

    // Starts a program in a new process, whose parent is init.
    tl::expected<Process*, StartFailure> start(const ProgramRequest& request);
    // Makes a thread of the parent's process, or a process; returns its task, which is runnable.
    // Again: RLIMIT_NPROC or threads-max is reached, or a deadline task wants a child; NoMem; what
    // PidTable::make says of the id.
    SysResult<Task*> clone(Task& parent, const CloneRequest& request);
    // On success the task's registers are those of the new program.
    SysResult<void> exec(Task& task, const ExecRequest& request);
    void end_task(Task& task, int status);
    void end_process(Process& process, ExitKind kind, int status, std::string detail);
    // Of a process that has ended, when its tracer has waited for it.
    void tell_parent(Process& process);
    // Removes a zombie for which its parent has waited: what it used counts as its parent's.
    void reap(Process& zombie);
    // Frees the resources of tasks and processes that ended in this turn.
    void reap_exited();

    // The ids in use, by namespace.
    const PidTable& ids() const { return ids_; }
    PidTable& ids() { return ids_; }
    void set_group(Process& process, std::int32_t group);
    // It leads a new session, and a group in it.
    void start_session(Process& process);

    // timens_on_fork, timens_commit: the process is in this namespace of times from now on, and its
    // offsets stay what they are. Null: the first.
    void enter_time_space(Process& process, const TimeSpace& space);
    // The namespace that its children and its next program are to be in.
    static TimeSpace time_space_of_children(const Process& process);
    // Makes its own part of the vDSO. NoMem.
    SysResult<void> prepare_time_space(TimeNamespace& space);

    // CLOCK_REALTIME was set: programs read its epoch in the vDSO.
    void epoch_changed(std::uint64_t epoch_ns);

    // The process whose exit ends the run. Default: the first one started.
    void set_main(const Process& process) { main_pid_ = process.pid; }
    // Empty while the main process lives.
    const std::optional<ExitSummary>& main_exit() const { return main_exit_; }
    // All instructions executed at EL0 so far, those of ended tasks included.
    UserWork user_work() const;
    // The same by task, including ended tasks, in the order of their ids. An id that several tasks
    // have had has several records. After many tasks have ended, one record, of task 0, has the
    // sums of the others.
    std::vector<TaskRecord> task_records() const;
    // The task to which interrupts are charged before any task has run.
    TaskId first_task() const { return TaskId{kFirstPid}; }

    void mapped(Mm&, const Vma&) override;
    std::uint64_t unmapping(Mm&, VRange) override;
    void made_executable(Mm&, VRange) override;
    bool out_of_memory(Mm&) override;

private:
    static constexpr std::int32_t kFirstPid = 1000;
    static constexpr std::size_t kMostRecords = 10'000;

    void make_init();
    tl::expected<void, StartFailure> load(Process& process, Task& task, ExecRequest request);
    Task& add_task(Process& process, const Pid& pid, ContextId context);
    Process& add_process(std::unique_ptr<Process> process);
    void remove_process(std::map<std::int32_t, std::unique_ptr<Process>>::iterator at);
    void drop_id(const Pid& id);
    std::int32_t end_of_ids() const;  // kernel.pid_max
    bool too_many_tasks(const Task& parent) const;
    std::unique_ptr<Process> fork_process(Task& parent, const CloneRequest& request);
    Process* process_of(const Mm& mm) const;
    void exit_task(Task& task, const TaskEnd& end);
    void release_mm(Task& task, Mm& mm);
    void memory_ends(Task& task, const std::shared_ptr<Mm>& mm);
    void end_other_tasks(Task& survivor);
    void remove_task(Process& process, TaskId id);
    void release(Process& zombie);
    static void note_memory(Process& process, const Mm& mm);
    void keep_record(const TaskRecord& record);
    Process* oom_victim() const;
    void forget_parent(Process& process);
    void close_space(Process& reaper);
    void finish_end(Process& process);
    std::int32_t reaper_for(const Process& process) const;
    void continue_if_orphaned(const Process& member, const Process* parent);

    Kernel& kernel_;
    std::map<std::int32_t, std::unique_ptr<Process>> processes_;
    PidTable ids_;
    std::shared_ptr<FileBacking> vdso_;                   // null: none on this machine
    std::vector<std::weak_ptr<FileBacking>> time_vdsos_;  // of the namespaces of times
    std::int32_t main_pid_ = kFirstPid;
    std::optional<ExitSummary> main_exit_;
    TaskRecord record_of(const Task& task) const;
    std::vector<TaskRecord> ended_records_;
    TaskRecord rest_{};  // of the ended tasks that have no record of their own
    std::uint64_t more_ended_ = 0;
    std::map<TaskId, Task*> tasks_;  // all, ended ones until they are freed
    unsigned ending_ = 0;            // processes whose end is being carried out
    UserWork ended_work_;            // of tasks that were freed
    std::vector<std::pair<std::int32_t, TaskId>> exited_;  // process and task, for reap_exited()
    std::vector<std::int32_t> unwanted_;                   // zombies that no parent waits for
};

}  // namespace uprobesim
