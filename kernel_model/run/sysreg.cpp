// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/sysreg.h"

#include "kernel_model/abi/hwcap.h"

namespace uprobesim {
namespace {

// op0:op1:CRn:CRm:op2 as in bits 20..5 of MRS.
constexpr std::uint32_t reg(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
    return (op0 & 3) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

constexpr std::uint32_t kCtrEl0 = reg(3, 3, 0, 0, 1);
constexpr std::uint32_t kCntfrqEl0 = reg(3, 3, 14, 0, 0);
constexpr std::uint32_t kCntvctEl0 = reg(3, 3, 14, 0, 2);

constexpr std::uint32_t kRndr = reg(3, 3, 2, 4, 0), kRndrrs = reg(3, 3, 2, 4, 1);

// As Linux shows the machine: fields that are not for user space read as their safe value
// (qemu-aarch64 answers the same for a Cortex-A72). Reserved and untracked registers of the ID
// space read as zero.
std::optional<std::uint64_t> id_register(std::uint32_t id, const MachineIsa& isa) {
    constexpr std::uint32_t kSpace = reg(3, 7, 15, 0, 0);
    if ((id & kSpace) != reg(3, 0, 0, 0, 0)) return std::nullopt;
    switch (id) {
        case reg(3, 0, 0, 0, 0): return isa.midr_el1();
        case reg(3, 0, 0, 0, 5): return 0x80000000;  // MPIDR_EL1: only the RES1 bit
        case reg(3, 0, 0, 0, 6): return 0;           // REVIDR_EL1
        default: break;
    }
    const auto crm = static_cast<std::uint8_t>(id >> 3 & 15);
    if (crm < 2 || crm > 7) return std::nullopt;
    const std::uint64_t features =
        abi::id_fields(isa.features, {crm, static_cast<std::uint8_t>(id & 7)});
    switch (id) {
        case reg(3, 0, 0, 4, 0): return features | 0x11;  // ID_AA64PFR0_EL1: AArch64 only
        case reg(3, 0, 0, 5, 0): return 0x6;              // ID_AA64DFR0_EL1: debug v8
        case reg(3, 0, 0, 7, 0): return 0xff000000;  // ID_AA64MMFR0_EL1: no granule is reported
        default: return features;
    }
}

}  // namespace

std::optional<SysregRead> emulate_mrs(std::uint32_t word, const SysregValues& values) {
    if ((word & 0xfff00000u) != 0xd5300000u) return std::nullopt;
    const unsigned target = word & 31;
    const std::uint32_t id = word >> 5 & 0xffffu;  // bit 20 of MRS is op0's high bit
    const auto trapped = [&](std::uint64_t value) {
        return SysregRead{target, value, false, ExceptionClass::SysregTrap};
    };
    const auto counter = [&](std::uint64_t value) {
        return values.counter_traps ? trapped(value)
                                    : SysregRead{target, value, false, std::nullopt};
    };
    switch (id) {
        case kCntvctEl0: return counter(values.counter);
        case kCntfrqEl0: return counter(values.counter_hz);
        case kCtrEl0: return trapped(values.ctr_el0);
        case kRndr:
        case kRndrrs:
            if (!values.isa.has(IsaFeature::Rng)) return std::nullopt;
            return SysregRead{.target = target,
                              .value = values.random ? values.random() : 0,
                              .clears_flags = true,
                              .ec = std::nullopt};
        default: break;
    }
    // HCR_EL2.TID3 is clear: reads of the ID space are plain undefined instructions at EL0 (EC 0).
    if (const auto value = id_register(id, values.isa))
        return SysregRead{target, *value, false, ExceptionClass::Undefined};
    return std::nullopt;
}

}  // namespace uprobesim
