// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/sysreg.h"

#include <array>

namespace uprobesim {
namespace {

// op0:op1:CRn:CRm:op2 as in bits 20..5 of MRS.
constexpr std::uint32_t reg(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
    return (op0 & 3) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

struct FixedRegister {
    std::uint32_t id;
    std::uint64_t value;
};

// A Cortex-A72 as Linux shows it: fields that are not for user space read as their safe value
// (qemu-aarch64 -cpu cortex-a72 answers the same). Reserved and untracked registers of the ID space
// read as zero.
constexpr std::array kIdRegisters = {
    FixedRegister{reg(3, 0, 0, 0, 0), 0x410fd083},  // MIDR_EL1: Cortex-A72 r0p3
    FixedRegister{reg(3, 0, 0, 0, 5), 0x80000000},  // MPIDR_EL1: only the RES1 bit
    FixedRegister{reg(3, 0, 0, 0, 6), 0},           // REVIDR_EL1
    FixedRegister{reg(3, 0, 0, 4, 0), 0x11},        // ID_AA64PFR0_EL1: AArch64 only, FP and AdvSIMD
    FixedRegister{reg(3, 0, 0, 5, 0), 0x6},         // ID_AA64DFR0_EL1: debug v8
    FixedRegister{reg(3, 0, 0, 6, 0), 0x11120},  // ID_AA64ISAR0_EL1: AES+PMULL, SHA1, SHA2, CRC32
    FixedRegister{reg(3, 0, 0, 7, 0), 0xff000000},  // ID_AA64MMFR0_EL1: no granule is reported
};

constexpr std::uint32_t kCtrEl0 = reg(3, 3, 0, 0, 1);
constexpr std::uint32_t kDczidEl0 = reg(3, 3, 0, 0, 7);
constexpr std::uint32_t kCntfrqEl0 = reg(3, 3, 14, 0, 0);
constexpr std::uint32_t kCntvctEl0 = reg(3, 3, 14, 0, 2);

constexpr std::uint64_t kDczidProhibited = 0x14;  // DZP: DC ZVA is prohibited

std::optional<std::uint64_t> id_register(std::uint32_t id) {
    constexpr std::uint32_t kSpace = reg(3, 7, 15, 0, 0);
    if ((id & kSpace) != reg(3, 0, 0, 0, 0)) return std::nullopt;
    for (const FixedRegister& r : kIdRegisters) {
        if (r.id == id) return r.value;
    }
    const unsigned crm = id >> 3 & 15;
    if (crm >= 2 && crm <= 7) return 0;
    return std::nullopt;
}

}  // namespace

std::optional<SysregRead> emulate_mrs(std::uint32_t word, const SysregValues& values) {
    if ((word & 0xfff00000u) != 0xd5300000u) return std::nullopt;
    const unsigned target = word & 31;
    const std::uint32_t id = word >> 5 & 0xffffu;  // bit 20 of MRS is op0's high bit
    const auto trapped = [&](std::uint64_t value) {
        return SysregRead{target, value, ExceptionClass::SysregTrap};
    };
    const auto counter = [&](std::uint64_t value) {
        return values.counter_traps ? trapped(value) : SysregRead{target, value, std::nullopt};
    };
    switch (id) {
        case kCntvctEl0: return counter(values.counter);
        case kCntfrqEl0: return counter(values.counter_hz);
        case kCtrEl0: return trapped(values.ctr_el0);
        case kDczidEl0: return trapped(kDczidProhibited);
        default: break;
    }
    // HCR_EL2.TID3 is clear: reads of the ID space are plain undefined instructions at EL0 (EC 0).
    if (const auto value = id_register(id))
        return SysregRead{target, *value, ExceptionClass::Undefined};
    return std::nullopt;
}

}  // namespace uprobesim
