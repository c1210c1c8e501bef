// SPDX-License-Identifier: GPL-2.0-or-later
// Why the guest has stopped, and the packet that tells gdb.
#pragma once

#include <cstdint>
#include <string>

#include "kernel_model/hooks/run_result.h"
#include "sim/base/units.h"
#include "tools/gdb/target/gdb_signal.h"
#include "tools/gdb/target/gdb_thread.h"

namespace uprobesim {

enum class StopKind : std::uint8_t {
    Signal,  // a signal, a step, or as it begins
    SoftwareBreak,
    HardwareBreak,
    WriteWatch,
    ReadWatch,
    AccessWatch,
    Forked,
    Vforked,
    VforkDone,
    Executed,
    HistoryBegin,  // reverse execution has come to the first instruction
};

struct StopReason {
    StopKind kind = StopKind::Signal;
    unsigned signal = kGdbTrap;  // gdb's number
    VAddr address{};             // of watches
    GdbThread child{};           // of forks
    std::string path{};          // of the program executed
    std::string note{};          // a line for gdb's console
};

std::string stop_reply(const StopReason& reason, const GdbThread& thread);
// A process has ended.
std::string exit_reply(ExitKind kind, int status, std::int32_t pid);

}  // namespace uprobesim
