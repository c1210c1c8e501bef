// SPDX-License-Identifier: GPL-2.0-or-later
// File handles (fs/fhandle.c), as a tmpfs gives them: of a file that has a name.
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/event/file_handle.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint32_t kMaxHandleBytes = 128;
constexpr std::size_t kMostHandles = 4096;

struct HandleHead {
    std::uint32_t bytes;
    std::int32_t type;
};

SysOutcome sys_name_to_handle_at(SysCall& call) {
    constexpr std::uint32_t kHandleFid = 0x200;
    const std::uint32_t flags = call.uint32(4);
    if ((flags & ~(kAtSymlinkFollow | kAtEmptyPath | kHandleFid)) != 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), flags));
    std::shared_ptr<Dentry> entry;
    FileStatus status;
    if (p.file) {
        entry = p.file->dentry;
        status = TRY(p.file->status());
    } else {
        const bool follows = (flags & kAtSymlinkFollow) != 0;
        const auto opened =
            call.kernel.files().open(p.caller, p.path, kOPath | (follows ? 0 : kONofollow), 0);
        if (!opened) return named(call, p, opened);
        entry = opened->file->dentry;
        status = TRY(opened->file->status());
    }
    UserMemory memory = call.memory();
    auto head = memory.get<HandleHead>(call.address(2));
    if (!head) return Errno::Fault;
    if (head->bytes > kMaxHandleBytes) return Errno::Inval;
    if (!entry) return Errno::NotSup;
    const bool fits = head->bytes >= kHandleBytes;
    *head = {kHandleBytes, kHandleType};
    const HandleWords words = handle_of(status.inode);
    if (!memory.put(call.address(3), mount_of(*entry) ? mount_of(*entry)->id : 0) ||
        !memory.put(call.address(2), *head) ||
        (fits && !memory.put(call.address(2) + sizeof *head, words)))
        return Errno::Fault;
    if (!fits) return Errno::Overflow;
    auto& handles = call.kernel.handles();
    if (handles.size() >= kMostHandles) handles.erase(handles.begin());
    handles[{0, status.inode}] = entry;
    return 0;
}

// Handles are looked up in the file system of the descriptor that is given with them.
bool on_same_system(const Dentry* from, const Dentry& file) {
    if (from == nullptr) return false;
    const auto &near = mount_of(*from), &far = mount_of(file);
    return near == nullptr || far == nullptr || near->super == far->super;
}

SysOutcome sys_open_by_handle_at(SysCall& call) {
    UserMemory memory = call.memory();
    const auto head = memory.get<HandleHead>(call.address(1));
    if (!head) return Errno::Fault;
    if (head->bytes > kMaxHandleBytes || head->bytes == 0) return Errno::Inval;
    const auto near = call.process.files.share(call.int32(0));
    if (call.int32(0) != kAtFdcwd && !near) return bad_descriptor(call);
    if (!call.capable(Capability::DacReadSearch)) return Errno::Perm;
    const auto words = memory.get<HandleWords>(call.address(1) + sizeof *head);
    if (!words) return Errno::Fault;
    const std::uint64_t inode = (*words)[1] | std::uint64_t{(*words)[2]} << 32;
    const auto known = call.kernel.handles().find({0, inode});
    if (head->bytes != kHandleBytes || known == call.kernel.handles().end() ||
        known->second->removed())
        return Errno::Stale;
    const std::shared_ptr<Dentry> from =
        near ? near->dentry : TRY(call.kernel.files().directory(call.caller(), "."));
    if (!on_same_system(from.get(), *known->second)) return Errno::Stale;
    Caller caller = call.caller();
    caller.root = nullptr;
    const std::uint32_t flags = call.uint32(2);
    // What the handle stands for may be a link itself.
    auto opened =
        TRY(call.kernel.files().open(caller, known->second->path(), flags | kONofollow, 0));
    auto fd = TRY(call.process.files.add(std::move(opened.file), (flags & kOCloexec) != 0));
    return static_cast<std::uint64_t>(fd);
}

constexpr SyscallRow kHandleRows[] = {
    {264, "name_to_handle_at", sys_name_to_handle_at, Support::Full, KernelPath::SysStat, ""},
    {265, "open_by_handle_at", sys_open_by_handle_at, Support::Full, KernelPath::SysOpen, "",
     Errno::NoMem},
};

}  // namespace

std::span<const SyscallRow> handle_syscalls() {
    return kHandleRows;
}

}  // namespace uprobesim
