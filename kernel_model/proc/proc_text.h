// SPDX-License-Identifier: GPL-2.0-or-later
// The texts of /proc and /sys as tables: one row a file. Formats follow proc(5); figures are those
// of the simulated machine, times those of the simulated clock.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernel_model/files/system_view.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/spaces/pid_table.h"
#include "sim/machine.h"

namespace uprobesim {

struct ProcContext {
    Machine& machine;
    const SystemView* system = nullptr;
    std::uint64_t realtime_ns = 0;
    const PidNamespace* space = nullptr;  // whose numbers of processes are shown; null: the first
};
struct ProcRow {
    const char* path = nullptr;
    std::string (*make)(const ProcContext&) = nullptr;
    std::uint32_t mode = 0444;
};
std::span<const ProcRow> proc_table();
std::string node_meminfo(const ProcContext&);
std::string node_numastat(const ProcContext&);
std::string proc_meminfo(const ProcContext&);
std::string proc_vmstat(const ProcContext&);
std::string proc_keys(const ProcContext&);
std::string proc_locks(const ProcContext&);
std::string proc_key_users(const ProcContext&);
std::string proc_msg(const ProcContext&);
std::string proc_sem(const ProcContext&);
std::string proc_shm(const ProcContext&);
// The text of /proc/sys/kernel/random/uuid: a new one on each reading.
std::string new_uuid(Entropy& entropy);

struct ProcessContext {
    Process& process;
    Task& task;
    bool whole = false;  // the process's file, not the task's
    const SystemView* system = nullptr;
    const PidNamespace* space = nullptr;  // as ProcContext
    // The number of an id of a process, task, group or session.
    std::int32_t number_of(std::int32_t id) const {
        return system != nullptr ? system->ids().inside(space, id) : id;
    }
};
// Files below /proc/PID and /proc/PID/task/TID.
struct ProcessRow {
    std::string_view name;
    std::string (*make)(const ProcessContext&);
    std::uint32_t mode = 0444;
    // What a write by `writer` does; null: an error.
    using Store = SysResult<void> (*)(Task&, const Task& writer, std::string_view);
    Store store = nullptr;
    // What an ioctl does; null: there is none.
    using Control = SysResult<std::uint64_t> (*)(const Mm&, std::uint64_t request, VAddr at,
                                                 UserMemory& memory);
    Control control = nullptr;
};
// PROCMAP_QUERY.
SysResult<std::uint64_t> query_maps(const Mm& mm, std::uint64_t request, VAddr at,
                                    UserMemory& memory);
std::span<const ProcessRow> process_table();
std::span<const ProcessRow> process_settings();
std::span<const ProcessRow> process_id_maps();
std::span<const ProcessRow> task_settings();  // of /proc/PID/task/TID alone

}  // namespace uprobesim
