// SPDX-License-Identifier: GPL-2.0-or-later
// uname, sethostname and setdomainname: the names of a UTS namespace.
#include <algorithm>
#include <cstring>

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {
namespace {

constexpr std::size_t kNameSize = 65;

SysOutcome sys_uname(SysCall& call) {
    const UtsNamespace& uts = *call.process.uts;
    const bool as_26 = (call.process.options.personality & 0x0020000) != 0;  // UNAME26
    const std::array<std::string, 6> names = {
        "Linux",
        uts.node,
        as_26 ? "2.6.72" : call.kernel.machine().tell_release(),
        "#1 SMP uprobesim",
        "aarch64",
        uts.domain};
    std::array<char, kNameSize * 6> bytes{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::memcpy(bytes.data() + i * kNameSize, names[i].data(),
                    std::min(names[i].size(), kNameSize - 1));
    }
    if (!call.memory().put(call.address(0), bytes)) return Errno::Fault;
    return 0;
}

SysOutcome set_name(SysCall& call, std::string& name) {
    if (!call.capable_in(call.process.uts->owned_by, Capability::SysAdmin)) return Errno::Perm;
    const std::int32_t length = call.int32(1);
    if (length < 0 || length > static_cast<std::int32_t>(kNameSize - 1)) return Errno::Inval;
    std::string given(static_cast<std::size_t>(length), '\0');
    if (!call.memory().read(call.address(0), std::as_writable_bytes(std::span(given))))
        return Errno::Fault;
    name = given.substr(0, given.find('\0'));
    return 0;
}
SysOutcome sys_sethostname(SysCall& call) {
    return set_name(call, call.process.uts->node);
}
SysOutcome sys_setdomainname(SysCall& call) {
    return set_name(call, call.process.uts->domain);
}

constexpr SyscallRow kUtsRows[] = {
    {160, "uname", sys_uname, Support::Full, KernelPath::SysUname, {}},
    {161, "sethostname", sys_sethostname, Support::Full, KernelPath::SysUname, {}},
    {162, "setdomainname", sys_setdomainname, Support::Full, KernelPath::SysUname, {}},
};

}  // namespace

std::span<const SyscallRow> uts_syscalls() {
    return kUtsRows;
}

}  // namespace uprobesim
