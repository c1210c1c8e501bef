// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/strace/strace_view.h"

#include <fmt/format.h>

#include "kernel_model/task/scheduler.h"
#include "tools/strace/call_structs.h"

namespace uprobesim {
namespace {

constexpr std::size_t kResultColumn = 40;  // strace -a

std::string with_result(const std::string& call, std::string_view result) {
    return fmt::format("{:<{}}{}{}", call, kResultColumn, call.size() < kResultColumn ? "" : " ",
                       result);
}

}  // namespace

std::string StraceView::prefix(const Task& task) const {
    const std::uint64_t us = task.scheduler->now_ns() / 1000;
    return fmt::format("[pid {}] {}.{:06} ", task.id.value, us / 1'000'000, us % 1'000'000);
}

void StraceView::leave_others(const Task* task) {
    for (auto& [id, call] : open_) {
        if ((task != nullptr && id == task->context) || call.told_unfinished) continue;
        call.told_unfinished = true;
        if (output_.wants())
            output_.write(call.prefix + call.entry + (call.entry.ends_with(' ') ? "" : " ") +
                          "<unfinished ...>");
    }
}

void StraceView::line(const Task& task, const std::string& text) {
    if (!output_.wants()) return;
    leave_others(&task);
    output_.write(prefix(task) + text);
}

void StraceView::call_entered(const Task& task, const CallRegisters& call) {
    if (!filter_.shows(call.number) || !output_.wants()) return;
    leave_others(&task);
    CallView view{.task = task, .arguments = call.arguments};
    OpenCall& open = open_[task.context] = {.registers = call, .prefix = prefix(task)};
    open.entry = texts_.entry(call.number, view);
    open.memory = &view.memory();
    open.incomplete = view.incomplete;
}

void StraceView::end_call(const Task& task, CallView& view, const std::string& result) {
    const auto found = open_.find(task.context);
    if (found == open_.end()) return;
    const OpenCall call = std::move(found->second);
    open_.erase(found);
    if (!output_.wants()) return;
    const std::uint32_t number = call.registers.number;
    view.arguments = call.registers.arguments;
    const bool same_memory = call.memory == task.process->mm.get();
    std::string rest = same_memory || view.result ? texts_.rest(number, view) : "";
    leave_others(&task);
    if (call.told_unfinished) {
        output_.write(
            prefix(task) +
            with_result(fmt::format("<... {} resumed>{})", texts_.name(number), rest), result));
        return;
    }
    std::string entry = call.entry;
    if (call.incomplete && same_memory) {
        CallView again{.task = task, .arguments = call.registers.arguments};
        entry = texts_.entry(number, again);
    }
    output_.write(call.prefix + with_result(entry + rest + ")", result));
}

void StraceView::call_ended(const Task& task, std::uint64_t result) {
    const auto found = open_.find(task.context);
    if (found == open_.end()) return;
    CallView view{.task = task, .result = static_cast<std::int64_t>(result)};
    view.arguments = found->second.registers.arguments;
    end_call(task, view, result_text(found->second.registers.number, view));
}

void StraceView::call_interrupted(const Task& task, bool restarts) {
    CallView view{.task = task, .result = -4};  // EINTR: nothing was written
    end_call(task, view,
             restarts ? "= ? ERESTARTSYS (To be restarted if SA_RESTART is set)"
                      : "= -1 EINTR (Interrupted system call)");
}

void StraceView::signal_taken(const Task& task, const SignalInfo& info) {
    line(task, fmt::format("--- {} {} ---", signal_text(static_cast<std::uint64_t>(info.signal)),
                           siginfo_text(info)));
}

void StraceView::task_ended(const Task& task, const TaskEnd& end) {
    CallView view{.task = task, .result = -4};
    end_call(task, view, std::string(kNoResult));
    switch (end.kind) {
        case TaskEnd::Kind::Exited:
            line(task, fmt::format("+++ exited with {} +++", end.status));
            break;
        case TaskEnd::Kind::Killed:
            line(task, fmt::format("+++ killed by {} +++",
                                   signal_text(static_cast<std::uint64_t>(end.status))));
            break;
        case TaskEnd::Kind::Superseded:
            line(task, fmt::format("+++ superseded by execve in pid {} +++", task.process->pid));
            break;
    }
}

void StraceView::finish() {
    leave_others(nullptr);
    output_.finish();
}

}  // namespace uprobesim
