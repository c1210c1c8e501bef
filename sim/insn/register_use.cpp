// SPDX-License-Identifier: GPL-2.0-or-later
// By the encoding index of the Arm Architecture Reference Manual (DDI 0487, chapter C4). A row has
// allocated words only, and may leave out forms that are seldom met: Capstone knows them too.
#include "sim/insn/register_use.h"

#include <array>
#include <bit>

#include "sim/insn/word_index.h"

namespace uprobesim {
namespace {

// Fields: D is Rd or Rt (bit 0), N is Rn (5), A is Ra or Rt2 (10), M is Rm or Rs (16). Register 31
// is the zero register, which is in no set, but where Sp says that it is SP.
enum Field : std::uint32_t {
    ReadD = 1u << 0,
    ReadN = 1u << 1,
    ReadNSp = 1u << 2,
    ReadA = 1u << 3,
    ReadM = 1u << 4,
    ReadVd = 1u << 5,
    ReadVn = 1u << 6,
    ReadVm = 1u << 7,
    ReadVa = 1u << 8,
    ReadFlags = 1u << 9,
    WriteD = 1u << 10,
    WriteDSp = 1u << 11,
    WriteA = 1u << 12,
    WriteM = 1u << 13,
    WriteVd = 1u << 14,
    WriteVa = 1u << 15,
    WriteFlags = 1u << 16,
    WriteLink = 1u << 17,
    WriteBase = 1u << 18,
    BitPattern = 1u << 19,  // the immediate of a logical instruction
};

using Use = RegisterUseRow;
constexpr std::uint32_t kAlu = ReadN | ReadM | WriteD, kUnary = ReadN | WriteD,
                        kLoad = ReadNSp | WriteD, kStore = ReadNSp | ReadD,
                        kLoadV = ReadNSp | WriteVd, kStoreV = ReadNSp | ReadVd,
                        kVector = ReadVn | ReadVm | WriteVd, kUnaryV = ReadVn | WriteVd,
                        kLogical = ReadN | WriteDSp | BitPattern;
// What Capstone 4 has moves of constants and bitfields do, and MSR: they read what they write.
// Costs of blocks are as they were with it.
constexpr std::uint32_t kMerges = ReadD | WriteD, kMergesV = ReadVd | WriteVd;

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
    Use{0xffc00000, 0x69400000, kLoad | WriteA},    // ldpsw
    Use{0xbfc00000, 0x2d400000, kLoadV | WriteVa},  // S, D
    Use{0xbfc00000, 0x2d000000, kStoreV | ReadVa},
    Use{0xbfc00000, 0x2dc00000, kLoadV | WriteVa | WriteBase},
    Use{0xbfc00000, 0x2d800000, kStoreV | ReadVa | WriteBase},
    Use{0xbfc00000, 0x2cc00000, kLoadV | WriteVa | WriteBase},
    Use{0xbfc00000, 0x2c800000, kStoreV | ReadVa | WriteBase},
    Use{0xffc00000, 0xad400000, kLoadV | WriteVa},  // Q
    Use{0xffc00000, 0xad000000, kStoreV | ReadVa},
    Use{0xffc00000, 0xadc00000, kLoadV | WriteVa | WriteBase},
    Use{0xffc00000, 0xad800000, kStoreV | ReadVa | WriteBase},
    Use{0xffc00000, 0xacc00000, kLoadV | WriteVa | WriteBase},
    Use{0xffc00000, 0xac800000, kStoreV | ReadVa | WriteBase},
    // Loads and stores: unscaled, register, post- and pre-index
    Use{0x3fe00c00, 0x38400000, kLoad},           // ldur
    Use{0x3fe00c00, 0x38000000, kStore},          // stur
    Use{0xffe00c00, 0xb8800000, kLoad},           // ldursw
    Use{0xbfe00c00, 0x38800000, kLoad},           // ldursb, ldursh, 64 bits
    Use{0xbfe00c00, 0x38c00000, kLoad},           // 32 bits
    Use{0x3fe04c00, 0x38604800, kLoad | ReadM},   // ldr
    Use{0x3fe04c00, 0x38204800, kStore | ReadM},  // str
    Use{0xffe04c00, 0xb8a04800, kLoad | ReadM},   // ldrsw
    Use{0xbfe04c00, 0x38a04800, kLoad | ReadM},   // ldrsb, ldrsh, 64 bits
    Use{0xbfe04c00, 0x38e04800, kLoad | ReadM},   // 32 bits
    Use{0x3fe00400, 0x38400400, kLoad | WriteBase}, Use{0x3fe00400, 0x38000400, kStore | WriteBase},
    Use{0xffe00400, 0xb8800400, kLoad | WriteBase},  // ldrsw
    Use{0xbfe00400, 0x38800400, kLoad | WriteBase},  // ldrsb, ldrsh
    Use{0xbfe00400, 0x38c00400, kLoad | WriteBase}, Use{0x3fe00c00, 0x3c400000, kLoadV},  // B to D
    Use{0x3fe00c00, 0x3c000000, kStoreV}, Use{0x3fe04c00, 0x3c604800, kLoadV | ReadM},
    Use{0x3fe04c00, 0x3c204800, kStoreV | ReadM}, Use{0x3fe00400, 0x3c400400, kLoadV | WriteBase},
    Use{0x3fe00400, 0x3c000400, kStoreV | WriteBase}, Use{0xffe00c00, 0x3cc00000, kLoadV},  // Q
    Use{0xffe00c00, 0x3c800000, kStoreV}, Use{0xffe04c00, 0x3ce04800, kLoadV | ReadM},
    Use{0xffe04c00, 0x3ca04800, kStoreV | ReadM}, Use{0xffe00400, 0x3cc00400, kLoadV | WriteBase},
    Use{0xffe00400, 0x3c800400, kStoreV | WriteBase},
    Use{0xbf000000, 0x18000000, WriteD},   // ldr, literal
    Use{0xbffff000, 0x0c407000, kLoadV},   // ld1 of one register
    Use{0xbffff000, 0x0c007000, kStoreV},  // st1
    // Exclusive, and with acquire or release: 32 and 64 bits
    Use{0xbffffc00, 0x885f7c00, kLoad},            // ldxr
    Use{0xbffffc00, 0x885ffc00, kLoad},            // ldaxr
    Use{0xbffffc00, 0x88dffc00, kLoad},            // ldar
    Use{0xbffffc00, 0x889ffc00, kStore},           // stlr
    Use{0xbfe0fc00, 0x88007c00, kStore | WriteM},  // stxr
    Use{0xbfe0fc00, 0x8800fc00, kStore | WriteM},  // stlxr
    // Arithmetic, logic and moves, immediate
    Use{0x3f800000, 0x11000000, ReadNSp | WriteDSp},                // add, sub
    Use{0x7f800000, 0x71000000, ReadNSp | WriteD | WriteFlags},     // subs
    Use{0xff800000, 0xb1000000, ReadNSp | WriteD | WriteFlags},     // adds, 64 bits
    Use{0xff800000, 0x31000000, ReadNSp | ReadD | WriteFlags},      // 32 bits, as Capstone has it
    Use{0x7f800000, 0x12000000, kLogical},                          // and
    Use{0x7f800000, 0x32000000, kLogical},                          // orr
    Use{0x7f800000, 0x52000000, kLogical},                          // eor
    Use{0x7f800000, 0x72000000, kUnary | WriteFlags | BitPattern},  // ands
    Use{0x1f000000, 0x10000000, WriteD},                            // adr, adrp
    Use{0xbf800000, 0x92800000, kMerges},                           // movn, movz, 64 bits
    Use{0xbfc00000, 0x12800000, kMerges},                           // movn, movz, 32 bits
    Use{0xff800000, 0xf2800000, kMerges},                           // movk, 64 bits
    Use{0xffc00000, 0x72800000, kMerges},                           // movk, 32 bits
    Use{0xffc00000, 0xd3400000, kMerges | ReadN},                   // ubfm, 64 bits
    Use{0xffc00000, 0x93400000, kMerges | ReadN},                   // sbfm, 64 bits
    Use{0xbfe08000, 0x13000000, kMerges | ReadN},                   // sbfm, ubfm, 32 bits
    Use{0xffc00000, 0xb3400000, kMerges | ReadN},                   // bfm, 64 bits
    Use{0xffe08000, 0x33000000, kMerges | ReadN},                   // bfm, 32 bits
    Use{0xffe00000, 0x93c00000, kAlu},                              // extr, 64 bits
    Use{0xffe08000, 0x13800000, kAlu},                              // extr, 32 bits
    // Branches and system
    Use{0xff000010, 0x54000000, ReadFlags},          // b.cond
    Use{0x7e000000, 0x34000000, ReadD},              // cbz, cbnz
    Use{0x7e000000, 0x36000000, ReadD},              // tbz, tbnz
    Use{0xfc000000, 0x14000000, 0},                  // b
    Use{0xfc000000, 0x94000000, WriteLink},          // bl
    Use{0xfffffc1f, 0xd63f0000, ReadN | WriteLink},  // blr
    Use{0xfffffc1f, 0xd61f0000, ReadN},              // br
    Use{0xfffffc1f, 0xd65f0000, ReadN},              // ret
    Use{0xfffff01f, 0xd503201f, 0},                  // hints
    Use{0xfffff01f, 0xd503301f, 0},                  // barriers, clrex
    Use{0xfff00000, 0xd5300000, WriteD},             // mrs
    Use{0xfff00000, 0xd5100000, kMerges},            // msr
    Use{0xffffffe0, 0xd50b7420, ReadD},              // dc zva
    Use{0xffffffe0, 0xd50b7520, ReadD},              // ic ivau
    Use{0xfffffee0, 0xd50b7a20, ReadD},              // dc cvac, cvau
    Use{0xffe0001f, 0xd4000001, WriteLink},          // svc, as Capstone has it
    // Registers, shifted or extended
    Use{0xdf000000, 0x8a000000, kAlu},                        // and, bic, orr, orn, 64 bits
    Use{0xdf008000, 0x0a000000, kAlu},                        // 32 bits
    Use{0xff000000, 0xca000000, kAlu},                        // eor, eon
    Use{0xff008000, 0x4a000000, kAlu},                        //
    Use{0xff000000, 0xea000000, kAlu | WriteFlags},           // ands, bics
    Use{0xff008000, 0x6a000000, kAlu | WriteFlags},           //
    Use{0xbfa00000, 0x8b000000, kAlu},                        // add, sub; by LSL or LSR
    Use{0xbfa08000, 0x0b000000, kAlu},                        //
    Use{0xbfe00000, 0x8b800000, kAlu},                        // by ASR
    Use{0xbfe08000, 0x0b800000, kAlu},                        //
    Use{0xbfa00000, 0xab000000, kAlu | WriteFlags},           // adds, subs
    Use{0xbfa08000, 0x2b000000, kAlu | WriteFlags},           //
    Use{0xbfe00000, 0xab800000, kAlu | WriteFlags},           //
    Use{0xbfe08000, 0x2b800000, kAlu | WriteFlags},           //
    Use{0x3fe01000, 0x0b200000, ReadNSp | ReadM | WriteDSp},  // extended, by 0 to 3
    Use{0x3fe01c00, 0x0b201000, ReadNSp | ReadM | WriteDSp},  // by 4
    Use{0x3fe01000, 0x2b200000, ReadNSp | ReadM | WriteD | WriteFlags},  //
    Use{0x3fe01c00, 0x2b201000, ReadNSp | ReadM | WriteD | WriteFlags},  //
    Use{0x3fe0fc00, 0x1a000000, kAlu | ReadFlags},                       // adc, sbc
    Use{0x3fe00800, 0x1a800000, kAlu | ReadFlags},  // csel, csinc, csinv, csneg
    Use{0x3fe00c10, 0x3a400000, ReadN | ReadM | ReadFlags | WriteFlags},  // ccmn, ccmp
    Use{0x3fe00c10, 0x3a400800, ReadN | ReadFlags | WriteFlags},          // and with a constant
    Use{0x7fe0f000, 0x1ac02000, kAlu},                                    // lslv to rorv
    Use{0x7fe00000, 0x1b000000, kAlu | ReadA},                            // madd, msub
    Use{0xff600000, 0x9b200000, kAlu | ReadA},                            // smaddl to umsubl
    Use{0xff60fc00, 0x9b407c00, kAlu},                                    // smulh, umulh
    Use{0x7fe0f800, 0x1ac00800, kAlu},                                    // udiv, sdiv
    Use{0xfffff000, 0xdac00000, kUnary},                                  // rbit to rev, 64 bits
    Use{0xfffff800, 0x5ac00000, kUnary},                                  // rbit, rev16, 32 bits
    Use{0xfffffc00, 0x5ac00800, kUnary},                                  // rev, 32 bits
    Use{0x7ffff800, 0x5ac01000, kUnary},                                  // clz, cls
    // Between general and vector registers
    Use{0xfffffc00, 0x1e260000, ReadVn | WriteD},  // fmov, 32 bits
    Use{0xfffffc00, 0x1e270000, ReadN | WriteVd},
    Use{0xfffffc00, 0x9e660000, ReadVn | WriteD},  // 64 bits
    Use{0xfffffc00, 0x9e670000, ReadN | WriteVd},
    Use{0xfffffc00, 0x9eae0000, ReadVn | WriteD},  // the upper half
    Use{0xfffffc00, 0x9eaf0000, ReadN | WriteVd},  // as Capstone has it
    Use{0x7fbefc00, 0x1e220000, ReadN | WriteVd},  // scvtf, ucvtf
    Use{0x7fbefc00, 0x1e380000, ReadVn | WriteD},  // fcvtzs, fcvtzu
    Use{0xbffffc00, 0x0e010c00, ReadN | WriteVd},  // dup, of B to D
    Use{0xbffffc00, 0x0e020c00, ReadN | WriteVd}, Use{0xbffffc00, 0x0e040c00, ReadN | WriteVd},
    Use{0xfffffc00, 0x4e080c00, ReadN | WriteVd},
    Use{0xffe1fc00, 0x4e011c00, ReadN | kMergesV},  // ins
    Use{0xffe3fc00, 0x4e021c00, ReadN | kMergesV}, Use{0xffe7fc00, 0x4e041c00, ReadN | kMergesV},
    Use{0xffeffc00, 0x4e081c00, ReadN | kMergesV},
    Use{0xffe1fc00, 0x0e013c00, ReadVn | WriteD},  // umov
    Use{0xffe3fc00, 0x0e023c00, ReadVn | WriteD}, Use{0xffe7fc00, 0x0e043c00, ReadVn | WriteD},
    Use{0xffeffc00, 0x4e083c00, ReadVn | WriteD},
    // Floating point, S and D
    Use{0xffa0fc00, 0x1e200800, kVector},                       // fmul
    Use{0xffa0fc00, 0x1e201800, kVector},                       // fdiv
    Use{0xffa0ec00, 0x1e202800, kVector},                       // fadd, fsub
    Use{0xffa0fc00, 0x1e208800, kVector},                       // fnmul
    Use{0xffa08000, 0x1f000000, kVector | ReadVa},              // fmadd
    Use{0xffa08000, 0x1f008000, kVector | ReadVa},              // fmsub
    Use{0xffa00000, 0x1f200000, kVector | ReadVa},              // fnmadd, fnmsub
    Use{0xffa00c00, 0x1e200c00, kVector | ReadFlags},           // fcsel
    Use{0xffbefc00, 0x1e204000, kUnaryV},                       // fmov, fneg
    Use{0xffbefc00, 0x1e20c000, kUnaryV},                       // fabs, fsqrt
    Use{0xfffffc00, 0x1e22c000, kUnaryV},                       // fcvt, to D
    Use{0xfffffc00, 0x1e624000, kUnaryV},                       // to S
    Use{0xffa0fc0f, 0x1e202000, ReadVn | ReadVm | WriteFlags},  // fcmp, fcmpe
    Use{0xffa0fc0f, 0x1e202008, ReadVn | WriteFlags},           // with 0
    Use{0xffa01fe0, 0x1e201000, kMergesV},                      // fmov, immediate
    // Vectors
    Use{0x9ff81c00, 0x0f000400, kMergesV},          // movi, mvni
    Use{0xbf20fc00, 0x0e208400, kVector},           // add
    Use{0xbf20fc00, 0x2e208400, kVector},           // sub
    Use{0xbf20fc00, 0x0e20bc00, kVector},           // addp
    Use{0x9f20fc00, 0x0e208c00, kVector},           // cmtst, cmeq
    Use{0x9f20f400, 0x0e203400, kVector},           // cmgt, cmge, cmhi, cmhs
    Use{0x9f20f400, 0x0e206400, kVector},           // smax, smin, umax, umin
    Use{0x9f20f400, 0x0e20a400, kVector},           // smaxp to uminp
    Use{0xff3ffc00, 0x4e209800, kUnaryV},           // cmeq with 0, of 16 bytes
    Use{0xffbffc00, 0x0e209800, kUnaryV},           // of 8 bytes
    Use{0xfffffc00, 0x0ea09800, kUnaryV},           //
    Use{0xbfe0fc00, 0x0e201c00, kVector},           // and
    Use{0xbfa0fc00, 0x0ea01c00, kVector},           // orr, orn
    Use{0xbfe0fc00, 0x2e201c00, kVector},           // eor
    Use{0xbfe0fc00, 0x2e601c00, kVector | ReadVd},  // bsl
    Use{0xbfa0fc00, 0x2ea01c00, kVector | ReadVd},  // bit, bif
    Use{0xbf208400, 0x2e000000, kVector},           // ext
    Use{0xbf20fc00, 0x0e001800, kVector},           // uzp1
    Use{0xbf20fc00, 0x0e003800, kVector},           // zip1
    Use{0xfff8fc00, 0x0f088400, kUnaryV},           // shrn, to bytes
    Use{0xff20fc00, 0x0e204000, kVector},           // addhn
};
constexpr WordIndex<kUses.size()> kUseIndex(kUses);

// Of a logical immediate: elements of 2 to 64 bits, of which not all are ones.
bool is_bit_pattern(std::uint32_t word) {
    const std::uint32_t n = word >> 22 & 1, imms = word >> 10 & 63;
    if (n == 1 && word >> 31 == 0) return false;
    // Elements have 2 to the power of this less 1 bits.
    const auto length = std::bit_width(n << 6 | (~imms & 63));
    if (length < 2) return false;
    const std::uint32_t levels = (1u << (length - 1)) - 1;
    return (imms & levels) != levels;
}

// What Capstone does not decode, pairs that load one register twice and bases that are written in
// two ways, or says something of its own about: SP compared with what is extended or tested.
bool is_left_out(std::uint32_t word, std::uint32_t uses) {
    const std::uint32_t d = word & 31, n = word >> 5 & 31, a = word >> 10 & 31;
    constexpr std::uint32_t kSp = 31;
    if ((uses & BitPattern) != 0 && !is_bit_pattern(word)) return true;
    const bool is_extended = (uses & ReadNSp) != 0 && (uses & ReadM) != 0;
    if ((uses & WriteFlags) != 0 && (is_extended || (uses & BitPattern) != 0) && d == kSp &&
        n == kSp)
        return true;
    const bool is_pair = (uses & (ReadA | WriteA)) != 0;
    if ((uses & (WriteA | WriteVa)) != 0 && (uses & ReadNSp) != 0 && d == a) return true;
    if ((uses & WriteBase) == 0 || n == kSp) return false;
    return ((is_pair || (uses & WriteD) != 0) && n == d) || (is_pair && n == a);
}

RegisterUse used_by(std::uint32_t word, std::uint32_t uses) {
    const auto number = [word](unsigned low) { return word >> low & 31u; };
    const auto bit = [](bool wanted, unsigned reg) {
        return wanted ? std::uint64_t{1} << reg : std::uint64_t{0};
    };
    constexpr std::uint64_t kNoZero = ~(std::uint64_t{1} << 31);
    const unsigned d = number(0), n = number(5), a = number(10), m = number(16);
    RegisterUse use;
    use.reads.regs = (bit(uses & ReadD, d) | bit(uses & ReadN, n) | bit(uses & ReadA, a) |
                      bit(uses & ReadM, m)) &
                     kNoZero;
    use.reads.regs |= bit(uses & ReadNSp, n) | bit(uses & ReadVd, d + kFirstVectorBit) |
                      bit(uses & ReadVn, n + kFirstVectorBit) |
                      bit(uses & ReadVm, m + kFirstVectorBit) |
                      bit(uses & ReadVa, a + kFirstVectorBit);
    use.reads.nzcv = uses & ReadFlags;
    use.writes.regs =
        (bit(uses & WriteD, d) | bit(uses & WriteA, a) | bit(uses & WriteM, m)) & kNoZero;
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
    for (const std::uint8_t place : kUseIndex.of(word)) {
        const Use& row = kUses[place];
        if ((word & row.mask) != row.value) continue;
        if (is_left_out(word, row.uses)) break;
        return used_by(word, row.uses);
    }
    return std::nullopt;
}

}  // namespace uprobesim
