// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/blocks/guarded_words.h"

namespace uprobesim {

GuardedWords::GuardedWords(const IsaSet& machine, const IsaSet& engine)
    : lacking_(engine.without(machine)),
      acquires_(machine.has(IsaFeature::Rcpc)),
      atomics_(machine.has(IsaFeature::Lse)),
      lse2_(machine.has(IsaFeature::Lse2)) {
    if (engine.has(IsaFeature::Rng)) lacking_.add(IsaFeature::Rng);
}

std::optional<Refused> GuardedWords::misaligned(std::uint32_t word, std::uint64_t base) const {
    constexpr std::uint64_t kWithin = 16;
    std::uint64_t address = base;
    std::uint32_t load = word >> 22 & 1;
    if ((word & 0x3ffffc00u) == 0x38bfc000u) {
        load = 1;
    } else if (with_offset(word)) {
        const auto offset = static_cast<std::int32_t>(word << 11) >> 23;
        address += static_cast<std::uint64_t>(std::int64_t{offset});
        load = word >> 22 & 3;
    }
    const std::uint64_t bytes = std::uint64_t{1} << (word >> 30);
    const bool fits =
        lse2_ ? (address & (kWithin - 1)) + bytes <= kWithin : (address & (bytes - 1)) == 0;
    if (fits) return std::nullopt;
    return Abort{.address = VAddr(address),
                 .access = load != 0 ? Access::Read : Access::Write,
                 .unaligned = true};
}

}  // namespace uprobesim
