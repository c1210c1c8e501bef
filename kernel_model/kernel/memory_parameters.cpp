// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/memory_parameters.h"

#include <string>

namespace uprobesim {
namespace {

template <class Change>
Sysctls::Taking taking(Change change) {
    return [change](const std::string& value) -> tl::expected<void, Errno> {
        change(std::stoull(value));
        return {};
    };
}

}  // namespace

void connect_parameters(Sysctls& sysctls, MemoryRules& rules) {
    sysctls.on_write("vm/max_map_count",
                     taking([&rules](std::uint64_t maps) { rules.most_maps = maps; }));
    sysctls.on_write("vm/overcommit_memory", taking([&rules](std::uint64_t mode) {
                         rules.overcommit = static_cast<MemoryRules::Overcommit>(mode);
                     }));
    sysctls.on_write("vm/overcommit_ratio",
                     taking([&rules](std::uint64_t ratio) { rules.ratio = ratio; }));
    sysctls.on_write("vm/overcommit_kbytes",
                     taking([&rules](std::uint64_t kilobytes) { rules.kilobytes = kilobytes; }));
}

}  // namespace uprobesim
