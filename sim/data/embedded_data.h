// SPDX-License-Identifier: GPL-2.0-or-later
// Data files, compiled in: the program needs no installed files to run.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace uprobesim {

struct EmbeddedFile {
    std::string_view path;  // under its folder, e.g. "kernels/v6.12.toml"
    std::string_view text;
};

// Ordered by path.
std::span<const EmbeddedFile> embedded_files();  // of sim/data

// A program for the guest.
struct EmbeddedProgram {
    std::string_view name;
    std::span<const std::byte> bytes;
};

}  // namespace uprobesim
