// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/insn/isa.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace uprobesim {

namespace {

struct FeatureRow {
    IsaFeature feature;
    std::string_view name, meaning;
    std::string_view refused{};
};

constexpr std::string_view kNotExecuted = "the engine does not execute it";

constexpr std::array kFeatures = {
    FeatureRow{IsaFeature::Aes, "aes", "AESE, AESD"},
    FeatureRow{IsaFeature::Pmull, "pmull", "PMULL of 64 bits"},
    FeatureRow{IsaFeature::Sha1, "sha1", "SHA1C"},
    FeatureRow{IsaFeature::Sha2, "sha2", "SHA256H"},
    FeatureRow{IsaFeature::Crc32, "crc32", "CRC32X"},
    FeatureRow{IsaFeature::Lse, "lse", "atomics: LDADD, CAS, SWP; in the kernel too"},
    FeatureRow{IsaFeature::Rdm, "rdm", "SQRDMLAH"},
    FeatureRow{IsaFeature::Fp16, "fp16", "arithmetic of half precision"},
    FeatureRow{IsaFeature::Dpb, "dpb", "DC CVAP"},
    FeatureRow{IsaFeature::Pan, "pan", "the kernel's access to user memory is a right of its own"},
    FeatureRow{IsaFeature::Rcpc, "rcpc", "LDAPR"},
    FeatureRow{IsaFeature::Jscvt, "jscvt", "FJCVTZS"},
    FeatureRow{IsaFeature::Fcma, "fcma", "FCMLA, FCADD"},
    FeatureRow{IsaFeature::Pac, "pac", "pointer authentication, address and generic"},
    FeatureRow{IsaFeature::DotProd, "dotprod", "UDOT, SDOT"},
    FeatureRow{IsaFeature::Fhm, "fhm", "FMLAL"},
    FeatureRow{IsaFeature::Sha3, "sha3", "EOR3, RAX1"},
    FeatureRow{IsaFeature::Sha512, "sha512", "SHA512H"},
    FeatureRow{IsaFeature::Sm3, "sm3", "SM3SS1"},
    FeatureRow{IsaFeature::Sm4, "sm4", "SM4E"},
    FeatureRow{IsaFeature::Lse2, "lse2", "unaligned LDAR and STLR within 16 bytes"},
    FeatureRow{IsaFeature::Rcpc2, "rcpc2", "LDAPUR, STLUR"},
    FeatureRow{IsaFeature::Flagm, "flagm", "CFINV, RMIF, SETF8"},
    FeatureRow{IsaFeature::Dit, "dit", "PSTATE.DIT"},
    FeatureRow{IsaFeature::Flagm2, "flagm2", "AXFLAG, XAFLAG"},
    FeatureRow{IsaFeature::Frintts, "frintts", "FRINT32Z"},
    FeatureRow{IsaFeature::Dpb2, "dpb2", "DC CVADP"},
    FeatureRow{IsaFeature::Sb, "sb", "SB"},
    FeatureRow{IsaFeature::Ssbs, "ssbs", "PSTATE.SSBS; the kernel asks no firmware"},
    FeatureRow{IsaFeature::Bti, "bti", "branch targets"},
    FeatureRow{IsaFeature::Rng, "rng", "RNDR; from the run's seed"},
    FeatureRow{IsaFeature::E0pd, "e0pd", "EL0 cannot time the kernel's half: no KPTI by KASLR"},
    FeatureRow{IsaFeature::Dgh, "dgh", "a hint"},
    FeatureRow{IsaFeature::Clrbhb, "clrbhb", "the kernel's CLRBHB in place of the BHB loop"},
    FeatureRow{IsaFeature::Fpac, "fpac", "AUTIA faults",
               "in the engine a failed AUTIA leaves a pointer that faults when it is used"},
    FeatureRow{IsaFeature::I8mm, "i8mm", "SMMLA", kNotExecuted},
    FeatureRow{IsaFeature::Bf16, "bf16", "BFMMLA", kNotExecuted},
    FeatureRow{IsaFeature::Sve, "sve", "scalable vectors",
               "the engine ends the program when its vector length is set; a kernel with "
               "arm64.nosve on its command line hides it so"},
    FeatureRow{IsaFeature::Sve2, "sve2", "scalable vectors", "it needs sve, which is refused"},
    FeatureRow{IsaFeature::Mte, "mte", "memory tags",
               "the engine has no memory for tags; arm64.nomte hides it so"},
    FeatureRow{IsaFeature::Mops, "mops", "CPYP, SETP", kNotExecuted},
    FeatureRow{IsaFeature::Gcs, "gcs", "guarded control stacks", kNotExecuted},
    FeatureRow{IsaFeature::Sme, "sme", "matrices", kNotExecuted},
};
static_assert(kFeatures.size() == kIsaFeatureCount);
static_assert(std::is_sorted(kFeatures.begin(), kFeatures.end(),
                             [](const FeatureRow& a, const FeatureRow& b) {
                                 return a.feature < b.feature;
                             }));

// Arm ARM C4.1, by the rows of its tables. LDAPR stands among the atomics, so before them.
constexpr IsaWords kWords[] = {
    {IsaFeature::Rcpc, 0x3ffffc00, 0x38bfc000},
    {IsaFeature::Lse, 0x3f200c00, 0x38200000},    // LDADD to SWP
    {IsaFeature::Lse, 0x3fa07c00, 0x08a07c00},    // CAS
    {IsaFeature::Lse, 0xbfa07c00, 0x08207c00},    // CASP
    {IsaFeature::Rcpc2, 0x3f200c00, 0x19000000},  // LDAPUR, STLUR
    {IsaFeature::Rdm, 0xbf20f400, 0x2e008400},    // SQRDMLAH, SQRDMLSH: vectors
    {IsaFeature::Rdm, 0xff20f400, 0x7e008400},    // scalars
    {IsaFeature::Rdm, 0xbf00d400, 0x2f00d000},    // by element
    {IsaFeature::Rdm, 0xff00d400, 0x7f00d000},
    {IsaFeature::Aes, 0xffffcc00, 0x4e284800},
    {IsaFeature::Pmull, 0xbfe0fc00, 0x0ee0e000},
    {IsaFeature::Sha1, 0xffe0cc00, 0x5e000000},  // SHA1C, P, M, SU0
    {IsaFeature::Sha1, 0xffffec00, 0x5e280800},  // SHA1H, SU1
    {IsaFeature::Sha2, 0xffe0cc00, 0x5e004000},  // SHA256H, H2, SU1
    {IsaFeature::Sha2, 0xfffffc00, 0x5e282800},  // SHA256SU0
    {IsaFeature::Crc32, 0x7fe0e000, 0x1ac04000},
    {IsaFeature::Jscvt, 0xfffffc00, 0x1e7e0000},
    {IsaFeature::Frintts, 0xffbe7c00, 0x1e284000},  // scalars
    {IsaFeature::Frintts, 0x9fbfec00, 0x0e21e800},  // vectors
    {IsaFeature::DotProd, 0x9fe0fc00, 0x0e809400},
    {IsaFeature::DotProd, 0x9fc0f400, 0x0f80e000},  // by element
    {IsaFeature::Fcma, 0xbf20e400, 0x2e00c400},     // FCMLA
    {IsaFeature::Fcma, 0xbf20ec00, 0x2e00e400},     // FCADD
    {IsaFeature::Fcma, 0xbf009400, 0x2f001000},     // FCMLA by element
    {IsaFeature::Fhm, 0xbf60fc00, 0x0e20ec00},      // FMLAL, FMLSL
    {IsaFeature::Fhm, 0xbf60fc00, 0x2e20cc00},      // FMLAL2, FMLSL2
    {IsaFeature::Fhm, 0xbfc0b400, 0x0f800000},      // by element
    {IsaFeature::Fhm, 0xbfc0b400, 0x2f808000},
    {IsaFeature::Sha512, 0xffe0f000, 0xce608000},  // SHA512H, H2, SU1, and RAX1 below
    {IsaFeature::Sha512, 0xfffffc00, 0xcec08000},  // SHA512SU0
    {IsaFeature::Sha3, 0xffc08000, 0xce000000},    // EOR3, BCAX
    {IsaFeature::Sha3, 0xffe00000, 0xce800000},    // XAR
    {IsaFeature::Sm3, 0xffe08000, 0xce400000},     // SM3SS1
    {IsaFeature::Sm3, 0xffe0c000, 0xce408000},     // SM3TT
    {IsaFeature::Sm3, 0xffe0f800, 0xce60c000},     // SM3PARTW
    {IsaFeature::Sm4, 0xfffffc00, 0xcec08400},     // SM4E
    {IsaFeature::Sm4, 0xffe0fc00, 0xce60c800},     // SM4EKEY
    {IsaFeature::Flagm, 0xfffff0ff, 0xd500401f},   // CFINV
    {IsaFeature::Flagm, 0xffe07c10, 0xba000400},   // RMIF
    {IsaFeature::Flagm, 0xffffbc1f, 0x3a00080d},   // SETF8, SETF16
    {IsaFeature::Flagm2, 0xfffff0ff, 0xd500403f},  // XAFLAG
    {IsaFeature::Flagm2, 0xfffff0ff, 0xd500405f},  // AXFLAG
    {IsaFeature::Sb, 0xfffff0ff, 0xd50330ff},
    {IsaFeature::Dpb, 0xffffffe0, 0xd50b7c20},   // DC CVAP
    {IsaFeature::Dpb2, 0xffffffe0, 0xd50b7d20},  // DC CVADP
    {IsaFeature::Rng, 0xffffffc0, 0xd53b2400},   // MRS of RNDR, RNDRRS
    {IsaFeature::Ssbs, 0xffdfffe0, 0xd51b42c0},  // MSR and MRS
    {IsaFeature::Ssbs, 0xfffff0ff, 0xd503403f},  // MSR (immediate)
    {IsaFeature::Dit, 0xffdfffe0, 0xd51b42a0},
    {IsaFeature::Dit, 0xfffff0ff, 0xd503405f},
    {IsaFeature::Pac, 0xffff0000, 0xdac10000},  // PACIA to XPACD
    {IsaFeature::Pac, 0xffe0fc00, 0x9ac03000},  // PACGA
    {IsaFeature::Pac, 0xfe9ff800, 0xd61f0800},  // BRAA, BLRAA, RETAA
    {IsaFeature::Pac, 0xff200400, 0xf8200400},  // LDRAA
};

// Half precision has its own rows in many tables, beside conversions of Armv8.0.
constexpr IsaWords kHalfWords[] = {
    {IsaFeature::Fp16, 0x7fe00000, 0x1ee00000},  // scalars; conversions from and to integers
    {IsaFeature::Fp16, 0x7fe00000, 0x1ec00000},  // from and to fixed point
    {IsaFeature::Fp16, 0xffc00000, 0x1fc00000},  // FMADD
    {IsaFeature::Fp16, 0x9f60c400, 0x0e400400},  // vectors, three registers
    {IsaFeature::Fp16, 0x9f7e0c00, 0x0e780800},  // two
    {IsaFeature::Fp16, 0xbf7fcc00, 0x0e30c800},  // across lanes
    {IsaFeature::Fp16, 0xdf60c400, 0x5e400400},  // scalars of vectors
    {IsaFeature::Fp16, 0xdf7e0c00, 0x5e780800},
    {IsaFeature::Fp16, 0xff7f0c00, 0x5e300800},  // pairs
    {IsaFeature::Fp16, 0xbfc0b400, 0x0f001000},  // by element: FMLA, FMLS
    {IsaFeature::Fp16, 0x9fc0f400, 0x0f009000},  // FMUL, FMULX
    {IsaFeature::Fp16, 0xdfc00400, 0x5f000000},
    {IsaFeature::Fp16, 0xbff8fc00, 0x0f00fc00},  // FMOV of an immediate
    {IsaFeature::Fp16, 0x9ff0e400, 0x0f10e400},  // fixed point
    {IsaFeature::Fp16, 0xdff0e400, 0x5f10e400},
};
constexpr IsaWords kNotHalf{IsaFeature::Fp16, 0xfffe7c00, 0x1ee24000};  // FCVT from half

}  // namespace

std::string_view isa_feature_name(IsaFeature feature) {
    return kFeatures[static_cast<std::size_t>(feature)].name;
}
std::string_view isa_feature_meaning(IsaFeature feature) {
    return kFeatures[static_cast<std::size_t>(feature)].meaning;
}
std::string_view why_refused(IsaFeature feature) {
    return kFeatures[static_cast<std::size_t>(feature)].refused;
}

std::optional<IsaFeature> find_isa_feature(std::string_view name) {
    const auto found = std::find_if(kFeatures.begin(), kFeatures.end(),
                                    [name](const FeatureRow& row) { return row.name == name; });
    if (found == kFeatures.end()) return std::nullopt;
    return found->feature;
}

IsaSet armv8_0_set() {
    return IsaSet()
        .add(IsaFeature::Aes)
        .add(IsaFeature::Pmull)
        .add(IsaFeature::Sha1)
        .add(IsaFeature::Sha2)
        .add(IsaFeature::Crc32);
}

Result<IsaSet> isa_set(const std::vector<std::string>& names) {
    IsaSet set;
    for (const std::string& name : names) {
        const auto feature = find_isa_feature(name);
        if (!feature) {
            std::vector<std::string_view> known;
            for (const FeatureRow& row : kFeatures) {
                if (row.refused.empty()) known.push_back(row.name);
            }
            return user_error(fmt::format("'isa.features' has '{}'", name), "",
                              fmt::format("it is a list of: {}", fmt::join(known, ", ")));
        }
        if (!why_refused(*feature).empty()) {
            return user_error(
                fmt::format("'isa.features' has '{}', which no machine can have here", name), "",
                std::string(why_refused(*feature)));
        }
        if (set.has(*feature))
            return user_error(fmt::format("'isa.features' has '{}' twice", name), "",
                              "name it once");
        set.add(*feature);
    }
    return set;
}

std::vector<std::string> isa_names(const IsaSet& set) {
    std::vector<std::string> names;
    for (const FeatureRow& row : kFeatures) {
        if (set.has(row.feature)) names.emplace_back(row.name);
    }
    return names;
}

std::optional<IsaFeature> needed_feature(std::uint32_t word) {
    for (const IsaWords& row : kWords) {
        if (!row.holds(word)) continue;
        constexpr IsaWords kRax1{IsaFeature::Sha3, 0xffe0fc00, 0xce608c00};
        return kRax1.holds(word) ? IsaFeature::Sha3 : row.feature;
    }
    if (kNotHalf.holds(word)) return std::nullopt;
    for (const IsaWords& row : kHalfWords) {
        if (row.holds(word)) return row.feature;
    }
    return std::nullopt;
}

}  // namespace uprobesim
