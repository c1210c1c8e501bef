// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/emulate_also.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace uprobesim {

namespace {
constexpr std::array<std::string_view, static_cast<std::size_t>(AlsoEmulated::kCount)> kNames = {
    "sub-sp", "add-sp", "mov", "mov-wide", "stp", "paciasp", "bti"};
}

std::string_view also_emulated_name(AlsoEmulated what) {
    return kNames[static_cast<std::size_t>(what)];
}

Result<AlsoEmulatedSet> also_emulated_set(const std::vector<std::string>& names) {
    AlsoEmulatedSet set;
    for (const std::string& name : names) {
        const auto found = std::find(kNames.begin(), kNames.end(), name);
        if (found == kNames.end()) {
            return user_error(fmt::format("'emulate-also' has '{}'", name), "",
                              fmt::format("it is a list of: {}", fmt::join(kNames, ", ")));
        }
        const auto what = static_cast<AlsoEmulated>(found - kNames.begin());
        if (set.has(what)) {
            return user_error(fmt::format("'emulate-also' has '{}' twice", name), "",
                              "name it once");
        }
        set.add(what);
    }
    return set;
}

}  // namespace uprobesim
