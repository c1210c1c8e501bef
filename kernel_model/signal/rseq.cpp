// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/signal/rseq.h"

#include <cstddef>
#include <set>
#include <utility>

#include "kernel_model/abi/sched.h"
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {
namespace {

using namespace abi;

template <class T>
bool put_member(UserMemory& memory, VAddr area, std::size_t offset, T value) {
    return memory.put(area + offset, value);
}

bool put_ids(UserMemory& memory, VAddr area, const Rseq& ids) {
    return put_member(memory, area, offsetof(Rseq, cpu_id_start), ids.cpu_id_start) &&
           put_member(memory, area, offsetof(Rseq, cpu_id), ids.cpu_id) &&
           put_member(memory, area, offsetof(Rseq, node_id), ids.node_id) &&
           put_member(memory, area, offsetof(Rseq, mm_cid), ids.mm_cid);
}

bool put_section(UserMemory& memory, VAddr area, std::uint64_t section) {
    return put_member(memory, area, offsetof(Rseq, rseq_cs), section);
}

// The descriptor of a critical section as rseq_get_rseq_cs judges it.
bool valid(UserMemory& memory, const RseqCs& section, std::uint32_t signature) {
    const std::uint64_t top = Mm::kTaskSize.value;
    if (section.version != 0 || section.start_ip >= top || section.abort_ip >= top ||
        section.post_commit_offset >= top - section.start_ip)
        return false;
    if (section.abort_ip - section.start_ip < section.post_commit_offset) return false;
    const auto before = memory.get<std::uint32_t>(VAddr(section.abort_ip - sizeof signature));
    return before && *before == signature;
}

// rseq_ip_fixup. False: something of the area or of the descriptor is wrong.
bool leave_section(Kernel& kernel, Task& task) {
    UserMemory memory(*task.process->mm, task.id, task.tif_tagged_addr);
    const RseqState& state = task.rseq;
    const auto at = memory.get<std::uint64_t>(state.area + offsetof(Rseq, rseq_cs));
    if (!at) return false;
    if (*at == 0) return true;
    if (*at >= Mm::kTaskSize.value) return false;
    const auto section = memory.get<RseqCs>(VAddr(*at));
    if (!section || !valid(memory, *section, state.signature)) return false;
    Cpu& cpu = *kernel.machine().cpu;
    const std::uint64_t pc = cpu.read(task.context, Reg::Pc);
    // It has been left already, and forgets the descriptor the lazy way.
    if (pc - section->start_ip >= section->post_commit_offset)
        return put_section(memory, state.area, 0);
    // Flags that would keep the section were withdrawn.
    const auto flags = memory.get<std::uint32_t>(state.area + offsetof(Rseq, flags));
    if (!flags || *flags != 0 || section->flags != 0) return false;
    if (!std::exchange(task.rseq.disturbed, false)) return true;
    if (!put_section(memory, state.area, 0)) return false;
    cpu.write(task.context, Reg::Pc, section->abort_ip);
    return true;
}

// The lowest one that no other task of the process has that runs now.
std::uint32_t free_memory_id(Kernel& kernel, const Task& task) {
    std::set<std::uint32_t> taken;
    for (const SimCpu& cpu : kernel.scheduler().cpus()) {
        const Task* other = cpu.running;
        if (other != nullptr && other != &task && other->process == task.process)
            taken.insert(other->rseq.memory_id);
    }
    std::uint32_t id = 0;
    while (taken.contains(id)) ++id;
    return id;
}

SysResult<void> unregister(Task& task, VAddr area, std::uint32_t length, std::uint32_t flags,
                           std::uint32_t signature) {
    const RseqState& state = task.rseq;
    if (flags != kRseqFlagUnregister || state.area == VAddr(0) || state.area != area ||
        state.length != length)
        return tl::make_unexpected(Errno::Inval);
    if (state.signature != signature) return tl::make_unexpected(Errno::Perm);
    UserMemory memory(*task.process->mm, task.id, task.tif_tagged_addr);
    if (!put_ids(memory, area, {.cpu_id = kRseqCpuUninitialized}))
        return tl::make_unexpected(Errno::Fault);
    task.rseq = {};
    return {};
}

}  // namespace

SysResult<void> register_rseq(Task& task, VAddr area, std::uint32_t length, std::uint32_t flags,
                              std::uint32_t signature) {
    if ((flags & kRseqFlagUnregister) != 0) return unregister(task, area, length, flags, signature);
    if (flags != 0) return tl::make_unexpected(Errno::Inval);
    if (task.rseq.area != VAddr(0)) {
        if (task.rseq.area != area || task.rseq.length != length)
            return tl::make_unexpected(Errno::Inval);
        return tl::make_unexpected(task.rseq.signature != signature ? Errno::Perm : Errno::Busy);
    }
    if (length < kRseqFirstSize || area.value % kRseqAlign != 0)
        return tl::make_unexpected(Errno::Inval);
    UserMemory memory(*task.process->mm, task.id, task.tif_tagged_addr);
    // What an earlier user left there must not be taken for a critical section.
    if (!put_section(memory, area, 0)) return tl::make_unexpected(Errno::Fault);
    task.rseq = {.area = area, .length = length, .signature = signature};
    disturb_rseq(task);
    return {};
}

void disturb_rseq(Task& task) {
    if (task.rseq.area == VAddr(0)) return;
    task.rseq.disturbed = task.tif_notify_resume = true;
}

bool leave_rseq_for_handler(Kernel& kernel, Task& task) {
    if (task.rseq.area == VAddr(0)) return true;
    task.rseq.disturbed = true;
    return leave_section(kernel, task);
}

void resume_rseq(Kernel& kernel, Task& task) {
    task.tif_notify_resume = false;
    if (task.rseq.area == VAddr(0)) return;
    const std::uint32_t cpu = kernel.scheduler().here().id;
    task.rseq.memory_id = free_memory_id(kernel, task);
    UserMemory memory(*task.process->mm, task.id, task.tif_tagged_addr);
    if (!leave_section(kernel, task) ||
        !put_ids(memory, task.rseq.area,
                 {.cpu_id_start = cpu, .cpu_id = cpu, .node_id = 0, .mm_cid = task.rseq.memory_id}))
        kernel.signals().force(task, {.signal = Signal::Segv, .code = kSiKernel});
    task.rseq.disturbed = false;
}

}  // namespace uprobesim
