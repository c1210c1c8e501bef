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
    // overcommit_ratio_handler, overcommit_kbytes_handler: one takes the place of the other.
    sysctls.on_write("vm/overcommit_ratio", taking([&](std::uint64_t ratio) {
                         rules.ratio = ratio;
                         rules.kilobytes = 0;
                         sysctls.set_default("vm/overcommit_kbytes", "0");
                     }));
    sysctls.on_write("vm/overcommit_kbytes", taking([&](std::uint64_t kilobytes) {
                         rules.kilobytes = kilobytes;
                         rules.ratio = 0;
                         sysctls.set_default("vm/overcommit_ratio", "0");
                     }));
}

}  // namespace uprobesim
