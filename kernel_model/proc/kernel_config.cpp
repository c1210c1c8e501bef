// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/proc/kernel_config.h"

#include <fmt/format.h>

#include <bit>
#include <string_view>

#include "sim/mem/address_space.h"

namespace uprobesim {

namespace {

constexpr std::string_view kBuiltIn[] = {"64BIT",
                                         "ADVISE_SYSCALLS",
                                         "AIO",
                                         "ARM64",
                                         "ARM64_4K_PAGES",
                                         "ARM64_TAGGED_ADDR_ABI",
                                         "BIG_KEYS",
                                         "BLK_DEV_LOOP",
                                         "BINFMT_ELF",
                                         "BINFMT_SCRIPT",
                                         "BLOCK",
                                         "BPF_SYSCALL",
                                         "BSD_PROCESS_ACCT",
                                         "BSD_PROCESS_ACCT_V3",
                                         "CHECKPOINT_RESTORE",
                                         "COREDUMP",
                                         "CROSS_MEMORY_ATTACH",
                                         "DEVTMPFS",
                                         "DNOTIFY",
                                         "ELF_CORE",
                                         "EPOLL",
                                         "EVENTFD",
                                         "FANOTIFY",
                                         "FANOTIFY_ACCESS_PERMISSIONS",
                                         "FHANDLE",
                                         "FILE_LOCKING",
                                         "FSNOTIFY",
                                         "FS_POSIX_ACL",
                                         "FUTEX",
                                         "FUTEX_PI",
                                         "HAVE_ARCH_SECCOMP_FILTER",
                                         "HAVE_ARCH_USERFAULTFD_WP",
                                         "HIGH_RES_TIMERS",
                                         "HUGETLBFS",
                                         "HUGETLB_PAGE",
                                         "INET",
                                         "INOTIFY_USER",
                                         "IO_URING",
                                         "IPC_NS",
                                         "IPV6",
                                         "IP_MULTICAST",
                                         "KCMP",
                                         "KEYS",
                                         "MEMBARRIER",
                                         "MEMFD_CREATE",
                                         "MMU",
                                         "MULTIUSER",
                                         "NAMESPACES",
                                         "NET",
                                         "NET_NS",
                                         "NUMA",
                                         "PACKET",
                                         "PERF_EVENTS",
                                         "PID_NS",
                                         "POSIX_MQUEUE",
                                         "POSIX_MQUEUE_SYSCTL",
                                         "POSIX_TIMERS",
                                         "PRINTK",
                                         "PROC_FS",
                                         "PROC_PAGE_MONITOR",
                                         "PROC_SYSCTL",
                                         "QUOTA",
                                         "QUOTACTL",
                                         "RSEQ",
                                         "SECCOMP",
                                         "SECCOMP_FILTER",
                                         "SECRETMEM",
                                         "SECURITY",
                                         "SECURITY_LANDLOCK",
                                         "SECURITY_NETWORK",
                                         "SECURITY_PATH",
                                         "SHMEM",
                                         "SIGNALFD",
                                         "SMP",
                                         "SYSCTL",
                                         "SYSFS",
                                         "SYSVIPC",
                                         "SYSVIPC_SYSCTL",
                                         "TASK_IO_ACCOUNTING",
                                         "TIMERFD",
                                         "TIME_NS",
                                         "TMPFS",
                                         "TMPFS_POSIX_ACL",
                                         "TMPFS_XATTR",
                                         "TTY",
                                         "UNIX",
                                         "UNIX98_PTYS",
                                         "UPROBES",
                                         "UPROBE_EVENTS",
                                         "USERFAULTFD",
                                         "USER_NS",
                                         "UTS_NS",
                                         "VIRTIO_BLK",
                                         "VM_EVENT_COUNTERS"};
constexpr std::string_view kNotSet[] = {"CGROUPS", "COMPAT", "MODULES", "SWAP", "TUN"};

}  // namespace

std::string kernel_config(const std::string& release) {
    std::string text = fmt::format("#\n# Linux/arm64 {} Kernel Configuration\n#\n", release);
    for (const std::string_view name : kBuiltIn) text += fmt::format("CONFIG_{}=y\n", name);
    text += fmt::format(
        "CONFIG_HZ_250=y\nCONFIG_HZ=250\nCONFIG_ARM64_VA_BITS={}\nCONFIG_PAGE_SHIFT=12\n",
        std::countr_zero(AddressSpace::kTop));
    for (const std::string_view name : kNotSet)
        text += fmt::format("# CONFIG_{} is not set\n", name);
    return text;
}

}  // namespace uprobesim
