// SPDX-License-Identifier: GPL-2.0-or-later
// The signal frame on the user's stack (arm64's struct rt_sigframe): siginfo_t, then struct
// ucontext, which ends with struct sigcontext and its records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel_model/abi/signal.h"

namespace uprobesim::abi {

// struct _aarch64_ctx: the head of each record in sigcontext's __reserved. Zeros end the records.
struct ContextHead {
    std::uint32_t magic = 0;
    std::uint32_t size = 0;
};
inline constexpr std::uint32_t kContextAlign = 16;  // sizes of records are multiples of this
inline constexpr std::uint32_t kFpsimdMagic = 0x46508001, kEsrMagic = 0x45535201;

struct FpsimdContext {
    ContextHead head{kFpsimdMagic, 528};
    std::uint32_t fpsr = 0;
    std::uint32_t fpcr = 0;
    std::array<std::array<std::uint64_t, 2>, 32> v{};
};
static_assert(sizeof(FpsimdContext) == 528);

struct EsrContext {
    ContextHead head{kEsrMagic, 16};
    std::uint64_t esr = 0;
};
static_assert(sizeof(EsrContext) == 16);

struct SignalFrame {
    SigInfo info;
    // struct ucontext
    std::uint64_t uc_flags = 0;
    std::uint64_t uc_link = 0;
    SigStack uc_stack;
    std::uint64_t uc_sigmask = 0;
    // Padding for a sigset_t of 1024 bits, and 8 bytes of alignment.
    std::array<std::uint64_t, 16> unused{};
    // struct sigcontext
    std::uint64_t fault_address = 0;
    std::array<std::uint64_t, 31> x{};
    std::uint64_t sp = 0;
    std::uint64_t pc = 0;
    std::uint64_t pstate = 0;
    std::uint64_t pad = 0;
    std::array<std::byte, 4096> reserved{};
};
static_assert(offsetof(SignalFrame, uc_flags) == 128 &&
              offsetof(SignalFrame, fault_address) == 128 + 176);
static_assert(offsetof(SignalFrame, reserved) == 128 + 176 + 288 && sizeof(SignalFrame) == 4688);

// The frame record above it, as of a function that was called (AAPCS64).
struct FrameRecord {
    std::uint64_t fp = 0;
    std::uint64_t lr = 0;
};

// The stack pointer's alignment.
inline constexpr std::uint64_t kStackAlign = 16;

// PSTATE fields that rt_sigreturn accepts as zero only: D, A, I, F, nRW and M[3:0]
// (valid_user_regs).
inline constexpr std::uint64_t kPstateNotUser = 0x3df;

}  // namespace uprobesim::abi
