// SPDX-License-Identifier: GPL-2.0-or-later
// What one instruction word is: its class, the registers it depends on, its text. The class comes
// from the Arm manual's encoding groups (a table, complete up to Armv8.5); registers of the words
// that are met often from another (register_use); other registers and text from Capstone 4, which
// knows Armv8.0 and a little more: what it lacks is described from the encoding's usual fields.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/insn/insn_info.h"

namespace uprobesim {

class Decoder {
public:
    Decoder();
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    static InsnClass classify(std::uint32_t word);
    // What asks Capstone throws HostError if it cannot be opened.
    // Remembers the words that it met last: programs are made of few different ones.
    InsnInfo describe(std::uint32_t word) const;
    // The same without the table of registers: slower by far, and the table's judge.
    InsnInfo described_by_capstone(std::uint32_t word) const;
    // "stp x29, x30, [sp, #-0x10]!"; ".word 0x..." for what has no text.
    std::string disassemble(std::uint32_t word, std::uint64_t address) const;

private:
    struct Described {
        std::uint32_t word = 0;
        InsnInfo info;
    };
    InsnInfo decoded(std::uint32_t word) const;
    void open_capstone() const;

    mutable std::size_t handle_ = 0;  // csh
    mutable void* insn_ = nullptr;    // cs_insn, reused; null: Capstone is not open yet
    // By hash: 1 more than the index in described_, or 0.
    mutable std::vector<std::uint16_t> places_;
    mutable std::vector<Described> described_;
};

// "Capstone 4.0": of the library that is loaded.
std::string disassembler_version();

}  // namespace uprobesim
