// SPDX-License-Identifier: GPL-2.0-or-later
// One system call as strace(1) writes it. In two parts, because a call may block between them: what
// is known at its entry, and what is known at its end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel_model/hooks/trap_observer.h"
#include "tools/strace/call_kinds.h"
#include "tools/strace/call_table.h"

namespace uprobesim {

class CallTexts {
public:
    CallTexts();

    std::string name(std::uint32_t number) const;  // "openat", "syscall_0x2710"
    // "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY", "read(3, ": the arguments up to the first that
    // the kernel writes. The view is incomplete where something was not in memory yet.
    std::string entry(std::uint32_t number, CallView& view) const;
    // What follows, without the parenthesis: "{st_mode=...}, 0".
    std::string rest(std::uint32_t number, CallView& view) const;

private:
    struct Argument {
        unsigned index;
        const ArgumentKind* kind;
    };
    struct Call {
        const CallRow* row = nullptr;
        std::vector<Argument> arguments;
        std::size_t known_at_entry = 0;
    };
    const Call& call(std::uint32_t number) const;

    std::vector<Call> calls_;  // by number
    Call unknown_;             // six numbers
};

// "= 3", "= -1 ENOENT (No such file or directory)", "= 0x7f...", with what strace adds for some: "=
// 0 (Timeout)", "= 1 ([{fd=3, revents=POLLIN}])". The view has the result.
std::string result_text(std::uint32_t number, CallView& view);
inline constexpr std::string_view kNoResult = "= ?";

}  // namespace uprobesim
