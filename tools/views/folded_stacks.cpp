// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/folded_stacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "tools/format/text_width.h"
#include "tools/simulation/run_counts.h"
#include "tools/views/stacks_page.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostBytes = 200;
// A guest may have as many programs, functions and tasks as it likes.
constexpr std::size_t kMostStacks = std::size_t{1} << 20;
constexpr std::size_t kMostTasks = std::size_t{1} << 16;
constexpr std::size_t kMostKnown = std::size_t{1} << 16;
constexpr const char* kOther = "[other]";
constexpr std::uint64_t kCenti = 100;
// munmap, mremap, mmap (over what is there), execve, execveat.
constexpr std::array<std::uint32_t, 5> kUnmapping = {215, 216, 222, 221, 281};

// Where code was replaced between a block's execution and an exception in it, what it did not
// execute may have been taken from another function.
std::map<std::string, std::int64_t> without_debts(std::map<std::string, std::int64_t> stacks) {
    const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
    for (auto& [stack, cycles] : stacks) {
        if (cycles >= 0) continue;
        std::max_element(stacks.begin(), stacks.end(), less)->second += std::exchange(cycles, 0);
    }
    return stacks;
}

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

CentiCycles& FoldedStacks::stack(const std::string& frames) {
    const auto found = stacks_.find(frames);
    if (found != stacks_.end()) return found->second;
    return stacks_[stacks_.size() < kMostStacks ? frames : kOther];
}

void FoldedStacks::add(const std::string& frames, CentiCycles cycles) {
    if (cycles.value != 0) stack(frames) += cycles;
}

std::string FoldedStacks::text_of(const Frames& frames, const Site* site) {
    std::string text;
    if (frames.account == Account::ProbeHit) {
        text += ";[uprobe];";
        text += site == nullptr || site->probe.empty() ? "[no probe]" : site->probe;
    } else if (frames.account == Account::ProbePlace) {
        text += ";[uprobe];[placing]";
    }
    for (const auto& ec : {frames.exception, frames.nested}) {
        if (ec) text += fmt::format(";[{}]", exception_class_name(*ec));
    }
    if (frames.path) text += fmt::format(";{}", kernel_path_info(*frames.path).name);
    if (frames.waits_for)
        text += fmt::format(";[waiting for {}]", shared_line_info(*frames.waits_for).name);
    return text;
}

void FoldedStacks::add(Place& place, const Frames& frames, CentiCycles cycles) {
    if (cycles.value == 0) return;
    if (place.program.empty()) {
        place.early[text_of(frames, nullptr)] += cycles;
    } else if (place.site == nullptr) {
        add(place.program + text_of(frames, nullptr), cycles);
    } else {
        CentiCycles*& charge = place.site->charges[frames];
        if (charge == nullptr) charge = &stack(place.site->function + text_of(frames, place.site));
        *charge += cycles;
    }
}

void FoldedStacks::charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) {
    Place* const known = place_of(task);
    if (known == nullptr) return;
    Place& place = *known;
    if (ec == ExceptionClass::Irq && running_ != nullptr && running_->id == task &&
        running_->state != TaskState::Dead && running_->process->mm != nullptr) {
        // It is not announced, and the task has just left EL0.
        Cpu& cpu = *running_->process->mm->machine().cpu;
        stop_at(*running_, place, VAddr(cpu.read(running_->context, Reg::Pc)));
    }
    if (std::exchange(place.expects, false)) {
        place.exception = ec;
        return add(place, {.account = account, .exception = ec}, cycles);
    }
    // Taken in the kernel.
    add(place, {.account = account, .exception = place.exception, .nested = ec}, cycles);
}

void FoldedStacks::charged(TaskId task, KernelPath path, std::uint64_t, CentiCycles cycles,
                           Account account) {
    if (Place* place = place_of(task))
        add(*place, {.account = account, .exception = place->exception, .path = path}, cycles);
}

void FoldedStacks::waited(TaskId task, SharedLine line, CentiCycles cycles, Account account) {
    if (Place* place = place_of(task))
        add(*place, {.account = account, .exception = place->exception, .waits_for = line}, cycles);
}

// Its place, with its program known; null as of place_of.
FoldedStacks::Place* FoldedStacks::note(const Task& task) {
    Place* const known = place_of(task.id);
    if (known == nullptr) return nullptr;
    Place& place = *known;
    if (place.program.empty()) {
        place.program = program_of(task);
        for (const auto& [frames, cycles] : place.early) add(place.program + frames, cycles);
        place.early.clear();
    }
    return known;
}

// A stepped instruction is in no block. It is the probe's, whose hit the task is in.
void FoldedStacks::note_step(const Task& task, Place& place) {
    const auto from = std::exchange(place.step_from, std::nullopt);
    if (!from || place.site == nullptr || place.site->probe.empty()) return;
    const CentiCycles cycles = task.process->mm->machine().cpu->cycles(task.context) - *from;
    add(fmt::format("{};[uprobe];{};[slot]", place.site->function, place.site->probe), cycles);
    place.user += static_cast<std::int64_t>(cycles.value);
    stepped_ += cycles;
}

void FoldedStacks::executed(ContextId context, VAddr block, std::int64_t cycles) {
    const auto found = tasks_.find(context);
    if (found == tasks_.end()) return;
    const Task& task = *found->second;
    Place* const place = note(task);
    if (place == nullptr) return;
    const std::string stack =
        place->program + ';' + frame_text(code_.function(*task.process, block));
    if (user_.size() >= kMostStacks && !user_.contains(stack)) return;
    user_[stack] += cycles;
    place->user += cycles;
}

// Before the memory changes that addresses are looked up in, or is gone.
void FoldedStacks::call_entered(const Task& task, const CallRegisters& call) {
    if (std::find(kUnmapping.begin(), kUnmapping.end(), call.number) == kUnmapping.end()) return;
    for (const auto& [id, each] : task.process->tasks)
        (void)task.process->mm->machine().cpu->work(each->context);
    known_sites_.clear();
    if (Place* place = place_of(task.id)) place->renamed = true;
}

void FoldedStacks::task_ended(const Task& task, const TaskEnd&) {
    (void)task.process->mm->machine().cpu->work(task.context);
    tasks_.erase(task.context);
    known_sites_.clear();
    if (running_ == &task) running_ = nullptr;
}

FoldedStacks::Site& FoldedStacks::site_of(const Task& task, const Place& place, VAddr pc) {
    const auto hit = hit_place(*uprobes_, task, pc);
    const Uprobe* const uprobe = hit ? hit->uprobe : nullptr;
    const VAddr at = hit ? hit->at : pc;
    if (known_sites_.size() >= kMostKnown) known_sites_.clear();
    Site*& known = known_sites_[{task.process, at, uprobe}];
    if (known != nullptr) return *known;
    const std::string probe = hit ? frame_text(probe_name(*uprobe)) : "";
    std::string function = place.program + ';' + frame_text(code_.function(*task.process, at));
    if (sites_.size() >= kMostStacks) function = kOther;
    const auto [found, added] = sites_.try_emplace({function, probe}, Site{function, probe});
    known = &found->second;
    return *known;
}

void FoldedStacks::stop_at(const Task& task, Place& place, VAddr pc) {
    place.site = &site_of(task, place, pc);
    place.exception.reset();
    place.expects = true;
}

void FoldedStacks::trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) {
    Place* const place = note(task);
    if (place == nullptr) return;
    note_step(task, *place);
    stop_at(task, *place, stop.pc);
}

bool FoldedStacks::returning(const Task& task) {
    if (!std::exchange(observes_, true)) observe_blocks(*task.process->mm->machine().cpu, this);
    if (Place* place = note(task)) {
        if (std::exchange(place->renamed, false)) place->program = program_of(task);
        tasks_.try_emplace(task.context, &task);
        if (task.tif_singlestep)
            place->step_from = task.process->mm->machine().cpu->cycles(task.context);
    }
    running_ = &task;
    return true;
}

// What is not told by blocks: instructions that the kernel executed for the program.
void FoldedStacks::add_user_rest(const RunReport& report) {
    std::int64_t told = 0;
    for (const auto& [stack, cycles] : without_debts(std::move(user_))) {
        told += cycles;
        add(stack, CentiCycles(static_cast<std::uint64_t>(cycles)));
    }
    std::int64_t rest = static_cast<std::int64_t>((report.user_cycles - stepped_).value) - told;
    for (const ProcessRow& process : report.processes) {
        for (const ThreadRow& thread : process.threads) {
            const auto found = places_.find(TaskId{thread.id});
            if (found == places_.end()) continue;
            Place& place = found->second;
            if (place.program.empty()) place.program = frame_text(thread.name);
            for (const auto& [frames, cycles] : place.early) add(place.program + frames, cycles);
            place.early.clear();
            const auto all = static_cast<std::int64_t>(thread.figures.user_cycles.value);
            const std::int64_t mine = std::min(all - place.user, rest);
            if (mine <= 0) continue;
            add(place.program + ";[user]", CentiCycles(static_cast<std::uint64_t>(mine)));
            rest -= mine;
        }
    }
}

void FoldedStacks::finish(const RunReport& report) {
    add_user_rest(report);
    CentiCycles told;
    for (const auto& [stack, cycles] : stacks_) told += cycles;
    const CentiCycles total = report.user_cycles + totals_of(report).kernel_cycles;
    check_invariant(told <= total, "the stacks have more cycles than the report");
    stacks_[kOther] += total - told;
    const std::string folded = folded_text(stacks_);
    file_.write(form_ == Form::Folded ? folded : stacks_page(report, folded));
    file_.commit();
}

}  // namespace uprobesim
