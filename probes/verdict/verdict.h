// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel does with a probed instruction: refuse it, step it out of line,
// or simulate it. One table of mask/value rows in the kernel's order, with a
// column per kernel generation; the first row that matches decides. A second one
// has what a profile's simulate-also takes from the steps.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/profile/kernel_profile.h"

namespace uprobesim {

enum class VerdictKind : std::uint8_t { Reject, Step, Simulate };
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
    // Of a profile's simulate-also.
    AddSubSp,
    MovRegister,
    MovWide,
    Stp,
    Paciasp,
    Bti,
    kCount
};

// Columns. Kernels 6.1 (from 6.1.113) and 6.12 decide alike; 6.13 refuses MOPS and simulates NOP;
// the STP patch adds one row; the newest kernels simulate BC.cond.
enum class DecodeTable : std::uint8_t { V6_1, V6_12, V6_13, V6_13Stp, New, kCount };
std::optional<DecodeTable> decode_table(
    std::string_view name);  // "6.1", "6.12", "6.13", "6.13+stp", "new"

struct Verdict {
    VerdictKind kind = VerdictKind::Step;
    Handler handler = Handler::None;
    std::string_view
        what;  // the row's subject, for messages: "load-exclusive and store-exclusive, CASP"
};

Verdict verdict(std::uint32_t word, DecodeTable table);
// The whole decision about a word of a file: everything in the profile that has a say, and the
// breakpoint itself.
Verdict verdict(std::uint32_t word, const KernelProfile& kernel);

std::string_view verdict_name(VerdictKind);  // "reject", "xol", "simulate"
std::string_view handler_name(Handler);      // "b_cond", ...

struct VerdictRow {
    std::uint32_t mask;
    std::uint32_t value;
    VerdictKind kind;
    std::uint8_t columns;  // bit per DecodeTable: the row exists there
    Handler handler;
    std::string_view what;
};
std::span<const VerdictRow> verdict_rows();

}  // namespace uprobesim
