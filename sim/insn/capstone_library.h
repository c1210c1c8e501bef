// SPDX-License-Identifier: GPL-2.0-or-later
// Capstone's functions, loaded when they are asked for first: the library is seldom needed, and
// loading it takes the dynamic linker a millisecond at each start, most of it for tables of other
// architectures that are relocated.
#pragma once

#include <capstone/capstone.h>

namespace uprobesim {

struct CapstoneLibrary {
    decltype(&cs_open) open;
    decltype(&cs_close) close;
    decltype(&cs_option) option;
    decltype(&cs_malloc) allocate;
    decltype(&cs_free) free;
    decltype(&cs_disasm_iter) disassemble;
    decltype(&cs_regs_access) registers;
    decltype(&cs_strerror) error_text;
    decltype(&cs_version) version;
};

// Stays loaded. Throws HostError where the library is not there.
const CapstoneLibrary& capstone();

}  // namespace uprobesim
