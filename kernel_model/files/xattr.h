// SPDX-License-Identifier: GPL-2.0-or-later
// Extended attributes of a file. Replaced and never changed, so that copies of a status share them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

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
using Xattrs = std::shared_ptr<const ExtendedAttributes>;  // null: none

// What execve adds to the permitted capabilities (capabilities(7)).
inline constexpr std::string_view kCapabilityAttribute = "security.capability";

inline bool has_attribute(const Xattrs& attributes, std::string_view name) {
    return attributes != nullptr && attributes->values.contains(name);
}
inline Xattrs attributes_of(std::map<std::string, std::string, std::less<>> values,
                            PhysicalMemory& memory) {
    if (values.empty()) return nullptr;
    auto made = std::make_shared<ExtendedAttributes>();
    made->values = std::move(values);
    made->charge = MemoryCharge(&memory, made->bytes());
    return made;
}
inline Xattrs with_attribute(const Xattrs& old, std::string_view name, std::string value,
                             PhysicalMemory& memory) {
    auto values = old ? old->values : decltype(old->values)();
    values.insert_or_assign(std::string(name), std::move(value));
    return attributes_of(std::move(values), memory);
}
inline Xattrs without_attribute(const Xattrs& old, std::string_view name, PhysicalMemory& memory) {
    if (!has_attribute(old, name)) return old;
    auto values = old->values;
    values.erase(values.find(name));
    return attributes_of(std::move(values), memory);
}

}  // namespace uprobesim
