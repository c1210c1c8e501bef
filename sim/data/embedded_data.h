// SPDX-License-Identifier: GPL-2.0-or-later
// Data files, compiled in: the program needs no installed files to run.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace uprobesim {

struct EmbeddedFile {
    std::string_view path;  // under its folder, e.g. "kernels/v6.12.toml"
    std::string_view text;
};

// Ordered by path.
std::span<const EmbeddedFile> embedded_files();      // of sim/data
std::span<const EmbeddedFile> embedded_scenarios();  // of workloads; linked in with tools only

// Programs for the guest, in the order of their build files. Empty where there was no cross compiler to build them.
struct EmbeddedProgram {
    std::string_view name;
    std::span<const std::byte> bytes;
};
std::vector<EmbeddedProgram> vdso_images();       // of kernel_model/vdso: one or none
std::vector<EmbeddedProgram> trigger_programs();  // of workloads; linked in with tools only

}  // namespace uprobesim
