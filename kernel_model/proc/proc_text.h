// SPDX-License-Identifier: GPL-2.0-or-later
// The texts of /proc and /sys as tables: one row a file. Formats follow proc(5); figures are those
// of the simulated machine, times those of the simulated clock.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernel_model/files/system_view.h"
#include "sim/machine.h"

namespace uprobesim {

struct ProcContext {
    Machine& machine;
    const SystemView* system;  // may be null
    std::uint64_t realtime_ns;
};
struct ProcRow {
    const char* path = nullptr;
    std::string (*make)(const ProcContext&) = nullptr;
    std::uint32_t mode = 0444;
};
std::span<const ProcRow> proc_table();

struct ProcessContext {
    Process& process;
    Task& task;
    bool whole;  // the process's file, not the task's
    const SystemView* system;
};
// Files below /proc/PID and /proc/PID/task/TID.
struct ProcessRow {
    std::string_view name;
    std::string (*make)(const ProcessContext&);
    std::uint32_t mode = 0444;
    void (*store)(Task&, std::string_view) = nullptr;  // what a write does; null: an error
};
std::span<const ProcessRow> process_table();

}  // namespace uprobesim
