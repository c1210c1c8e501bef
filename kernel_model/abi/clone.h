// SPDX-License-Identifier: GPL-2.0-or-later
// Flags of clone and clone3 (linux/sched.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kCloneSignalMask = 0xff;  // of clone's flags: the exit signal
inline constexpr std::uint64_t kCloneVm = 0x100, kCloneFs = 0x200, kCloneFiles = 0x400,
                               kCloneSighand = 0x800, kClonePidfd = 0x1000, kClonePtrace = 0x2000,
                               kCloneVfork = 0x4000, kCloneParent = 0x8000, kCloneThread = 0x10000,
                               kCloneSysvsem = 0x40000, kCloneSettls = 0x80000,
                               kCloneParentSettid = 0x100000, kCloneChildCleartid = 0x200000,
                               kCloneDetached = 0x400000, kCloneUntraced = 0x800000,
                               kCloneChildSettid = 0x1000000, kCloneIo = 0x80000000,
                               kCloneClearSighand = std::uint64_t{1} << 32,
                               kCloneIntoCgroup = std::uint64_t{1} << 33;
inline constexpr std::uint64_t kCloneNewns = 0x20000, kCloneNewcgroup = 0x2000000,
                               kCloneNewuts = 0x4000000, kCloneNewipc = 0x8000000,
                               kCloneNewuser = 0x10000000, kCloneNewpid = 0x20000000,
                               kCloneNewnet = 0x40000000;
inline constexpr std::uint64_t kCloneNamespaces = kCloneNewns | kCloneNewcgroup | kCloneNewuts |
                                                  kCloneNewipc | kCloneNewuser | kCloneNewpid |
                                                  kCloneNewnet;
// Of clone3 only: clone's bit 7 belongs to the exit signal.
inline constexpr std::uint64_t kCloneNewtime = 0x80;

}  // namespace uprobesim::abi
