// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/meminfo and /proc/vmstat: names and order as fs/proc/meminfo.c and mm/vmstat.c of
// Linux 6.12 have them. The model has one zone, no swap and no reclaim.
#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/memory/memory_rules.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/sysctl/sysctls.h"
#include "kernel_model/task/budgets.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

namespace {

struct Use {
    std::uint64_t pages = 0, tasks = 0;
};

Use use_of(const ProcContext& c) {
    Use sum;
    if (c.system == nullptr) return sum;
    for (const auto& [pid, process] : c.system->processes()) {
        sum.tasks += process->tasks.size();
        if (process->mm != nullptr) sum.pages += process->mm->resident_pages();
    }
    return sum;
}

std::uint64_t commit_limit(const ProcContext& c) {
    MemoryRules rules;
    if (c.system != nullptr) {
        const auto number = [&](std::string_view name) {
            return static_cast<std::uint64_t>(c.system->sysctls(name).number(name));
        };
        rules.ratio = number("vm/overcommit_ratio");
        rules.kilobytes = number("vm/overcommit_kbytes");
    }
    return rules.commit_limit(c.machine.memory.limit_bytes());
}

}  // namespace

std::string proc_meminfo(const ProcContext& c) {
    constexpr std::uint64_t kKb = 1024;
    const std::uint64_t total = c.machine.memory.limit_bytes() / kKb;
    const std::uint64_t free = c.machine.memory.free_bytes() / kKb;
    const Use use = use_of(c);
    const std::uint64_t pages = std::min(use.pages * (kPageSize / kKb), total - free);
    std::string text;
    const auto row = [&](std::string_view name, std::uint64_t kb) {
        text += fmt::format("{:<15} {:8} kB\n", fmt::format("{}:", name), kb);
    };
    const auto none = [&](std::initializer_list<std::string_view> names) {
        for (const std::string_view name : names) row(name, 0);
    };
    row("MemTotal", total);
    row("MemFree", free);
    row("MemAvailable", free);
    none({"Buffers", "Cached", "SwapCached"});
    row("Active", pages);
    row("Inactive", 0);
    row("Active(anon)", pages);
    none({"Inactive(anon)", "Active(file)", "Inactive(file)", "Unevictable", "Mlocked", "SwapTotal",
          "SwapFree", "Dirty", "Writeback"});
    row("AnonPages", pages);
    none({"Mapped", "Shmem", "KReclaimable"});
    row("Slab", total - free - pages);
    row("SReclaimable", 0);
    row("SUnreclaim", total - free - pages);
    row("KernelStack", use.tasks * 16);
    none({"PageTables", "SecPageTables", "NFS_Unstable", "Bounce", "WritebackTmp"});
    row("CommitLimit", commit_limit(c) / kKb);
    row("Committed_AS", total - free);
    row("VmallocTotal", 133141626880);
    none({"VmallocUsed", "VmallocChunk", "Percpu", "AnonHugePages", "ShmemHugePages",
          "ShmemPmdMapped", "FileHugePages", "FilePmdMapped"});
    return text +
           "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
           "HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n";
}

// The one node has all of it (node_read_meminfo).
std::string node_meminfo(const ProcContext& c) {
    constexpr std::uint64_t kKb = 1024;
    const std::uint64_t total = c.machine.memory.limit_bytes() / kKb;
    const std::uint64_t free = c.machine.memory.free_bytes() / kKb;
    std::string text;
    const auto row = [&](std::string_view name, std::uint64_t kb) {
        text += fmt::format("Node 0 {:<15} {:8} kB\n", fmt::format("{}:", name), kb);
    };
    row("MemTotal", total);
    row("MemFree", free);
    row("MemUsed", total - free);
    for (const char* name :
         {"SwapCached", "Active", "Inactive", "Active(anon)", "Inactive(anon)", "Active(file)",
          "Inactive(file)", "Unevictable", "Mlocked", "Dirty", "Writeback", "FilePages", "Mapped"})
        row(name, 0);
    row("AnonPages", std::min(use_of(c).pages * (kPageSize / kKb), total - free));
    return text;
}

// node_read_numastat: each page that was asked for came from here.
std::string node_numastat(const ProcContext& c) {
    const Charges all = c.machine.ledger.total();
    const std::uint64_t faults =
        all.exceptions[static_cast<std::size_t>(ExceptionClass::DataAbort)] +
        all.exceptions[static_cast<std::size_t>(ExceptionClass::InsnAbort)];
    return fmt::format(
        "numa_hit {0}\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node {0}\n"
        "other_node 0\n",
        faults);
}

std::string proc_vmstat(const ProcContext& c) {
    const std::uint64_t free = c.machine.memory.free_bytes() / kPageSize;
    const Use use = use_of(c);
    std::string text;
    const auto row = [&](std::string_view name, std::uint64_t count) {
        text += fmt::format("{} {}\n", name, count);
    };
    row("nr_free_pages", free);
    for (const char* name :
         {"nr_zone_inactive_anon", "nr_zone_active_anon", "nr_zone_inactive_file",
          "nr_zone_active_file", "nr_zone_unevictable", "nr_mlock", "nr_inactive_anon",
          "nr_active_anon", "nr_inactive_file", "nr_active_file", "nr_unevictable"})
        row(name, 0);
    row("nr_anon_pages", use.pages);
    for (const char* name : {"nr_mapped", "nr_file_pages", "nr_dirty", "nr_writeback", "nr_shmem",
                             "pgpgin", "pgpgout", "pswpin", "pswpout", "pgalloc_normal", "pgfree"})
        row(name, 0);
    const Charges all = c.machine.ledger.total();
    row("pgfault", all.exceptions[static_cast<std::size_t>(ExceptionClass::DataAbort)] +
                       all.exceptions[static_cast<std::size_t>(ExceptionClass::InsnAbort)]);
    for (const char* name : {"pgmajfault", "pgscan_kswapd", "pgsteal_kswapd", "oom_kill",
                             "thp_fault_alloc", "compact_stall"})
        row(name, 0);
    return text;
}

}  // namespace uprobesim
