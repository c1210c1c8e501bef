// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/process_table.h"

#include <fmt/format.h>

#include <algorithm>

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
