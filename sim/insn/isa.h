// SPDX-License-Identifier: GPL-2.0-or-later
// Instruction sets: the optional features of A64 that a machine may have (Arm ARM, "The
// Armv8 architecture extensions"), and which of them an instruction word needs.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

enum class IsaFeature : std::uint8_t {
    Aes,
    Pmull,
    Sha1,
    Sha2,
    Crc32,
    Lse,
    Rdm,
    Fp16,
    Dpb,
    Pan,
    Rcpc,
    Jscvt,
    Fcma,
    Pac,
    DotProd,
    Fhm,
    Sha3,
    Sha512,
    Sm3,
    Sm4,
    Lse2,
    Rcpc2,
    Flagm,
    Dit,
    Flagm2,
    Frintts,
    Dpb2,
    Sb,
    Ssbs,
    Bti,
    Rng,
    E0pd,
    Dgh,
    Clrbhb,
    // Known by name, and refused (why_refused).
    Fpac,
    I8mm,
    Bf16,
    Sve,
    Sve2,
    Mte,
    Mops,
    Gcs,
    Sme,
    kCount
};
inline constexpr std::size_t kIsaFeatureCount = static_cast<std::size_t>(IsaFeature::kCount);

std::string_view isa_feature_name(IsaFeature feature);     // "lse", as profiles spell it
std::string_view isa_feature_meaning(IsaFeature feature);  // "LDADD, CAS, SWP"
std::optional<IsaFeature> find_isa_feature(std::string_view name);
// Why no machine can have it here; empty: it can.
std::string_view why_refused(IsaFeature feature);

class IsaSet {
public:
    constexpr IsaSet() = default;
    bool has(IsaFeature feature) const { return bits_.test(static_cast<std::size_t>(feature)); }
    IsaSet& add(IsaFeature feature) {
        bits_.set(static_cast<std::size_t>(feature));
        return *this;
    }
    // What this has and `other` has not.
    IsaSet without(const IsaSet& other) const {
        IsaSet rest;
        rest.bits_ = bits_ & ~other.bits_;
        return rest;
    }
    bool empty() const { return bits_.none(); }
    std::uint64_t bits() const { return bits_.to_ullong(); }
    static IsaSet of_bits(std::uint64_t bits) {
        IsaSet set;
        set.bits_ = bits;
        return set;
    }
    bool operator==(const IsaSet&) const = default;

private:
    std::bitset<kIsaFeatureCount> bits_;
};

// Armv8.0 with the Cryptography Extension and CRC32: a Cortex-A72.
IsaSet armv8_0_set();
// The error names no place: the caller knows whether it is a line of a file or a setting.
Result<IsaSet> isa_set(const std::vector<std::string>& names);
std::vector<std::string> isa_names(const IsaSet& set);

// The words that need a feature, by mask and value. Hints (PACIASP, BTI) need none: where the
// feature is missing they do nothing.
struct IsaWords {
    IsaFeature feature;
    std::uint32_t mask, value;
    constexpr bool holds(std::uint32_t word) const { return (word & mask) == value; }
};
// Of the first row that holds; nothing: the word is Armv8.0, or nobody's.
std::optional<IsaFeature> needed_feature(std::uint32_t word);

}  // namespace uprobesim
