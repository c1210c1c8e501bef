// SPDX-License-Identifier: GPL-2.0-or-later
// What Linux tells user space of a machine's features (arch/arm64/kernel/cpufeature.c,
// Documentation/arch/arm64/elf_hwcaps.rst): AT_HWCAP and AT_HWCAP2, the words of /proc/cpuinfo, and
// fields of the ID registers that user space may read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/insn/isa.h"

namespace uprobesim::abi {

// Of op0 3, op1 0, CRn 0.
struct IdRegister {
    std::uint8_t crm, op2;
    constexpr bool operator==(const IdRegister&) const = default;
};
inline constexpr IdRegister kPfr0{4, 0}, kPfr1{4, 1}, kIsar0{6, 0}, kIsar1{6, 1}, kMmfr2{7, 2};

// Where features share a field, the greatest value of those that are there stands in it.
struct IdField {
    IdRegister id{};
    std::uint8_t shift = 0, value = 0;
};

struct Hwcap {
    // Nothing: every machine has it.
    std::optional<IsaFeature> feature;
    std::string_view name;  // of /proc/cpuinfo
    std::uint8_t word, bit;
    IdField field{};
};

// In the order of /proc/cpuinfo. CPUID says that ID registers may be read (by trapping); the
// timer's event stream (EVTSTRM) is not modelled.
inline constexpr std::array kHwcaps = {
    Hwcap{{}, "fp", 1, 0},
    Hwcap{{}, "asimd", 1, 1},
    Hwcap{IsaFeature::Aes, "aes", 1, 3, {kIsar0, 4, 1}},
    Hwcap{IsaFeature::Pmull, "pmull", 1, 4, {kIsar0, 4, 2}},
    Hwcap{IsaFeature::Sha1, "sha1", 1, 5, {kIsar0, 8, 1}},
    Hwcap{IsaFeature::Sha2, "sha2", 1, 6, {kIsar0, 12, 1}},
    Hwcap{IsaFeature::Crc32, "crc32", 1, 7, {kIsar0, 16, 1}},
    Hwcap{IsaFeature::Lse, "atomics", 1, 8, {kIsar0, 20, 2}},
    Hwcap{IsaFeature::Fp16, "fphp", 1, 9, {kPfr0, 16, 1}},
    Hwcap{IsaFeature::Fp16, "asimdhp", 1, 10, {kPfr0, 20, 1}},
    Hwcap{{}, "cpuid", 1, 11},
    Hwcap{IsaFeature::Rdm, "asimdrdm", 1, 12, {kIsar0, 28, 1}},
    Hwcap{IsaFeature::Jscvt, "jscvt", 1, 13, {kIsar1, 12, 1}},
    Hwcap{IsaFeature::Fcma, "fcma", 1, 14, {kIsar1, 16, 1}},
    Hwcap{IsaFeature::Rcpc, "lrcpc", 1, 15, {kIsar1, 20, 1}},
    Hwcap{IsaFeature::Dpb, "dcpop", 1, 16, {kIsar1, 0, 1}},
    Hwcap{IsaFeature::Sha3, "sha3", 1, 17, {kIsar0, 32, 1}},
    Hwcap{IsaFeature::Sm3, "sm3", 1, 18, {kIsar0, 36, 1}},
    Hwcap{IsaFeature::Sm4, "sm4", 1, 19, {kIsar0, 40, 1}},
    Hwcap{IsaFeature::DotProd, "asimddp", 1, 20, {kIsar0, 44, 1}},
    Hwcap{IsaFeature::Sha512, "sha512", 1, 21, {kIsar0, 12, 2}},
    Hwcap{IsaFeature::Fhm, "asimdfhm", 1, 23, {kIsar0, 48, 1}},
    Hwcap{IsaFeature::Dit, "dit", 1, 24, {kPfr0, 48, 1}},
    Hwcap{IsaFeature::Lse2, "uscat", 1, 25, {kMmfr2, 32, 1}},
    Hwcap{IsaFeature::Rcpc2, "ilrcpc", 1, 26, {kIsar1, 20, 2}},
    Hwcap{IsaFeature::Flagm, "flagm", 1, 27, {kIsar0, 52, 1}},
    Hwcap{IsaFeature::Ssbs, "ssbs", 1, 28, {kPfr1, 4, 2}},
    Hwcap{IsaFeature::Sb, "sb", 1, 29, {kIsar1, 36, 1}},
    Hwcap{IsaFeature::Pac, "paca", 1, 30, {kIsar1, 4, 1}},
    Hwcap{IsaFeature::Pac, "pacg", 1, 31, {kIsar1, 24, 1}},
    Hwcap{IsaFeature::Dpb2, "dcpodp", 2, 0, {kIsar1, 0, 2}},
    Hwcap{IsaFeature::Flagm2, "flagm2", 2, 7, {kIsar0, 52, 2}},
    Hwcap{IsaFeature::Frintts, "frint", 2, 8, {kIsar1, 32, 1}},
    Hwcap{IsaFeature::Dgh, "dgh", 2, 15, {kIsar1, 48, 1}},
    Hwcap{IsaFeature::Rng, "rng", 2, 16, {kIsar0, 60, 1}},
    Hwcap{IsaFeature::Bti, "bti", 2, 17, {kPfr1, 0, 1}},
};

inline bool has(const IsaSet& isa, const Hwcap& hwcap) {
    return !hwcap.feature || isa.has(*hwcap.feature);
}

// AT_HWCAP: 1; AT_HWCAP2: 2.
inline std::uint64_t hwcap_word(const IsaSet& isa, unsigned word) {
    std::uint64_t bits = 0;
    for (const Hwcap& h : kHwcaps) {
        if (h.word == word && has(isa, h)) bits |= std::uint64_t{1} << h.bit;
    }
    return bits;
}

// The fields of features in one of the ID registers.
inline std::uint64_t id_fields(const IsaSet& isa, IdRegister id) {
    std::uint64_t fields = 0;
    for (const Hwcap& h : kHwcaps) {
        if (!h.feature || !(h.field.id == id) || !isa.has(*h.feature)) continue;
        const std::uint64_t there = fields >> h.field.shift & 15;
        if (h.field.value > there) fields += (h.field.value - there) << h.field.shift;
    }
    return fields;
}

}  // namespace uprobesim::abi
