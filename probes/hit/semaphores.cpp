// SPDX-License-Identifier: GPL-2.0-or-later
// USDT semaphores, the kernel's reference counters (update_ref_ctr): 16-bit counters in a program's
// data, by which it learns that a probe is attached. Each process that a probe is placed in has its
// counter increased once, as soon as its file's writable private mapping is there; ld.so makes it
// after that of the text (delayed_uprobe_install). A child of fork has its parent's counters.
#include <algorithm>
#include <cstring>
#include <utility>

#include "probes/hit/probe_state.h"
#include "probes/hit/uprobes.h"

namespace uprobesim {
namespace {

// valid_ref_ctr_vma
bool can_hold(const Vma& vma, const Uprobe& uprobe) {
    return vma.file && vma.file->key() == uprobe.file && vma.prot.write && !vma.shared &&
           *uprobe.semaphore >= vma.file_offset &&
           *uprobe.semaphore - vma.file_offset < vma.range.size();
}

}  // namespace

bool Uprobes::increase(Process& process, Task& task, const Vma& vma, const Uprobe& uprobe) {
    Mm& mm = *process.mm;
    const VAddr at = vma.range.begin + (*uprobe.semaphore - vma.file_offset);
    std::uint16_t counter = 0;
    if (at.page_offset() > kPageSize - sizeof counter) return false;  // not aligned
    const auto usable = [&] {
        const auto page = mm.space().lookup(at);
        return page && page->prot.write ? page : decltype(page)();
    };
    if (!usable() &&
        mm.fault(at, Access::Write, task.id, Account::ProbePlace) != FaultResult::Resolved)
        return false;
    const auto page = usable();
    if (!page) return false;
    const auto bytes = mm.space().memory().bytes(page->frame).subspan(at.page_offset());
    std::memcpy(&counter, bytes.data(), sizeof counter);
    ++counter;
    std::memcpy(bytes.data(), &counter, sizeof counter);
    mm.space().memory().note_write(page->frame);
    return true;
}

void Uprobes::note_semaphore(Process& process, Task& task, const Uprobe& uprobe) {
    if (!uprobe.semaphore) return;
    for (const auto& [begin, vma] : process.mm->vmas()) {
        if (!can_hold(vma, uprobe)) continue;
        increase(process, task, Vma(vma), uprobe);
        return;
    }
    probes_of(process).delayed.push_back(&uprobe);
}

void Uprobes::settle_semaphores(Process& process, Task& task, const Vma& vma) {
    if (find_probes(process) == nullptr) return;
    auto delayed = std::exchange(probes_of(process).delayed, {});
    std::erase_if(delayed, [&](const Uprobe* uprobe) {
        return can_hold(vma, *uprobe) && increase(process, task, vma, *uprobe);
    });
    probes_of(process).delayed = std::move(delayed);
}

}  // namespace uprobesim
