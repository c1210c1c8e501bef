// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/trace/register_sets.h"

#include <algorithm>
#include <cstring>

#include "kernel_model/abi/ptrace.h"
#include "kernel_model/abi/sigcontext.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

namespace {

struct UserRegs {  // struct user_pt_regs
    std::array<std::uint64_t, 31> x{};
    std::uint64_t sp = 0, pc = 0, pstate = 0;
};
static_assert(sizeof(UserRegs) == 272);

struct UserFp {  // struct user_fpsimd_state
    std::array<std::array<std::uint64_t, 2>, 32> v{};
    std::uint32_t fpsr = 0, fpcr = 0;
    std::array<std::uint32_t, 2> reserved{};
};
static_assert(sizeof(UserFp) == 528);

// struct user_hwdebug_state: a machine whose debug registers user space gets none of.
struct HardwareDebug {
    std::uint32_t info = 6 << 8;  // ARMv8 debug architecture, no register
    std::uint32_t pad = 0;
    std::array<std::uint64_t, 32> registers{};
};
static_assert(sizeof(HardwareDebug) == 264);

template <class T>
std::vector<std::byte> bytes_of(const T& value) {
    std::vector<std::byte> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

template <class T>
T value_of(std::span<const std::byte> bytes) {
    T value{};
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
}

UserRegs user_regs(Kernel& kernel, const Task& task) {
    const UserRegisters r = kernel.machine().cpu->read_all(task.context);
    UserRegs regs{.x = r.x, .sp = r.sp, .pc = r.pc, .pstate = r.pstate};
    if (task.tif_singlestep) regs.pstate |= kSpsrSs;
    return regs;
}

}  // namespace

std::size_t register_bytes(std::uint32_t type) {
    return type == kNtPrstatus || type == kNtArmTls ? 8 : 4;
}

SysResult<std::vector<std::byte>> read_register_set(Kernel& kernel, Task& task,
                                                    std::uint32_t type) {
    Cpu& cpu = *kernel.machine().cpu;
    switch (type) {
        case kNtPrstatus: return bytes_of(user_regs(kernel, task));
        case kNtPrfpreg: {
            const FpState fp = cpu.read_fp(task.context);
            return bytes_of(UserFp{.v = fp.v, .fpsr = fp.fpsr, .fpcr = fp.fpcr});
        }
        case kNtArmTls: return bytes_of(cpu.read(task.context, Reg::Tpidr));
        case kNtArmHwBreak:
        case kNtArmHwWatch: return bytes_of(HardwareDebug{});
        case kNtArmSystemCall: {
            const bool in_call = task.trace->number >= 0 || task.stopped_in_call;
            const std::int32_t number =
                task.trace->stop == TraceStop::Entry || task.trace->stop == TraceStop::Exit
                    ? task.trace->number
                : in_call ? static_cast<std::int32_t>(task.blocked_in)
                          : -1;
            return bytes_of(number);
        }
        default: return tl::make_unexpected(Errno::Inval);
    }
}

SysResult<void> write_register_set(Kernel& kernel, Task& task, std::uint32_t type,
                                   std::span<const std::byte> given) {
    Cpu& cpu = *kernel.machine().cpu;
    auto whole = TRY(read_register_set(kernel, task, type));
    given = given.first(std::min(given.size(), whole.size()));
    std::ranges::copy(given, whole.begin());
    switch (type) {
        case kNtPrstatus: {
            const auto regs = value_of<UserRegs>(whole);
            if ((regs.pstate & kPstateNotUser) != 0) return tl::make_unexpected(Errno::Inval);
            cpu.write_all(
                task.context,
                {.x = regs.x, .sp = regs.sp, .pc = regs.pc, .pstate = regs.pstate & kPstateNzcv});
            // Elsewhere than where it stands, the task does not make its call again.
            return {};
        }
        case kNtPrfpreg: {
            const auto fp = value_of<UserFp>(whole);
            cpu.write_fp(task.context, {.v = fp.v, .fpsr = fp.fpsr, .fpcr = fp.fpcr});
            return {};
        }
        case kNtArmTls:
            cpu.write(task.context, Reg::Tpidr, value_of<std::uint64_t>(whole));
            return {};
        case kNtArmSystemCall: task.trace->number = value_of<std::int32_t>(whole); return {};
        default: {
            // No breakpoint register to set: a size of nothing but the head is taken.
            if (given.size() <= 8) return {};
            return tl::make_unexpected(Errno::NoSpc);
        }
    }
}

}  // namespace uprobesim
