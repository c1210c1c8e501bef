// SPDX-License-Identifier: GPL-2.0-or-later
// inotify (fs/notify/inotify/inotify_user.c).
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/event/inotify_file.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

std::uint64_t parameter(SysCall& call, std::string_view name) {
    return static_cast<std::uint64_t>(call.kernel.sysctls().number(name));
}

SysOutcome sys_inotify_init1(SysCall& call) {
    const std::uint32_t flags = call.uint32(0);
    if ((flags & ~(kOCloexec | kONonblock)) != 0) return Errno::Inval;
    const auto& events = call.kernel.files().events();
    if (!events) return Errno::NoSys;
    const auto use = call.kernel.inotify_use(call.cred().uid.real);
    if (use->instances >= parameter(call, "fs/inotify/max_user_instances")) return Errno::Mfile;
    auto file =
        std::make_shared<InotifyFile>(events, use, parameter(call, "fs/inotify/max_queued_events"),
                                      &call.kernel.machine().memory, flags & kONonblock);
    auto fd = TRY(call.process.files.add(std::move(file), (flags & kOCloexec) != 0));
    return static_cast<std::uint64_t>(fd);
}

SysOutcome sys_inotify_add_watch(SysCall& call) {
    const std::uint32_t mask = call.uint32(2);
    if ((mask & ~kAllInotifyBits) != 0 || (mask & kAllInotifyBits) == 0) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    auto* watches = dynamic_cast<InotifyFile*>(file.get());
    if (((mask & kInMaskAdd) != 0 && (mask & kInMaskCreate) != 0) || watches == nullptr)
        return Errno::Inval;
    auto p = TRY(path_argument(call, kAtFdcwd, call.address(1)));
    const auto status = call.kernel.files().status(p.caller, p.path, (mask & kInDontFollow) == 0);
    if (!status) return named(call, p, status);
    if ((mask & kInOnlydir) != 0 && (status->mode & kIfmt) != kIfDir) return Errno::NotDir;
    if (!call.cred().permit(*status, kROk)) return Errno::Acces;
    call.units = component_count(p.path);
    return watches->watch(status->key(), mask, parameter(call, "fs/inotify/max_user_watches"));
}

SysOutcome sys_inotify_rm_watch(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    auto* watches = dynamic_cast<InotifyFile*>(file.get());
    if (watches == nullptr) return Errno::Inval;
    return watches->unwatch(call.int32(1));
}

constexpr SyscallRow kInotifyRows[] = {
    {26,
     "inotify_init1",
     sys_inotify_init1,
     Support::Full,
     KernelPath::SysEventfd,
     {},
     Errno::NoMem},
    {27,
     "inotify_add_watch",
     sys_inotify_add_watch,
     Support::Full,
     KernelPath::SysStat,
     {},
     Errno::NoMem},
    {28, "inotify_rm_watch", sys_inotify_rm_watch, Support::Full, KernelPath::SysFcntl, {}},
};

}  // namespace

std::span<const SyscallRow> inotify_syscalls() {
    return kInotifyRows;
}

}  // namespace uprobesim
