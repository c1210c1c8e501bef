// SPDX-License-Identifier: GPL-2.0-or-later
// The namespaces of a process (struct nsproxy). That of users is of the credentials, that of its id
// of the id.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kernel_model/spaces/user_namespace.h"

namespace uprobesim {

enum class NamespaceKind : std::uint8_t { Cgroup, Ipc, Mnt, Net, Pid, Time, User, Uts };
inline constexpr std::size_t kNamespaceKinds = 8;

struct NamespaceName {
    std::string_view file;  // in /proc/PID/ns
    std::uint64_t clone_flag;
    std::uint64_t first_inode;  // of the one that the kernel starts with
};
// By kind. Numbers: linux/sched.h and linux/proc_ns.h; those without a fixed number there are as on
// Debian's kernels.
inline constexpr std::array<NamespaceName, kNamespaceKinds> kNamespaceNames = {{
    {"cgroup", 0x02000000, 0xeffffffb},
    {"ipc", 0x08000000, 0xefffffff},
    {"mnt", 0x00020000, 0xf0000001},
    {"net", 0x40000000, 0xf0000000},
    {"pid", 0x20000000, 0xeffffffc},
    {"time", 0x00000080, 0xeffffffa},
    {"user", 0x10000000, 0xeffffffd},
    {"uts", 0x04000000, 0xeffffffe},
}};
constexpr const NamespaceName& name_of(NamespaceKind kind) {
    return kNamespaceNames[static_cast<std::size_t>(kind)];
}

struct UtsNamespace {
    std::uint64_t inode = name_of(NamespaceKind::Uts).first_inode;
    std::string node = "uprobesim", domain = "(none)";
    UserSpace owned_by{};
};

}  // namespace uprobesim
