// SPDX-License-Identifier: GPL-2.0-or-later
// What depends on the machine's instruction set: which of the engine's models it is, the control
// register, and the state of pointer authentication and branch targets.
#include <array>

#include "sim/cpu/unicorn/unicorn_engine.h"

namespace uprobesim {

namespace {

// M, C, I, DZE (DC ZVA is executed), UCI and the RES1 bits; UCT clear, so that reads of CTR_EL0
// trap.
constexpr std::uint64_t kSctlr =
    0x30d00800u | 1u | (1u << 2) | (1u << 12) | (1u << 14) | (1u << 26);
// EnIA, EnIB, EnDA, EnDB, in the order of the keys; BT0: PACIASP is no target of BTYPE 3.
constexpr std::array<unsigned, 4> kEnableKey = {31, 30, 27, 13};
constexpr std::uint64_t kSctlrBt0 = std::uint64_t{1} << 35;

}  // namespace

std::uint64_t UnicornEngine::sctlr_of(const IsaSet& isa, unsigned keys) {
    std::uint64_t value = kSctlr;
    if (isa.has(IsaFeature::Bti)) value |= kSctlrBt0;
    if (!isa.has(IsaFeature::Pac)) return value;
    for (std::size_t k = 0; k < kEnableKey.size(); ++k) {
        if ((keys >> k & 1) != 0) value |= std::uint64_t{1} << kEnableKey[k];
    }
    return value;
}

bool UnicornEngine::is_armv8_0(const IsaSet& isa) {
    return isa.without(armv8_0_set()).empty();
}

IsaSet UnicornEngine::executes(const IsaSet& isa) {
    IsaSet all = armv8_0_set();
    if (is_armv8_0(isa)) return all;
    for (const IsaFeature feature :
         {IsaFeature::Lse,     IsaFeature::Rdm,     IsaFeature::Fp16,  IsaFeature::Dpb,
          IsaFeature::Rcpc,    IsaFeature::Jscvt,   IsaFeature::Fcma,  IsaFeature::Pac,
          IsaFeature::DotProd, IsaFeature::Fhm,     IsaFeature::Sha3,  IsaFeature::Sha512,
          IsaFeature::Sm3,     IsaFeature::Sm4,     IsaFeature::Rcpc2, IsaFeature::Flagm,
          IsaFeature::Flagm2,  IsaFeature::Frintts, IsaFeature::Dpb2,  IsaFeature::Sb,
          IsaFeature::Rng})
        all.add(feature);
    return all;
}

unsigned UnicornEngine::btype() const {
    std::uint64_t pstate = 0;
    uc_reg_read(uc_, UC_ARM64_REG_PSTATE, &pstate);
    return static_cast<unsigned>((pstate & kPstateBtype) >> 10);
}

void UnicornEngine::set_btype(unsigned btype) {
    std::uint64_t pstate = 0;
    uc_reg_read(uc_, UC_ARM64_REG_PSTATE, &pstate);
    pstate = (pstate & ~kPstateBtype) | std::uint64_t{btype} << 10;
    uc_reg_write(uc_, UC_ARM64_REG_PSTATE, &pstate);
}

void UnicornEngine::write_keys(const PointerKeys& keys, unsigned which) {
    // APIAKeyLo_EL1 to APGAKeyHi_EL1 follow each other.
    for (unsigned k = 0; k < kPointerKeys; ++k) {
        if ((which >> k & 1) == 0) continue;
        for (unsigned half = 0; half < 2; ++half) {
            const unsigned n = 2 * k + half;
            write_system(
                {3, 0, 2, static_cast<std::uint8_t>(1 + n / 4), static_cast<std::uint8_t>(n % 4)},
                keys.key[k][half]);
        }
    }
}

void UnicornEngine::enable_keys(unsigned which) {
    write_system({3, 0, 1, 0, 0}, sctlr_of(isa_, which));
}

}  // namespace uprobesim
