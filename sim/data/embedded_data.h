// SPDX-License-Identifier: GPL-2.0-or-later
// The data files of sim/data, compiled in: the program needs no installed files to run.
#pragma once

#include <span>
#include <string_view>

namespace uprobesim {

struct EmbeddedFile {
    std::string_view path;  // under sim/data, e.g. "kernels/v6.12.toml"
    std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();  // ordered by path

}  // namespace uprobesim
