// SPDX-License-Identifier: GPL-2.0-or-later
// Names and order of the lines: show_smap in fs/proc/task_mmu.c, proc_pid_smaps(5).
#include "kernel_model/proc/smaps_text.h"

#include <fmt/format.h>

#include <algorithm>
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

struct FlagName {
    const char* name;
    bool set;
};

// show_smap_vma_flags: in the order of the bits of vm_flags.
std::string flags_text(const Vma& vma) {
    const auto marked = [&](std::uint32_t bit) { return (vma.marks & bit) != 0; };
    // do_mmap: what is mapped of a description that may not write is not shared to the kernel.
    const bool shared = vma.shared && vma.may_write;
    const bool counted = vma.prot.write && !vma.shared && !vma.no_reserve;
    const FlagName names[] = {{"rd", vma.prot.read},
                              {"wr", vma.prot.write},
                              {"ex", vma.prot.exec},
                              {"sh", shared},
                              {"mr", true},
                              {"mw", vma.may_write},
                              {"me", true},
                              {"ms", vma.shared},
                              {"gd", vma.grows_down},
                              {"lo", marked(mark::kLocked)},
                              {"sr", marked(mark::kSequential)},
                              {"rr", marked(mark::kRandom)},
                              {"dc", vma.dont_copy || marked(mark::kDontFork)},
                              {"lf", marked(mark::kLockedOnFault)},
                              {"ac", counted},
                              {"nr", vma.no_reserve},
                              {"bt", vma.prot.guarded},
                              {"wf", marked(mark::kWipeOnFork)},
                              {"dd", marked(mark::kDontDump)},
                              {"hg", marked(mark::kHugePage)},
                              {"nh", marked(mark::kNoHugePage)},
                              {"mg", marked(mark::kMergeable)},
                              {"sl", marked(mark::kSealed)}};
    std::string text = "VmFlags: ";
    for (const auto& [name, set] : names) {
        if (set) text += std::string(name) + " ";
    }
    return text + "\n";
}

}  // namespace

std::string smaps_rollup_text(Mm& mm) {
    Resident sum;
    std::uint64_t locked = 0;
    for (const auto& [begin, vma] : mm.vmas()) {
        const Resident r = resident(mm, vma);
        if ((vma.marks & mark::kLocked) != 0) locked += r.all();
        sum.shared_clean += r.shared_clean;
        sum.shared_dirty += r.shared_dirty;
        sum.private_clean += r.private_clean;
        sum.private_dirty += r.private_dirty;
    }
    std::string text;
    if (!mm.vmas().empty())
        text = fmt::format("{:08x}-{:08x} ---p 00000000 00:00 0 ", mm.vmas().begin()->first.value,
                           mm.vmas().rbegin()->second.range.end.value);
    text.resize(std::max<std::size_t>(text.size(), 73), ' ');
    text += "[rollup]\n";
    const auto row = [&](const char* name, std::uint64_t pages) {
        text += fmt::format("{:<16}{:8} kB\n", name, pages * kPageKb);
    };
    row("Rss:", sum.all());
    row("Pss:", sum.all());
    row("Pss_Dirty:", sum.shared_dirty + sum.private_dirty);
    row("Shared_Clean:", sum.shared_clean);
    row("Shared_Dirty:", sum.shared_dirty);
    row("Private_Clean:", sum.private_clean);
    row("Private_Dirty:", sum.private_dirty);
    row("Referenced:", sum.all());
    row("Anonymous:", sum.shared_dirty + sum.private_dirty);
    for (const char* name : {"AnonHugePages:", "Swap:", "SwapPss:"}) row(name, 0);
    row("Locked:", locked);
    return text;
}

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
        row("Locked:", (vma.marks & mark::kLocked) != 0 ? r.all() * kPageKb : 0);
        text += flags_text(vma);
    }
    return text;
}

}  // namespace uprobesim
