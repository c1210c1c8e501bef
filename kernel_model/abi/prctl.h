// SPDX-License-Identifier: GPL-2.0-or-later
// Options of prctl (linux/prctl.h), and execution domains of personality (linux/personality.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::int32_t kPrSetPdeathsig = 1, kPrGetPdeathsig = 2, kPrGetDumpable = 3,
                              kPrSetDumpable = 4, kPrGetKeepcaps = 7, kPrSetKeepcaps = 8,
                              kPrSetName = 15, kPrGetName = 16, kPrGetSeccomp = 21,
                              kPrSetSeccomp = 22, kPrCapbsetRead = 23, kPrCapbsetDrop = 24,
                              kPrGetSecurebits = 27, kPrSetSecurebits = 28, kPrCapAmbient = 47,
                              kPrSetTimerslack = 29, kPrGetTimerslack = 30, kPrSetMm = 35,
                              kPrSetChildSubreaper = 36, kPrGetChildSubreaper = 37,
                              kPrSetNoNewPrivs = 38, kPrGetNoNewPrivs = 39, kPrGetTidAddress = 40,
                              kPrSetThpDisable = 41, kPrGetThpDisable = 42, kPrSveSetVl = 50,
                              kPrSveGetVl = 51, kPrPacResetKeys = 54, kPrSetTaggedAddrCtrl = 55,
                              kPrGetTaggedAddrCtrl = 56, kPrPacSetEnabledKeys = 60,
                              kPrPacGetEnabledKeys = 61;

inline constexpr std::int32_t kPrGetTiming = 13, kPrSetTiming = 14, kPrTaskPerfEventsDisable = 31,
                              kPrTaskPerfEventsEnable = 32, kPrMceKill = 33, kPrMceKillGet = 34,
                              kPrGetSpeculationCtrl = 52, kPrSetSpeculationCtrl = 53,
                              kPrSetIoFlusher = 57, kPrGetIoFlusher = 58;
inline constexpr std::uint64_t kPrMceKillClear = 0, kPrMceKillSet = 1;
inline constexpr std::uint32_t kPrMceKillDefault = 2;
inline constexpr std::uint64_t kPrSetMmAuxv = 12, kPrSetMmMap = 14, kPrSetMmMapSize = 15;
// Store bypass, indirect branch, L1D flush.
inline constexpr std::uint64_t kPrLastSpeculation = 2;
inline constexpr std::uint64_t kPrSpecNotAffected = 0, kPrSpecEnable = 2;

inline constexpr std::int32_t kPrSetMdwe = 65, kPrGetMdwe = 66, kPrGetAuxv = 0x41555856;
inline constexpr std::uint32_t kPrMdweRefuseExecGain = 1, kPrMdweNoInherit = 2;
inline constexpr std::int32_t kPrSetVma = 0x53564d41, kPrSetPtracer = 0x59616d61;

inline constexpr std::uint32_t kPerLinux = 0, kPerLinux32 = 8;
// personality's argument that changes nothing: the call returns the present value.
inline constexpr std::uint32_t kPerQuery = 0xffffffff, kReadImpliesExec = 0x00400000,
                               kStickyTimeouts = 0x04000000;

// PR_CAP_AMBIENT's second argument.
inline constexpr std::uint64_t kPrAmbientIsSet = 1, kPrAmbientRaise = 2, kPrAmbientLower = 3,
                               kPrAmbientClearAll = 4;
// PR_SET_TAGGED_ADDR_CTRL
inline constexpr std::uint64_t kPrTaggedAddrEnable = 1;

}  // namespace uprobesim::abi
