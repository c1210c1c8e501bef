// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/process_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/kernel/kernel.h"

namespace uprobesim {

Process* ProcessTable::find(std::int32_t pid) const {
    const auto it = processes_.find(pid);
    return it == processes_.end() || !it->second->alive ? nullptr : it->second.get();
}

Process* ProcessTable::find_any(std::int32_t pid) const {
    const auto it = processes_.find(pid);
    return it == processes_.end() ? nullptr : it->second.get();
}

Task* ProcessTable::find_task(TaskId id) const {
    const auto it = tasks_.find(id);
    return it == tasks_.end() || it->second->state == TaskState::Dead ? nullptr : it->second;
}

bool ProcessTable::orphaned(std::int32_t group) const {
    for (const auto& [pid, process] : processes_) {
        if (process->group != group || !process->alive) continue;
        const Process* parent = find(process->parent_pid);
        if (parent != nullptr && parent->group != group && parent->session == process->session)
            return false;
    }
    return true;
}

void ProcessTable::set_group(Process& process, std::int32_t group) {
    if (process.group == group) return;
    ids_.hold(group);
    drop_id(ids_.of(std::exchange(process.group, group)));
}

void ProcessTable::start_session(Process& process) {
    set_group(process, process.pid);
    ids_.hold(process.pid);
    drop_id(ids_.of(std::exchange(process.session, process.pid)));
}

// A process of this group and session, with an id that was made.
Process& ProcessTable::add_process(std::unique_ptr<Process> process) {
    for (const std::int32_t id : {process->pid, process->group, process->session}) ids_.hold(id);
    Process& made = *processes_.emplace(process->pid, std::move(process)).first->second;
    return made;
}

void ProcessTable::remove_process(std::map<std::int32_t, std::unique_ptr<Process>>::iterator at) {
    const std::unique_ptr<Process> gone = std::move(at->second);
    processes_.erase(at);
    for (const std::int32_t id : {gone->group, gone->session, gone->pid}) drop_id(ids_.of(id));
}

// free_pid: a process 1 that has ended may have waited for this id, the last but its own.
void ProcessTable::drop_id(const Pid& id) {
    ids_.drop(id.first);
    if (!id.below || ids_.in_use(id.first)) return;
    for (const PidNamespace* space = id.below->space.get(); space != nullptr;
         space = space->parent.get()) {
        if (!space->closed || space->index.ids.size() != 1) continue;
        Process* const reaper = find_any(space->reaper);
        if (reaper != nullptr && reaper->waits_for_space) finish_end(*reaper);
    }
}

std::vector<Process*> ProcessTable::children_of(const Process& parent) const {
    std::vector<Process*> children;
    children.reserve(parent.children.size());
    for (const std::int32_t pid : parent.children) children.push_back(processes_.at(pid).get());
    return children;
}

UserWork ProcessTable::user_work() const {
    Cpu& cpu = *kernel_.machine().cpu;
    UserWork sum = ended_work_;
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) sum += cpu.work(task->context);
    }
    return sum;
}

TaskRecord ProcessTable::record_of(const Task& task) const {
    Cpu& cpu = *kernel_.machine().cpu;
    return {task.id, task.process->pid, task.comm, cpu.insns(task.context) - task.recorded_insns,
            cpu.cycles(task.context) - task.recorded_cycles};
}

std::vector<TaskRecord> ProcessTable::task_records() const {
    std::vector<TaskRecord> records = ended_records_;
    for (const auto& [pid, process] : processes_) {
        if (process->is_init()) continue;
        for (const auto& [id, task] : process->tasks) records.push_back(record_of(*task));
    }
    if (more_ended_ != 0) {
        records.push_back(rest_);
        records.back().comm = fmt::format("{} more ended tasks", more_ended_);
    }
    std::stable_sort(records.begin(), records.end(),
                     [](const TaskRecord& a, const TaskRecord& b) { return a.task < b.task; });
    return records;
}

}  // namespace uprobesim
