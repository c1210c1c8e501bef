// SPDX-License-Identifier: GPL-2.0-or-later
// What an argument of a system call can be, and how strace(1) writes it. To add one: a row in one
// of the two tables, its word in tools/strace/call_table.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernel_model/memory/peek.h"
#include "kernel_model/task/process.h"
#include "tools/strace/abi_names.h"

namespace uprobesim {

// A call as far as it is known: without a result, at its entry.
struct CallView {
    const Task& task;
    std::array<std::uint64_t, 6> arguments{};
    std::optional<std::int64_t> result{};
    // Set where something could not be read that may be there later: the call's own look at it
    // brings it in.
    bool incomplete = false;

    // The register as a 32-bit argument.
    std::uint32_t low(unsigned index) const { return static_cast<std::uint32_t>(arguments[index]); }
    Mm& memory() const { return *task.process->mm; }
    bool failed() const { return result && *result < 0 && *result >= -4095; }
    template <class T>
    std::optional<T> read(std::uint64_t at) {
        auto value = peek_value<T>(memory(), VAddr(at));
        if (!value && at != 0) incomplete = true;
        return value;
    }
};

struct ArgumentKind {
    std::string_view word;
    // Empty: strace shows nothing there.
    std::string (*text)(CallView& view, unsigned index, const ArgumentKind& kind);
    std::span<const NamedValue> names{};
    // The kernel writes it: shown when the call is over, a pointer where it failed.
    bool out = false;
};
std::span<const ArgumentKind> scalar_kinds();  // numbers, flags, strings
std::span<const ArgumentKind> struct_kinds();  // structures that pointers refer to
const ArgumentKind* find_kind(std::string_view word);

// --- what both tables write
inline constexpr std::size_t kShownBytes = 32;  // strace -s
inline constexpr std::uint64_t kShownItems = 32;
std::string pointer_text(std::uint64_t value);  // "NULL", "0x7f..."
// In quotes, escaped as in C; followed by "..." if `cut`.
std::string quoted(std::string_view bytes, bool cut);
// `size` bytes at `at`; the pointer where they cannot be read.
std::string bytes_at(CallView& view, std::uint64_t at, std::uint64_t size);
std::string string_at(CallView& view, std::uint64_t at, std::size_t most);
std::string signal_text(std::uint64_t number);    // "SIGCHLD", "SIGRT_3"
std::string signal_set_text(std::uint64_t mask);  // "[INT CHLD]", "~[KILL STOP]"
std::string descriptor_text(std::uint64_t value);
std::string open_flags_text(std::uint64_t flags);  // "O_RDWR|O_APPEND"
// An fd_set, "[3 5]"; nothing where there is none.
std::optional<std::string> descriptor_set_text(CallView& view, std::uint64_t at,
                                               std::uint64_t count);
std::string mode_text(std::uint32_t mode);  // "S_IFREG|0644"
std::string octal_text(std::uint64_t value);

}  // namespace uprobesim
