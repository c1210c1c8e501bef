// SPDX-License-Identifier: GPL-2.0-or-later
// By the encoding index of the Arm Architecture Reference Manual (DDI 0487, chapter C4). A row has
// allocated words only, and may leave out forms that are seldom met: Capstone knows them too.
#include "sim/insn/register_use.h"

#include <array>

namespace uprobesim {
namespace {

// Fields: D is Rd or Rt (bit 0), N is Rn (5), A is Ra or Rt2 (10), M is Rm (16). Register 31 is the
// zero register, which is in no set, but where Sp says that it is SP.
enum Field : std::uint32_t {
    ReadD = 1u << 0,
    ReadN = 1u << 1,
    ReadNSp = 1u << 2,
    ReadA = 1u << 3,
    ReadM = 1u << 4,
    ReadVd = 1u << 5,
    ReadVa = 1u << 6,
    ReadFlags = 1u << 7,
    WriteD = 1u << 8,
    WriteDSp = 1u << 9,
    WriteA = 1u << 10,
    WriteVd = 1u << 11,
    WriteVa = 1u << 12,
    WriteFlags = 1u << 13,
    WriteLink = 1u << 14,
    WriteBase = 1u << 15,
};

using Use = RegisterUseRow;
constexpr std::uint32_t kAlu = ReadN | ReadM | WriteD, kLoad = ReadNSp | WriteD,
                        kStore = ReadNSp | ReadD, kLoadV = ReadNSp | WriteVd,
                        kStoreV = ReadNSp | ReadVd;
// What Capstone 4 has moves of constants and bitfields do: they read what they write. Costs of
// blocks are as they were with it.
constexpr std::uint32_t kMerges = ReadD | WriteD;

constexpr std::array kUses = {
    // Loads and stores of one register: unsigned offset
    Use{0x3fc00000, 0x39400000, kLoad},    // ldr, ldrb, ldrh
    Use{0x3fc00000, 0x39000000, kStore},   // str, strb, strh
    Use{0xffc00000, 0xb9800000, kLoad},    // ldrsw
    Use{0xbfc00000, 0x39800000, kLoad},    // ldrsb, ldrsh, 64 bits
    Use{0xbfc00000, 0x39c00000, kLoad},    // ldrsb, ldrsh, 32 bits
    Use{0x3fc00000, 0x3d400000, kLoadV},   // ldr, B to D
    Use{0x3fc00000, 0x3d000000, kStoreV},  // str, B to D
    Use{0xffc00000, 0x3dc00000, kLoadV},   // ldr, Q
    Use{0xffc00000, 0x3d800000, kStoreV},  // str, Q
    // Pairs: signed offset, pre-index, post-index
    Use{0x7fc00000, 0x29400000, kLoad | WriteA}, Use{0x7fc00000, 0x29000000, kStore | ReadA},
    Use{0x7fc00000, 0x29c00000, kLoad | WriteA | WriteBase},
    Use{0x7fc00000, 0x29800000, kStore | ReadA | WriteBase},
    Use{0x7fc00000, 0x28c00000, kLoad | WriteA | WriteBase},
    Use{0x7fc00000, 0x28800000, kStore | ReadA | WriteBase},
    Use{0xbfc00000, 0x2d400000, kLoadV | WriteVa},  // S, D
    Use{0xbfc00000, 0x2d000000, kStoreV | ReadVa},
    Use{0xffc00000, 0xad400000, kLoadV | WriteVa},  // Q
    Use{0xffc00000, 0xad000000, kStoreV | ReadVa},
    // Arithmetic and moves, immediate
    Use{0x3f800000, 0x11000000, ReadNSp | WriteDSp},             // add, sub
    Use{0x7f800000, 0x71000000, ReadNSp | WriteD | WriteFlags},  // subs
    Use{0xff800000, 0xb1000000, ReadNSp | WriteD | WriteFlags},  // adds, 64 bits
    Use{0x1f000000, 0x10000000, WriteD},                         // adr, adrp
    Use{0xbf800000, 0x92800000, kMerges},                        // movn, movz, 64 bits
    Use{0xbfc00000, 0x12800000, kMerges},                        // movn, movz, 32 bits
    Use{0xffc00000, 0xd3400000, kMerges | ReadN},                // ubfm, 64 bits
    Use{0xffc00000, 0x93400000, kMerges | ReadN},                // sbfm, 64 bits
    Use{0xbfe08000, 0x13000000, kMerges | ReadN},                // sbfm, ubfm, 32 bits
    // Branches
    Use{0xff000010, 0x54000000, ReadFlags},          // b.cond
    Use{0x7e000000, 0x34000000, ReadD},              // cbz, cbnz
    Use{0x7e000000, 0x36000000, ReadD},              // tbz, tbnz
    Use{0xfc000000, 0x14000000, 0},                  // b
    Use{0xfc000000, 0x94000000, WriteLink},          // bl
    Use{0xfffffc1f, 0xd63f0000, ReadN | WriteLink},  // blr
    Use{0xfffffc1f, 0xd61f0000, ReadN},              // br
    Use{0xfffffc1f, 0xd65f0000, ReadN},              // ret
    // Registers, shifted by LSL
    Use{0xdfc00000, 0x8a000000, kAlu},               // and, bic, orr, orn, 64 bits
    Use{0xdfc08000, 0x0a000000, kAlu},               // 32 bits
    Use{0xffc00000, 0xca000000, kAlu},               // eor, eon
    Use{0xffc08000, 0x4a000000, kAlu},               //
    Use{0xffc00000, 0xea000000, kAlu | WriteFlags},  // ands, bics
    Use{0xffc08000, 0x6a000000, kAlu | WriteFlags},  //
    Use{0xbfe00000, 0x8b000000, kAlu},               // add, sub
    Use{0xbfe08000, 0x0b000000, kAlu},               //
    Use{0xbfe00000, 0xab000000, kAlu | WriteFlags},  // adds, subs
    Use{0xbfe08000, 0x2b000000, kAlu | WriteFlags},  //
    Use{0x3fe00800, 0x1a800000, kAlu | ReadFlags},   // csel, csinc, csinv, csneg
    Use{0x3fe00c10, 0x3a400000, ReadN | ReadM | ReadFlags | WriteFlags},  // ccmn, ccmp
    Use{0x3fe00c10, 0x3a400800, ReadN | ReadFlags | WriteFlags},          // and with a constant
    Use{0x7fe0f000, 0x1ac02000, kAlu},                                    // lslv to rorv
    Use{0x7fe00000, 0x1b000000, kAlu | ReadA},                            // madd, msub
    Use{0x7fe0f800, 0x1ac00800, kAlu},                                    // udiv, sdiv
    // Loads and stores: unscaled, register, post- and pre-index
    Use{0x3fe00c00, 0x38400000, kLoad},           // ldur
    Use{0x3fe00c00, 0x38000000, kStore},          // stur
    Use{0x3fe04c00, 0x38604800, kLoad | ReadM},   // ldr
    Use{0x3fe04c00, 0x38204800, kStore | ReadM},  // str
    Use{0xffe04c00, 0xb8a04800, kLoad | ReadM},   // ldrsw
    Use{0x3fe00400, 0x38400400, kLoad | WriteBase}, Use{0x3fe00400, 0x38000400, kStore | WriteBase},
    Use{0x3fe00c00, 0x3c400000, kLoadV},   // ldur, B to D
    Use{0x3fe00c00, 0x3c000000, kStoreV},  // stur
    Use{0xffe00c00, 0x3cc00000, kLoadV},   // ldur, Q
    Use{0xffe00c00, 0x3c800000, kStoreV},  // stur
    Use{0xbf000000, 0x18000000, WriteD},   // ldr, literal
    Use{0xffffffff, 0xd503201f, 0},        // nop
};

// Pairs that load one register twice, and bases that are written in two ways: Capstone does not
// decode them.
bool is_unpredictable(std::uint32_t word, std::uint32_t uses) {
    const std::uint32_t d = word & 31, n = word >> 5 & 31, a = word >> 10 & 31;
    constexpr std::uint32_t kSp = 31;
    const bool is_pair = (uses & (ReadA | WriteA)) != 0;
    if ((uses & (WriteA | WriteVa)) != 0 && (uses & ReadNSp) != 0 && d == a) return true;
    if ((uses & WriteBase) == 0 || n == kSp) return false;
    return ((is_pair || (uses & WriteD) != 0) && n == d) || (is_pair && n == a);
}

RegisterUse used_by(std::uint32_t word, std::uint32_t uses) {
    const auto number = [word](unsigned low) { return word >> low & 31u; };
    const auto bit = [](bool wanted, unsigned reg) { return std::uint64_t{wanted} << reg; };
    constexpr std::uint64_t kNoZero = ~(std::uint64_t{1} << 31);
    const unsigned d = number(0), n = number(5), a = number(10), m = number(16);
    RegisterUse use;
    use.reads.regs = (bit(uses & ReadD, d) | bit(uses & ReadN, n) | bit(uses & ReadA, a) |
                      bit(uses & ReadM, m)) &
                     kNoZero;
    use.reads.regs |= bit(uses & ReadNSp, n) | bit(uses & ReadVd, d + kFirstVectorBit) |
                      bit(uses & ReadVa, a + kFirstVectorBit);
    use.reads.nzcv = uses & ReadFlags;
    use.writes.regs = (bit(uses & WriteD, d) | bit(uses & WriteA, a)) & kNoZero;
    use.writes.regs |= bit(uses & WriteDSp, d) | bit(uses & WriteBase, n) |
                       bit(uses & WriteVd, d + kFirstVectorBit) |
                       bit(uses & WriteVa, a + kFirstVectorBit) | bit(uses & WriteLink, 30);
    use.writes.nzcv = uses & WriteFlags;
    use.writeback = uses & WriteBase;
    return use;
}

}  // namespace

std::span<const RegisterUseRow> register_use_rows() {
    return kUses;
}

std::optional<RegisterUse> register_use(std::uint32_t word) {
    for (const Use& row : kUses) {
        if ((word & row.mask) != row.value) continue;
        if (is_unpredictable(word, row.uses)) break;
        return used_by(word, row.uses);
    }
    return std::nullopt;
}

}  // namespace uprobesim
