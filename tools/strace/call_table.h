// SPDX-License-Identifier: GPL-2.0-or-later
// The system calls of the arm64 ABI, those too that this kernel does not have: names, strace's
// classes, and what each argument is. The words for arguments are rows of
// tools/strace/call_kinds.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace uprobesim {

// strace's classes: %file, %process, ...
using CallClasses = std::uint32_t;
inline constexpr CallClasses kFile = 1, kProcess = 2, kNetwork = 4, kSignals = 8, kMemory = 16,
                             kDescriptors = 32, kIpc = 64, kClock = 128, kCredentials = 256;

struct CallRow {
    std::uint32_t number;
    std::string_view name;
    CallClasses classes;
    std::string_view arguments;  // words; "1:word" stands for the second argument wherever it is
};
std::span<const CallRow> call_rows();  // by number
const CallRow* find_call(std::uint32_t number);

}  // namespace uprobesim
