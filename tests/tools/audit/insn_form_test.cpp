// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/audit/insn_form.h"

#include <catch2/catch.hpp>
#include <utility>

using uprobesim::insn_form;

TEST_CASE(
    "an instruction's form has no numbers but keeps frame pointer, link register, sp and signs",
    "[tools][audit]") {
    constexpr std::pair<const char*, const char*> kExamples[] = {
        {"stp x29, x30, [sp, #-0x10]!", "stp x29, x30, [sp, #-N]!"},
        {"stp x29, x30, [sp, #0x10]!", "stp x29, x30, [sp, #N]!"},
        {"stp x19, x20, [sp, #-0x20]!", "stp xN, xN, [sp, #-N]!"},
        {"str d8, [sp, #-0x40]!", "str dN, [sp, #-N]!"},
        {"sub sp, sp, #0x1, lsl #12", "sub sp, sp, #N, lsl #N"},
        {"paciasp", "paciasp"},
        {"bti c", "bti c"},
        {"b.eq #0x4321", "b.cond #N"},
        {"bc.ne #0x4321", "bc.cond #N"},
        {"mov w0, wzr", "mov wN, wzr"},
        {"mrs x0, tpidr_el0", "mrs xN, tpidr_el0"},
        {"mrs x0, s3_3_c4_c2_1", "mrs xN, s3_3_c4_c2_1"},
        {"movi v31.16b, #0", "movi vN.16b, #N"},
        {"fmov d0, #1.50000000", "fmov dN, #N"},
        {"ldr x0, [x1], #8", "ldr xN, [xN], #N"},
        {".word 0x01234567", ".word N"},
    };
    for (const auto& [text, form] : kExamples) CHECK(insn_form(text) == form);
}
