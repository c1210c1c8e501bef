// SPDX-License-Identifier: GPL-2.0-or-later
// The rows equal the kernel's own decoder on all 2^32 words, for each column: the counts are in
// tests/probes, tools/walk_verdicts makes them.
#include "probes/verdict/verdict.h"

#include <array>

#include "probes/slots/breakpoint.h"

namespace uprobesim {

namespace {

using K = VerdictKind;

constexpr std::uint8_t bit(DecodeTable t) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(t));
}
constexpr std::uint8_t kAll = (1u << kDecodeTables.size()) - 1;
constexpr std::uint8_t kFrom613 =
    bit(DecodeTable::V613) | bit(DecodeTable::V613Stp) | bit(DecodeTable::New);
constexpr std::uint8_t kStp = bit(DecodeTable::V613Stp);
constexpr std::uint8_t kNew = bit(DecodeTable::New);
constexpr std::uint8_t kNotNew = kAll & static_cast<std::uint8_t>(~kNew);

constexpr VerdictRow row(std::uint32_t mask, std::uint32_t value, K kind, Handler handler,
                         std::string_view reason, std::uint8_t columns = kAll) {
    return {mask, value, kind, columns, handler, reason};
}
constexpr VerdictRow emulate(std::uint32_t mask, std::uint32_t value, Handler h,
                             std::string_view reason, std::uint8_t columns = kAll) {
    return row(mask, value, K::Emulate, h, reason, columns);
}
constexpr VerdictRow reject(std::uint32_t mask, std::uint32_t value, std::string_view reason,
                            std::uint8_t columns = kAll) {
    return row(mask, value, K::Reject, Handler::None, reason, columns);
}
constexpr VerdictRow step(std::uint32_t mask, std::uint32_t value, std::string_view reason,
                          std::uint8_t columns = kAll) {
    return row(mask, value, K::Step, Handler::None, reason, columns);
}
// A hint the kernel knows to be safe out of line.
constexpr VerdictRow hint(unsigned number, std::string_view reason) {
    return step(0xffffffff, 0xd503201fu | (number << 5), reason);
}

constexpr VerdictRow kRows[] = {
    emulate(0xffc07fff, 0xa9807bfd, Handler::StpFpLr, "stp x29, x30, [sp, #imm]!", kStp),
    emulate(0xffffffff, 0xd503201f, Handler::Nop, "nop", kFrom613),
    // Branches, exceptions and system instructions: bits 28..26 are 101.
    emulate(0xff000010, 0x54000000, Handler::BCond, "b.cond", kNotNew),
    emulate(0xff000000, 0x54000000, Handler::BCond, "b.cond and bc.cond", kNew),
    emulate(0x7e000000, 0x34000000, Handler::CbzCbnz, "cbz and cbnz"),
    emulate(0x7e000000, 0x36000000, Handler::TbzTbnz, "tbz and tbnz"),
    emulate(0x7c000000, 0x14000000, Handler::BBl, "b and bl"),
    emulate(0xfffffc1f, 0xd61f0000, Handler::BrBlrRet, "br"),
    emulate(0xfffffc1f, 0xd63f0000, Handler::BrBlrRet, "blr"),
    emulate(0xfffffc1f, 0xd65f0000, Handler::BrBlrRet, "ret"),
    reject(0xfffffbff, 0xd65f0bff, "an authenticated return"),
    reject(0xfefff800, 0xd61f0800, "an authenticated branch"),
    reject(0xfefff800, 0xd63f0800, "an authenticated call"),
    reject(0xfff8f01f, 0xd500401f, "msr (immediate) or a flag manipulation"),
    reject(0xfff00000, 0xd5100000, "msr (register)"),
    reject(0xff000000, 0xd4000000, "an instruction that makes an exception"),
    reject(0xffffffff, 0xd69f03e0, "eret"),
    reject(0xfffffbff, 0xd69f0bff, "an authenticated eret"),
    reject(0xffffffe0, 0xd53b4220, "mrs of DAIF"),
    step(0xfff00000, 0xd5300000, "mrs"),
    hint(0, "nop"),
    hint(7, "xpaclri"),
    hint(8, "pacia1716"),
    hint(10, "pacib1716"),
    hint(24, "paciaz"),
    hint(25, "paciasp"),
    hint(26, "pacibz"),
    hint(27, "pacibsp"),
    hint(32, "bti"),
    hint(34, "bti c"),
    hint(36, "bti j"),
    hint(38, "bti jc"),
    reject(0xfffff01f, 0xd503201f, "a hint that is not known to be safe out of line"),
    step(0x1c000000, 0x14000000, "another branch or system instruction"),
    // Everything else.
    emulate(0x1f000000, 0x10000000, Handler::AdrAdrp, "adr and adrp"),
    reject(0xbf000000, 0x18000000, "a load relative to the pc"),
    reject(0xff000000, 0x98000000, "a load relative to the pc"),
    reject(0xff000000, 0xd8000000, "a prefetch relative to the pc"),
    reject(0x3f800000, 0x08000000, "a load-exclusive, store-exclusive or casp"),
    reject(0x3b200c00, 0x19000400, "a memory copy or set", kFrom613),
};

// Instructions of the profile's emulate-also, in addition to the decode table. Hypothetical: no
// kernel emulates these.
struct AlsoRow {
    AlsoEmulated word;
    std::uint32_t mask;
    std::uint32_t value;
    Handler handler;
    std::string_view reason;
};
constexpr AlsoRow kAlsoRows[] = {
    {AlsoEmulated::SubSp, 0xff8003ff, 0xd10003ff, Handler::AddSubSp, "sub sp, sp, #imm"},
    {AlsoEmulated::AddSp, 0xff8003ff, 0x910003ff, Handler::AddSubSp, "add sp, sp, #imm"},
    // ORR (shifted register) from the zero register, not shifted.
    {AlsoEmulated::Mov, 0x7fe0ffe0, 0x2a0003e0, Handler::MovRegister, "mov of a register"},
    {AlsoEmulated::MovWide, 0xdf800000, 0xd2800000, Handler::MovWide, "movz and movk, 64 bits"},
    {AlsoEmulated::MovWide, 0xff800000, 0x92800000, Handler::MovWide, "movn, 64 bits"},
    {AlsoEmulated::MovWide, 0xdfc00000, 0x52800000, Handler::MovWide, "movz and movk, 32 bits"},
    {AlsoEmulated::MovWide, 0xffc00000, 0x12800000, Handler::MovWide, "movn, 32 bits"},
    {AlsoEmulated::Stp, 0xffc00000, 0xa9800000, Handler::Stp, "stp xt, xt2, [xn, #imm]!"},
    {AlsoEmulated::Stp, 0xffc00000, 0xa9000000, Handler::Stp, "stp xt, xt2, [xn, #imm]"},
    {AlsoEmulated::Paciasp, 0xffffffff, 0xd503233f, Handler::Paciasp, "paciasp"},
    {AlsoEmulated::Bti, 0xffffff3f, 0xd503241f, Handler::Bti, "bti"},
};

// Writing back to a register that is stored is CONSTRAINED UNPREDICTABLE (Arm ARM, STP): no kernel
// would emulate it.
bool stores_its_base(std::uint32_t stp) {
    const std::uint32_t base = stp >> 5 & 31;
    const bool writes_back = (stp >> 23 & 1) != 0;
    return writes_back && base != 31 && (base == (stp & 31) || base == (stp >> 10 & 31));
}

}  // namespace

std::span<const VerdictRow> verdict_rows() {
    return kRows;
}

Verdict decide(std::uint32_t word, DecodeTable table) {
    const std::uint8_t column = bit(table);
    for (const VerdictRow& r : kRows) {
        if ((word & r.mask) == r.value && (r.columns & column) != 0)
            return {r.kind, r.handler, r.reason};
    }
    return {K::Step, Handler::None, "an instruction that does not depend on where it is"};
}

Verdict decide(std::uint32_t word, const KernelProfile& kernel) {
    if (word == kUprobeBrk) return {K::Reject, Handler::None, "the uprobe breakpoint itself"};
    const Verdict by_table = decide(word, kernel.decode_table);
    if (by_table.kind != K::Step) return by_table;
    for (const AlsoRow& r : kAlsoRows) {
        if ((word & r.mask) != r.value || !kernel.emulate_also.has(r.word)) continue;
        if (r.handler == Handler::Stp && stores_its_base(word)) continue;
        return {K::Emulate, r.handler, r.reason};
    }
    return by_table;
}

std::string_view verdict_name(VerdictKind kind) {
    switch (kind) {
        case K::Reject: return "reject";
        case K::Step: return "xol";
        case K::Emulate: return "emulate";
    }
    return "";
}

std::string_view handler_name(Handler handler) {
    constexpr std::array<std::string_view, static_cast<std::size_t>(Handler::kCount)> kNames = {
        "",         "b_cond",  "b_bl",      "br_blr_ret", "cbz_cbnz",     "tbz_tbnz",
        "adr_adrp", "nop",     "stp_fp_lr", "add_sub_sp", "mov_register", "mov_wide",
        "stp",      "paciasp", "bti"};
    return kNames[static_cast<std::size_t>(handler)];
}

}  // namespace uprobesim
