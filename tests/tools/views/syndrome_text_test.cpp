// SPDX-License-Identifier: GPL-2.0-or-later
// Values of ESR_EL1 that real kernels logged, and the Arm manual's fields of them.
#include "tools/views/syndrome_text.h"

#include <catch2/catch.hpp>

using uprobesim::syndrome_text;

TEST_CASE("a syndrome is told by exception class and what its ISS says", "[tools][explain]") {
    const struct {
        std::uint64_t esr;
        std::uint32_t ec, iss;
        const char* name;
        const char* text;
    } examples[] = {
        {0xf2000005, 0x3c, 5, "BRK in AArch64", "BRK #5, the kernel's uprobe breakpoint"},
        {0xf2000800, 0x3c, 0x800, "BRK in AArch64", "BRK #2048"},
        {0xcb000022, 0x32, 0x1000022, "software step from EL0",
         "ISV 1, EX 0, IFSC 0x22: debug exception"},
        {0x82000006, 0x20, 6, "instruction abort from EL0",
         "IFSC 0x06: translation fault, level 2"},
        {0x8200000f, 0x20, 15, "instruction abort from EL0",
         "IFSC 0x0f: permission fault, level 3"},
        {0x92000047, 0x24, 0x47, "data abort from EL0",
         "WnR 1, DFSC 0x07: translation fault, level 3"},
        {0x92000021, 0x24, 0x21, "data abort from EL0", "WnR 0, DFSC 0x21: alignment fault"},
        {0x56000000, 0x15, 0, "SVC in AArch64", "SVC #0"},
        // MRS x0, CTR_EL0: S3_3_C0_C0_1.
        {0x6232c001, 0x18, 0x32c001, "trapped system register", "MRS of S3_3_C0_C0_1"},
        {0x02000000, 0x00, 0, "unknown reason", "no more is said"},
    };
    for (const auto& e : examples) {
        const auto text = syndrome_text(e.esr);
        CHECK(text.ec == e.ec);
        CHECK(text.iss == e.iss);
        CHECK(text.ec_name == e.name);
        CHECK(text.iss_text == e.text);
    }
}
