// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/folded_stacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "tools/format/text_width.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostBytes = 200;
// A guest may have as many programs, functions and tasks as it likes.
constexpr std::size_t kMostStacks = std::size_t{1} << 20;
constexpr std::size_t kMostTasks = std::size_t{1} << 16;
constexpr const char* kOther = "[other]";
constexpr std::uint64_t kCenti = 100;

std::string program_of(const Task& task) {
    const std::string& exe = task.process->exe;
    return frame_text(exe.empty() ? task.comm : exe.substr(exe.rfind('/') + 1));
}

}  // namespace

std::string frame_text(std::string_view name) {
    std::string text = visible(name);
    std::replace(text.begin(), text.end(), ';', ':');
    if (text.empty()) return "[no name]";
    if (text.size() <= kMostBytes) return text;
    std::size_t end = kMostBytes;
    while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // within a character
    return text.substr(0, end) + "...";
}

std::string folded_text(const std::map<std::string, CentiCycles>& stacks) {
    struct Line {
        const std::string* stack;
        std::uint64_t cycles, remainder;
    };
    std::vector<Line> lines;
    std::uint64_t sum = 0, whole = 0;
    for (const auto& [stack, cycles] : stacks) {
        lines.push_back({&stack, cycles.value / kCenti, cycles.value % kCenti});
        sum += cycles.value;
        whole += lines.back().cycles;
    }
    std::vector<Line*> by_remainder(lines.size());
    std::transform(lines.begin(), lines.end(), by_remainder.begin(),
                   [](Line& line) { return &line; });
    std::stable_sort(by_remainder.begin(), by_remainder.end(),
                     [](const Line* a, const Line* b) { return a->remainder > b->remainder; });
    const std::uint64_t missing = (sum + kCenti / 2) / kCenti - whole;
    for (std::uint64_t i = 0; i < missing; ++i) ++by_remainder[i]->cycles;
    std::string text;
    for (const Line& line : lines) {
        if (line.cycles != 0) text += fmt::format("{} {}\n", *line.stack, line.cycles);
    }
    return text;
}

void FoldedStacks::use(FileSystem& files, const Uprobes& uprobes) {
    code_.use(files);
    uprobes_ = &uprobes;
}

// Null: there are too many. What such a task takes is in no event's stack, but in [other].
FoldedStacks::Place* FoldedStacks::place_of(TaskId task) {
    const auto found = places_.find(task);
    if (found != places_.end()) return &found->second;
    return places_.size() < kMostTasks ? &places_[task] : nullptr;
}

void FoldedStacks::add(const std::string& stack, CentiCycles cycles) {
    const auto found = stacks_.find(stack);
    if (found != stacks_.end()) {
        found->second += cycles;
    } else if (cycles.value != 0) {
        stacks_[stacks_.size() < kMostStacks ? stack : kOther] += cycles;
    }
}

void FoldedStacks::add(Place& place, const std::string& exception, std::string_view path,
                       CentiCycles cycles, Account account) {
    std::string frames;
    const auto push = [&](std::string_view frame) {
        if (frame.empty()) return;
        frames += ';';
        frames += frame;
    };
    if (account == Account::ProbeHit) {
        push("[uprobe]");
        push(place.probe.empty() ? "[no probe]" : std::string_view(place.probe));
    } else if (account == Account::ProbePlace) {
        push("[uprobe]");
        push("[placing]");
    }
    push(exception);
    push(path);
    if (place.program.empty()) {
        place.early[frames] += cycles;
    } else {
        add((place.function.empty() ? place.program : place.function) + frames, cycles);
    }
}

void FoldedStacks::charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) {
    Place* const known = place_of(task);
    if (known == nullptr) return;
    Place& place = *known;
    const std::string name = fmt::format("[{}]", exception_class_name(ec));
    if (ec == ExceptionClass::Irq && running_ != nullptr && running_->id == task &&
        running_->state != TaskState::Dead && running_->process->mm != nullptr) {
        // It is not announced, and the task has just left EL0.
        Cpu& cpu = *running_->process->mm->machine().cpu;
        stop_at(*running_, place, VAddr(cpu.read(running_->context, Reg::Pc)));
    }
    if (std::exchange(place.expects, false)) {
        place.exception = name;
        return add(place, name, "", cycles, account);
    }
    add(place, place.exception, name, cycles, account);  // taken in the kernel
}

void FoldedStacks::charged(TaskId task, KernelPath path, std::uint64_t, CentiCycles cycles,
                           Account account) {
    if (Place* place = place_of(task))
        add(*place, place->exception, kernel_path_info(path).name, cycles, account);
}

// Its place, with what it has executed at EL0 noted; null as of place_of.
FoldedStacks::Place* FoldedStacks::note_user(const Task& task) {
    Place* const known = place_of(task.id);
    if (known == nullptr) return nullptr;
    Place& place = *known;
    if (place.program.empty()) {
        place.program = program_of(task);
        for (const auto& [frames, cycles] : place.early) add(place.program + frames, cycles);
        place.early.clear();
    }
    CentiCycles& seen = seen_[task.context];
    if (task.user_cycles <= seen) return known;
    const CentiCycles grown = task.user_cycles - seen;
    seen = task.user_cycles;
    place.user += grown;
    add(place.program + ";[user]", grown);
    return known;
}

void FoldedStacks::stop_at(const Task& task, Place& place, VAddr pc) {
    const auto hit = hit_place(*uprobes_, task, pc);
    place.probe = hit ? frame_text(probe_name(*hit->uprobe)) : "";
    place.function =
        place.program + ';' + frame_text(code_.function(*task.process, hit ? hit->at : pc));
    place.exception.clear();
    place.expects = true;
}

void FoldedStacks::trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) {
    if (Place* place = note_user(task)) stop_at(task, *place, stop.pc);
}

bool FoldedStacks::returning(const Task& task) {
    if (Place* place = note_user(task)) place->program = program_of(task);  // execve: another one
    running_ = &task;
    return true;
}

void FoldedStacks::finish(const RunReport& report) {
    for (const ProcessRow& process : report.processes) {
        for (const ThreadRow& thread : process.threads) {
            const auto found = places_.find(TaskId{thread.id});
            if (found == places_.end()) continue;
            Place& place = found->second;
            if (place.program.empty()) place.program = frame_text(thread.name);
            for (const auto& [frames, cycles] : place.early) add(place.program + frames, cycles);
            place.early.clear();
            if (thread.figures.user_cycles > place.user)
                add(place.program + ";[user]", thread.figures.user_cycles - place.user);
        }
    }
    CentiCycles told;
    for (const auto& [stack, cycles] : stacks_) told += cycles;
    const CentiCycles total = report.user_cycles + totals_of(report).kernel_cycles;
    check_invariant(told <= total, "the stacks have more cycles than the report");
    stacks_[kOther] += total - told;
    file_.write(folded_text(stacks_));
    file_.commit();
}

}  // namespace uprobesim
