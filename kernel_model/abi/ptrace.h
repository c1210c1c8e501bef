// SPDX-License-Identifier: GPL-2.0-or-later
// ptrace(2) (linux/ptrace.h, arm64's asm/ptrace.h, linux/elf.h).
#pragma once

#include <array>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kPtraceTraceme = 0, kPtracePeektext = 1, kPtracePeekdata = 2,
                               kPtracePoketext = 4, kPtracePokedata = 5, kPtraceCont = 7,
                               kPtraceKill = 8, kPtraceSinglestep = 9, kPtraceAttach = 16,
                               kPtraceDetach = 17, kPtraceSyscall = 24, kPtraceSysemu = 31,
                               kPtraceSysemuSinglestep = 32, kPtraceSetoptions = 0x4200,
                               kPtraceGeteventmsg = 0x4201, kPtraceGetsiginfo = 0x4202,
                               kPtraceSetsiginfo = 0x4203, kPtraceGetregset = 0x4204,
                               kPtraceSetregset = 0x4205, kPtraceSeize = 0x4206,
                               kPtraceInterrupt = 0x4207, kPtraceListen = 0x4208,
                               kPtracePeeksiginfo = 0x4209, kPtraceGetsigmask = 0x420a,
                               kPtraceSetsigmask = 0x420b, kPtraceGetSyscallInfo = 0x420e;

inline constexpr std::uint32_t kPtraceEventFork = 1, kPtraceEventVfork = 2, kPtraceEventClone = 3,
                               kPtraceEventExec = 4, kPtraceEventVforkDone = 5,
                               kPtraceEventExit = 6, kPtraceEventStop = 128;
// An event's option is the bit of its number.
constexpr std::uint32_t ptrace_option(std::uint32_t event) {
    return 1u << event;
}
inline constexpr std::uint32_t kPtraceOTracesysgood = 1, kPtraceOExitkill = 1 << 20,
                               kPtraceOSuspendSeccomp = 1 << 21, kPtraceOMask = 0x3000ff;

inline constexpr std::uint32_t kNtPrstatus = 1, kNtPrfpreg = 2, kNtArmTls = 0x401,
                               kNtArmHwBreak = 0x402, kNtArmHwWatch = 0x403,
                               kNtArmSystemCall = 0x404;

inline constexpr std::uint8_t kSyscallInfoNone = 0, kSyscallInfoEntry = 1, kSyscallInfoExit = 2;
inline constexpr std::uint32_t kAuditArchAarch64 = 0xc00000b7;
struct PtraceSyscallInfo {
    std::uint8_t op = 0;
    std::array<std::uint8_t, 3> pad{};
    std::uint32_t arch = kAuditArchAarch64;
    std::uint64_t pc = 0, sp = 0;
    std::uint64_t number_or_value = 0;
    std::array<std::uint64_t, 6> arguments{};  // at an exit, the first byte: it is an error
    std::uint64_t end = 0;
};
static_assert(sizeof(PtraceSyscallInfo) == 88);

inline constexpr std::int32_t kTrapTrace = 2;  // si_code of a step

}  // namespace uprobesim::abi
