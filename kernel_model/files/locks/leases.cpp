// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/locks/leases.h"

#include <algorithm>

namespace uprobesim {

void LeaseTable::set(const FileKey& file, File& holder, std::int32_t type,
                     std::int32_t descriptor) {
    Leased& leased = files_[file];
    const auto own = std::ranges::find(leased.leases, &holder, &Lease::file);
    if (own != leased.leases.end()) {
        *own = {.file = &holder, .descriptor = descriptor, .type = type};
        leased.waiters.wake();
    } else {
        leased.leases.push_back({.file = &holder, .descriptor = descriptor, .type = type});
    }
}

bool LeaseTable::remove(const FileKey& file, const File& holder) {
    const auto at = files_.find(file);
    if (at == files_.end()) return false;
    if (std::erase_if(at->second.leases, [&](const Lease& l) { return l.file == &holder; }) == 0)
        return false;
    at->second.waiters.wake();
    if (at->second.leases.empty()) files_.erase(at);
    return true;
}

}  // namespace uprobesim
