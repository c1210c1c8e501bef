// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/exception_log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernel_model/task/scheduler.h"
#include "sim/base/text.h"
#include "tools/format/text_table.h"
#include "tools/views/syndrome_text.h"

namespace uprobesim {
namespace {

struct Alias {
    std::string_view name;
    ExceptionClass ec;
};
constexpr Alias kAliases[] = {{"step", ExceptionClass::SoftwareStep},
                              {"abort", ExceptionClass::DataAbort},
                              {"abort", ExceptionClass::InsnAbort}};
// Not taken from EL0.
constexpr ExceptionClass kNested = ExceptionClass::DataAbortSameEl;

std::vector<std::string> all_names() {
    std::vector<std::string> names;
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        const auto ec = static_cast<ExceptionClass>(e);
        if (ec != kNested) names.emplace_back(exception_class_name(ec));
    }
    names.emplace_back("step");
    names.emplace_back("abort");
    return names;
}

}  // namespace

Result<ExceptionFilter> ExceptionFilter::parse(const std::string& text, const char* option) {
    ExceptionFilter filter;
    filter.shown_.fill(false);
    std::string rest = text;
    while (true) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string word = rest.substr(0, comma);
        bool known = false;
        const auto show = [&](std::string_view name, ExceptionClass ec) {
            if (name != word || ec == kNested) return;
            known = true;
            filter.shown_[static_cast<std::size_t>(ec)] = true;
        };
        for (std::size_t e = 0; e < kExceptionClassCount; ++e)
            show(exception_class_name(static_cast<ExceptionClass>(e)),
                 static_cast<ExceptionClass>(e));
        for (const Alias& alias : kAliases) show(alias.name, alias.ec);
        const std::string near = known ? "" : did_you_mean(word, all_names());
        if (!known)
            return user_error(
                fmt::format("'{}' is no class of exceptions", word), option,
                near.empty() ? fmt::format("known: {}", fmt::join(all_names(), ", ")) : near);
        if (comma == rest.size()) return filter;
        rest.erase(0, comma + 1);
    }
}

std::string ExceptionLog::begin(const Task& task) const {
    const std::uint64_t ns = task.scheduler->now_ns();
    return fmt::format("{}.{:09} cpu{} [pid {}]", ns / 1'000'000'000u, ns % 1'000'000'000u,
                       task.cpu, task.id.value);
}

void ExceptionLog::trapped(const Task& task, const Stop& stop,
                           const ExceptionRegisters& registers) {
    const SyndromeText syndrome = syndrome_text(registers.esr);
    Taken& taken = open_[task.id] = {};
    taken.before = begin(task);
    taken.why = fmt::format("{}: {}", syndrome.ec_name, syndrome.iss_text);
    if (registers.far) taken.why += fmt::format(", FAR 0x{:x}", *registers.far);
    taken.place = places_.text(*task.process, stop.pc);
}

void ExceptionLog::charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account) {
    const auto found = open_.find(task);
    if (found == open_.end()) {
        // Only interrupts are not announced; their place is known at the return to EL0.
        if (ec == ExceptionClass::Irq) open_[task] = {.ec = ec, .own = cycles};
        return;
    }
    Taken& taken = found->second;
    if (taken.ec) {
        taken.kernel += cycles;
    } else {
        taken.ec = ec;
        taken.own = cycles;
    }
}

void ExceptionLog::charged(TaskId task, KernelPath, std::uint64_t, CentiCycles cycles, Account) {
    if (const auto found = open_.find(task); found != open_.end()) found->second.kernel += cycles;
}

void ExceptionLog::waited(TaskId task, SharedLine, CentiCycles cycles, Account) {
    if (const auto found = open_.find(task); found != open_.end()) found->second.waited += cycles;
}

bool ExceptionLog::returning(const Task& task) {
    if (const auto found = open_.find(task.id); found != open_.end()) {
        Taken& taken = found->second;
        if (taken.before.empty()) {
            taken.before = begin(task);
            taken.place = places_.text(
                *task.process, VAddr(task.process->mm->machine().cpu->read(task.context, Reg::Pc)));
        }
        tell(taken);
        open_.erase(found);
    }
    // Charges to an ended task are complete when another task returns to EL0.
    std::erase_if(open_, [&](const auto& entry) {
        if (entry.second.ended) tell(entry.second);
        return entry.second.ended;
    });
    return true;
}

void ExceptionLog::task_ended(const Task& task, const TaskEnd&) {
    if (const auto found = open_.find(task.id); found != open_.end()) found->second.ended = true;
}

void ExceptionLog::tell(const Taken& taken) {
    if (!taken.ec || !filter_.shows(*taken.ec) || !output_.wants()) return;
    if (taken.before.empty()) return;  // an interrupt of a task that did not come back
    const std::string why = taken.why.empty() ? std::string("interrupt") : taken.why;
    const std::string waited =
        taken.waited.value == 0 ? "" : fmt::format(" + {} waiting", cycles_text(taken.waited));
    output_.write(fmt::format("{} {}; ELR {}; {} + {}{} cycles", taken.before, why, taken.place,
                              cycles_text(taken.own), cycles_text(taken.kernel), waited));
}

void ExceptionLog::finish() {
    for (const auto& [id, taken] : open_) tell(taken);
    open_.clear();
    output_.finish();
}

}  // namespace uprobesim
