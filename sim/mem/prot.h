// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace uprobesim {

// What EL0 may do with a page. Linux on arm64 has no write-only page, and an execute-only one is
// readable on cores without enhanced PAN (as Cortex-A72).
struct Prot {
    bool read = false;
    bool write = false;
    bool exec = false;
    bool guarded = false;  // indirect branches must come to landing pads (PROT_BTI)

    constexpr bool operator==(const Prot&) const = default;
    constexpr bool none() const { return !read && !write && !exec; }
};

enum class Access { Read, Write, Execute };

constexpr bool permits(Prot p, Access a) {
    switch (a) {
        case Access::Read: return p.read;
        case Access::Write: return p.write;
        case Access::Execute: return p.exec;
    }
    return false;
}

}  // namespace uprobesim
