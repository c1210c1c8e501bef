// SPDX-License-Identifier: GPL-2.0-or-later
// Capabilities (linux/capability.h) and security bits (linux/securebits.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kCapVersion1 = 0x19980330, kCapVersion2 = 0x20071026,
                               kCapVersion3 = 0x20080522;

// Those that the model asks for; the others are kept and given.
enum class Capability : std::uint8_t {
    Chown = 0,
    DacOverride = 1,
    DacReadSearch = 2,
    Fowner = 3,
    Fsetid = 4,
    Kill = 5,
    Setgid = 6,
    Setuid = 7,
    Setpcap = 8,
    LinuxImmutable = 9,
    NetBindService = 10,
    NetBroadcast = 11,
    NetAdmin = 12,
    NetRaw = 13,
    IpcLock = 14,
    IpcOwner = 15,
    SysModule = 16,
    SysRawio = 17,
    SysChroot = 18,
    SysPtrace = 19,
    SysPacct = 20,
    SysAdmin = 21,
    SysBoot = 22,
    SysNice = 23,
    SysResource = 24,
    SysTime = 25,
    SysTtyConfig = 26,
    Mknod = 27,
    Lease = 28,
    AuditWrite = 29,
    Setfcap = 31,
    MacOverride = 32,
    Syslog = 34,
    WakeAlarm = 35,
    BlockSuspend = 36,
    Perfmon = 38,
    Bpf = 39,
    CheckpointRestore = 40,
};

inline constexpr std::uint64_t kCapLastCap = 40;
inline constexpr std::uint64_t kAllCapabilityBits = (std::uint64_t{1} << (kCapLastCap + 1)) - 1;

constexpr std::uint64_t bit_of(Capability capability) {
    return std::uint64_t{1} << static_cast<unsigned>(capability);
}

// CAP_FS_SET: those that follow the user id of the file system.
inline constexpr std::uint64_t kFileCapabilities =
    bit_of(Capability::Chown) | bit_of(Capability::DacOverride) |
    bit_of(Capability::DacReadSearch) | bit_of(Capability::Fowner) | bit_of(Capability::Fsetid) |
    bit_of(Capability::LinuxImmutable) | bit_of(Capability::Mknod) |
    bit_of(Capability::MacOverride);

inline constexpr std::uint32_t kSecbitNoroot = 0x1, kSecbitNoSetuidFixup = 0x4,
                               kSecbitKeepCaps = 0x10, kSecbitKeepCapsLocked = 0x20,
                               kSecbitNoCapAmbientRaise = 0x40;
inline constexpr std::uint32_t kSecureAllBits = 0x55, kSecureAllLocks = 0xaa;

}  // namespace uprobesim::abi
