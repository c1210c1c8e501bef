// SPDX-License-Identifier: GPL-2.0-or-later
// /dev/kmsg and /proc/kmsg.
#include "kernel_model/abi/calls/devices.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/log/log_files.h"
#include "kernel_model/proc/proc_files.h"
#include "kernel_model/task/task.h"

namespace uprobesim {
namespace {

bool reads_log(const SystemView& system) {
    const Task* const task = system.current();
    return task == nullptr || task->cred->capable(Capability::Syslog);
}

SysResult<std::shared_ptr<File>> open_device(const SystemView& system, const FileStatus& status,
                                             std::uint32_t flags) {
    const Sysctls& sysctls = system.sysctls("kernel/printk_devkmsg");
    if (sysctls.text(*Sysctls::find("kernel/printk_devkmsg")) == "off")
        return tl::make_unexpected(Errno::Perm);
    const bool restricted = sysctls.number("kernel/dmesg_restrict") != 0;
    if ((flags & abi::kOAccmode) != abi::kOWronly && restricted && !reads_log(system))
        return tl::make_unexpected(Errno::Perm);
    return std::make_shared<LogDevice>(
        system.log(), sysctls, [&system] { return system.monotonic_ns(); }, status);
}

}  // namespace

std::optional<SpecialNode> SpecialFiles::find_log(const std::string& path) {
    if (system_ == nullptr) return std::nullopt;
    SpecialNode n;
    if (path == "/dev/kmsg") {
        n.status = base_status(abi::kIfChr | 0644);
        n.status.rdevice = abi::kMemMajor << 8 | abi::kKmsgMinor;
        n.status.block_size = kPageSize;
        n.open = [this, status = n.status](std::uint32_t flags) {
            return open_device(*system_, status, flags);
        };
        return n;
    }
    if (path != "/proc/kmsg") return std::nullopt;
    n.status = base_status(abi::kIfReg | 0400);
    n.open = [this, status = n.status](std::uint32_t) -> SysResult<std::shared_ptr<File>> {
        if (!reads_log(*system_)) return tl::make_unexpected(Errno::Perm);
        return std::make_shared<LogStream>(system_->log(), status);
    };
    return n;
}

}  // namespace uprobesim
