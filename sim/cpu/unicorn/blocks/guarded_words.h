// SPDX-License-Identifier: GPL-2.0-or-later
// Words at which the engine does other things than the machine, each looked at before it is
// executed: blocks are cut where one stands inside (UnicornCpu::cut_block).
//  - LDAR, STLR, LDLAR, STLLR and LDAPR: without LSE2 they must be aligned, whatever SCTLR_EL1.A
//  says; with it,
//    they must lie within 16 bytes (Arm ARM, "Alignment of data accesses"; Linux leaves
//    SCTLR_EL1.nAA clear). This engine checks that of exclusives only.
//  - what the engine executes and the machine does not have; and RNDR, whose numbers would be the
//    host's.
//  - LDSMAX, LDSMIN, LDUMAX and LDUMIN of less than 64 bits: this engine compares 64, the memory's
//    extended by zeros.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "sim/cpu/cpu.h"
#include "sim/cpu/stop.h"
#include "sim/insn/isa.h"

namespace uprobesim {

// What the instruction does instead.
struct SmallExtreme {
    std::uint32_t word;
};
using Refused = std::variant<Abort, Undefined, SmallExtreme>;

class GuardedWords {
public:
    GuardedWords(const IsaSet& machine, const IsaSet& engine);

    bool guards(std::uint32_t word) const {
        return is_ordered(word) || is_lacking(word) || is_extreme(word);
    }
    // Nothing: it is executed. `read`: the value of a register.
    template <class Read>
    std::optional<Refused> refused(std::uint32_t word, Read read) const {
        if (is_lacking(word)) return Undefined{word};
        if (is_ordered(word)) return misaligned(word, read(static_cast<Reg>(word >> 5 & 31)));
        if (is_extreme(word)) return SmallExtreme{word};
        return std::nullopt;
    }

private:
    // Of more than a byte, that is, one that may be unaligned.
    bool is_ordered(std::uint32_t word) const {
        if (word >> 30 == 0) return false;
        if ((word & 0x3fa08000u) == 0x08800000u) return acquires_;  // LDLAR, STLLR: Armv8.1
        return (word & 0x3fa08000u) == 0x08808000u ||
               (acquires_ && ((word & 0x3ffffc00u) == 0x38bfc000u || with_offset(word)));
    }
    static bool with_offset(std::uint32_t word) { return (word & 0x3f200c00u) == 0x19000000u; }
    bool is_extreme(std::uint32_t word) const {
        return atomics_ && word >> 30 != 3 && (word & 0x3f20cc00u) == 0x38204000u;
    }
    bool is_lacking(std::uint32_t word) const {
        if (lacking_.empty()) return false;
        const auto needed = needed_feature(word);
        return needed && lacking_.has(*needed);
    }
    std::optional<Refused> misaligned(std::uint32_t word, std::uint64_t base) const;

    IsaSet lacking_;
    bool acquires_;  // the machine has LDAPR
    bool atomics_;   // and LSE
    bool lse2_;
};

}  // namespace uprobesim
