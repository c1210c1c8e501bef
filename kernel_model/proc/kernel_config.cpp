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
                                         "BSD_PROCESS_ACCT",
                                         "BSD_PROCESS_ACCT_V3",
                                         "BINFMT_ELF",
                                         "BINFMT_SCRIPT",
                                         "BPF_SYSCALL",
                                         "CHECKPOINT_RESTORE",
                                         "COREDUMP",
                                         "CROSS_MEMORY_ATTACH",
                                         "DEVTMPFS",
                                         "ELF_CORE",
                                         "EPOLL",
                                         "EVENTFD",
                                         "FANOTIFY",
                                         "FANOTIFY_ACCESS_PERMISSIONS",
                                         "FHANDLE",
                                         "FILE_LOCKING",
                                         "FUTEX",
                                         "FUTEX_PI",
                                         "HAVE_ARCH_USERFAULTFD_WP",
                                         "HIGH_RES_TIMERS",
                                         "INET",
                                         "INOTIFY_USER",
                                         "IO_URING",
                                         "IPC_NS",
                                         "IPV6",
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
                                         "POSIX_TIMERS",
                                         "PRINTK",
                                         "PROC_FS",
                                         "PROC_PAGE_MONITOR",
                                         "PROC_SYSCTL",
                                         "QUOTA",
                                         "QUOTACTL",
                                         "RSEQ",
                                         "SECRETMEM",
                                         "SECURITY",
                                         "SECURITY_LANDLOCK",
                                         "SECURITY_NETWORK",
                                         "SECURITY_PATH",
                                         "SECCOMP",
                                         "SECCOMP_FILTER",
                                         "SHMEM",
                                         "SIGNALFD",
                                         "SMP",
                                         "SYSFS",
                                         "SYSVIPC",
                                         "TIME_NS",
                                         "TIMERFD",
                                         "TMPFS",
                                         "TTY",
                                         "UNIX",
                                         "UNIX98_PTYS",
                                         "UPROBES",
                                         "UPROBE_EVENTS",
                                         "USERFAULTFD",
                                         "USER_NS",
                                         "UTS_NS"};
constexpr std::string_view kNotSet[] = {"CGROUPS", "COMPAT", "HUGETLB_PAGE", "MODULES", "SWAP"};

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
