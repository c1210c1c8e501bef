// SPDX-License-Identifier: GPL-2.0-or-later
// syslog(2): reads and clears the kernel's log, and says what its console shows (do_syslog).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/abi/calls/syslog.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/log/kernel_log.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {
namespace {

// The place of the console's level and of the least one in kernel.printk.
constexpr std::size_t kLeastPlace = 2;

void set_console_level(SysCall& call, std::int64_t level) {
    Sysctls& sysctls = call.kernel.sysctls();
    const auto at = [&](std::size_t place) { return sysctls.number("kernel/printk", place); };
    (void)sysctls.write(*Sysctls::find("kernel/printk"),
                        fmt::format("{}\t{}\t{}\t{}", level, at(1), at(kLeastPlace), at(3)));
}

SysOutcome store(SysCall& call, const std::string& text) {
    call.units = text.size();
    if (!call.memory().write(call.address(1), std::as_bytes(std::span(text)))) return Errno::Fault;
    return std::uint64_t{text.size()};
}

SysOutcome read_log(SysCall& call, std::int32_t action) {
    KernelLog& log = call.kernel.log();
    const std::int32_t length = call.int32(2);
    if (call.args[1] == 0 || length < 0) return Errno::Inval;
    if (length == 0) return 0;
    const auto most = static_cast<std::uint64_t>(length);
    if (call.accessed(call.address(1)) >= Mm::kTaskSize) return Errno::Fault;
    if (action == abi::kSyslogRead) {
        if (log.has_unread()) return store(call, log.read_some(most));
        call.wait_on(&log.waiters(), abi::kPollReadable);
        return Block{};
    }
    const SysOutcome done = store(call, log.last(most));
    if (action == abi::kSyslogReadClear) log.clear();
    return done;
}

SysOutcome change_console(SysCall& call, std::int32_t action) {
    KernelLog& log = call.kernel.log();
    const Sysctls& sysctls = call.kernel.sysctls();
    const std::int64_t now = sysctls.number("kernel/printk"),
                       least = sysctls.number("kernel/printk", kLeastPlace);
    switch (action) {
        case abi::kSyslogConsoleOff:
            if (log.saved_level < 0) log.saved_level = now;
            set_console_level(call, least);
            return 0;
        case abi::kSyslogConsoleOn:
            if (log.saved_level >= 0) set_console_level(call, std::exchange(log.saved_level, -1));
            return 0;
        default: break;
    }
    constexpr std::int32_t kMostLevel = 8;
    if (call.int32(2) < 1 || call.int32(2) > kMostLevel) return Errno::Inval;
    set_console_level(call, std::max<std::int64_t>(call.int32(2), least));
    log.saved_level = -1;
    return 0;
}

SysOutcome sys_syslog(SysCall& call) {
    const std::int32_t action = call.int32(0);
    // syslog_action_restricted
    const bool restricted = call.kernel.sysctls().number("kernel/dmesg_restrict") != 0 ||
                            (action != abi::kSyslogReadAll && action != abi::kSyslogSizeBuffer);
    if (restricted && !call.capable(Capability::Syslog)) return Errno::Perm;
    switch (action) {
        case abi::kSyslogClose:
        case abi::kSyslogOpen: return 0;
        case abi::kSyslogRead:
        case abi::kSyslogReadAll:
        case abi::kSyslogReadClear: return read_log(call, action);
        case abi::kSyslogClear: call.kernel.log().clear(); return 0;
        case abi::kSyslogConsoleOff:
        case abi::kSyslogConsoleOn:
        case abi::kSyslogConsoleLevel: return change_console(call, action);
        case abi::kSyslogSizeUnread: return call.kernel.log().unread_bytes();
        case abi::kSyslogSizeBuffer: return KernelLog::kBytes;
        default: return Errno::Inval;
    }
}

constexpr SyscallRow kSyslogRows[] = {
    {116, "syslog", sys_syslog, Support::Full, KernelPath::SysTrivial, {}},
};

}  // namespace

std::span<const SyscallRow> syslog_syscalls() {
    return kSyslogRows;
}

}  // namespace uprobesim
