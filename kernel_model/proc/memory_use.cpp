// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/proc/memory_use.h"

#include <fmt/format.h>

#include "kernel_model/memory/shared_memory.h"

namespace uprobesim {
namespace {

void add_pages(MemoryUse& use, Mm& mm, const Vma& vma) {
    const PhysicalMemory& memory = mm.machine().memory;
    const bool shared_memory =
        vma.file != nullptr && vma.file->key().device == SharedMemory::kDevice;
    mm.space().for_each_mapped(vma.range, [&](VAddr, const Translation& page) {
        // A file's page that the mapping shares is in the page cache too.
        const bool cached = vma.file != nullptr && (vma.shared || memory.refs(page.frame) > 1);
        ++(!cached ? use.anonymous : shared_memory ? use.shared : use.of_files);
    });
}

// data_vm, stack_vm, exec_vm; the program's own text is told apart from that of libraries.
void add_mapping(MemoryUse& use, const Process& process, const Vma& vma) {
    const std::uint64_t bytes = vma.range.size();
    if (vma.grows_down) {
        use.stack += bytes;
    } else if (vma.prot.exec && !vma.prot.write) {
        const bool own = vma.file != nullptr && vma.file->path() == process.exe;
        (own ? use.program : use.libraries) += bytes;
    } else if (vma.prot.write && !vma.shared) {
        use.data += bytes;
    }
}

}  // namespace

MemoryUse memory_use(const Process& process) {
    MemoryUse use;
    for (const auto& [begin, vma] : process.mm->vmas()) {
        add_pages(use, *process.mm, vma);
        add_mapping(use, process, vma);
    }
    return use;
}

std::string memory_lines(const Process& process) {
    const Mm& mm = *process.mm;
    const MemoryUse use = memory_use(process);
    constexpr std::uint64_t kKb = 1024, kPageKb = kPageSize / kKb;
    const std::uint64_t size = mm.mapped_bytes() / kKb, resident = mm.resident_pages() * kPageKb;
    std::string text;
    const auto line = [&](std::string_view name, std::uint64_t kb) {
        text += fmt::format("{}:\t{:8} kB\n", name, kb);
    };
    line("VmPeak", mm.peak_bytes() / kKb);
    line("VmSize", size);
    line("VmLck", mm.locked_bytes() / kKb);
    line("VmPin", 0);
    line("VmHWM", mm.peak_pages() * kPageKb);
    line("VmRSS", resident);
    line("RssAnon", use.anonymous * kPageKb);
    line("RssFile", use.of_files * kPageKb);
    line("RssShmem", use.shared * kPageKb);
    line("VmData", use.data / kKb);
    line("VmStk", use.stack / kKb);
    line("VmExe", use.program / kKb);
    line("VmLib", use.libraries / kKb);
    line("VmPTE", mm.space().table_pages() * kPageKb);
    line("VmSwap", 0);
    return text + "CoreDumping:\t0\nTHP_enabled:\t1\n";
}

}  // namespace uprobesim
