// SPDX-License-Identifier: GPL-2.0-or-later
// Data files, compiled in: the program needs no installed files to run.
#pragma once

#include <span>
#include <string_view>

namespace uprobesim {

struct EmbeddedFile {
    std::string_view path;  // under its folder, e.g. "kernels/v6.12.toml"
    std::string_view text;
};

// Ordered by path.
std::span<const EmbeddedFile> embedded_files();      // of sim/data
std::span<const EmbeddedFile> embedded_scenarios();  // of workloads; linked in with tools only

}  // namespace uprobesim
