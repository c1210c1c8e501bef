// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel does with a probed instruction: refuse it, step it out of line, or emulate it.
// One table of mask/value rows in the kernel's order, with a column per kernel generation; the
// first row that matches decides. A second table has the instructions that a profile's emulate-also
// adds to the emulated ones.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sim/profile/kernel_profile.h"

namespace uprobesim {

enum class VerdictKind : std::uint8_t { Reject, Step, Emulate };
enum class Handler : std::uint8_t {
    None,
    BCond,
    BBl,
    BrBlrRet,
    CbzCbnz,
    TbzTbnz,
    AdrAdrp,
    Nop,
    StpFpLr,
    // Of a profile's emulate-also.
    AddSubSp,
    MovRegister,
    MovWide,
    Stp,
    Paciasp,
    Bti,
    kCount
};

struct Verdict {
    VerdictKind kind = VerdictKind::Step;
    Handler handler = Handler::None;
    // What kind of instruction it is, for messages: "load-exclusive and store-exclusive, CASP".
    std::string_view reason;
};

// By the decode table alone.
Verdict decide(std::uint32_t word, DecodeTable table);
// The decision about a word of a file: by the decode table, the profile's other keys, and whether
// it is a breakpoint itself.
Verdict decide(std::uint32_t word, const KernelProfile& kernel);

std::string_view verdict_name(VerdictKind);  // "reject", "xol", "emulate"
std::string_view handler_name(Handler);      // "b_cond", ...

struct VerdictRow {
    std::uint32_t mask;
    std::uint32_t value;
    VerdictKind kind;
    std::uint8_t columns;  // bit per DecodeTable: the row exists there
    Handler handler;
    std::string_view reason;
};
std::span<const VerdictRow> verdict_rows();

}  // namespace uprobesim
