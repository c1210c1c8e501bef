// SPDX-License-Identifier: GPL-2.0-or-later
// What one instruction word is: its class, the registers it depends on, its text. The class comes
// from the Arm manual's encoding groups (a table, complete up to Armv8.5); registers and text from
// Capstone 4, which knows Armv8.0 and a little more: what it lacks is described from the encoding's
// usual fields.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/insn/insn_class.h"

namespace uprobesim {

// A set of registers: X0..X30 are bits 0..30, SP is 31, V0..V31 are 32..63, NZCV is apart.
struct RegSet {
    std::uint64_t regs = 0;
    bool nzcv = false;
    bool operator==(const RegSet&) const = default;
};
inline constexpr unsigned kSpBit = 31;
inline constexpr unsigned kFirstVectorBit = 32;

struct InsnInfo {
    InsnClass cls = InsnClass::Other;
    RegSet reads;
    RegSet writes;
    bool writeback = false;     // pre- or post-index: the base register is written too
    unsigned base = kSpBit;     // which one, if writeback
    unsigned access_bytes = 0;  // memory accesses: bytes moved, both registers of a pair
    bool operator==(const InsnInfo&) const = default;
};

class Decoder {
public:
    Decoder();  // throws HostError if Capstone cannot be opened
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    static InsnClass classify(std::uint32_t word);
    // Remembers the words that it met last: programs are made of few different ones.
    InsnInfo describe(std::uint32_t word) const;
    // "stp x29, x30, [sp, #-0x10]!"; ".word 0x..." for what has no text.
    std::string disassemble(std::uint32_t word, std::uint64_t address) const;

private:
    struct Described {
        std::uint32_t word = 0;
        InsnInfo info;
    };
    InsnInfo decoded(std::uint32_t word) const;

    std::size_t handle_;  // csh
    void* insn_;          // cs_insn, reused
    // By hash: 1 more than the index in described_, or 0.
    mutable std::vector<std::uint16_t> places_;
    mutable std::vector<Described> described_;
};

// "Capstone 4.0": of the library that is loaded.
std::string disassembler_version();

}  // namespace uprobesim
