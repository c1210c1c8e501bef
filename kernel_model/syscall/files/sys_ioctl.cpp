// SPDX-License-Identifier: GPL-2.0-or-later
// ioctl: the requests that the kernel itself answers for every file (do_vfs_ioctl), in a table;
// then those of the kind of file.
#include <algorithm>

#include "kernel_model/abi/calls/userfault.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/landlock.h"
#include "kernel_model/files/event/fanotify_file.h"
#include "kernel_model/files/event/inotify_file.h"
#include "kernel_model/files/event/userfault_file.h"
#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/block/loop_ioctl.h"
#include "kernel_model/syscall/files/device_ioctl.h"
#include "kernel_model/syscall/files/flag_ioctl.h"
#include "kernel_model/syscall/files/sys_owner.h"
#include "kernel_model/syscall/files/two_files.h"
#include "kernel_model/syscall/namespace_ioctl.h"
#include "kernel_model/syscall/transfer/terminal_calls.h"
#include "kernel_model/syscall/userfault.h"

namespace uprobesim {

namespace {

using namespace abi;

// Nothing: the request is not for such a file.
using Answer = std::optional<SysOutcome>;

template <class T>
SysOutcome put_answer(SysCall& call, T value) {
    return call.memory().put(call.address(2), value) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}
SysOutcome put_int(SysCall& call, SysOutcome value) {
    const auto* number = std::get_if<std::uint64_t>(&value);
    return number != nullptr ? put_answer(call, static_cast<std::int32_t>(*number)) : value;
}

std::uint32_t kind_of(File& file) {
    const auto status = file.status();
    return status ? status->mode & kIfmt : 0;
}

Answer keep_at_exec(SysCall& call, const std::shared_ptr<File>&) {
    call.process.files.entry(call.int32(0))->close_on_exec = call.uint32(1) == kFioclex;
    return 0;
}

Answer set_nonblocking(SysCall& call, const std::shared_ptr<File>& file) {
    const auto on = call.memory().get<std::int32_t>(call.address(2));
    if (!on) return Errno::Fault;
    file->flags = *on != 0 ? file->flags | kONonblock : file->flags & ~kONonblock;
    return 0;
}

// ioctl_fioasync: only a change asks the file.
Answer set_signals(SysCall& call, const std::shared_ptr<File>& file) {
    const auto on = call.memory().get<std::int32_t>(call.address(2));
    if (!on) return Errno::Fault;
    if ((*on != 0) == ((file->flags & kOAsync) != 0)) return 0;
    return set_async(call, *file, *on != 0) ? SysOutcome(0) : SysOutcome(Errno::NotTty);
}

Answer own(SysCall& call, const std::shared_ptr<File>& file) {
    if (file->socket() == nullptr) return std::nullopt;
    if (call.uint32(1) == kFioGetOwn || call.uint32(1) == kSiocgpgrp)
        return put_int(call, get_owner(call, *file));
    const auto who = call.memory().get<std::int32_t>(call.address(2));
    return who ? set_owner(call, *file, *who) : SysOutcome(Errno::Fault);
}

Answer bytes_on_disk(SysCall& call, const std::shared_ptr<File>& file) {
    const auto status = file->status();
    const std::uint32_t kind = kind_of(*file);
    if (!status || (kind != kIfReg && kind != kIfDir)) return Errno::NotTty;
    return put_answer(call, status->blocks * 512);
}

// A tmpfs has no extents, nor have others.
Answer extents(SysCall&, const std::shared_ptr<File>&) {
    return Errno::NotSup;
}

Answer block_size(SysCall& call, const std::shared_ptr<File>& file) {
    if (!file->watched_key()) return std::nullopt;
    return put_int(call, kPageSize);
}

// ioctl_fibmap, without an operation of the file system.
Answer block_of(SysCall& call, const std::shared_ptr<File>& file) {
    if (kind_of(*file) != kIfReg) return std::nullopt;
    if (!call.capable(Capability::SysRawio)) return Errno::Perm;
    const auto block = call.memory().get<std::int32_t>(call.address(2));
    if (!block) return Errno::Fault;
    if (*block < 0) return Errno::Inval;
    return call.memory().put(call.address(2), std::int32_t{0}) ? Errno::Inval : Errno::Fault;
}

// vfs_clone_file_range: no file system here shares blocks.
Answer clone(SysCall& call, const std::shared_ptr<File>& file) {
    struct Range {
        std::int64_t from;
        std::uint64_t offset, bytes, to;
    };
    std::int32_t source = call.int32(2);
    if (call.uint32(1) == kFiclonerange) {
        const auto range = call.memory().get<Range>(call.address(2));
        if (!range) return Errno::Fault;
        source = static_cast<std::int32_t>(range->from);
    }
    const auto from = call.process.files.share(source);
    if (!from || (from->flags & kOPath) != 0) return Errno::Badf;
    const auto a = from->status(), b = file->status();
    if (!a || !b || a->device != b->device) return Errno::Xdev;
    const auto regular = two_regular_files(*from, *file);
    return regular ? Errno::NotSup : regular.error();
}

Answer readable_bytes(SysCall& call, const std::shared_ptr<File>& file) {
    if (const auto* watches = dynamic_cast<const InotifyFile*>(file.get()))
        return put_int(call, watches->queued_bytes());
    if (const auto* group = dynamic_cast<const FanotifyFile*>(file.get()))
        return put_int(call, group->queued_bytes());
    if (!file->watched_key() || !file->backing()) return std::nullopt;
    return put_int(call, file->size().value_or(0) - file->position);
}

// Those for which CAP_NET_ADMIN is needed.
Answer change_network(SysCall& call, const std::shared_ptr<File>& file) {
    const Socket* socket = file->socket();
    if (socket == nullptr || call.capable_in(socket->network_owner(), Capability::NetAdmin))
        return std::nullopt;
    return Errno::Perm;
}

Answer other_namespace(SysCall& call, const std::shared_ptr<File>& file) {
    const auto* const space = dynamic_cast<const NamespaceFile*>(file.get());
    return space != nullptr ? namespace_ioctl(call, *space, call.uint32(1)) : std::nullopt;
}

// USERFAULTFD_IOC_NEW
Answer userfault(SysCall& call, const std::shared_ptr<File>& file) {
    if (dynamic_cast<const UserfaultDevice*>(file.get()) == nullptr) return std::nullopt;
    return new_userfault(call, call.uint32(2));
}

struct Request {
    std::uint32_t request;
    Answer (*answer)(SysCall&, const std::shared_ptr<File>&);
};
constexpr Request kRequests[] = {{kFioclex, keep_at_exec},
                                 {kFionclex, keep_at_exec},
                                 {kFionbio, set_nonblocking},
                                 {kFioasync, set_signals},
                                 {kFioGetOwn, own},
                                 {kFioSetOwn, own},
                                 {kFioqsize, bytes_on_disk},
                                 {kFsIocFiemap, extents},
                                 {kFigetbsz, block_size},
                                 {kFibmap, block_of},
                                 {kFiclone, clone},
                                 {kFiclonerange, clone},
                                 {kFionread, readable_bytes},
                                 {kFsIocGetflags, get_inode_flags},
                                 {kFsIocSetflags, set_inode_flags},
                                 {kFsIocFsgetxattr, get_inode_flags},
                                 {kFsIocFssetxattr, set_inode_flags},
                                 {kNsGetUserns, other_namespace},
                                 {kNsGetParent, other_namespace},
                                 {kNsGetPidFromPidns, other_namespace},
                                 {kNsGetTgidFromPidns, other_namespace},
                                 {kNsGetPidInPidns, other_namespace},
                                 {kNsGetTgidInPidns, other_namespace},
                                 {kUffdNew, userfault},
                                 {kSiocgpgrp, own},
                                 {kSiocspgrp, own},
                                 {kSiocsifflags, change_network},
                                 {kSiocsifmtu, change_network},
                                 {kSiocaddrt, change_network},
                                 {kSiocdelrt, change_network}};

// Those that Landlock lets through to every device: the kernel answers them before the driver
// (is_masked_device_ioctl).
constexpr std::uint32_t kForEveryDevice[] = {
    kFioclex,      kFionclex,      kFionbio,        kFioasync,           kFioqsize,
    kFifreeze,     kFithaw,        kFsIocFiemap,    kFigetbsz,           kFiclone,
    kFiclonerange, kFideduperange, kFsIocGetfsuuid, kFsIocGetfssysfspath};

bool landlock_refuses(const File& file, std::uint64_t request) {
    return (file.rights_refused & kLandlockFsIoctlDev) != 0 &&
           std::ranges::find(kForEveryDevice, request) == std::end(kForEveryDevice);
}

SysOutcome sys_ioctl(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    const std::uint64_t request = call.uint32(1);
    if (landlock_refuses(*file, request)) return Errno::Acces;
    if (const auto* const row = std::ranges::find(kRequests, request, &Request::request);
        row != std::end(kRequests)) {
        if (const auto answer = row->answer(call, file)) return *answer;
    }
    if (PtyFile* terminal = file->terminal()) return terminal_ioctl(call, *terminal);
    if (const auto answer = loop_ioctl(call, file)) return *answer;
    UserMemory memory = call.memory();
    auto result = file->ioctl(request, call.args[2], memory);
    // Asked last: the status of a file of the host costs a call to the host.
    if (!result && result.error() == Errno::NotTty && is_random(*file)) return random_ioctl(call);
    return result ? SysOutcome(*result) : SysOutcome(result.error());
}

constexpr SyscallRow kIoctlRows[] = {
    {29, "ioctl", sys_ioctl, Support::Full, KernelPath::SysIoctl, "", {}, {0}},
};

}  // namespace

std::span<const SyscallRow> ioctl_syscalls() {
    return kIoctlRows;
}

}  // namespace uprobesim
