// SPDX-License-Identifier: GPL-2.0-or-later
// Extended attributes of a file. Replaced and never changed, so that copies of a status share them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct ExtendedAttributes {
    std::map<std::string, std::string, std::less<>> values;  // by name
    MemoryCharge charge;

    // Of all names and values; what each takes beside is in kEntryBytes.
    static constexpr std::uint64_t kEntryBytes = 160;
    std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const auto& [name, value] : values) sum += kEntryBytes + name.size() + value.size();
        return sum;
    }
};

}  // namespace uprobesim
