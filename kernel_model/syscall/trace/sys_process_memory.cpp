// SPDX-License-Identifier: GPL-2.0-or-later
// process_vm_readv, process_vm_writev and kcmp: looks into another process without stopping it.
#include <algorithm>
#include <vector>

#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/memory/remote.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/task/trace_access.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint64_t kMostParts = 1024;  // UIO_MAXIOV

SysResult<std::vector<Iovec>> parts_of(SysCall& call, VAddr at, std::uint64_t count) {
    if (count > kMostParts) return tl::make_unexpected(Errno::Inval);
    std::vector<Iovec> parts(count);
    std::uint64_t total = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto part = call.memory().get<Iovec>(at + i * sizeof(Iovec));
        if (!part) return tl::make_unexpected(Errno::Fault);
        if (static_cast<std::int64_t>(part->length) < 0) return tl::make_unexpected(Errno::Inval);
        parts[i] = *part;
        parts[i].length = std::min(part->length, kMaxRwCount - std::min(total, kMaxRwCount));
        total += parts[i].length;
    }
    return parts;
}

// The bytes of one part of the other process, through those of the caller's.
class Local {
public:
    Local(SysCall& call, const std::vector<Iovec>& parts) : call_(call), parts_(parts) {}
    std::uint64_t left() const {
        std::uint64_t sum = 0;
        for (std::size_t i = at_; i < parts_.size(); ++i) sum += parts_[i].length;
        return sum - offset_;
    }
    // False: part of the caller's memory is not accessible.
    bool move(std::span<std::byte> bytes, bool to_caller) {
        while (!bytes.empty()) {
            const Iovec& part = parts_[at_];
            const std::uint64_t n = std::min<std::uint64_t>(part.length - offset_, bytes.size());
            const VAddr place(part.base + offset_);
            UserMemory memory = call_.memory();
            const auto piece = bytes.first(n);
            if (n != 0 && !(to_caller ? memory.write(place, piece) : memory.read(place, piece)))
                return false;
            bytes = bytes.subspan(n);
            offset_ += n;
            if (offset_ == part.length) {
                ++at_;
                offset_ = 0;
            }
        }
        return true;
    }

private:
    SysCall& call_;
    const std::vector<Iovec>& parts_;
    std::size_t at_ = 0;
    std::uint64_t offset_ = 0;
};

SysOutcome move_memory(SysCall& call, bool writes) {
    if (call.args[5] != 0) return Errno::Inval;
    const auto local = TRY(parts_of(call, call.address(1), call.args[2]));
    Local own(call, local);
    if (own.left() == 0) return 0;
    const auto remote = TRY(parts_of(call, call.address(3), call.args[4]));
    Task* const task = call.find_task(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    if (!may_access(call.task, *task)) return Errno::Perm;
    Mm& mm = *task->process->mm;
    std::uint64_t done = 0;
    std::optional<Errno> failed;
    for (const Iovec& part : remote) {
        for (std::uint64_t at = 0; at < part.length && own.left() != 0 && !failed;) {
            const VAddr place(part.base + at);
            const std::uint64_t size =
                std::min({part.length - at, own.left(), kPageSize - place.page_offset()});
            std::vector<std::byte> bytes(size);
            if (writes && !own.move(bytes, false)) {
                failed = Errno::Fault;
                break;
            }
            const std::uint64_t moved =
                writes ? write_remote(mm, place, bytes, RemoteAccess::AsMapped, call.task.id)
                       : read_remote(mm, place, bytes, RemoteAccess::AsMapped, call.task.id);
            if (moved != size || (!writes && !own.move(bytes, true))) {
                failed = Errno::Fault;
                break;
            }
            at += size;
            done += size;
        }
        if (failed || own.left() == 0) break;
    }
    if (done == 0 && failed) return *failed;
    call.units = done;
    return done;
}
SysOutcome sys_process_vm_readv(SysCall& call) {
    return move_memory(call, false);
}
SysOutcome sys_process_vm_writev(SysCall& call) {
    return move_memory(call, true);
}

// The order of kernel objects is that of the tasks' numbers: the kernel's is that of addresses
// behind a secret, so that no order may be relied on.
std::uint64_t order_of(bool equal, const Task& a, const Task& b) {
    return equal ? 0u : a.id < b.id ? 1u : 2u;
}

SysOutcome sys_kcmp(SysCall& call) {
    enum Kind : std::uint32_t { File, Vm, Files, Fs, Sighand, Io, Sysvsem, EpollTarget };
    Task* const a = call.find_task(call.int32(0));
    Task* const b = call.find_task(call.int32(1));
    if (a == nullptr || b == nullptr) return Errno::Srch;
    if (!may_access(call.task, *a) || !may_access(call.task, *b)) return Errno::Perm;
    const bool one = a->process == b->process;
    switch (call.uint32(2)) {
        case File: {
            const auto x = a->process->files.share(static_cast<std::int32_t>(call.args[3]));
            const auto y = b->process->files.share(static_cast<std::int32_t>(call.args[4]));
            if (!x || !y) return Errno::Badf;
            if (x == y) return 0;
            return one ? SysOutcome(call.args[3] < call.args[4] ? 1u : 2u)
                       : SysOutcome(order_of(false, *a, *b));
        }
        case Vm: return order_of(a->process->mm == b->process->mm, *a, *b);
        case Files: return order_of(a->process->files.is(b->process->files), *a, *b);
        case Fs: return order_of(a->process->fs.is(b->process->fs), *a, *b);
        case Sighand: return order_of(a->process->actions.is(b->process->actions), *a, *b);
        case Io:
        case Sysvsem: return 0;  // neither has one
        default: return Errno::Inval;
    }
}

constexpr SyscallRow kProcessMemoryRows[] = {
    {270, "process_vm_readv", sys_process_vm_readv, Support::Full, KernelPath::SysReadFile, {}},
    {271, "process_vm_writev", sys_process_vm_writev, Support::Full, KernelPath::SysWriteFile, {}},
    {272, "kcmp", sys_kcmp, Support::Partial, KernelPath::SysPrctl, "without KCMP_EPOLL_TFD"},
};

}  // namespace

std::span<const SyscallRow> process_memory_syscalls() {
    return kProcessMemoryRows;
}

}  // namespace uprobesim
