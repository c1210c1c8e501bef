// SPDX-License-Identifier: GPL-2.0-or-later
// Packets that ask of the guest, or change it where it stands.
#include <fmt/format.h>

#include "tools/gdb/error_replies.h"
#include "tools/gdb/monitor.h"
#include "tools/gdb/server.h"
#include "tools/gdb/target/guest_memory.h"
#include "tools/gdb/target/registers.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMostRead = 64ul * 1024;

std::string_view state_text(const Task& task) {
    switch (task.state) {
        case TaskState::Runnable: return "runnable";
        case TaskState::Blocked: return "blocked in a system call";
        case TaskState::Stopped: return "stopped";
        case TaskState::Dead: break;
    }
    return "dead";
}

}  // namespace

GdbThread GdbServer::id_of(const Task& task) const {
    return {task.process->pid, task.id.value};
}

std::vector<Task*> GdbServer::threads() {
    std::vector<Task*> all;
    for (const std::int32_t pid : debugger_.attached()) {
        const Process* const process = kernel().processes().find(pid);
        if (process == nullptr) continue;
        for (const auto& [id, task] : process->tasks) {
            if (task->state != TaskState::Dead) all.push_back(task.get());
        }
    }
    return all;
}

// The one that stopped, where any will do.
Task* GdbServer::find(const GdbThread& thread) {
    Task* first = nullptr;
    for (Task* task : threads()) {
        if (!thread.covers(task->process->pid, task->id.value)) continue;
        if (task->id.value == current_.tid) return task;
        if (first == nullptr) first = task;
    }
    return first;
}

// "g" or "c" and a thread.
std::string GdbServer::select(std::string_view words) {
    if (words.empty()) return kBadPacket;
    const auto thread = parse_gdb_thread(words.substr(1));
    if (!thread) return kBadPacket;
    if (find(*thread) == nullptr) return kNoThread;
    (words.front() == 'c' ? resumed_ : general_) = *thread;
    return "OK";
}

std::string GdbServer::registers() {
    const Task* const task = selected();
    return task == nullptr ? kNoThread : hex_text(register_bytes(cpu(), task->context));
}

std::string GdbServer::set_registers_to(std::string_view digits) {
    const Task* const task = selected();
    const auto bytes = from_hex(digits);
    if (task == nullptr) return kNoThread;
    if (!bytes || !set_registers(cpu(), task->context, *bytes)) return kBadPacket;
    debugger_.note_change();
    return "OK";
}

std::string GdbServer::one_register(std::string_view number) {
    const Task* const task = selected();
    const auto n = hex_number(number);
    if (task == nullptr) return kNoThread;
    const auto bytes = n ? register_bytes(cpu(), task->context, *n) : std::nullopt;
    return bytes ? hex_text(*bytes) : kBadPacket;
}

std::string GdbServer::set_one_register(std::string_view words) {
    const Task* const task = selected();
    const auto number = hex_number(take_until(words, '='));
    const auto bytes = from_hex(words);
    if (task == nullptr) return kNoThread;
    if (!number || !bytes || !set_register(cpu(), task->context, *number, *bytes))
        return kBadPacket;
    debugger_.note_change();
    return "OK";
}

std::string GdbServer::read_memory(std::string_view words) {
    const auto at = hex_number(take_until(words, ',')), size = hex_number(words);
    const Task* const task = selected();
    if (!at || !size || *size > kMostRead) return kBadPacket;
    if (task == nullptr) return kNoThread;
    const std::string bytes = read_guest(*task->process, *files_, VAddr(*at), *size);
    return bytes.empty() && *size != 0 ? kNoMemory : hex_text(bytes);
}

std::string GdbServer::write_memory(std::string_view words, bool binary) {
    const auto at = hex_number(take_until(words, ',')), size = hex_number(take_until(words, ':'));
    const Task* const task = selected();
    const auto bytes = binary ? std::optional(std::string(words)) : from_hex(words);
    if (!at || !size || !bytes || bytes->size() != *size) return kBadPacket;
    if (task == nullptr) return kNoThread;
    if (bytes->empty()) return "OK";  // gdb tries whether X is known
    debugger_.note_change();
    return write_guest(*task->process, VAddr(*at), *bytes) ? "OK" : kNoMemory;
}

// "TYPE,ADDRESS,SIZE"; conditions that follow are gdb's to judge.
std::string GdbServer::change_breakpoint(std::string_view words, bool adds) {
    constexpr std::uint64_t kLastType = 4;
    const auto type = hex_number(take_until(words, ','));
    const auto at = hex_number(take_until(words, ','));
    const auto size = hex_number(take_until(words, ';'));
    const Task* const task = selected();
    if (!type || !at || !size) return kBadPacket;
    if (*type > kLastType) return "";
    if (task == nullptr) return kNoThread;
    const auto kind = static_cast<BreakType>(*type);
    if (is_watch(kind) ? *size == 0 || *size > Breakpoints::kMostWatched : *at % 4 != 0)
        return kBadPacket;
    Breakpoints& all = debugger_.breakpoints();
    if (adds) {
        all.add(task->process->pid, kind, VAddr(*at), *size);
    } else {
        all.remove(task->process->pid, kind, VAddr(*at), *size);
    }
    return "OK";
}

std::string GdbServer::is_alive(std::string_view thread) {
    const auto id = parse_gdb_thread(thread);
    return id && find(*id) != nullptr ? "OK" : kNoThread;
}

std::string GdbServer::supported(std::string_view features) {
    for (const std::string_view feature : split(features, ';')) features_.emplace(feature);
    return fmt::format(
        "PacketSize={:x};QStartNoAckMode+;multiprocess+;vContSupported+;swbreak+;hwbreak+;"
        "QPassSignals+;fork-events+;vfork-events+;exec-events+;ReverseStep+;ReverseContinue+;"
        "qXfer:features:read+;qXfer:auxv:read+;qXfer:exec-file:read+;qXfer:threads:read+",
        kMostRead * 2);
}

std::string GdbServer::thread_info(std::string_view thread) {
    const auto id = parse_gdb_thread(thread);
    const Task* const task = id ? find(*id) : nullptr;
    if (task == nullptr) return kNoThread;
    return hex_text(fmt::format("{}, CPU {}, {}", task->comm, task->cpu, state_text(*task)));
}

std::string GdbServer::query(std::string_view packet) {
    std::string_view rest = packet;
    const std::string_view name = take_until(rest, packet.starts_with("Rcmd") ? ',' : ':');
    if (name == "Supported") return supported(rest);
    if (name == "Xfer") return transfer(rest);
    if (name == "Rcmd") return monitor(rest);
    if (name == "C") return "QC" + gdb_thread_text(current_);
    if (name == "Attached") return "0";  // gdb's end is the run's
    if (name == "sThreadInfo") return "l";
    if (name == "fThreadInfo") {
        std::string list;
        for (const Task* task : threads())
            list += (list.empty() ? "m" : ",") + gdb_thread_text(id_of(*task));
        return list.empty() ? "l" : list;
    }
    if (packet.starts_with("ThreadExtraInfo,")) return thread_info(packet.substr(16));
    return "";
}

std::string GdbServer::set(std::string_view packet) {
    std::string_view rest = packet;
    const std::string_view name = take_until(rest, ':');
    if (name == "StartNoAckMode") {
        acknowledges_ = false;
        return "OK";
    }
    if (name == "PassSignals") return pass_signals(rest);
    return "";
}

std::string GdbServer::pass_signals(std::string_view list) {
    passed_.clear();
    for (const std::string_view number : split(list, ';')) {
        const auto signal = hex_number(number);
        if (signal) passed_.insert(static_cast<unsigned>(*signal));
    }
    return "OK";
}

std::string GdbServer::monitor(std::string_view digits) {
    const auto words = from_hex(digits);
    if (!words) return kBadPacket;
    const std::string said = monitor_text(*words, debugger_, *uprobes_);
    constexpr std::size_t kMostSaid = 8000;
    for (std::size_t at = 0; at < said.size(); at += kMostSaid) say(said.substr(at, kMostSaid));
    return "OK";
}

}  // namespace uprobesim
