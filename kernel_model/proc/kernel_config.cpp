// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/proc/kernel_config.h"

#include <fmt/format.h>

#include <string_view>

namespace uprobesim {

namespace {

constexpr std::string_view kBuiltIn[] = {"64BIT",
                                         "ADVISE_SYSCALLS",
                                         "ARM64",
                                         "ARM64_4K_PAGES",
                                         "BINFMT_ELF",
                                         "BINFMT_SCRIPT",
                                         "CHECKPOINT_RESTORE",
                                         "COREDUMP",
                                         "CROSS_MEMORY_ATTACH",
                                         "DEVTMPFS",
                                         "ELF_CORE",
                                         "EPOLL",
                                         "EVENTFD",
                                         "FILE_LOCKING",
                                         "FUTEX",
                                         "FUTEX_PI",
                                         "HIGH_RES_TIMERS",
                                         "INET",
                                         "IPV6",
                                         "KCMP",
                                         "MEMBARRIER",
                                         "MEMFD_CREATE",
                                         "MMU",
                                         "MULTIUSER",
                                         "NAMESPACES",
                                         "NET",
                                         "PERF_EVENTS",
                                         "POSIX_TIMERS",
                                         "PRINTK",
                                         "PROC_FS",
                                         "PROC_PAGE_MONITOR",
                                         "PROC_SYSCTL",
                                         "SHMEM",
                                         "SIGNALFD",
                                         "SMP",
                                         "SYSFS",
                                         "SYSVIPC",
                                         "TIMERFD",
                                         "TMPFS",
                                         "TTY",
                                         "UNIX",
                                         "UNIX98_PTYS",
                                         "UPROBES",
                                         "UPROBE_EVENTS",
                                         "UTS_NS"};
constexpr std::string_view kNotSet[] = {"BPF_SYSCALL", "CGROUPS",     "COMPAT",   "HUGETLB_PAGE",
                                        "IPC_NS",      "MODULES",     "NET_NS",   "NUMA",
                                        "PID_NS",      "RSEQ",        "SECURITY", "SWAP",
                                        "TIME_NS",     "USERFAULTFD", "USER_NS"};

}  // namespace

std::string kernel_config(const std::string& release) {
    std::string text = fmt::format("#\n# Linux/arm64 {} Kernel Configuration\n#\n", release);
    for (const std::string_view name : kBuiltIn) text += fmt::format("CONFIG_{}=y\n", name);
    text += "CONFIG_HZ_250=y\nCONFIG_HZ=250\nCONFIG_ARM64_VA_BITS=48\nCONFIG_PAGE_SHIFT=12\n";
    for (const std::string_view name : kNotSet)
        text += fmt::format("# CONFIG_{} is not set\n", name);
    return text;
}

}  // namespace uprobesim
