// SPDX-License-Identifier: GPL-2.0-or-later
// fcntl.
#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/event/memory_file.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/syscall/files/pipe_rights.h"
#include "kernel_model/syscall/files/sys_lease.h"
#include "kernel_model/syscall/files/sys_lock.h"
#include "kernel_model/syscall/files/sys_owner.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

SysOutcome pipe_size(SysCall& call, File& file, bool sets) {
    auto* end = dynamic_cast<PipeEnd*>(&file);
    if (end == nullptr) return bad_descriptor(call);
    if (!sets) return end->pipe()->size();
    auto size = end->pipe()->resize(call.uint32(2), pipe_rights(call));
    return size ? SysOutcome(*size) : SysOutcome(size.error());
}

// Whether some shared mapping could write to the file (i_mmap_writable).
bool mapped_for_writing(SysCall& call, const FileBacking* backing) {
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        if (process->mm == nullptr) continue;
        for (const auto& [begin, vma] : process->mm->vmas()) {
            if (vma.file.get() == backing && vma.shared && vma.may_write) return true;
        }
    }
    return false;
}

SysOutcome file_seals(SysCall& call, File& file, bool adds) {
    auto* memory = dynamic_cast<MemoryFile*>(&file);
    if (memory == nullptr) return Errno::Inval;
    if (!adds) return std::uint64_t{memory->seals()};
    if (!may(file, Direction::Write)) return Errno::Perm;
    auto done =
        memory->add_seals(call.uint32(2), mapped_for_writing(call, memory->backing().get()));
    return done ? SysOutcome(0) : SysOutcome(done.error());
}

SysOutcome duplicate(SysCall& call, const std::shared_ptr<File>& file, bool close_on_exec) {
    const auto fd = TRY(call.process.files.add(file, close_on_exec, call.int32(2)));
    return static_cast<std::uint64_t>(fd);
}

// setfl
SysOutcome set_flags(SysCall& call, File& file) {
    constexpr std::uint32_t kSettable = kOAppend | kONonblock | kONoatime | kODirect;
    const std::uint32_t given = call.uint32(2), changed = given ^ file.flags;
    if ((changed & kOAppend) != 0) {
        const auto status = file.status();
        if (status && append_only(*status)) return Errno::Perm;
    }
    if ((changed & given & kONoatime) != 0) {
        const auto status = TRY(file.status());
        if (!call.cred().owns(status)) return Errno::Perm;
    }
    if ((changed & kOAsync) != 0) set_async(call, file, (given & kOAsync) != 0);
    file.flags = (file.flags & ~kSettable) | (given & kSettable);
    return 0;
}

// fcntl_set_rw_hint
SysOutcome write_hint(SysCall& call, File& file, bool sets) {
    UserMemory memory = call.memory();
    if (!sets)
        return memory.put(call.address(2), file.write_hint()) ? SysOutcome(0)
                                                              : SysOutcome(Errno::Fault);
    const auto status = TRY(file.status());
    if (!call.cred().owns(status)) return Errno::Perm;
    const auto hint = memory.get<std::uint64_t>(call.address(2));
    if (!hint) return Errno::Fault;
    if (*hint > kMostWriteHint) return Errno::Inval;
    file.write_hint() = *hint;
    return 0;
}

SysOutcome sys_fcntl(SysCall& call) {
    FdTable::Entry* entry = call.process.files.entry(call.int32(0));
    if (entry == nullptr) return bad_descriptor(call);
    const std::uint32_t command = call.uint32(1);
    const std::shared_ptr<File> file = entry->file;
    // check_fcntl_cmd: of a description that is a place only.
    constexpr std::uint32_t kOfPlaces[] = {kFCreatedQuery, kFDupfd, kFDupfdCloexec, kFDupfdQuery,
                                           kFGetfd,        kFSetfd, kFGetfl};
    if ((file->flags & kOPath) != 0 && std::ranges::find(kOfPlaces, command) == std::end(kOfPlaces))
        return bad_descriptor(call);
    switch (command) {
        case kFDupfd:
        case kFDupfdCloexec:
            if (call.int32(2) < 0 || call.args[2] >= call.process.files.limit())
                return Errno::Inval;
            call.path = KernelPath::SysDup;
            return duplicate(call, file, command == kFDupfdCloexec);
        case kFGetfd: return entry->close_on_exec ? kFdCloexec : 0u;
        case kFSetfd: entry->close_on_exec = (call.args[2] & kFdCloexec) != 0; return 0;
        case kFGetfl:
            if ((file->flags & kOPath) != 0) return std::uint64_t{file->flags & ~kOCloexec};
            return std::uint64_t{file->flags &
                                 ~(kOCreat | kOExcl | kOTrunc | kONoctty | kOCloexec)};
        case kFSetfl: return set_flags(call, *file);
        case kFDupfdQuery: {
            const File* const other = call.process.files.get(call.int32(2));
            return other != nullptr ? SysOutcome(std::uint64_t{other == file.get()})
                                    : bad_descriptor(call);
        }
        case kFCreatedQuery: return std::uint64_t{file->created};
        case kFGetRwHint: return write_hint(call, *file, false);
        case kFSetRwHint: return write_hint(call, *file, true);
        case kFGetlk: return range_lock(call, file, LockCommand::Get, false);
        case kFSetlk: return range_lock(call, file, LockCommand::Set, false);
        case kFSetlkw: return range_lock(call, file, LockCommand::SetAndWait, false);
        case kFOfdGetlk: return range_lock(call, file, LockCommand::Get, true);
        case kFOfdSetlk: return range_lock(call, file, LockCommand::Set, true);
        case kFOfdSetlkw: return range_lock(call, file, LockCommand::SetAndWait, true);
        case kFSetown: return set_owner(call, *file, call.int32(2));
        case kFGetown: return get_owner(call, *file);
        case kFSetownEx: return set_owner_ex(call, *file, call.address(2));
        case kFGetownEx: return get_owner_ex(call, *file, call.address(2));
        case kFSetsig: return set_owner_signal(*file, call.int32(2));
        case kFGetsig: return get_owner_signal(*file);
        case kFSetlease: return set_lease(call, file, call.int32(2));
        case kFGetlease: return get_lease(call, *file);
        case kFNotify: return notify_directory(call, file, call.uint32(2));
        case kFSetpipeSz: return pipe_size(call, *file, true);
        case kFGetpipeSz: return pipe_size(call, *file, false);
        case kFAddSeals: return file_seals(call, *file, true);
        case kFGetSeals: return file_seals(call, *file, false);
        default:
            call.kernel.counters().note_unmodelled(fmt::format("fcntl command {}", command),
                                                   "answered EINVAL");
            return Errno::Inval;
    }
}

constexpr SyscallRow kFcntlRows[] = {
    {25, "fcntl", sys_fcntl, Support::Full, KernelPath::SysFcntl, ""},
};

}  // namespace

std::span<const SyscallRow> fcntl_syscalls() {
    return kFcntlRows;
}

}  // namespace uprobesim
