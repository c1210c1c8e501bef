// SPDX-License-Identifier: GPL-2.0-or-later
// seccomp (linux/seccomp.h), and the classic BPF of its filters and those of sockets
// (linux/filter.h).
#pragma once

#include <array>
#include <cstdint>

#include "kernel_model/abi/ptrace.h"

namespace uprobesim::abi {

inline constexpr std::uint32_t kSeccompModeStrict = 1, kSeccompModeFilter = 2;
inline constexpr std::uint32_t kSeccompSetModeStrict = 0, kSeccompSetModeFilter = 1,
                               kSeccompGetActionAvail = 2, kSeccompGetNotifSizes = 3;
inline constexpr std::uint64_t kSeccompTsync = 0x1, kSeccompLog = 0x2, kSeccompSpecAllow = 0x4,
                               kSeccompNewListener = 0x8, kSeccompTsyncEsrch = 0x10,
                               kSeccompWaitKillable = 0x20;

inline constexpr std::uint32_t kSeccompRetKillProcess = 0x80000000, kSeccompRetKillThread = 0,
                               kSeccompRetTrap = 0x00030000, kSeccompRetErrno = 0x00050000,
                               kSeccompRetUserNotif = 0x7fc00000, kSeccompRetTrace = 0x7ff00000,
                               kSeccompRetLog = 0x7ffc0000, kSeccompRetAllow = 0x7fff0000;
inline constexpr std::uint32_t kSeccompRetAction = 0xffff0000, kSeccompRetData = 0x0000ffff;

// struct seccomp_data: what a filter sees.
struct SeccompData {
    std::int32_t number = 0;
    std::uint32_t arch = kAuditArchAarch64;
    std::uint64_t instruction = 0;
    std::array<std::uint64_t, 6> args{};
};
static_assert(sizeof(SeccompData) == 64);

// struct sock_filter and sock_fprog.
struct BpfInsn {
    std::uint16_t code = 0;
    std::uint8_t jump_true = 0, jump_false = 0;
    std::uint32_t k = 0;
};
static_assert(sizeof(BpfInsn) == 8);
struct BpfProgram {
    std::uint16_t length = 0;
    std::array<std::uint16_t, 3> pad{};
    std::uint64_t insns = 0;
};
static_assert(sizeof(BpfProgram) == 16);

inline constexpr std::uint32_t kBpfMaxInsns = 4096, kBpfMemWords = 16;

// Codes: class, size and mode of a load, operation and source of the others.
inline constexpr std::uint16_t kBpfLd = 0x00, kBpfLdx = 0x01, kBpfSt = 0x02, kBpfStx = 0x03,
                               kBpfAlu = 0x04, kBpfJmp = 0x05, kBpfRet = 0x06, kBpfMisc = 0x07;
inline constexpr std::uint16_t kBpfH = 0x08, kBpfB = 0x10;
inline constexpr std::uint16_t kBpfImm = 0x00, kBpfAbs = 0x20, kBpfInd = 0x40, kBpfMem = 0x60,
                               kBpfLen = 0x80, kBpfMsh = 0xa0;
inline constexpr std::uint16_t kBpfAdd = 0x00, kBpfSub = 0x10, kBpfMul = 0x20, kBpfDiv = 0x30,
                               kBpfOr = 0x40, kBpfAnd = 0x50, kBpfLsh = 0x60, kBpfRsh = 0x70,
                               kBpfNeg = 0x80, kBpfMod = 0x90, kBpfXor = 0xa0;
inline constexpr std::uint16_t kBpfJa = 0x00, kBpfJeq = 0x10, kBpfJgt = 0x20, kBpfJge = 0x30,
                               kBpfJset = 0x40;
inline constexpr std::uint16_t kBpfK = 0x00, kBpfX = 0x08, kBpfA = 0x10;
inline constexpr std::uint16_t kBpfTax = 0x00, kBpfTxa = 0x80;

// Places of a load that are not in the packet's data: what is known of it (SKF_AD_OFF), from its
// network header on (SKF_NET_OFF), from its link header on (SKF_LL_OFF).
inline constexpr std::uint32_t kSkfAd = 0xfffff000, kSkfNet = 0xfff00000, kSkfLink = 0xffe00000;
inline constexpr std::uint32_t kSkfAdProtocol = 0, kSkfAdPkttype = 4, kSkfAdIfindex = 8,
                               kSkfAdNlattr = 12, kSkfAdNlattrNest = 16, kSkfAdMark = 20,
                               kSkfAdQueue = 24, kSkfAdHatype = 28, kSkfAdRxhash = 32,
                               kSkfAdCpu = 36, kSkfAdAluXorX = 40, kSkfAdVlanTag = 44,
                               kSkfAdVlanTagPresent = 48, kSkfAdPayOffset = 52, kSkfAdRandom = 56,
                               kSkfAdVlanTpid = 60;

}  // namespace uprobesim::abi
