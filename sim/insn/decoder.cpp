// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/insn/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>
#include <string_view>

#include "sim/base/error.h"
#include "sim/insn/capstone_library.h"
#include "sim/insn/register_use.h"

namespace uprobesim {

namespace {

// Bit of a register in RegSet, or none for WZR, XZR and what has no bit.
std::optional<unsigned> bit_of(unsigned reg) {
    const auto in = [reg](unsigned first, unsigned last) { return reg >= first && reg <= last; };
    if (in(ARM64_REG_X0, ARM64_REG_X28)) return reg - ARM64_REG_X0;
    if (in(ARM64_REG_W0, ARM64_REG_W30)) return reg - ARM64_REG_W0;
    if (reg == ARM64_REG_X29) return 29u;
    if (reg == ARM64_REG_X30) return 30u;
    if (reg == ARM64_REG_SP || reg == ARM64_REG_WSP) return kSpBit;
    if (in(ARM64_REG_B0, ARM64_REG_B31)) return kFirstVectorBit + reg - ARM64_REG_B0;
    if (in(ARM64_REG_H0, ARM64_REG_H31)) return kFirstVectorBit + reg - ARM64_REG_H0;
    if (in(ARM64_REG_S0, ARM64_REG_S31)) return kFirstVectorBit + reg - ARM64_REG_S0;
    if (in(ARM64_REG_D0, ARM64_REG_D31)) return kFirstVectorBit + reg - ARM64_REG_D0;
    if (in(ARM64_REG_Q0, ARM64_REG_Q31)) return kFirstVectorBit + reg - ARM64_REG_Q0;
    if (in(ARM64_REG_V0, ARM64_REG_V31)) return kFirstVectorBit + reg - ARM64_REG_V0;
    return std::nullopt;
}

RegSet set_of(const std::uint16_t* regs, std::uint8_t count) {
    RegSet set;
    for (std::uint8_t i = 0; i < count; ++i) {
        if (regs[i] == ARM64_REG_NZCV) set.nzcv = true;
        if (const auto bit = bit_of(regs[i])) set.regs |= std::uint64_t{1} << *bit;
    }
    return set;
}

bool is_vector(InsnClass c) {
    return c == InsnClass::FpAlu || c == InsnClass::FpDivSqrt || c == InsnClass::Simd ||
           c == InsnClass::Crypto;
}

// Usual places of the fields, for words Capstone does not decode: LSE atomics, ldapr, dot products.
void describe_by_fields(std::uint32_t word, InsnInfo& info) {
    const auto field = [word](unsigned low) { return (word >> low) & 31u; };
    const auto bit = [&](unsigned reg, bool vector) {
        if (!vector && reg == 31) return std::uint64_t{0};
        return std::uint64_t{1} << (reg + (vector ? kFirstVectorBit : 0));
    };
    switch (info.cls) {
        case InsnClass::Atomic:
        case InsnClass::AcqRel:
            info.reads.regs = bit(field(16), false) | std::uint64_t{1} << field(5);  // Rs, base
            info.writes.regs = bit(field(0), false);                                 // Rt
            break;
        case InsnClass::IntAlu:
        case InsnClass::FpAlu:
        case InsnClass::FpDivSqrt:
        case InsnClass::Simd:
        case InsnClass::Crypto:
            info.reads.regs =
                bit(field(5), is_vector(info.cls)) | bit(field(16), is_vector(info.cls));
            info.writes.regs = bit(field(0), is_vector(info.cls));
            break;
        default: break;
    }
}

// Bytes one load or store moves, from size, opc and V as the manual's "Loads and stores" tables
// give them.
unsigned access_bytes(std::uint32_t word) {
    const unsigned size = word >> 30;
    const bool vector = (word >> 26) & 1;
    if ((word & 0x3a000000u) == 0x28000000u) {  // a pair
        if (vector) return 8u << size;
        return size == 2 ? 16u : 8u;
    }
    if (vector && (word & 0xbe000000u) == 0x0c000000u) return (word >> 30) & 1 ? 16u : 8u;
    if (vector && (word & 0x3f000000u) == 0x1c000000u) return 4u << size;  // literal
    if (vector && size == 0 && ((word >> 23) & 1)) return 16u;             // Q register
    return 1u << size;
}

bool is_memory(InsnClass c) {
    return c == InsnClass::Load || c == InsnClass::Store || c == InsnClass::LoadFp ||
           c == InsnClass::StoreFp;
}

constexpr std::array<std::string_view, 8> kLdOps = {"ldadd",  "ldclr",  "ldeor",  "ldset",
                                                    "ldsmax", "ldsmin", "ldumax", "ldumin"};

// Hints Capstone 4 prints as "hint #n" (DDI 0487, C6.2 "HINT").
std::string_view hint_name(unsigned number) {
    switch (number) {
        case 7: return "xpaclri";
        case 8: return "pacia1716";
        case 10: return "pacib1716";
        case 12: return "autia1716";
        case 14: return "autib1716";
        case 16: return "esb";
        case 20: return "csdb";
        case 24: return "paciaz";
        case 25: return "paciasp";
        case 26: return "pacibz";
        case 27: return "pacibsp";
        case 28: return "autiaz";
        case 29: return "autiasp";
        case 30: return "autibz";
        case 31: return "autibsp";
        case 32: return "bti";
        case 34: return "bti c";
        case 36: return "bti j";
        case 38: return "bti jc";
        default: return {};
    }
}

std::string reg_name(unsigned reg, bool wide) {
    if (reg == 31) return wide ? "xzr" : "wzr";
    return fmt::format("{}{}", wide ? 'x' : 'w', reg);
}
std::string base_name(unsigned reg) {
    return reg == 31 ? "sp" : fmt::format("x{}", reg);
}

// Text of the common words Capstone 4 lacks; empty for the others.
std::string own_text(std::uint32_t word) {
    const unsigned size = word >> 30;
    const unsigned rs = (word >> 16) & 31, rn = (word >> 5) & 31, rt = word & 31;
    const bool wide = size == 3;
    const std::string_view width = size == 0 ? "b" : size == 1 ? "h" : "";
    if ((word & 0xfffff01fu) == 0xd503201fu) return std::string(hint_name((word >> 5) & 127));
    if (word == 0xd50330ffu) return "sb";
    if ((word & 0x3ffffc00u) == 0x38bfc000u) {
        return fmt::format("ldapr{} {}, [{}]", width, reg_name(rt, wide), base_name(rn));
    }
    if ((word & 0x3f200c00u) == 0x38200000u) {
        const unsigned op = (word >> 12) & 15;
        if (op > 8) return {};
        const std::string_view name = op == 8 ? "swp" : kLdOps[op];
        const std::string_view order =
            std::array<std::string_view, 4>{"", "l", "a", "al"}[(word >> 22) & 3];
        return fmt::format("{}{}{} {}, {}, [{}]", name, order, width, reg_name(rs, wide),
                           reg_name(rt, wide), base_name(rn));
    }
    if ((word & 0x3fa07c00u) == 0x08a07c00u) {
        const bool acquire = (word >> 22) & 1, release = (word >> 15) & 1;
        return fmt::format("cas{}{}{} {}, {}, [{}]", acquire ? "a" : "", release ? "l" : "", width,
                           reg_name(rs, wide), reg_name(rt, wide), base_name(rn));
    }
    return {};
}

}  // namespace

Decoder::Decoder() {
    places_.resize(8192);  // a power of two
}

Decoder::~Decoder() {
    if (insn_ == nullptr) return;
    capstone().free(static_cast<cs_insn*>(insn_), 1);
    capstone().close(&handle_);
}

void Decoder::open_capstone() const {
    if (insn_ != nullptr) return;
    if (const cs_err err = capstone().open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &handle_);
        err != CS_ERR_OK)
        throw HostError("cs_open", capstone().error_text(err));
    capstone().option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    insn_ = capstone().allocate(handle_);
    if (insn_ != nullptr) return;
    capstone().close(&handle_);
    throw HostError("cs_malloc", "out of memory");
}

namespace {
bool decode(csh handle, std::uint32_t word, std::uint64_t address, cs_insn* insn) {
    // The engine runs on little-endian hosts only, but the bytes are spelt out all the same.
    const std::array<std::uint8_t, 4> bytes = {
        static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(word >> 8),
        static_cast<std::uint8_t>(word >> 16), static_cast<std::uint8_t>(word >> 24)};
    const std::uint8_t* code = bytes.data();
    std::size_t size = bytes.size();
    return capstone().disassemble(handle, &code, &size, &address, insn);
}
}  // namespace

namespace {
struct FlagRow {
    std::uint32_t mask, value;
};
// What Capstone 4 does not say: conditional selects and compares and adds with carry read the
// flags, and compares, which are the forms with S under another name, write them.
constexpr std::array kReadFlags = {
    FlagRow{0x1fe00000, 0x1a800000},  // csel, csinc, csinv, csneg
    FlagRow{0x1fe00000, 0x1a400000},  // ccmp, ccmn
    FlagRow{0x1fe0fc00, 0x1a000000},  // adc, sbc
    FlagRow{0xff200c00, 0x1e200c00},  // fcsel
    FlagRow{0xff200c00, 0x1e200400},  // fccmp
};
constexpr std::array kWriteFlags = {
    FlagRow{0x3f000000, 0x31000000},  // adds, subs, immediate
    FlagRow{0x3f000000, 0x2b000000},  // adds, subs, register
    FlagRow{0x7f800000, 0x72000000},  // ands, immediate
    FlagRow{0x7f000000, 0x6a000000},  // ands, bics
    FlagRow{0x3fe00000, 0x3a400000},  // ccmp, ccmn
};
// Comparing forms write flags alone and read their first operand; Capstone has that one written.
void describe_compare(std::uint32_t word, InsnInfo& info) {
    const bool is_conditional = (word & 0x3fe00000u) == 0x3a400000u;
    constexpr std::uint32_t kZero = 31;
    if (is_conditional || (word & 31) != kZero) return;
    const bool is_immediate = (word & 0x1c000000u) == 0x10000000u;
    const std::uint32_t rn = word >> 5 & 31;
    info.writes.regs = 0;
    if (rn != kZero || is_immediate) info.reads.regs |= std::uint64_t{1} << rn;
}

bool is_one_of(std::span<const FlagRow> rows, std::uint32_t word) {
    return std::any_of(rows.begin(), rows.end(),
                       [word](const FlagRow& row) { return (word & row.mask) == row.value; });
}

// The word without the offset of what is relative to PC: where it leads says nothing about
// registers.
std::uint32_t without_offset(std::uint32_t word) {
    struct Form {
        std::uint32_t mask, value, offset;
    };
    constexpr Form kForms[] = {
        {0x7c000000, 0x14000000, 0x03ffffff},  // B, BL
        {0xff000000, 0x54000000, 0x00ffffe0},  // B.cond
        {0x7e000000, 0x34000000, 0x00ffffe0},  // CBZ, CBNZ
        {0x7e000000, 0x36000000, 0x0007ffe0},  // TBZ, TBNZ
        {0x1f000000, 0x10000000, 0x60ffffe0},  // ADR, ADRP
    };
    for (const Form& form : kForms)
        if ((word & form.mask) == form.value) return word & ~form.offset;
    return word;
}

}  // namespace

InsnInfo Decoder::describe(std::uint32_t word) const {
    const std::uint32_t key = without_offset(word);
    const std::size_t at = key * std::uint64_t{0x9e3779b97f4a7c15u} >> 32 & (places_.size() - 1);
    std::uint16_t& place = places_[at];
    if (place == 0) {
        described_.push_back({key, decoded(key)});
        place = static_cast<std::uint16_t>(described_.size());
    }
    Described& row = described_[place - 1u];
    if (row.word != key) row = {key, decoded(key)};
    return row.info;
}

InsnInfo Decoder::decoded(std::uint32_t word) const {
    const auto use = register_use(word);
    if (!use) return described_by_capstone(word);
    InsnInfo info;
    info.cls = classify(word);
    if (is_memory(info.cls)) info.access_bytes = access_bytes(word);
    info.reads = use->reads;
    info.writes = use->writes;
    info.writeback = use->writeback;
    if (info.writeback) info.base = (word >> 5) & 31;
    return info;
}

InsnInfo Decoder::described_by_capstone(std::uint32_t word) const {
    InsnInfo info;
    info.cls = classify(word);
    if (is_memory(info.cls)) info.access_bytes = access_bytes(word);
    open_capstone();
    auto* insn = static_cast<cs_insn*>(insn_);
    if (!decode(handle_, word, 0, insn)) {
        describe_by_fields(word, info);
        return info;
    }
    cs_regs reads, writes;
    std::uint8_t read_count = 0, write_count = 0;
    if (capstone().registers(handle_, insn, reads, &read_count, writes, &write_count) ==
        CS_ERR_OK) {
        info.reads = set_of(reads, read_count);
        info.writes = set_of(writes, write_count);
    }
    info.reads.nzcv = info.reads.nzcv || is_one_of(kReadFlags, word);
    if (is_one_of(kWriteFlags, word)) {
        info.writes.nzcv = true;
        describe_compare(word, info);
    }
    info.writeback = is_memory(info.cls) && insn->detail->arm64.writeback;
    if (info.writeback) info.base = (word >> 5) & 31;
    // Capstone lists the target of LD1 as read too; lane loads do merge, but seldom in a chain.
    if (info.cls == InsnClass::LoadFp) info.reads.regs &= 0xffffffffu;
    // Capstone gives RET, BR and MRS wrong sets: what they read is in their fields.
    const std::uint64_t rn = std::uint64_t{1} << ((word >> 5) & 31) & 0x7fffffffu;
    if (info.cls == InsnClass::BranchReturn || info.cls == InsnClass::BranchIndirect)
        info.reads.regs = rn;
    if ((word & 0xfff00000u) == 0xd5300000u) {
        info.reads = {};
        info.writes.regs = std::uint64_t{1} << (word & 31) & 0x7fffffffu;
    }
    return info;
}

std::string Decoder::disassemble(std::uint32_t word, std::uint64_t address) const {
    if (std::string text = own_text(word); !text.empty()) return text;
    open_capstone();
    auto* insn = static_cast<cs_insn*>(insn_);
    if (!decode(handle_, word, address, insn)) return fmt::format(".word 0x{:08x}", word);
    std::string text = insn->mnemonic;
    if (insn->op_str[0] != '\0') text += fmt::format(" {}", insn->op_str);
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

std::string disassembler_version() {
    int major = 0, minor = 0;
    capstone().version(&major, &minor);
    return fmt::format("Capstone {}.{}", major, minor);
}

}  // namespace uprobesim
