// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/hit_event.h"

#include <algorithm>

#include "kernel_model/memory/peek.h"

namespace uprobesim {
namespace {

// Instructions that are shown before and after an address.
constexpr std::uint64_t kBefore = 2, kAfter = 3;

void read_code(Mm& mm, std::uint64_t from, std::uint64_t count, HitState& state) {
    for (std::uint64_t address = from; address < from + count * 4; address += 4) {
        if (const auto word = peek_value<std::uint32_t>(mm, VAddr(address)))
            state.code[address] = *word;
    }
}

}  // namespace

void read_code_around(Mm& mm, std::uint64_t address, HitState& state) {
    if (address % 4 != 0) return;
    const std::uint64_t page = address / kPageSize * kPageSize;
    const std::uint64_t from = std::max(page, address - std::min(address, kBefore * 4));
    const std::uint64_t end = std::min(page + kPageSize, address + (kAfter + 1) * 4);
    read_code(mm, from, (end - from) / 4, state);
}

HitState task_state(const Task& task) {
    HitState state;
    Process& process = *task.process;
    state.registers = process.mm->machine().cpu->read_all(task.context);
    state.tif_uprobe = task.tif_uprobe;
    state.tif_singlestep = task.tif_singlestep;
    state.tif_sigpending = task.tif_sigpending;
    if (task.extension) {
        const auto& probe = static_cast<const UprobeTask&>(*task.extension);
        state.step = probe.state;
        state.pending_returns = probe.returns.depth();
        if (probe.active != nullptr) {
            state.slot = probe.slot;
            state.slot_word = task.step_word;
            state.slot_kept = probe.keeps_slot;
            state.slot_shared = probe.shared_slot;
        }
    }
    if (process.mm->extension) {
        const auto& probes = static_cast<const ProcessProbes&>(*process.mm->extension);
        if (probes.shared_slots) state.shared_page = probes.shared_slots->value;
        if (const auto& area = probes.area) {
            state.xol_page = area->trampoline().value;
            state.slot_bytes = kPageSize / area->slots();
            for (std::size_t slot = 0; slot < area->slots(); ++slot)
                state.xol_words.push_back(area->word(slot));
        }
    }
    read_code_around(*process.mm, state.registers.pc, state);
    return state;
}

FaultPage fault_page(Mm& mm, VAddr address) {
    FaultPage page;
    page.address = address.page().value;
    const auto letters = [](Prot prot) {
        std::string text = "---";
        if (prot.read) text[0] = 'r';
        if (prot.write) text[1] = 'w';
        if (prot.exec) text[2] = 'x';
        return text;
    };
    if (const Vma* vma = mm.find(address)) {
        page.mapping = mm.name_of(*vma);
        page.mapping_rights = letters(vma->prot) + (vma->shared ? 's' : 'p');
    }
    if (const auto leaf = mm.space().lookup(address.page())) {
        page.present = true;
        page.frame = leaf->frame.value;
        page.rights = letters(leaf->prot);
        page.holders = mm.machine().memory.refs(leaf->frame);
        page.zero_page = mm.is_zero(leaf->frame);
    }
    return page;
}

std::string_view step_state_name(StepState state) {
    switch (state) {
        case StepState::Running: return "UTASK_RUNNING";
        case StepState::Sstep: return "UTASK_SSTEP";
        case StepState::SstepAck: return "UTASK_SSTEP_ACK";
        case StepState::SstepTrapped: return "UTASK_SSTEP_TRAPPED";
    }
    return "";
}

}  // namespace uprobesim
