// SPDX-License-Identifier: GPL-2.0-or-later
// USDT semaphores, the kernel's reference counters (update_ref_ctr): 16-bit counters in a program's
// data, by which it learns that a probe is attached. Each process that a probe is placed in has its
// counter increased once, as soon as its file's writable private mapping is there; ld.so makes it
// after that of the text (delayed_uprobe_install). A child of fork has its parent's counters.
#include "probes/hit/semaphores.h"

#include <algorithm>
#include <cstring>

#include "probes/hit/probe_state.h"

namespace uprobesim {
namespace {

// valid_ref_ctr_vma
bool can_hold(const Vma& vma, const Uprobe& uprobe) {
    return vma.file && vma.file->key() == uprobe.file && vma.prot.write && !vma.shared &&
           *uprobe.semaphore >= vma.file_offset &&
           *uprobe.semaphore - vma.file_offset < vma.range.size();
}

}  // namespace

std::optional<Vma> semaphore_mapping(const Mm& mm, const Uprobe& uprobe) {
    for (const auto& [begin, vma] : mm.vmas()) {
        if (can_hold(vma, uprobe)) return vma;
    }
    return std::nullopt;
}

VAddr semaphore_address(const Vma& vma, const Uprobe& uprobe) {
    return vma.range.begin + (*uprobe.semaphore - vma.file_offset);
}

bool change_semaphore(Mm& mm, const Vma& vma, const Uprobe& uprobe, int difference) {
    const VAddr at = semaphore_address(vma, uprobe);
    std::uint16_t counter = 0;
    if (at.page_offset() > kPageSize - sizeof counter) return true;  // not aligned
    const auto page = mm.space().lookup(at);
    if (!page || !page->prot.write) return false;
    const auto bytes = mm.space().memory().bytes(page->frame).subspan(at.page_offset());
    std::memcpy(&counter, bytes.data(), sizeof counter);
    // The kernel warns of a counter that would fall below zero, and leaves it.
    if (difference < 0 && counter == 0) return true;
    counter = static_cast<std::uint16_t>(counter + difference);
    std::memcpy(bytes.data(), &counter, sizeof counter);
    mm.space().memory().note_write(page->frame);
    return true;
}

void Uprobes::increase(Process& process, Task& task, const Vma& vma, const Uprobe& uprobe) {
    Mm& mm = *process.mm;
    if (change_semaphore(mm, vma, uprobe, 1)) return;
    if (mm.fault(semaphore_address(vma, uprobe), Access::Write, task.id, Account::ProbePlace) ==
        FaultResult::Resolved)
        static_cast<void>(change_semaphore(mm, vma, uprobe, 1));
}

void Uprobes::note_semaphore(Process& process, Task& task, const Uprobe& uprobe) {
    if (!uprobe.semaphore) return;
    if (const auto vma = semaphore_mapping(*process.mm, uprobe))
        return increase(process, task, *vma, uprobe);
    // delayed_uprobe_add: once, however often a program maps its text before its data.
    auto& delayed = probes_of(process).delayed;
    if (std::find(delayed.begin(), delayed.end(), &uprobe) == delayed.end())
        delayed.push_back(&uprobe);
}

void Uprobes::settle_semaphores(Process& process, Task& task, const Vma& vma) {
    if (find_probes(process) == nullptr) return;
    // As in the kernel, a counter that cannot be written is not tried again.
    std::erase_if(probes_of(process).delayed, [&](const Uprobe* uprobe) {
        if (!can_hold(vma, *uprobe)) return false;
        increase(process, task, vma, *uprobe);
        return true;
    });
}

}  // namespace uprobesim
