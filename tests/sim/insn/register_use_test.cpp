// SPDX-License-Identifier: GPL-2.0-or-later
// Capstone is the judge.
#include "sim/insn/register_use.h"

#include <catch2/catch.hpp>
#include <cstdint>

#include "sim/insn/decoder.h"

using namespace uprobesim;

namespace {

class Random {  // Knuth's MMIX generator: spread, nothing more
public:
    std::uint32_t operator()() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::uint32_t>(state_ >> 32);
    }

private:
    std::uint64_t state_ = 1;
};

bool agrees(const Decoder& decoder, std::uint32_t word) {
    INFO("word " << std::hex << word << ' ' << decoder.disassemble(word, 0));
    const InsnInfo info = decoder.describe(word), judge = decoder.described_by_capstone(word);
    CHECK(info.reads.regs == judge.reads.regs);
    CHECK(info.reads.nzcv == judge.reads.nzcv);
    CHECK(info.writes.regs == judge.writes.regs);
    CHECK(info.writes.nzcv == judge.writes.nzcv);
    CHECK(info == judge);
    return info == judge;
}

}  // namespace

TEST_CASE("each row of the table says of its words what Capstone says", "[sim][insn]") {
    const Decoder decoder;
    Random random;
    for (const RegisterUseRow& row : register_use_rows()) {
        // A few words in which all fields are alike, of 0 or 31, and many others.
        for (int i = 0; i < 3000; ++i) {
            const std::uint32_t free = i == 0 ? 0 : i == 1 ? ~0u : random();
            if (!agrees(decoder, row.value | (free & ~row.mask))) break;
        }
    }
}

TEST_CASE("registers 31 are the zero register or SP as Capstone has it", "[sim][insn]") {
    const Decoder decoder;
    Random random;
    for (const RegisterUseRow& row : register_use_rows()) {
        for (const std::uint32_t fields : {0x1fu, 0x3e0u, 0x7c00u, 0x1f0000u, 0x3ffu, 0x1f03e0u})
            for (int i = 0; i < 50; ++i)
                agrees(decoder, row.value | ((random() | fields) & ~row.mask));
    }
}

TEST_CASE("no row of the table is hidden by another", "[sim][insn]") {
    for (const RegisterUseRow& a : register_use_rows()) {
        CHECK((a.value & ~a.mask) == 0);
        for (const RegisterUseRow& b : register_use_rows()) {
            if (&a == &b) continue;
            // Two rows have a word in common if they agree where both look.
            CHECK(((a.value ^ b.value) & a.mask & b.mask) != 0);
        }
    }
}
