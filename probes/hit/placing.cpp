// SPDX-License-Identifier: GPL-2.0-or-later
// Breakpoints come and go with mappings: uprobe_mmap, uprobe_munmap and what is freed at the end.
// Those of processes that run already: registering.cpp.
// A breakpoint is stored in a copy of its page, which takes the place of the page that was there,
// be it the file's or the copy of the breakpoint before (__replace_page). So each one costs a page
// copied and synchronised, and each but the last of a page leaves one to be freed. All is charged
// to Account::ProbePlace. Left out: page tables, which the kernel makes for an early fault and the
// program would have needed later; pid filters, of which the tool has none.
#include <optional>

#include "kernel_model/memory/peek.h"
#include "probes/hit/place_watch.h"
#include "probes/hit/probe_state.h"
#include "probes/hit/probed_mappings.h"
#include "probes/hit/uprobes.h"
#include "probes/slots/breakpoint.h"
#include "sim/insn/decoder.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {
namespace {

// The file's page with the instruction, in the page cache.
tl::expected<PAddr, PlaceMiss> page_of(const Vma& vma, std::uint64_t offset) {
    if (offset >= vma.file->size()) return tl::make_unexpected(PlaceMiss::Unreadable);
    const auto page = vma.file->page(offset / kPageSize);
    if (page) return *page;
    return tl::make_unexpected(page.error() == Errno::NoMem ? PlaceMiss::NoMemory
                                                            : PlaceMiss::Unreadable);
}

}  // namespace

PlaceMiss why_not(const Vma& vma, const Uprobe& uprobe) {
    const auto page = page_of(vma, uprobe.offset);
    return page ? PlaceMiss::NoMemory : page.error();
}

bool has_breakpoint(Mm& mm, VAddr pc) {
    return peek_value<std::uint32_t>(mm, pc) == kUprobeBrk;
}

void Uprobes::on_map(Process& process, const Vma& vma) {
    if (places_ != nullptr) places_->mapped(vma);
    if (!registered_ || uprobes_.empty() || process.tasks.empty() || !vma.file || !vma.name.empty())
        return;
    Task& task = *process.tasks.begin()->second;
    settle_semaphores(process, task, vma);
    if (!may_hold(vma)) {
        if (!vma.shared) spend_placing(task, KernelPath::UprobeMapData);
        return;
    }
    spend_placing(task, KernelPath::UprobeMapCheck);
    const auto file = by_file_.find(vma.file->key());
    if (file == by_file_.end()) return;
    bool any = false;
    for_each_in(file->second, vma, [&](Uprobe& uprobe, VAddr at) {
        if (has_breakpoint(*process.mm, at)) {
            spend_placing(task, KernelPath::UprobePlaceAgain);
            any = true;
            return;
        }
        if (const auto miss = place(process, task, vma, at, uprobe)) {
            ++uprobe.not_placed[static_cast<std::size_t>(*miss)];  // silently, as in the kernel
            return;
        }
        if (!any) spend_placing(task, KernelPath::UprobePlaceMapping);
        any = true;
        ++uprobe.placed;
        probes_of(process).has_uprobes = true;
        note_semaphore(process, task, uprobe);
    });
}

// prepare_uprobe: what the file has there when the first breakpoint is placed is what is stepped or
// emulated from then on, whatever is written to the file later.
std::optional<PlaceMiss> Uprobes::prepare(Uprobe& uprobe, const Vma& vma) {
    if (uprobe.prepared) return std::nullopt;
    const auto page = page_of(vma, uprobe.offset);
    if (!page) return page.error();
    const auto bytes = kernel_.machine().memory.bytes(*page);
    const std::uint64_t in_page = uprobe.offset % kPageSize;
    std::uint32_t word = 0;
    for (std::uint64_t i = 0; i < sizeof word; ++i)
        word |= static_cast<std::uint32_t>(bytes[in_page + i]) << (8 * i);
    if (word != uprobe.word) {
        const Verdict decision = decide(word, kernel_.machine().kernel_profile);
        if (decision.kind == VerdictKind::Reject) return PlaceMiss::Refused;
        uprobe.word = word;
        uprobe.verdict = decision;
        uprobe.instruction = Decoder().disassemble(word, uprobe.offset);
    }
    uprobe.prepared = true;
    return std::nullopt;
}

// install_breakpoint
std::optional<PlaceMiss> Uprobes::place(Process& process, Task& task, const Vma& vma, VAddr at,
                                        Uprobe& uprobe) {
    if (const auto miss = prepare(uprobe, vma)) return miss;
    Mm& mm = *process.mm;
    // get_user_pages reads the page in, with those around it: a fault that the program does not
    // take later, unless it never comes to these pages. Without PROT_READ it may read all the same.
    if (!mm.space().lookup(at))
        static_cast<void>(mm.fault(at, Access::Read, task.id, Account::ProbePlace));
    const bool replaces_copy = mm.has_own_page(at);
    if (!mm.poke_text(at, kUprobeBrk, task.id)) return why_not(vma, uprobe);
    ProcessProbes& probes = probes_of(process);
    if (vma.prot.exec) {
        spend_placing(task, KernelPath::UprobePlace);
        if (!replaces_copy) spend_placing(task, KernelPath::UprobePlacePage);
    } else {
        spend_placing(task, KernelPath::UprobePlaceRead);
        probes.not_synchronised.insert(at.page().value);
    }
    ++probes.copied;
    if (replaces_copy) ++probes.replaced;
    if (probes.copied == lru_batch_pages(kernel_.machine().kernel_profile.lru_batch))
        free_replaced(task, probes);
    return std::nullopt;
}

// folio_batch_move_lru, and the last reference of pages that are mapped no more
void Uprobes::free_replaced(Task& task, ProcessProbes& probes) {
    if (probes.copied != 0) spend_placing(task, KernelPath::UprobePlaceBatch, probes.copied);
    if (probes.replaced != 0) spend_placing(task, KernelPath::UprobePlaceFree, probes.replaced);
    probes.copied = probes.replaced = 0;
}

// The copies that are freed with the mappings of the range, which have been cut at its ends; those
// that a fork shares are not.
std::uint64_t Uprobes::copies_in(Mm& mm, VRange range) const {
    std::uint64_t copies = 0;
    for (auto it = mm.vmas().lower_bound(range.begin);
         it != mm.vmas().end() && it->first < range.end; ++it) {
        const Vma& vma = it->second;
        if (!may_hold(vma)) continue;
        const auto file = by_file_.find(vma.file->key());
        if (file == by_file_.end()) continue;
        std::optional<VAddr> last;
        for_each_in(file->second, vma, [&](const Uprobe&, VAddr at) {
            if (last == at.page() || !has_breakpoint(mm, at) || !mm.has_own_page(at)) return;
            last = at.page();
            ++copies;
        });
    }
    return copies;
}

std::uint64_t Uprobes::on_unmap(Process& process, VRange range) {
    if (!registered_ || uprobes_.empty() || process.tasks.empty()) return 0;
    Task& task = *process.tasks.begin()->second;
    Mm& mm = *process.mm;
    for (auto it = mm.vmas().lower_bound(range.begin);
         it != mm.vmas().end() && it->first < range.end; ++it) {
        if (may_hold(it->second)) spend_placing(task, KernelPath::UprobeUnmapCheck);
    }
    if (!mm.extension) return 0;
    ProcessProbes& probes = probes_of(process);
    for (auto& line : probes.cache) {
        if (range.contains(VAddr(line.pc))) line = {};
    }
    const std::uint64_t copies = copies_in(mm, range);
    if (copies == 0) return 0;
    free_replaced(task, probes);
    spend_placing(task, KernelPath::UprobePlaceFree, copies);
    return copies;
}

// __sync_icache_dcache of copies that became executable.
void Uprobes::on_executable(Process& process, VRange range) {
    if (!process.mm->extension || process.tasks.empty()) return;
    auto& waiting = probes_of(process).not_synchronised;
    const auto end = waiting.lower_bound(range.end.value);
    for (auto it = waiting.lower_bound(range.begin.value); it != end; it = waiting.erase(it))
        spend_placing(*process.tasks.begin()->second, KernelPath::UprobePlacePage);
}

void Uprobes::on_memory_end(Task& task, Mm& mm) {
    if (!mm.extension) return;
    auto& probes = static_cast<ProcessProbes&>(*mm.extension);
    free_replaced(task, probes);
    if (const std::uint64_t copies = copies_in(mm, {VAddr(0), Mm::kTaskSize}); copies != 0)
        spend_placing(task, KernelPath::UprobePlaceFree, copies);
    if (probes.area) spend_placing(task, KernelPath::UprobeAreaFree);
}

}  // namespace uprobesim
