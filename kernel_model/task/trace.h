// SPDX-License-Identifier: GPL-2.0-or-later
// A task that is traced (ptrace): who traces it, how it goes on, and why it stands still.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel_model/abi/signal.h"

namespace uprobesim {

enum class Interrupted : std::uint8_t;

enum class TraceResume : std::uint8_t { Continue, Syscall, Sysemu };
// What a stop was made by. Group: by a stop of the whole process, after which the task may listen.
enum class TraceStop : std::uint8_t { None, Signal, Entry, Exit, Event, Group };

struct Trace {
    std::int32_t tracer = 0;  // process id
    bool seized = false;
    std::uint32_t options = 0;
    TraceResume resume = TraceResume::Continue;

    // --- the present stop
    TraceStop stop = TraceStop::None;
    std::int32_t code = 0;      // signal, and event in bits 8..: as wait reports it
    bool reported = false;      // to wait
    std::uint64_t message = 0;  // PTRACE_GETEVENTMSG
    SignalInfo info{};
    bool listens = false;

    // --- what is to be done before the task goes on
    std::uint32_t event = 0;              // a stop that the present call asks for
    bool interrupt = false;               // PTRACE_INTERRUPT, or a change of the group's stop
    bool takes_signal = false;            // `info` is to be acted upon
    bool enters_call = false;             // stopped at the entry of a call
    bool emulated = false;                // which is not to be carried out (PTRACE_SYSEMU)
    bool exit_stop_later = false;         // an event's stop comes before that of the call's end
    bool told_exit = false;               // PTRACE_EVENT_EXIT
    std::optional<SignalInfo> fatal;      // the task is about to end by it
    std::optional<Interrupted> restarts;  // a call's end was reported, its signal was not taken yet
    // The call at whose entry or end the task stands.
    std::int32_t number = -1;
    std::uint64_t first_argument = 0;
    std::optional<std::uint64_t> x7;  // while it shows the direction of the call
    std::optional<std::uint64_t> x0;  // while it shows that the call is restarted
};

}  // namespace uprobesim
