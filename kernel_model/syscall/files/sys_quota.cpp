// SPDX-License-Identifier: GPL-2.0-or-later
// quotactl and quotactl_fd of a kernel with CONFIG_QUOTACTL: no file system here has quotas.
#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint32_t command_of(std::uint32_t command) {
    return command >> kQuotaTypeBits;
}
constexpr std::uint32_t type_of(std::uint32_t command) {
    return command & ((1u << kQuotaTypeBits) - 1);
}

// quotactl_cmd_write
bool may_write_quota(std::uint32_t command) {
    constexpr std::uint32_t kReading[] = {kQSync,      kQGetfmt,     kQGetinfo,    kQXgetquota,
                                          kQXgetqstat, kQXquotasync, kQXgetqstatv, kQXgetnextquota};
    return std::ranges::find(kReading, command) == std::end(kReading);
}

// quotactl_block, lookup_bdev: the device of a path, which no file system is on.
SysResult<void> find_device(SysCall& call) {
    const auto path = TRY(path_argument(call, kAtFdcwd, call.address(1)));
    const auto status = TRY(call.kernel.files().status(path.caller, path.path, true));
    if ((status.mode & kIfmt) != kIfBlk) return tl::make_unexpected(Errno::NotBlk);
    const auto at = TRY(call.kernel.files().locate(path.caller, path.path, true));
    if ((at.mount->flags & kMsNodev) != 0) return tl::make_unexpected(Errno::Acces);
    return tl::make_unexpected(Errno::NoDev);
}

SysOutcome sys_quotactl(SysCall& call) {
    const std::uint32_t command = call.uint32(0);
    if (type_of(command) >= kQuotaTypes) return Errno::Inval;
    if (call.args[1] == 0)
        return command_of(command) == kQSync ? SysOutcome(0) : SysOutcome(Errno::NoDev);
    return find_device(call);
}

SysOutcome sys_quotactl_fd(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    const std::uint32_t command = call.uint32(1);
    if (type_of(command) >= kQuotaTypes) return Errno::Inval;
    const auto mount = file->dentry ? mount_of(*file->dentry) : nullptr;
    if (mount && mount->read_only() && may_write_quota(command_of(command))) return Errno::Rofs;
    return Errno::NoSys;
}

constexpr SyscallRow kQuotaRows[] = {
    {60, "quotactl", sys_quotactl, Support::Full, KernelPath::SysStat, {}},
    {443, "quotactl_fd", sys_quotactl_fd, Support::Full, KernelPath::SysFstat, {}},
};

}  // namespace

std::span<const SyscallRow> quota_syscalls() {
    return kQuotaRows;
}

}  // namespace uprobesim
