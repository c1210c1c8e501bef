// SPDX-License-Identifier: GPL-2.0-or-later
// Names and order of the lines: show_smap in fs/proc/task_mmu.c, proc_pid_smaps(5).
#include "kernel_model/proc/smaps_text.h"

#include <fmt/format.h>

#include <sstream>

namespace uprobesim {

namespace {

constexpr std::uint64_t kPageKb = kPageSize / 1024;

struct Resident {
    std::uint64_t shared_clean = 0, shared_dirty = 0, private_clean = 0,
                  private_dirty = 0;  // pages
    std::uint64_t all() const {
        return shared_clean + shared_dirty + private_clean + private_dirty;
    }
};

Resident resident(Mm& mm, const Vma& vma) {
    Resident sum;
    const PhysicalMemory& memory = mm.machine().memory;
    mm.space().for_each_mapped(vma.range, [&](VAddr, const Translation& page) {
        const bool shared = memory.refs(page.frame) > 1;
        if (vma.file != nullptr && shared) {
            ++sum.shared_clean;  // the page cache has it too
        } else {
            ++(shared ? sum.shared_dirty : sum.private_dirty);
        }
    });
    return sum;
}

}  // namespace

std::string smaps_text(Mm& mm) {
    std::string text, line;
    std::istringstream lines(mm.maps_text());
    for (const auto& [begin, vma] : mm.vmas()) {
        std::getline(lines, line);
        const Resident r = resident(mm, vma);
        text += line + "\n";
        const auto row = [&](const char* name, std::uint64_t kb) {
            text += fmt::format("{:<16}{:8} kB\n", name, kb);
        };
        row("Size:", (vma.range.end - vma.range.begin) / 1024);
        row("KernelPageSize:", kPageKb);
        row("MMUPageSize:", kPageKb);
        row("Rss:", r.all() * kPageKb);
        row("Pss:", r.all() * kPageKb);
        row("Shared_Clean:", r.shared_clean * kPageKb);
        row("Shared_Dirty:", r.shared_dirty * kPageKb);
        row("Private_Clean:", r.private_clean * kPageKb);
        row("Private_Dirty:", r.private_dirty * kPageKb);
        row("Referenced:", r.all() * kPageKb);
        row("Anonymous:", (r.shared_dirty + r.private_dirty) * kPageKb);
        row("AnonHugePages:", 0);
        row("Swap:", 0);
        row("Locked:", 0);
    }
    return text;
}

}  // namespace uprobesim
