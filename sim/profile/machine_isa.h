// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine profile says of its instruction set: [isa]. A profile without the table is a
// Cortex-A72.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/insn/isa.h"
#include "sim/profile/figure.h"

namespace uprobesim {

class TomlReader;

inline constexpr std::string_view kIsaTable = "isa";

struct MachineIsa {
    IsaSet features = armv8_0_set();
    Figure midr;            // MIDR_EL1
    Figure bhb_iterations;  // of the loop that overwrites the branch history on entry

    MachineIsa();
    bool has(IsaFeature feature) const { return features.has(feature); }
    std::uint64_t midr_el1() const { return static_cast<std::uint64_t>(midr.value); }
};

// Optional as a whole, and key by key.
MachineIsa read_isa(TomlReader& reader);
// "isa.features" and the others, as --set names them.
std::vector<std::string> isa_keys();
// False: it is none of them.
Result<bool> set_isa(MachineIsa& isa, std::string_view key, const Setting& setting);

}  // namespace uprobesim
