// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/monitor.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "probes/hit/probe_state.h"
#include "sim/base/text.h"
#include "tools/format/number_text.h"
#include "tools/gdb/wire/packet.h"

namespace uprobesim {
namespace {

using Words = std::vector<std::string>;

struct At {
    Debugger& debugger;
    const Uprobes& uprobes;
    Kernel& kernel() const { return debugger.kernel(); }
    Cpu& cpu() const { return *debugger.kernel().machine().cpu; }
};

std::string_view state_name(const UprobeTask* state) {
    if (state == nullptr) return "no hit yet";
    switch (state->state) {
        case StepState::Running: return "UTASK_RUNNING";
        case StepState::Sstep: return "UTASK_SSTEP";
        case StepState::SstepAck: return "UTASK_SSTEP_ACK";
        case StepState::SstepTrapped: break;
    }
    return "UTASK_SSTEP_TRAPPED";
}

std::string task_line(const At& at, const Task& task) {
    const UprobeTask* const state = find_state(task);
    std::string line = fmt::format("  task {} ({}): {}, {} instructions, {} cycles at EL0",
                                   task.id.value, printable(task.comm), state_name(state),
                                   grouped(at.cpu().insns(task.context).value),
                                   cycles_text(at.cpu().cycles(task.context)));
    if (state != nullptr && state->active != nullptr)
        line += fmt::format(", slot 0x{:x} for 0x{:x} ({})", state->xol_vaddr.value,
                            state->vaddr.value, state->active->symbol);
    return line + "\n";
}

std::string slots_line(const Process& process) {
    const ProcessProbes* const probes = find_probes(process);
    if (probes == nullptr || !probes->has_uprobes) return "no breakpoints";
    if (!probes->area) return "breakpoints, no slots yet";
    const std::size_t all = probes->area->slots() - 1;  // without the trampoline
    return fmt::format("slots at 0x{:x}, {} of {} in use", probes->area->address(0).value,
                       all - probes->area->free_slots(), all);
}

std::string show_uprobes(const At& at, const Words&) {
    std::string text =
        fmt::format("simulated time {} ns, {} instructions at EL0, {} cycles of kernel work\n",
                    grouped(at.kernel().clock().monotonic_ns()),
                    grouped(at.kernel().processes().user_work().insns.value),
                    cycles_text(at.kernel().machine().ledger.kernel_cycles()));
    for (const auto& uprobe : at.uprobes.uprobes()) {
        text += fmt::format(
            "probe uprobe:{}:{} ({}): {} hits, {} stepped, {} emulated, {} cycles\n",
            uprobe->binary, uprobe->symbol, uprobe->instruction, grouped(uprobe->hits),
            grouped(uprobe->stepped), grouped(uprobe->emulated), cycles_text(uprobe->cycles));
    }
    if (at.uprobes.uprobes().empty()) text += "no probes\n";
    for (const auto& [pid, process] : at.kernel().processes().all()) {
        if (!process->alive || process->is_init()) continue;
        text += fmt::format("process {}: {}\n", pid, slots_line(*process));
        for (const auto& [id, task] : process->tasks) text += task_line(at, *task);
    }
    return text;
}

std::string show_catches(const At& at) {
    std::string text;
    for (const std::string& line : at.debugger.hits().lines()) text += line + "\n";
    return text.empty() ? "no stops inside hits\n" : text;
}

std::string catch_hits(const At& at, const Words& words) {
    if (words.empty()) return show_catches(at);
    if (words.front() == "none") {
        at.debugger.hits().clear();
        return show_catches(at);
    }
    const auto phase = phase_named(words.front());
    if (!phase)
        return fmt::format("catch: '{}' is no part of a hit ({})\n", printable(words.front()),
                           near_names(words.front(), {"brk", "slot", "return", "none"}));
    const Outcome added = at.debugger.hits().add(*phase, words.size() > 1 ? words[1] : "");
    return added ? show_catches(at) : added.error().line() + "\n";
}

std::string help(const At& at, const Words&);

struct Command {
    std::string_view name, arguments, meaning;
    std::string (*run)(const At&, const Words&);
};
constexpr std::array kCommands{
    Command{"uprobes", "", "probes, slots, the uprobe state of each task, cycles so far",
            show_uprobes},
    Command{"catch", "brk|slot|return [PROBE]",
            "stop in hits: before the BRK is taken, before the instruction in the slot, before the "
            "return; without a word: list these stops; none: no more",
            catch_hits},
    Command{"help", "", "this list", help},
};

std::string help(const At&, const Words&) {
    std::string text;
    for (const Command& command : kCommands)
        text +=
            fmt::format("monitor {}{}{}: {}\n", command.name, command.arguments.empty() ? "" : " ",
                        command.arguments, command.meaning);
    return text;
}

}  // namespace

std::string monitor_text(std::string_view command, Debugger& debugger, const Uprobes& uprobes) {
    Words words;
    for (const std::string_view word : split(command, ' ')) {
        if (!word.empty()) words.emplace_back(word);
    }
    const std::string name = words.empty() ? "help" : words.front();
    const At at{debugger, uprobes};
    std::vector<std::string> names;
    for (const Command& known : kCommands) {
        if (known.name == name)
            return known.run(at, words.empty() ? words : Words(words.begin() + 1, words.end()));
        names.emplace_back(known.name);
    }
    return fmt::format("monitor: no command '{}' ({})\n", printable(name), near_names(name, names));
}

}  // namespace uprobesim
