// SPDX-License-Identifier: GPL-2.0-or-later
// What follows the binary in a spec: FUNC, FUNC+OFF, FUNC%return, cpp:"ns::f", 0xOFFSET(0xCOUNTER).
#pragma once

#include <optional>

#include "probes/target/spec.h"
#include "probes/target/spec_text.h"

namespace uprobesim {

inline constexpr std::string_view kSpecShape =
    "write uprobe:BINARY:FUNCTION, uprobe:BINARY:FUNCTION+OFFSET or uprobe:BINARY:0xFILEOFFSET";

// Fills in what the place says; `where`: the spec, for messages.
Outcome read_place(ProbeSpec& spec, const SpecText& place, std::string_view where);

// What the binary's path has to be, by the use.
Outcome check_binary(const ProbeSpec& spec, SpecUse use, std::string_view where);

// "cpp", "rust"
std::optional<ProbeSpec::Language> language_of(std::string_view word);
std::string_view language_name(ProbeSpec::Language language);

// "a.c", "src/lib.rs": by how it ends.
bool is_source_file(std::string_view name);
std::optional<std::uint64_t> number_of(std::string_view text);

// The forms of perf and of the kernel's uprobe_events; nullopt: the text has neither.
std::optional<Result<std::vector<ProbeSpec>>> read_foreign_spec(std::string_view text, SpecUse use);

}  // namespace uprobesim
