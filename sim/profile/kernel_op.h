// SPDX-License-Identifier: GPL-2.0-or-later
// The operations of kernel code that cost more than an instruction: barriers, cache and TLB
// maintenance, system registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uprobesim {

// Costly operations a kernel path performs, beyond its instructions.
enum class KernelOp : std::uint8_t {
    Isb,
    DsbIsh,
    DsbIshst,
    DsbNsh,
    Dmb,
    DaifWrite,
    MdscrRead,
    MdscrWrite,
    Exclusive,
    LoadAcquire,
    DcCvau,
    IcIvau,
    Tlbi,
    TtbrWrite,
    UserAccess,
    SlotRefetch,  // I-side miss on the slot just written
    kCount
};
inline constexpr std::size_t kKernelOpCount = static_cast<std::size_t>(KernelOp::kCount);
std::string_view kernel_op_name(KernelOp);  // "isb", "dsb-ish", ...

// Of a stepped hit: MDSCR_EL1 is read and written on the way to the step and again on the way in
// from it.
inline constexpr double kMdscrAccessesPerStep = 4;

}  // namespace uprobesim
