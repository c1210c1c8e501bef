// SPDX-License-Identifier: GPL-2.0-or-later
// Signal numbers, codes and flags of the AArch64 Linux ABI (asm-generic).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <memory>

namespace uprobesim {

enum class Signal : std::int32_t {
    None = 0,
    Hup = 1,
    Int = 2,
    Quit = 3,
    Ill = 4,
    Trap = 5,
    Abrt = 6,
    Bus = 7,
    Fpe = 8,
    Kill = 9,
    Usr1 = 10,
    Segv = 11,
    Usr2 = 12,
    Pipe = 13,
    Alrm = 14,
    Term = 15,
    StkFlt = 16,
    Chld = 17,
    Cont = 18,
    Stop = 19,
    Tstp = 20,
    Ttin = 21,
    Ttou = 22,
    Urg = 23,
    Xcpu = 24,
    Xfsz = 25,
    Vtalrm = 26,
    Prof = 27,
    Winch = 28,
    Io = 29,
    Pwr = 30,
    Sys = 31,
};
inline constexpr int kSignalCount = 64;
constexpr bool is_signal(std::int32_t number) {
    return number >= 1 && number <= kSignalCount;
}
// Bit of a signal in a sigset_t.
constexpr std::uint64_t signal_bit(Signal s) {
    return std::uint64_t{1} << (static_cast<int>(s) - 1);
}

// Signals that no task can block or handle.
inline constexpr std::uint64_t kUnblockable = signal_bit(Signal::Kill) | signal_bit(Signal::Stop);

// Signals queued and timers made by one user (UCOUNT_RLIMIT_SIGPENDING): as many as share it.
struct SignalAllowance {};

// A signal's information, from which the siginfo_t is built.
struct SignalInfo {
    Signal signal = Signal::None;
    std::int32_t code = 0;
    std::uint64_t address = 0;  // si_addr, or si_band
    // si_pid, si_uid of kill and SIGCHLD; for timers si_tid and si_overrun, at the same offsets
    std::int32_t pid = 0;
    std::uint32_t uid = 0;
    std::int32_t status = 0;      // si_status of SIGCHLD
    std::uint64_t value = 0;      // si_value of sigqueue and timers, or si_fd
    std::uint64_t fault_esr = 0;  // for the frame's esr_context; 0: none
    // The process that sent it, by its id in the first namespace; 0: none did.
    std::int32_t sender = 0;
    // While it is queued: what it takes of its user's RLIMIT_SIGPENDING. Set before: it takes
    // nothing more.
    std::shared_ptr<const SignalAllowance> allowance{};
};

}  // namespace uprobesim

namespace uprobesim::abi {

// Whether si_band and si_fd follow, not si_addr (siginfo_layout): POLL_IN and so on, of any signal
// that has no codes of its own.
inline bool tells_poll(const SignalInfo& info) {
    constexpr std::int32_t kPollCodes = 6;  // NSIGPOLL
    constexpr Signal kOwnCodes[] = {Signal::Ill,  Signal::Fpe,  Signal::Segv, Signal::Bus,
                                    Signal::Trap, Signal::Chld, Signal::Sys};
    return info.code > 0 && info.code <= kPollCodes &&
           std::ranges::find(kOwnCodes, info.signal) == std::end(kOwnCodes);
}

// siginfo_t.
struct SigInfo {
    std::int32_t signo = 0;
    std::int32_t error = 0;
    std::int32_t code = 0;
    std::int32_t pad = 0;
    std::array<std::uint64_t, 14> fields{};  // si_addr, or si_pid and si_uid
};
static_assert(sizeof(SigInfo) == 128);

// stack_t.
struct SigStack {
    std::uint64_t sp = 0;
    std::uint32_t flags = 0;
    std::uint32_t pad = 0;
    std::uint64_t size = 0;
};

// struct sigaction, with sa_restorer.
struct SigAction {
    std::uint64_t handler, flags, restorer, mask;
};

// Codes in siginfo_t.
inline constexpr std::int32_t kSiUser = 0, kSiKernel = 0x80, kSiQueue = -1, kSiTimer = -2,
                              kSiTkill = -6;
inline constexpr std::int32_t kSegvMaperr = 1, kSegvAccerr = 2, kBusAdraln = 1, kBusAdrerr = 2,
                              kBusMceerrAr = 4;
inline constexpr std::int32_t kIllIllopc = 1, kTrapBrkpt = 1, kSysSeccomp = 1;
inline constexpr std::int32_t kCldExited = 1, kCldKilled = 2, kCldDumped = 3, kCldTrapped = 4,
                              kCldStopped = 5, kCldContinued = 6;
// Of SIGIO.
inline constexpr std::int32_t kPollInCode = 1, kPollOutCode = 2, kPollMsgCode = 3;
// pidfd_send_signal
inline constexpr std::uint32_t kPidfdSignalThread = 1, kPidfdSignalThreadGroup = 2,
                               kPidfdSignalProcessGroup = 4;

// Flags and handlers in struct sigaction.
inline constexpr std::uint64_t kSaNoCldStop = 1, kSaNoCldWait = 2, kSaSigInfo = 4,
                               kSaExposeTagBits = 0x800;
inline constexpr std::uint64_t kSaRestorer = 0x04000000, kSaOnStack = 0x08000000,
                               kSaRestart = 0x10000000;
inline constexpr std::uint64_t kSaNoDefer = 0x40000000, kSaResetHand = 0x80000000;
// UAPI_SA_FLAGS: what a kernel does not know reads as 0.
inline constexpr std::uint64_t kSaKnown = kSaNoCldStop | kSaNoCldWait | kSaSigInfo | kSaOnStack |
                                          kSaRestart | kSaNoDefer | kSaResetHand |
                                          kSaExposeTagBits | kSaRestorer;
inline constexpr std::uint64_t kSigDfl = 0, kSigIgn = 1;

inline constexpr std::uint64_t kSigsetSize = 8;
inline constexpr std::int32_t kSigBlock = 0, kSigUnblock = 1, kSigSetmask = 2;
inline constexpr std::uint32_t kSsOnstack = 1, kSsDisable = 2, kSsAutodisarm = 1u << 31;
inline constexpr std::uint64_t kMinsigstksz = 5120;  // arm64's own
inline constexpr int kSigrtmin = 32;                 // the first real-time signal

}  // namespace uprobesim::abi
