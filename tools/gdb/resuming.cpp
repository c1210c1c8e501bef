// SPDX-License-Identifier: GPL-2.0-or-later
// Packets that let the guest go on.
#include <fmt/format.h>

#include <algorithm>

#include "tools/gdb/error_replies.h"
#include "tools/gdb/resume_words.h"
#include "tools/gdb/server.h"

namespace uprobesim {

std::optional<std::string> GdbServer::resume(std::string_view words) {
    const auto actions = parse_resume(words);
    if (!actions) return kBadPacket;
    const auto action_of = [&](const Task& task) -> const ResumeAction* {
        const auto action = std::find_if(actions->begin(), actions->end(), [&](const auto& a) {
            return a.thread.covers(task.process->pid, task.id.value);
        });
        return action == actions->end() ? nullptr : &*action;
    };
    Debugger::Resume how;
    for (const Task* task : threads()) {
        const ResumeAction* const action = action_of(*task);
        if (action == nullptr) continue;
        if (action->steps && !how.step) {
            how.step = task->id;
            how.range = action->range;
        }
        if (task->id.value == current_.tid) how.signal = action->signal;
    }
    debugger_.resume(how);
    goes_on_ = waited_for_ = true;
    return std::nullopt;
}

// The older packets, for the thread that Hc has named: "c", "s", "Csig", "Ssig". With an address to
// go on from they are not supported, as gdb writes the pc instead.
std::optional<std::string> GdbServer::resume_one(const std::string& packet) {
    const bool with_signal = packet.front() == 'C' || packet.front() == 'S';
    if (!with_signal && packet.size() > 1) return kBadPacket;
    const bool steps = packet.front() == 's' || packet.front() == 'S';
    if (!steps) return resume(packet);
    const Task* const task = find(resumed_);
    if (task == nullptr) return kBadPacket;
    return resume(fmt::format("{}:{};c", packet, gdb_thread_text(id_of(*task))));
}

std::optional<std::string> GdbServer::go_back(bool one) {
    const Task* const task = find(resumed_);
    if (task == nullptr) return kBadPacket;
    std::string refused = no_reverse_;
    if (debugger_.was_changed())
        refused =
            "the guest was changed by hand, so running again from the start does not lead here";
    if (!refused.empty()) return fmt::format("E.{}", refused);
    if (cpu().insns(task->context) == InsnCount(0))
        return stop_reply({.kind = StopKind::HistoryBegin}, id_of(*task));
    if (one) {
        debugger_.step_back(*task);
    } else {
        debugger_.continue_back(*task);
    }
    goes_on_ = waited_for_ = true;
    return std::nullopt;
}

// ";PID", or nothing: all.
std::optional<std::string> GdbServer::detach(std::string_view process) {
    if (process.starts_with(';')) {
        const auto pid = hex_number(process.substr(1));
        if (!pid || !debugger_.is_attached(static_cast<std::int32_t>(*pid))) return kBadPacket;
        debugger_.detach(static_cast<std::int32_t>(*pid));
    } else {
        leave();
    }
    goes_on_ = debugger_.attached().empty();
    return "OK";
}

// The program's end is the run's. Another process is sent SIGKILL.
std::optional<std::string> GdbServer::kill(std::string_view process) {
    const auto pid = hex_number(process);
    Process* const other =
        pid ? kernel().processes().find(static_cast<std::int32_t>(*pid)) : nullptr;
    if (other != nullptr && debugger_.attached().size() > 1) {
        debugger_.detach(other->pid);
        debugger_.note_change();
        kernel().signals().send(*other, {.signal = Signal::Kill, .code = abi::kSiKernel});
        return "OK";
    }
    debugger_.kill();
    goes_on_ = true;
    if (process.empty()) return std::nullopt;
    return "OK";
}

}  // namespace uprobesim
